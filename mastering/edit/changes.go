package edit

import (
	"cmp"
	"path"
	"slices"

	"glassmaster/mastering/tree"
)

// changes lists the differences between the image and the edited tree. It visits only
// folders that were read.
func (m *Image) changes() []Change {
	d := differ{claimed: map[*tree.Node]*tree.Node{}}
	root := m.comp.Root()
	if o := root.Origin(); o != nil {
		d.claimed[o] = root
		if !root.SameAttributes() {
			d.add(Change{Kind: Attributes, Path: "/", Node: root})
		}
	}
	d.claim(root)
	d.entries(root)
	slices.SortStableFunc(d.list, func(a, b Change) int { return cmp.Compare(a.Path, b.Path) })
	if m.comp.Label != m.label {
		d.list = append(d.list, Change{Kind: Label, Path: m.comp.Label, From: m.label})
	}
	if m.boot.changes() {
		d.list = append(d.list, Change{Kind: Booting})
	}
	return d.list
}

// differ collects changes.
type differ struct {
	claimed map[*tree.Node]*tree.Node // the node that an origin became; others are copies of it
	list    []Change
}

func (d *differ) add(c Change) { d.list = append(d.list, c) }

// claim finds the nodes that origins became. Where there are several, the one in its place
// counts, and otherwise the first.
func (d *differ) claim(dir *tree.Node) {
	if dir.Unread() {
		return
	}
	for _, n := range dir.Children() {
		if o := n.Origin(); o != nil && (d.claimed[o] == nil || n.InPlace()) {
			d.claimed[o] = n
		}
		if n.IsDir() {
			d.claim(n)
		}
	}
}

// entries lists the changes of the entries of a folder, and of those that it had.
func (d *differ) entries(dir *tree.Node) {
	if dir.Unread() {
		return
	}
	for _, n := range dir.Children() {
		d.node(n)
		if n.IsDir() {
			d.entries(n)
		}
	}
	if o := dir.Origin(); o != nil && d.claimed[o] != dir {
		return // a copy, from which nothing of the image is removed
	}
	for _, o := range dir.Recall() {
		if d.claimed[o] == nil {
			d.add(Change{Kind: Removed, Path: o.Path(), Size: size(o), Node: o})
		}
	}
}

// node lists the changes of an entry itself.
func (d *differ) node(n *tree.Node) {
	o := n.Origin()
	if o == nil || d.claimed[o] != n {
		d.add(Change{Kind: Added, Path: n.Path(), Size: size(n), Node: n})
		return
	}
	if !n.SameContents() {
		d.add(Change{Kind: Replaced, Path: n.Path(), Size: size(n), Node: n})
	}
	if !n.InPlace() {
		d.add(Change{Kind: Moved, Path: n.Path(), From: o.Path(), Node: n})
	}
	if !n.SameAttributes() && n.SameContents() {
		d.add(Change{Kind: Attributes, Path: n.Path(), Node: n})
	}
}

// size returns the bytes of a regular file, 0 for others.
func size(n *tree.Node) int64 {
	if n.Mode.IsRegular() {
		return n.Size
	}
	return 0
}

// renames has the changes of entries that were moved or removed, by their paths in the image.
type renames map[string]Change

func newRenames(changes []Change) renames {
	r := renames{}
	for _, c := range changes {
		switch c.Kind {
		case Moved:
			r[c.From] = c
		case Removed:
			r[c.Path] = c
		}
	}
	return r
}

// now returns the path that an entry of the image has in the edited tree, and whether it is
// still there.
func (r renames) now(p string) (string, bool) {
	for at := p; at != "/" && at != "."; at = path.Dir(at) {
		if c, ok := r[at]; ok {
			if c.Kind == Removed {
				return p, false
			}
			return c.Path + p[len(at):], true
		}
	}
	return p, true
}
