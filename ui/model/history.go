package model

import (
	"io/fs"
	"slices"

	"glassmaster/mastering/tree"
)

// history records edits of a tree, to undo and redo them. It stores the entries of the
// folders that an edit changes, and the names and attributes of nodes, before and after,
// and no file contents.
type history struct {
	done, undone []step
}

// keptSteps is the number of edits that can be undone.
const keptSteps = 200

// step is one edit: the folders and nodes that it changed, before and after.
type step struct {
	name    string
	folders []folderChange
	nodes   []nodeChange
}

type folderChange struct {
	folder        *tree.Node
	before, after []*tree.Node
}

type nodeChange struct {
	node          *tree.Node
	before, after entry
}

// entry is the name and the attributes of a node.
type entry struct {
	name string
	Attributes
}

// Attributes are the attributes of a node that the window can change.
type Attributes struct {
	Mode     fs.FileMode // type and permissions
	UID, GID uint32
	Modified int64       // Unix time in nanoseconds
	Extra    *tree.Extra // must not be changed, only replaced
}

// AttributesOf returns the attributes of a node.
func AttributesOf(n *tree.Node) Attributes {
	return Attributes{n.Mode, n.UID, n.GID, n.Modified, n.Extra()}
}

func (a Attributes) set(n *tree.Node) {
	n.Mode, n.UID, n.GID, n.Modified = a.Mode, a.UID, a.GID, a.Modified
	if n.Extra() != a.Extra {
		n.SetExtra(a.Extra)
	}
}

func entryOf(n *tree.Node) entry { return entry{n.Name, AttributesOf(n)} }

func (e entry) set(n *tree.Node) {
	n.Name = e.name
	e.Attributes.set(n)
}

// edit runs an edit that may change the entries of these folders, and the names and
// attributes of these nodes. It records the edit if anything has changed.
func (h *history) edit(name string, folders, nodes []*tree.Node, edit func()) {
	s := step{name: name}
	for _, f := range folders {
		s.folders = append(s.folders, folderChange{folder: f, before: slices.Clone(f.Children())})
	}
	for _, n := range nodes {
		s.nodes = append(s.nodes, nodeChange{node: n, before: entryOf(n)})
	}
	edit()
	changed := false
	for i := range s.folders {
		c := &s.folders[i]
		c.after = slices.Clone(c.folder.Children())
		changed = changed || !slices.Equal(c.before, c.after)
	}
	for i := range s.nodes {
		c := &s.nodes[i]
		c.after = entryOf(c.node)
		changed = changed || c.before != c.after
	}
	if !changed {
		return
	}
	h.done = append(h.done, s)
	if len(h.done) > keptSteps {
		h.done = slices.Delete(h.done, 0, 1)
	}
	h.undone = nil
}

// Undoable returns the name of the edit that Undo undoes, or "".
func (h *history) Undoable() string { return last(h.done) }

// Redoable returns the name of the edit that Redo redoes, or "".
func (h *history) Redoable() string { return last(h.undone) }

// Undo undoes the last edit.
func (h *history) Undo() {
	s, ok := pop(&h.done)
	if !ok {
		return
	}
	for _, c := range slices.Backward(s.nodes) {
		c.before.set(c.node)
	}
	s.setFolders(func(c folderChange) []*tree.Node { return c.before })
	h.undone = append(h.undone, s)
}

// Redo redoes the edit that was undone last.
func (h *history) Redo() {
	s, ok := pop(&h.undone)
	if !ok {
		return
	}
	for _, c := range s.nodes {
		c.after.set(c.node)
	}
	s.setFolders(func(c folderChange) []*tree.Node { return c.after })
	h.done = append(h.done, s)
}

// setFolders empties all folders first: an entry that was moved between two of them
// must never be in both.
func (s step) setFolders(entries func(folderChange) []*tree.Node) {
	for _, c := range s.folders {
		c.folder.SetChildren(nil)
	}
	for _, c := range s.folders {
		c.folder.SetChildren(entries(c))
	}
}

func last(steps []step) string {
	if len(steps) == 0 {
		return ""
	}
	return steps[len(steps)-1].name
}

func pop(steps *[]step) (step, bool) {
	n := len(*steps)
	if n == 0 {
		return step{}, false
	}
	s := (*steps)[n-1]
	*steps = (*steps)[:n-1]
	return s, true
}
