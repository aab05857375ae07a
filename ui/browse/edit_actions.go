package browse

import (
	"slices"

	"fyne.io/fyne/v2"

	"glassmaster/mastering/tree"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// openNode opens a folder, or edits the name of a file.
func (e *editor) openNode(n *tree.Node) {
	switch {
	case e.model.Mark(n) == model.Removed:
	case n.IsDir():
		e.model.List.Open(n)
	default:
		e.do(func() { e.v.files.Files.Rename(n) })
	}
}

func (e *editor) key(k fyne.KeyName) bool {
	switch k {
	case fyne.KeyDelete:
		e.removeSelected()
	case fyne.KeyF2:
		if n, ok := e.model.List.Selection.Cursor(); ok && e.model.Mark(n) != model.Removed {
			e.do(func() { e.v.files.Files.Rename(n) })
		}
	default:
		return false
	}
	return true
}

// command handles the shortcuts for copying.
func (e *editor) command(s fyne.Shortcut) bool {
	switch s.(type) {
	case *fyne.ShortcutCopy:
		e.copySelected()
	case *fyne.ShortcutCut:
		e.cutSelected()
	case *fyne.ShortcutPaste:
		e.paste()
	default:
		return false
	}
	return true
}

func (e *editor) copySelected() {
	if nodes := e.model.List.Selected(); len(nodes) > 0 {
		e.model.Copy(nodes)
		e.v.status.Set("Copied. Ctrl+V inserts it into the folder that is shown.")
	}
}

func (e *editor) cutSelected() {
	if nodes := e.model.List.Selected(); len(nodes) > 0 {
		e.model.Cut(nodes)
		e.v.status.Set("Cut. Ctrl+V moves it into the folder that is shown.")
	}
}

func (e *editor) paste() { e.do(func() { e.model.PasteCopied(e.model.List.Folder()) }) }

func (e *editor) rename(n *tree.Node, to string) {
	e.do(func() {
		if err := e.model.Rename(n, to); err != nil {
			e.v.host.Error("The entry cannot be renamed", err)
			return
		}
		e.model.List.Selection.Set(n)
		e.v.files.Reload()
	})
}

func (e *editor) removeSelected() { e.do(func() { e.model.Remove(e.model.List.Selected()) }) }

func (e *editor) revertSelected() { e.do(func() { e.model.Revert(e.model.List.Selected()) }) }

func (e *editor) undoEdit() { e.do(e.model.Undo) }

func (e *editor) redoEdit() { e.do(e.model.Redo) }

// newFolder creates a folder and opens the editor of its name.
func (e *editor) newFolder() {
	e.do(func() {
		n := e.model.Mkdir(e.model.List.Folder())
		if n == nil {
			return
		}
		if e.model.List.Query() != "" {
			e.model.List.Open(n.Parent())
		}
		e.v.files.Files.Rename(n)
	})
}

// menu shows the menu of rows, or of the folder that is shown.
func (e *editor) menu(nodes []*tree.Node, at fyne.Position) {
	if len(nodes) == 0 {
		e.folderMenu(e.model.List.Folder(), at)
		return
	}
	m, n := e.model, nodes[0]
	if !slices.ContainsFunc(nodes, func(n *tree.Node) bool { return m.Mark(n) != model.Removed }) {
		e.v.host.Menu(at, widgets.Item("Put back", e.v.task.why(), e.revertSelected))
		return
	}
	one, busy := widgets.Unless(len(nodes) == 1, "select only one"), e.v.task.why()
	if busy != "" {
		one = busy
	}
	var items []*fyne.MenuItem
	if n.IsDir() && len(nodes) == 1 {
		items = append(items, widgets.Item("Open", "", func() { m.List.Open(n) }))
	}
	if m.List.Query() != "" && len(nodes) == 1 {
		items = append(items, widgets.Item("Show in folder", "", func() { e.show(n) }))
	}
	items = append(items,
		widgets.Item("Rename  (F2)", one, func() { e.v.files.Files.Rename(n) }),
		widgets.Item("Remove  (Del)", busy, e.removeSelected),
		widgets.Item("Cut  (Ctrl+X)", busy, e.cutSelected),
		widgets.Item("Copy  (Ctrl+C)", busy, e.copySelected),
		widgets.Item("Paste  (Ctrl+V)", e.whyNoPaste(), e.paste))
	if slices.ContainsFunc(nodes, e.changed) {
		items = append(items, widgets.Item("Take its changes back", busy, e.revertSelected))
	}
	if n.IsDir() && len(nodes) == 1 {
		items = append(items, e.addItems(n)...)
	}
	if n.Mode.IsRegular() && len(nodes) == 1 {
		items = append(items, e.bootItems(n)...)
	}
	e.v.host.Menu(at, append(items, widgets.Item("Properties…", busy, func() { e.showProperties(nodes) }))...)
}

func (e *editor) whyNoPaste() string {
	if why := e.v.task.why(); why != "" {
		return why
	}
	return widgets.Unless(e.model.Copied(), "nothing was copied")
}

// show shows an entry in its folder.
func (e *editor) show(n *tree.Node) {
	e.model.List.Open(n.Parent())
	e.model.List.Selection.Set(n)
	e.v.files.Reload()
}

// folderMenu shows the menu of a folder.
func (e *editor) folderMenu(n *tree.Node, at fyne.Position) {
	busy := e.v.task.why()
	items := append(e.addItems(n),
		widgets.Item("New folder", busy, func() {
			e.model.List.Open(n)
			e.newFolder()
		}),
		widgets.Item("Paste  (Ctrl+V)", e.whyNoPaste(), func() { e.do(func() { e.model.PasteCopied(n) }) }))
	if n.Parent() != nil {
		items = append(items, widgets.Item("Remove", busy, func() { e.do(func() { e.model.Remove([]*tree.Node{n}) }) }))
	}
	e.v.host.Menu(at, append(items, widgets.Item("Properties…", busy, func() { e.showProperties([]*tree.Node{n}) }))...)
}

// Undo reverts the last edit.
func (v *View) Undo() { v.editor.do(v.editor.undoEdit) }

// Redo redoes the last undone edit.
func (v *View) Redo() { v.editor.do(v.editor.redoEdit) }

// NewFolder creates a folder in the edited image.
func (v *View) NewFolder() { v.editor.newFolder() }

// Save saves the edited image.
func (v *View) Save() { v.editor.saveThen(nil) }

// SaveAs saves the edited image as a new one.
func (v *View) SaveAs() { v.editor.pickSaveAs(nil) }
