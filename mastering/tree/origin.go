package tree

import (
	"io/fs"

	"glassmaster/mastering/layout"
)

// NewUnread returns a folder of a disc whose entries are read when they are first needed.
// The function load returns them; it must return the same entries each time, since copies
// of the folder read them again. Errors are its own matter: it returns what it could read.
// Each entry gets an Origin, unless it has one.
func NewUnread(name string, load func() []*Node) *Node {
	n := NewNode(name, fs.ModeDir|0o755, nil)
	n.plain().(*folder).load = load
	return n
}

// load reads the entries of a folder, and keeps what they were.
func (n *Node) load(f *folder) {
	load := f.load
	f.load = nil
	f.children = load()
	f.read = make([]*Node, len(f.children))
	copies := make([]Node, len(f.children))
	for i, c := range f.children {
		c.parent = n
		if c.Origin() == nil {
			copies[i] = *c
			copies[i].parent = n.Origin()
			if s := c.Shared(); s != nil { // the names of a file may get other contents
				copies[i].content = (&extended{&Shared{s.Source, s.Links}, c.Extra(), nil}).reduced()
			}
			c.SetOrigin(&copies[i])
		}
		f.read[i] = c.Origin()
	}
}

// Unread reports whether the node is a folder whose entries were not read from the disc
// yet. They have not been edited then.
func (n *Node) Unread() bool {
	f, ok := n.plain().(*folder)
	return ok && f.load != nil
}

// Adopt gives an unread folder the entries of a copy of it, made by Clone, that was read.
// So another goroutine than the one that uses the tree can wait for the disc. It does
// nothing if the folder was read meanwhile, or the copy was not. The copy must not be used
// afterwards.
func (n *Node) Adopt(copied *Node) {
	f, ok := n.plain().(*folder)
	from, read := copied.plain().(*folder)
	if !ok || !read || f.load == nil || from.load != nil {
		return
	}
	f.children, f.read, f.load = from.children, from.read, nil
	for _, c := range f.children {
		c.parent = n
	}
}

// Recall returns the origins of the entries that a folder had on the disc, in the order in
// which they were read, including those that were removed or moved away since. It is nil
// for a folder that was not read from a disc.
func (n *Node) Recall() []*Node {
	if f := n.folder(); f != nil {
		return f.read
	}
	return nil
}

// Origin returns what the node was when it was read from a disc: its name, attributes and
// contents, and the path there. It is nil for a node that does not come from one. The
// entries of a folder are not part of its origin. The caller must not change it.
//
// Two nodes of a tree can have the same origin, if one is a copy of the other.
func (n *Node) Origin() *Node {
	if x, ok := n.content.(*extended); ok {
		return x.origin
	}
	return nil
}

// SetOrigin sets or, with nil, removes the origin of the node alone, not of the entries of
// a folder.
func (n *Node) SetOrigin(o *Node) {
	n.content = (&extended{n.plain(), n.Extra(), o}).reduced()
}

// SameContents reports whether a node still has the contents of its origin: a file its
// bytes, a link its target, a device its numbers. For a folder, it says nothing about the
// entries.
func (n *Node) SameContents() bool {
	o := n.Origin()
	if o == nil || n.Mode.Type() != o.Mode.Type() {
		return false
	}
	switch {
	case n.IsDir():
		return true
	case n.Mode.IsRegular():
		return n.Size == o.Size && (n.Size == 0 || sameSource(n.Source(), o.Source()))
	}
	return n.Target() == o.Target() && n.Device() == o.Device()
}

// SameAttributes reports whether a node still has the attributes of its origin: the mode,
// the owner, the times and the extended attributes. The name is not one of them.
func (n *Node) SameAttributes() bool {
	o := n.Origin()
	return o != nil && n.Mode == o.Mode && n.UID == o.UID && n.GID == o.GID && n.Modified == o.Modified && n.Extra() == o.Extra()
}

// InPlace reports whether a node has the name and the folder of its origin.
func (n *Node) InPlace() bool {
	o := n.Origin()
	switch {
	case o == nil:
		return false
	case n.parent == nil:
		return o.parent == nil
	}
	return n.Name == o.Name && o.parent != nil && n.parent.Origin() == o.parent
}

// sameSource reports whether two sources are the same value. Bytes cannot be compared, and
// are never what was read from a disc.
func sameSource(a, b layout.Source) bool {
	if _, ok := a.(layout.Bytes); ok {
		return false
	}
	return a == b
}
