// Package tree holds the tree of files for a volume: their names, attributes and
// contents. Contents are a file of the host, bytes in memory, or extents that are on
// the disc already. A compilation edits the tree; the planners of file systems turn
// it into a layout.
//
// Nodes are small, because a disc may have a million of them.
package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"glassmaster/mastering/layout"
)

// Node is a file, folder, symbolic link or special file of a volume.
type Node struct {
	Name     string // UTF-8, no slash; empty for the root
	parent   *Node
	content  any         // *folder, layout.Source, *Shared, Symlink, Device, nil, or an *extended with one of these
	Modified int64       // Unix time in nanoseconds
	Size     int64       // bytes of a regular file
	Mode     fs.FileMode // type and permissions
	UID, GID uint32      //
	Index    uint32      // for use by the planner of the volume
}

// folder is the content of a directory.
type folder struct {
	children []*Node
	load     func() []*Node // reads the entries from the disc; nil: done, or there are none to read
	read     []*Node        // origins of the entries that were read
}

// Symlink is the content of a symbolic link: its target.
type Symlink string

// Device is the content of a device node: major<<32 | minor.
type Device uint64

// Shared is the content of hard links. All names of a file have the same *Shared.
type Shared struct {
	Source layout.Source
	Links  uint32 // number of names in the tree
}

// NewFolder returns an empty folder.
func NewFolder(name string, modified time.Time) *Node {
	return &Node{Name: name, content: &folder{}, Mode: fs.ModeDir | 0o755, Modified: modified.UnixNano()}
}

// NewFile returns a regular file.
func NewFile(name string, size int64, modified time.Time, src layout.Source) *Node {
	return &Node{Name: name, content: src, Mode: 0o644, Size: size, Modified: modified.UnixNano()}
}

// NewNode returns a node with the given content: a layout.Source, *Shared, Symlink,
// Device or nil. For fs.ModeDir it returns an empty folder.
func NewNode(name string, mode fs.FileMode, content any) *Node {
	n := &Node{Name: name, Mode: mode, content: content}
	if mode.IsDir() {
		n.content = &folder{}
	}
	return n
}

// Init initializes a node that is part of a larger value, as NewNode does.
func (n *Node) Init(name string, mode fs.FileMode, content any) {
	n.Name, n.Mode = name, mode
	if mode.IsDir() {
		content = &folder{}
	}
	n.setPlain(content)
}

// Parent returns the folder that contains the node, nil for the root.
func (n *Node) Parent() *Node { return n.parent }

// IsDir reports whether the node is a folder.
func (n *Node) IsDir() bool { return n.Mode.IsDir() }

// ModTime returns the time of the last modification.
func (n *Node) ModTime() time.Time { return time.Unix(0, n.Modified) }

// Children returns the entries of a folder in the order of their insertion. The
// caller must not change the slice.
func (n *Node) Children() []*Node {
	if f := n.folder(); f != nil {
		return f.children
	}
	return nil
}

// folder returns the content of a directory, nil for other nodes. It reads the entries if
// that was not done before.
func (n *Node) folder() *folder {
	f, ok := n.plain().(*folder)
	if !ok {
		return nil
	}
	if f.load != nil {
		n.load(f)
	}
	return f
}

// Source returns the contents of a regular file.
func (n *Node) Source() layout.Source {
	switch c := n.plain().(type) {
	case layout.Source:
		return c
	case *Shared:
		return c.Source
	}
	return nil
}

// Recorded returns where the contents of a regular file are that are on the disc already,
// possibly compressed (zisofs.Recorded). It returns nil for other files.
func (n *Node) Recorded() *layout.Recorded {
	switch s := n.Source().(type) {
	case *layout.Recorded:
		return s
	case interface{ OnDisc() *layout.Recorded }:
		return s.OnDisc()
	}
	return nil
}

// Shared returns what the names of a hard-linked file share, nil for other nodes.
func (n *Node) Shared() *Shared {
	s, _ := n.plain().(*Shared)
	return s
}

// Target returns the target of a symbolic link.
func (n *Node) Target() string {
	s, _ := n.plain().(Symlink)
	return string(s)
}

// Device returns the numbers of a device node, major<<32 | minor.
func (n *Node) Device() uint64 {
	d, _ := n.plain().(Device)
	return uint64(d)
}

// Path returns the path of the node below its root, beginning with a slash.
func (n *Node) Path() string {
	if n.parent == nil {
		return "/"
	}
	var parts []string
	for ; n.parent != nil; n = n.parent {
		parts = append(parts, n.Name)
	}
	slices.Reverse(parts)
	return "/" + strings.Join(parts, "/")
}

