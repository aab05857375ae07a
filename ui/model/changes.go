package model

import (
	"cmp"
	"slices"
	"strings"

	"glassmaster/mastering/tree"
)

// Mark is what an edit of an image did to an entry.
type Mark uint8

// Marks of entries. Of an entry to which several apply, the last one is shown.
const (
	Unmarked   Mark = iota
	Within          // a folder with changed entries
	Changed         // other attributes
	Renamed         // another name in the same folder
	Moved           // another folder
	Replaced        // other contents
	Added           //
	Removed         //
	Relabelled      // the label of the volume
	Booting         // the boot entries
)

// Change is a difference between an image and its edited files. What is below a folder
// that was added or removed is not listed.
type Change struct {
	Mark  Mark
	Node  *tree.Node // the removed one, if it was removed; nil for the label and boot entries
	Path  string     // now, or before if it was removed; for a label, the new one; for boot entries, what is done
	From  string     // the path or label before, if it was another
	Files int        // in an added folder
	Size  int64      // bytes of files that were added, replaced or removed
}

// Changes are the differences between an image and its edited files.
type Changes struct {
	List  []Change // by path, the label last
	marks map[*tree.Node]Mark
	gone  map[*tree.Node][]*tree.Node // removed entries, by their folder
}

// original is an entry as it was read from the image, and its folder.
type original struct{ node, folder *tree.Node }

// differ compares an edited tree with what it was when it was read.
type differ struct {
	Changes
	originals map[*tree.Node]original   // by the origin of the node
	claimed   map[*tree.Node]*tree.Node // the node that an origin became
}

// compare finds the changes in a tree. It needs the time that a walk through the folders
// takes that were read.
func compare(root *tree.Node, originals map[*tree.Node]original) Changes {
	d := differ{originals: originals, claimed: map[*tree.Node]*tree.Node{}}
	d.marks, d.gone = map[*tree.Node]Mark{}, map[*tree.Node][]*tree.Node{}
	d.claim(root)
	if root.Origin() != nil && !root.SameAttributes() {
		d.add(Change{Mark: Changed, Node: root, Path: "/"})
	}
	d.folder(root)
	slices.SortStableFunc(d.List, func(a, b Change) int { return cmp.Compare(a.Path, b.Path) })
	return d.Changes
}

// claim finds the nodes that origins became: the one in its place, or else the first.
// Further ones are copies.
func (d *differ) claim(dir *tree.Node) {
	for _, n := range Entries(dir) {
		if o := n.Origin(); o != nil && (d.claimed[o] == nil || n.InPlace()) {
			d.claimed[o] = n
		}
		if n.IsDir() {
			d.claim(n)
		}
	}
}

func (d *differ) add(c Change) {
	d.List = append(d.List, c)
	if c.Node != nil {
		d.mark(c.Node, c.Mark)
	}
}

// mark marks an entry and, as folders with changes, those that contain it.
func (d *differ) mark(n *tree.Node, m Mark) {
	d.marks[n] = max(d.marks[n], m)
	if m == Removed {
		return // it is in no folder
	}
	d.within(n.Parent())
}

func (d *differ) within(dir *tree.Node) {
	for ; dir != nil && d.marks[dir] == Unmarked; dir = dir.Parent() {
		d.marks[dir] = Within
	}
}

// folder lists the changes in a folder.
func (d *differ) folder(dir *tree.Node) {
	for _, n := range Entries(dir) {
		if o := n.Origin(); o == nil || d.claimed[o] != n {
			d.added(n)
			continue
		}
		d.entry(n)
		if n.IsDir() {
			d.folder(n)
		}
	}
	if dir.Unread() {
		return
	}
	for _, o := range dir.Recall() {
		was, known := d.originals[o]
		if d.claimed[o] != nil || !known {
			continue
		}
		d.add(Change{Mark: Removed, Node: was.node, Path: join(dir, was.node.Name), Size: was.node.Size})
		d.gone[dir] = append(d.gone[dir], was.node)
		d.within(dir)
	}
}

// entry lists the changes of an entry of the image.
func (d *differ) entry(n *tree.Node) {
	c := Change{Node: n, Path: n.Path()}
	o := n.Origin()
	if !n.InPlace() {
		c.Mark, c.From = Moved, o.Path()
		if n.Parent().Origin() == o.Parent() {
			c.Mark = Renamed
		}
		d.add(c)
	}
	switch {
	case !n.SameContents():
		c.Mark, c.Size, c.From = Replaced, n.Size, ""
		d.add(c)
	case !n.SameAttributes():
		c.Mark, c.From = Changed, ""
		d.add(c)
	}
}

// added lists an entry that was added.
func (d *differ) added(n *tree.Node) {
	c := Change{Mark: Added, Node: n, Path: n.Path()}
	var count func(*tree.Node)
	count = func(x *tree.Node) {
		d.marks[x] = Added
		if !x.IsDir() {
			c.Files++
			c.Size += x.Size
		}
		for _, e := range Entries(x) {
			count(e)
		}
	}
	count(n)
	d.List = append(d.List, c)
	d.within(n.Parent())
}

func join(dir *tree.Node, name string) string {
	return strings.TrimSuffix(dir.Path(), "/") + "/" + name
}

// Empty reports whether nothing was changed.
func (c Changes) Empty() bool { return len(c.List) == 0 }

// Mark returns what was done to an entry.
func (c Changes) Mark(n *tree.Node) Mark { return c.marks[n] }

// RemovedFrom returns the entries that were removed from a folder.
func (c Changes) RemovedFrom(dir *tree.Node) []*tree.Node { return c.gone[dir] }

// From returns the former path of an entry that was renamed or moved, or "".
func (c Changes) From(n *tree.Node) string {
	if m := c.marks[n]; m < Renamed || m > Replaced || n.InPlace() {
		return ""
	}
	return n.Origin().Path()
}

// Summary counts the changes: "3 added, 1 replaced, 2 removed".
func (c Changes) Summary() string {
	var n [Booting + 1]int
	for _, x := range c.List {
		n[x.Mark]++
	}
	var parts []string
	for _, m := range []Mark{Added, Replaced, Removed, Renamed, Moved, Changed} {
		if n[m] > 0 {
			parts = append(parts, Count(n[m], m.verb(), m.verb()))
		}
	}
	if n[Relabelled] > 0 {
		parts = append(parts, "new label")
	}
	if n[Booting] > 0 {
		parts = append(parts, "other boot entries")
	}
	return strings.Join(parts, ", ")
}

func (m Mark) verb() string {
	return [...]string{Changed: "with other properties", Renamed: "renamed", Moved: "moved", Replaced: "replaced", Added: "added", Removed: "removed"}[m]
}

// String returns the mark for display: "Added"; it is empty for what was not changed.
func (m Mark) String() string {
	return [...]string{"", "Changed inside", "Properties", "Renamed", "Moved", "Replaced", "Added", "Removed", "Label", "Boot"}[m]
}
