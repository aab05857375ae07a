// Package tree is the tree of files that goes onto a volume: names, attributes
// and where the contents come from: a file of the host, bytes in memory, or
// extents that are on the disc already. A compilation edits it; the writers of
// file systems turn it into a layout.
//
// A node is kept small, since a disc may hold a million of them.
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
	content  any         // *folder, layout.Source, *Shared, Symlink, Device, nil, or an *extended with one of these in it
	Modified int64       // Unix time in nanoseconds
	Size     int64       // bytes of a regular file
	Mode     fs.FileMode // type and permissions
	UID, GID uint32      //
	Index    uint32      // scratch of whoever plans the volume
}

// folder is the content of a directory.
type folder struct{ children []*Node }

// Symlink is the content of a symbolic link: its target.
type Symlink string

// Device is the content of a device node: major<<32 | minor.
type Device uint64

// Shared is the content of a file that has several names: hard links. All of
// them hold the same *Shared.
type Shared struct {
	Source layout.Source
	Links  uint32 // number of names in this tree
}

// NewFolder returns an empty folder.
func NewFolder(name string, modified time.Time) *Node {
	return &Node{Name: name, content: &folder{}, Mode: fs.ModeDir | 0o755, Modified: modified.UnixNano()}
}

// NewFile returns a regular file.
func NewFile(name string, size int64, modified time.Time, src layout.Source) *Node {
	return &Node{Name: name, content: src, Mode: 0o644, Size: size, Modified: modified.UnixNano()}
}

// NewNode returns a node with the given content: a layout.Source, *Shared,
// Symlink, Device or nil; of a folder for fs.ModeDir.
func NewNode(name string, mode fs.FileMode, content any) *Node {
	n := &Node{Name: name, Mode: mode, content: content}
	if mode.IsDir() {
		n.content = &folder{}
	}
	return n
}

// Init makes a node that lives in a larger value what NewNode returns.
func (n *Node) Init(name string, mode fs.FileMode, content any) {
	n.Name, n.Mode = name, mode
	if mode.IsDir() {
		content = &folder{}
	}
	n.setPlain(content)
}

// Parent returns the folder that holds the node, nil for a root.
func (n *Node) Parent() *Node { return n.parent }

// IsDir reports whether the node is a folder.
func (n *Node) IsDir() bool { return n.Mode.IsDir() }

// ModTime returns the time of the last modification.
func (n *Node) ModTime() time.Time { return time.Unix(0, n.Modified) }

// Children returns the entries of a folder in the order of their insertion;
// the caller does not change the slice.
func (n *Node) Children() []*Node {
	if f, ok := n.plain().(*folder); ok {
		return f.children
	}
	return nil
}

// Source returns where the bytes of a regular file come from.
func (n *Node) Source() layout.Source {
	switch c := n.plain().(type) {
	case layout.Source:
		return c
	case *Shared:
		return c.Source
	}
	return nil
}

// Recorded returns where the contents of a regular file are on the disc already,
// nil for a file whose contents are still to be laid out, or that has none.
func (n *Node) Recorded() *layout.Recorded {
	r, _ := n.Source().(*layout.Recorded)
	return r
}

// Shared returns what the names of a hard-linked file have in common, nil for
// other nodes.
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

// Child returns the entry of that name in a folder, nil when there is none.
func (n *Node) Child(name string) *Node {
	for _, c := range n.Children() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Lookup returns the node at a slash-separated path below n, nil when there is
// none.
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

// Append puts a node at the end of a folder. The name must not be there yet:
// this is not looked at, so that a folder of n entries costs n steps.
func (n *Node) Append(c *Node) {
	f := n.plain().(*folder)
	c.parent = n
	f.children = append(f.children, c)
}

// Grow makes room for so many more entries of a folder.
func (n *Node) Grow(entries int) {
	f := n.plain().(*folder)
	f.children = slices.Grow(f.children, entries)
}

// SetChildren makes these the entries of a folder, in this order: what an
// editor needs to take back an edit. Nodes that were there and are not any more
// are left without a folder; a node that comes from another folder must be
// taken out of that one by the same edit.
func (n *Node) SetChildren(children []*Node) {
	f := n.plain().(*folder)
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

// Insert puts a node into a folder, and refuses a name that is taken or that
// no file may have.
func (n *Node) Insert(c *Node) error {
	if !n.IsDir() {
		return fmt.Errorf("insert %q: %s is not a folder", c.Name, n.Path())
	}
	if err := CheckName(c.Name); err != nil {
		return err
	}
	if n.Child(c.Name) != nil {
		return fmt.Errorf("%s holds an entry called %q already", n.Path(), c.Name)
	}
	n.Append(c)
	return nil
}

// Detach takes the node out of its folder.
func (n *Node) Detach() {
	if n.parent == nil {
		return
	}
	f := n.parent.plain().(*folder)
	if i := slices.Index(f.children, n); i >= 0 {
		f.children = slices.Delete(f.children, i, i+1)
	}
	n.parent = nil
}

// Contains reports whether m is n or lies below it.
func (n *Node) Contains(m *Node) bool {
	for ; m != nil; m = m.parent {
		if m == n {
			return true
		}
	}
	return false
}

// Walk calls f for the node and everything below it, folders before their
// entries, until f returns an error.
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

// Clone returns a copy of the node and everything below it, which does not
// change with the original. Contents are referred to, not copied.
func (n *Node) Clone() *Node {
	shared := map[*Shared]*Shared{}
	return n.clone(shared)
}

func (n *Node) clone(shared map[*Shared]*Shared) *Node {
	c := *n
	c.parent = nil
	if x, ok := n.content.(*extended); ok {
		c.content = &extended{extra: x.extra}
	}
	switch old := n.plain().(type) {
	case *folder:
		f := &folder{make([]*Node, len(old.children))}
		c.setPlain(f)
		for i, child := range old.children {
			k := child.clone(shared)
			k.parent = &c
			f.children[i] = k
		}
	case *Shared:
		if shared[old] == nil {
			shared[old] = &Shared{Source: old.Source}
		}
		shared[old].Links++
		c.setPlain(shared[old])
	default:
		c.setPlain(old)
	}
	return &c
}

// CheckName says why a file cannot have this name, nil when it can.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("a name cannot be empty")
	case name == "." || name == "..":
		return fmt.Errorf("a file cannot be called %q", name)
	case strings.ContainsAny(name, "/\x00"):
		return fmt.Errorf("%q: a name cannot hold a slash or a NUL byte", name)
	case len(name) > 255:
		return fmt.Errorf("%.40q...: a name cannot be longer than 255 bytes", name)
	}
	return nil
}