// Child returns the entry of a folder with the given name, nil if there is none.
func (n *Node) Child(name string) *Node {
	for _, c := range n.Children() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Lookup returns the node at a slash-separated path below n, nil if there is none.
func (n *Node) Lookup(path string) *Node {
	for _, part := range strings.Split(path, "/") {
		if part == "" || part == "." {
			continue
		}
		if n = n.Child(part); n == nil {
			return nil
		}
	}
	return n
}

// Append adds a node at the end of a folder. The caller makes sure that the folder
// has no entry with the same name. Use Insert to check that.
func (n *Node) Append(c *Node) {
	f := n.folder()
	c.parent = n
	f.children = append(f.children, c)
}

// Grow makes room for more entries of a folder.
func (n *Node) Grow(entries int) {
	f := n.folder()
	f.children = slices.Grow(f.children, entries)
}

// SetChildren replaces the entries of a folder, to undo an edit. Nodes that are removed
// have no parent afterwards. A node that comes from another folder must be removed
// from that one too.
func (n *Node) SetChildren(children []*Node) {
	f := n.folder()
	for _, c := range f.children {
		if c.parent == n {
			c.parent = nil
		}
	}
	f.children = slices.Clone(children)
	for _, c := range f.children {
		c.parent = n
	}
}

// Insert adds a node to a folder. It returns an error if the name is not valid, or if
// the folder has an entry with that name.
func (n *Node) Insert(c *Node) error {
	if !n.IsDir() {
		return fmt.Errorf("insert %q: %s is not a folder", c.Name, n.Path())
	}
	if err := CheckName(c.Name); err != nil {
		return err
	}
	if n.Child(c.Name) != nil {
		return fmt.Errorf("%s already has an entry named %q", n.Path(), c.Name)
	}
	n.Append(c)
	return nil
}

// Detach removes the node from its folder.
func (n *Node) Detach() {
	if n.parent == nil {
		return
	}
	f := n.parent.folder()
	if i := slices.Index(f.children, n); i >= 0 {
		f.children = slices.Delete(f.children, i, i+1)
	}
	n.parent = nil
}

// Contains reports whether m is n or below it.
func (n *Node) Contains(m *Node) bool {
	for ; m != nil; m = m.parent {
		if m == n {
			return true
		}
	}
	return false
}

// Walk calls f for the node and everything below it, for folders before their
// entries. It returns the first error of f.
func (n *Node) Walk(f func(*Node) error) error {
	if err := f(n); err != nil {
		return err
	}
	for _, c := range n.Children() {
		if err := c.Walk(f); err != nil {
			return err
		}
	}
	return nil
}

// Clone returns a copy of the node and everything below it, with the same origins. The
// contents of files are not copied. Folders whose entries were not read yet are read
// again in the copy.
func (n *Node) Clone() *Node {
	shared := map[*Shared]*Shared{}
	return n.clone(shared)
}

func (n *Node) clone(shared map[*Shared]*Shared) *Node {
	c := *n
	c.parent = nil
	if x, ok := n.content.(*extended); ok {
		c.content = &extended{extra: x.extra, origin: x.origin}
	}
	switch old := n.plain().(type) {
	case *folder:
		f := &folder{make([]*Node, len(old.children)), old.load, old.read}
		if load := old.load; load != nil {
			f.load = func() []*Node { return separate(load(), shared) }
		}
		c.setPlain(f)
		for i, child := range old.children {
			k := child.clone(shared)
			k.parent = &c
			f.children[i] = k
		}
	case *Shared:
		c.setPlain(copyOf(old, shared))
	default:
		c.setPlain(old)
	}
	return &c
}

// copyOf returns the copy of what the names of a file share, for one more name.
func copyOf(old *Shared, copies map[*Shared]*Shared) *Shared {
	if copies[old] == nil {
		copies[old] = &Shared{Source: old.Source}
	}
	copies[old].Links++
	return copies[old]
}

// separate makes entries that are read from the disc for a copy of a tree share what other
// names in the copy share, and not what those in the tree share that was copied.
func separate(list []*Node, copies map[*Shared]*Shared) []*Node {
	for _, n := range list {
		if s := n.Shared(); s != nil {
			n.setPlain(copyOf(s, copies))
		}
	}
	return list
}

// CheckName returns an error if a file cannot have this name.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("a name cannot be empty")
	case name == "." || name == "..":
		return fmt.Errorf("a file cannot be named %q", name)
	case strings.ContainsAny(name, "/\x00"):
		return fmt.Errorf("%q: a name cannot contain a slash or a NUL byte", name)
	case len(name) > 255:
		return fmt.Errorf("%.40q...: a name cannot be longer than 255 bytes", name)
	}
	return nil
}
