package compilation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
)

// ScanOptions are the options for reading files of the host.
type ScanOptions struct {
	// Exclude are shell patterns. A pattern with a slash is matched against the path below
	// the scanned folder, one without a slash against the name.
	Exclude []string
	// FollowLinks replaces symbolic links by the files they point to.
	FollowLinks bool
	// Attributes also reads extended attributes and access control lists, Stamps all times
	// of a file. The scan then takes longer.
	Attributes bool
	Stamps     bool
}

// ScanOptions returns the options for files of this compilation.
func (c *Compilation) ScanOptions() ScanOptions {
	return ScanOptions{Exclude: c.Exclude, Attributes: c.Options.Attributes, Stamps: c.Options.Stamps}
}

// Scan reads files and folders of the host into nodes that do not belong to a tree yet.
// The notices are errors about files that cannot be read. The error is that of ctx or of a
// bad pattern. Scan can run while a compilation is edited.
//
// A path that ends in a slash or "/." stands for the entries of the folder, as in rsync;
// other paths stand for the file or folder itself.
func Scan(ctx context.Context, paths []string, o ScanOptions, rep progress.Reporter) ([]*tree.Node, []disc.Notice, error) {
	for _, p := range o.Exclude {
		if _, err := path.Match(p, ""); err != nil {
			return nil, nil, fmt.Errorf("exclude pattern %q: %w", p, err)
		}
	}
	if rep == nil {
		rep = progress.Discard
	}
	rep.Phase(progress.Scanning, 0)
	s := &scanner{ctx: ctx, o: o, rep: rep, shared: map[fileID]*tree.Shared{}}
	var nodes []*tree.Node
	for _, p := range paths {
		inside := strings.HasSuffix(p, "/") || strings.HasSuffix(p, string(os.PathSeparator)) ||
			strings.HasSuffix(p, "/.") || p == "."
		abs, err := filepath.Abs(p)
		if err != nil {
			s.failed(p, err)
			continue
		}
		n, err := s.top(abs)
		if err != nil {
			s.failed(p, err)
			continue
		}
		switch {
		case n == nil: // excluded
		case inside && n.IsDir():
			nodes = append(nodes, n.Children()...)
		default:
			nodes = append(nodes, n)
		}
	}
	s.unlinkSingles()
	return nodes, s.notices, ctx.Err()
}

// maxDepth limits the depth if files have no identity, by which a loop is detected.
const maxDepth = 1000

// fileID identifies a file of the host; zero: unknown.
type fileID struct{ dev, ino uint64 }

// scanner is the state of one Scan.
type scanner struct {
	ctx     context.Context
	o       ScanOptions
	rep     progress.Reporter
	notices []disc.Notice
	shared  map[fileID]*tree.Shared
	linked  []*tree.Node // nodes of hard-linked files
	above   []fileID     // the parent folders of the current one, to detect loops of links
	slab    []fileNode
	listing listing
}

// fileNode is a node and its file in one allocation.
type fileNode struct {
	node tree.Node
	file layout.File
}

// next returns a new node. Nodes are allocated in slabs: a million single allocations would
// take more time and memory.
func (s *scanner) next() *fileNode {
	if len(s.slab) == 0 {
		s.slab = make([]fileNode, 128)
	}
	n := &s.slab[0]
	s.slab = s.slab[1:]
	return n
}

func (s *scanner) failed(path string, err error) {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	s.notices = append(s.notices, failure(path, err))
}

// excluded reports whether a file is excluded. rel is its path below the scanned folder,
// without a leading slash.
func (s *scanner) excluded(rel, name string) bool {
	for _, p := range s.o.Exclude {
		subject := name
		if strings.Contains(p, "/") {
			subject, p = rel, strings.TrimPrefix(p, "/")
		}
		if ok, _ := path.Match(p, subject); ok {
			return true
		}
	}
	return false
}

// stat is the attributes of a file of the host.
type stat struct {
	id       fileID
	mode     fs.FileMode
	size     int64
	modified int64 // nanoseconds
	uid, gid uint32
	links    uint64
	device   uint64
}

