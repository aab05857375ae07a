package model

import (
	"slices"

	"glassmaster/mastering/tree"
)

// history records edits of a tree, to undo and redo them. It stores the entries of the
// folders that an edit changes, before and after, and no file contents.
type history struct {
	done, undone []step
}

// keptSteps is the number of edits that can be undone.
const keptSteps = 200

// step is one edit: the folders and names that it changed, before and after.
type step struct {
	name    string
	folders []folderChange
	names   []nameChange
}

type folderChange struct {
	folder        *tree.Node
	before, after []*tree.Node
}

type nameChange struct {
	node          *tree.Node
	before, after string
}

// edit runs an edit that may change the entries of these folders and the names of these
// nodes, and records it if anything has changed.
func (h *history) edit(name string, folders, renamed []*tree.Node, edit func()) {
	s := step{name: name}
	for _, f := range folders {
		s.folders = append(s.folders, folderChange{folder: f, before: slices.Clone(f.Children())})
	}
	for _, n := range renamed {
		s.names = append(s.names, nameChange{node: n, before: n.Name})
	}
	edit()
	changed := false
	for i := range s.folders {
		c := &s.folders[i]
		c.after = slices.Clone(c.folder.Children())
		changed = changed || !slices.Equal(c.before, c.after)
	}
	for i := range s.names {
		c := &s.names[i]
		c.after = c.node.Name
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
	for _, c := range slices.Backward(s.names) {
		c.node.Name = c.before
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
	for _, c := range s.names {
		c.node.Name = c.after
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
