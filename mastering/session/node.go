package session

import (
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
	"glassmaster/mastering/zisofs"
)

// node returns the entry at a path of the volume, and what of it is lost. It returns nil
// if the entry cannot be kept.
func (m *Imported) node(path string, info fs.FileInfo) (*tree.Node, []disc.Notice) {
	var n *tree.Node
	var notices []disc.Notice
	mode := info.Mode()
	a, _ := info.Sys().(*volume.Attributes)
	if a == nil {
		a = &volume.Attributes{}
	}
	switch mode.Type() {
	case fs.ModeDir:
		n = m.folder(info.Name(), path)
	case 0:
		n = tree.NewNode(info.Name(), mode, m.contents(path, info, a))
		n.Size = info.Size()
		if a.Unreadable != "" {
			notices = append(notices, failure(path, "its contents cannot be kept: "+a.Unreadable))
		}
	case fs.ModeSymlink:
		target, err := m.v.ReadLink(path)
		if err != nil {
			return nil, append(notices, failure(path, "the symbolic link is lost: "+reason(err)))
		}
		n = tree.NewNode(info.Name(), mode, tree.Symlink(target))
	case fs.ModeDevice, fs.ModeDevice | fs.ModeCharDevice:
		n = tree.NewNode(info.Name(), mode, tree.Device(a.Device))
	case fs.ModeNamedPipe, fs.ModeSocket:
		n = tree.NewNode(info.Name(), mode, nil)
	default:
		return nil, append(notices, failure(path, fmt.Sprintf("it is lost, because it has an unknown file type: %s", mode)))
	}
	if !m.attributes(n, info) {
		notices = append(notices, disc.Notice{
			Severity: disc.Warning, Path: absolute(path),
			Text: "its access control list names users or groups by name, and is left out: " + a.ACL,
		})
	}
	if len(a.Streams) > 0 {
		notices = append(notices, disc.Notice{
			Severity: disc.Warning, Path: absolute(path),
			Text: "its named streams are left out: " + strings.Join(a.Streams, ", "),
		})
	}
	return n, notices
}

// compressed is implemented by the FileInfo of files that may be compressed with zisofs.
type compressed interface{ Zisofs() zisofs.Entry }

// contents returns the contents of a regular file for a node.
func (m *Imported) contents(path string, info fs.FileInfo, a *volume.Attributes) any {
	src := m.source(path, info, a)
	if a.Inode == 0 || a.Links < 2 {
		return src
	}
	id := identity{inode: a.Inode, size: info.Size()}
	if len(a.Extents) > 0 {
		id.start = a.Extents[0].Start
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.shared[id]
	if !ok {
		s = &tree.Shared{Source: src, Links: a.Links}
		m.shared[id] = s
	}
	return s
}

// source returns the contents of a regular file: where they are on the disc if possible.
func (m *Imported) source(path string, info fs.FileInfo, a *volume.Attributes) layout.Source {
	through := &throughVolume{m.v, path}
	stored := volume.ExtentReader{Extents: a.Extents}.Size()
	r := &layout.Recorded{Extents: a.Extents, Disc: m.disc}
	switch {
	case info.Size() == 0:
		return layout.Bytes(nil)
	case a.Unreadable != "" || r.Check(stored, endless) != nil:
		return through
	}
	if c, ok := info.(compressed); ok {
		if e := c.Zisofs(); e.Algorithm != "" {
			return &zisofs.Recorded{Stored: r, Entry: e}
		}
	}
	if a.Encoded || stored != info.Size() {
		return through
	}
	return r
}

// endless is a number of sectors that no disc has.
const endless = 1 << 50

// throughVolume is the Source of a file that is read through its volume, because its
// bytes do not begin at a sector of the disc: those in an ICB, or with holes.
type throughVolume struct {
	v    volume.FS
	path string
}

func (s *throughVolume) String() string { return s.path + " of the disc" }

// Open implements layout.Opener.
func (s *throughVolume) Open() (layout.Reader, error) {
	f, err := s.v.Open(s.path)
	if err != nil {
		return nil, err
	}
	r, ok := f.(interface {
		io.ReaderAt
		io.Closer
	})
	if !ok {
		f.Close()
		return nil, fmt.Errorf("%s cannot be read at any position", s.path)
	}
	return r, nil
}

// attributes sets the attributes of a node. It returns false if the access control list
// could not be converted.
func (m *Imported) attributes(n *tree.Node, info fs.FileInfo) bool {
	n.Mode = info.Mode()
	n.Modified = nanoseconds(info.ModTime())
	a, ok := info.Sys().(*volume.Attributes)
	if !ok {
		return true
	}
	n.UID, n.GID = a.UID, a.GID
	x := tree.Extra{Hidden: a.Hidden}
	// Volumes made by this program and many others have the same time in all fields: it
	// is kept without an Extra.
	for _, t := range []struct {
		to   *int64
		time time.Time
	}{{&x.Accessed, a.Accessed}, {&x.Changed, a.Changed}, {&x.Created, a.Created}} {
		if ns := nanoseconds(t.time); ns != n.Modified {
			*t.to = ns
		}
	}
	if x.Accessed != 0 || x.Changed != 0 || x.Created != 0 {
		x.Accessed, x.Changed, x.Created = nanoseconds(a.Accessed), nanoseconds(a.Changed), nanoseconds(a.Created)
	}
	lists, good := posixACL(a.ACL)
	if len(a.Xattr)+len(lists) > 0 {
		x.Attributes = make(map[string][]byte, len(a.Xattr)+len(lists))
		for name, value := range a.Xattr {
			x.Attributes[name] = value
		}
		for name, value := range lists {
			x.Attributes[name] = value
		}
	}
	if x.Hidden || x.Accessed != 0 || x.Changed != 0 || x.Created != 0 || x.Attributes != nil {
		n.SetExtra(&x)
	}
	return good
}

// nanoseconds returns a time as Unix time in nanoseconds, 0 if it is not recorded.
func nanoseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return volume.Nanoseconds(t)
}