// top reads a path that the user named.
func (s *scanner) top(abs string) (*tree.Node, error) {
	dir, name := filepath.Split(abs)
	if s.excluded("", name) {
		return nil, nil
	}
	st, err := lstat(abs, true) // a link that the user named is followed
	if err != nil {
		return nil, err
	}
	folder := &layout.Folder{Path: strings.TrimSuffix(dir, string(os.PathSeparator))}
	if folder.Path == "" {
		folder.Path = dir
	}
	if tree.CheckName(name) != nil {
		name = strings.Trim(filepath.VolumeName(abs), `:\`) // the root of a file system
	}
	n, err := s.node(folder, name, st, abs)
	if err != nil {
		return nil, err
	}
	if n.IsDir() {
		s.folder(n, abs, "", st.id)
	}
	return n, nil
}

// node creates the node of one file.
func (s *scanner) node(dir *layout.Folder, name string, st stat, abs string) (*tree.Node, error) {
	f := s.next()
	var content any
	switch {
	case st.mode.IsRegular():
		f.file = layout.File{Folder: dir, Name: name}
		if exactTimes {
			f.file.Modified = st.modified
		}
		content = &f.file
		if st.links > 1 {
			content = s.share(st.id, &f.file, &f.node)
		}
	case st.mode&fs.ModeSymlink != 0:
		if abs == "" {
			abs = dir.Path + string(os.PathSeparator) + name
		}
		target, err := os.Readlink(abs)
		if err != nil {
			return nil, err
		}
		content = tree.Symlink(target)
	case st.mode&fs.ModeDevice != 0:
		content = tree.Device(st.device)
	}
	f.node.Init(name, st.mode, content)
	f.node.Modified, f.node.UID, f.node.GID = st.modified, st.uid, st.gid
	if st.mode.IsRegular() {
		f.node.Size = st.size
	}
	if s.o.Attributes || s.o.Stamps {
		if abs == "" {
			abs = join(dir.Path, name)
		}
		x, err := readExtra(abs, st.mode&fs.ModeSymlink != 0, s.o)
		if err != nil {
			s.failed(abs, fmt.Errorf("its extended attributes and times cannot be read: %w", err))
		}
		f.node.SetExtra(x)
	}
	return &f.node, nil
}

// share returns the part that all names of a file share.
func (s *scanner) share(id fileID, src layout.Source, n *tree.Node) *tree.Shared {
	sh := s.shared[id]
	if sh == nil {
		sh = &tree.Shared{Source: src}
		s.shared[id] = sh
	}
	sh.Links++
	s.linked = append(s.linked, n)
	return sh
}

// unlinkSingles turns hard-linked files of which only one name was found into ordinary files.
func (s *scanner) unlinkSingles() {
	for _, n := range s.linked {
		if sh := n.Shared(); sh != nil && sh.Links == 1 {
			n.Init(n.Name, n.Mode, sh.Source)
		}
	}
}

// folder reads the entries of a folder, and then the folders in it.
func (s *scanner) folder(n *tree.Node, abs, rel string, id fileID) {
	if s.ctx.Err() != nil {
		return
	}
	for _, a := range s.above {
		if a == id && id != (fileID{}) || len(s.above) > maxDepth {
			s.failed(abs, errors.New("a symbolic link leads back to this folder; it is not scanned again"))
			return
		}
	}
	s.above = append(s.above, id)
	defer func() { s.above = s.above[:len(s.above)-1] }()
	dir := &layout.Folder{Path: abs}
	subs, err := s.entries(n, dir, rel)
	if err != nil {
		s.failed(abs, err)
	}
	for _, sub := range subs {
		s.folder(sub.node, join(abs, sub.node.Name), join(rel, sub.node.Name), sub.id)
	}
}

// subfolder is a folder that has not been read yet.
type subfolder struct {
	node *tree.Node
	id   fileID
}

// entries reads the entries of one folder and returns the folders among them.
func (s *scanner) entries(n *tree.Node, dir *layout.Folder, rel string) ([]subfolder, error) {
	err := s.listing.read(dir.Path, s.o.FollowLinks)
	var subs []subfolder
	n.Grow(len(s.listing.entries))
	for _, e := range s.listing.entries {
		if e.err != nil {
			s.failed(join(dir.Path, e.name), e.err)
			continue
		}
		if len(s.o.Exclude) > 0 && s.excluded(join(rel, e.name), e.name) {
			continue
		}
		c, err := s.node(dir, e.name, e.stat, "")
		if err != nil {
			s.failed(join(dir.Path, e.name), err)
			continue
		}
		n.Append(c)
		if c.IsDir() {
			subs = append(subs, subfolder{c, e.id})
		}
	}
	return subs, err
}

func join(dir, name string) string {
	switch {
	case dir == "":
		return name
	case os.IsPathSeparator(dir[len(dir)-1]):
		return dir + name
	}
	return dir + string(os.PathSeparator) + name
}

// entry is one entry of a listing.
type entry struct {
	name string
	stat
	err error
}
