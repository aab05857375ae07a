// Package session continues a disc: it shows the volume of a session as a tree of files
// whose contents stay where they are, so that a later session, or an edited image, can
// refer to them.
//
// The tree is that of one view of the volume. A file keeps its name, attributes and
// contents: as extents of the disc (layout.Recorded), still compressed if they are
// (zisofs.Recorded), or read through the volume if no sector of the disc begins with
// them, such as those in an ICB of UDF. All names of a hard-linked file share their
// contents.
package session

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// Imported is a volume as a tree of files. It is safe for use by several goroutines,
// although its nodes are not.
type Imported struct {
	v    volume.FS
	disc io.ReaderAt

	mu      sync.Mutex
	shared  map[identity]*tree.Shared
	notices map[string][]disc.Notice // of each folder that was read, by its path
}

// identity is what the names of a hard-linked file have in common. The extent and the size
// keep files apart to which a damaged volume gives the same number.
type identity struct {
	inode uint64
	start disc.LBA
	size  int64
}

// Import returns the volume v as a tree of files. r reads its disc from address 0.
func Import(v volume.FS, r io.ReaderAt) *Imported {
	return &Imported{v: v, disc: r, shared: map[identity]*tree.Shared{}, notices: map[string][]disc.Notice{}}
}

// Volume returns the volume.
func (m *Imported) Volume() volume.FS { return m.v }

// Root returns the root of the volume as a folder. The folders in it are read when their
// entries are first needed. Each call returns another tree; hard links have the same
// *tree.Shared in all of them.
func (m *Imported) Root() *tree.Node {
	n := m.folder("", ".")
	info, err := m.v.Stat(".")
	if err != nil {
		m.report(".", disc.Notice{Severity: disc.Error, Path: "/", Text: "the attributes of the root folder cannot be read: " + reason(err)})
	} else {
		m.attributes(n, info)
	}
	origin := *n
	n.SetOrigin(&origin)
	return n
}

// folder returns the folder at a path of the volume.
func (m *Imported) folder(name, path string) *tree.Node {
	return tree.NewUnread(name, func() []*tree.Node { return m.read(path) })
}

// read reads the entries of a folder. It leaves out what cannot be read, and keeps the
// notices about it.
func (m *Imported) read(folder string) []*tree.Node {
	list, err := m.v.ReadDir(folder)
	nodes := make([]*tree.Node, 0, len(list))
	var notices []disc.Notice
	for _, d := range list {
		full := path.Join(folder, d.Name())
		info, err := d.Info()
		if err != nil {
			notices = append(notices, failure(full, "it is lost, because its description cannot be read: "+reason(err)))
			continue
		}
		n, found := m.node(full, info)
		notices = append(notices, found...)
		if n != nil {
			nodes = append(nodes, n)
		}
	}
	if err != nil {
		notices = append(notices, failure(folder, "entries of the folder are lost, because it cannot be read to its end: "+reason(err)))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notices[folder] = notices
	return nodes
}

func (m *Imported) report(folder string, n disc.Notice) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notices[folder] = append(m.notices[folder], n)
}

// failure returns the notice for something that is lost.
func failure(path, text string) disc.Notice {
	return disc.Notice{Severity: disc.Error, Path: absolute(path), Text: text}
}

// absolute returns a path of a volume as those of a tree.
func absolute(p string) string { return path.Join("/", p) }

// reason returns the text of an error without the path, which the notice has.
func reason(err error) string {
	if p, ok := err.(*fs.PathError); ok {
		err = p.Err
	}
	return err.Error()
}

// Notices returns what a session that is planned from the tree would lose, as far as its
// folders were read, in the order of the paths. Notices of severity Error are about files
// or their contents, those of severity Warning about attributes.
func (m *Imported) Notices() []disc.Notice {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []disc.Notice
	for _, list := range m.notices {
		all = append(all, list...)
	}
	slices.SortStableFunc(all, func(a, b disc.Notice) int { return strings.Compare(a.Path, b.Path) })
	return all
}

// ReadAll reads all folders of a tree. The error is that of the context.
func ReadAll(ctx context.Context, root *tree.Node) error {
	return root.Walk(func(n *tree.Node) error {
		if ctx.Err() != nil {
			return fmt.Errorf("read the folders of the disc: %w", context.Cause(ctx))
		}
		return nil
	})
}
