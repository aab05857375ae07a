package model

import (
	"slices"

	"glassmaster/mastering/collation"
	"glassmaster/mastering/tree"
)

// Branch is a row of an outline.
type Branch struct {
	Node  *tree.Node
	Depth int
	Open  bool
	Leaf  bool // has no subfolders
}

// Outline is the folders of a tree as rows; the subfolders of a closed folder have
// none.
type Outline struct {
	root  *tree.Node
	open  map[*tree.Node]bool
	lines []Branch
	// onShow is called when the rows have changed; may be nil.
	onShow func()
}

// NewOutline returns the outline of a tree with its root open.
func NewOutline(root *tree.Node) *Outline {
	o := &Outline{}
	o.setRoot(root)
	return o
}

// setRoot shows another tree.
func (o *Outline) setRoot(root *tree.Node) {
	o.root = root
	o.open = map[*tree.Node]bool{root: true}
	o.Refresh()
}

// Lines returns the rows. The caller must not change them.
func (o *Outline) Lines() []Branch { return o.lines }

// Toggle opens or closes a folder.
func (o *Outline) Toggle(n *tree.Node) { o.SetOpen(n, !o.open[n]) }

// SetOpen opens or closes a folder.
func (o *Outline) SetOpen(n *tree.Node, open bool) {
	if open {
		o.open[n] = true
	} else {
		delete(o.open, n)
	}
	o.Refresh()
}

// Reveal opens the parents of a folder, and returns the index of its row, -1 when it is
// not in the tree.
func (o *Outline) Reveal(n *tree.Node) int {
	if n == nil {
		return -1
	}
	changed := false
	for p := n.Parent(); p != nil; p = p.Parent() {
		if !o.open[p] {
			o.open[p], changed = true, true
		}
	}
	if changed {
		o.Refresh()
	}
	return slices.IndexFunc(o.lines, func(b Branch) bool { return b.Node == n })
}

// Refresh reads the tree again, after it has been edited.
func (o *Outline) Refresh() {
	o.lines = o.lines[:0]
	if o.root != nil {
		o.walk(o.root, 0)
	}
	if o.onShow != nil {
		o.onShow()
	}
}

func (o *Outline) walk(n *tree.Node, depth int) {
	folders := subfolders(n)
	b := Branch{Node: n, Depth: depth, Open: o.open[n] && len(folders) > 0, Leaf: len(folders) == 0 && !n.Unread()}
	o.lines = append(o.lines, b)
	if !b.Open {
		return
	}
	for _, f := range folders {
		o.walk(f, depth+1)
	}
}

func subfolders(n *tree.Node) []*tree.Node {
	var out []*tree.Node
	for _, c := range Entries(n) {
		if c.IsDir() {
			out = append(out, c)
		}
	}
	collation.SortFunc(out, func(n *tree.Node) string { return n.Name })
	return out
}
