package browse

import (
	"context"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/units"
	"glassmaster/ui/files"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// editor edits the files of the image that the page shows, in the panes of the page.
type editor struct {
	v     *View
	model *model.Editing // nil: nothing is edited
	job   *model.Job     // that opens the image
	drag  *files.Drag

	head *fyne.Container // buttons beside the title
	bar  *fyne.Container // above the panes
	card *fyne.Container // below them

	reset, saveAs, save, done         *widgets.Button
	label                             *widgets.Field
	mkdir, remove, revert, undo, redo *widgets.Button
	more                              *widgets.Button
	summary, effect, after, before    *widgets.Text
	list, takeBack, notes             *widgets.Button
}

func newEditor(v *View) *editor {
	e := &editor{v: v}
	e.drag = &files.Drag{
		Layer: v.host.Tips.Layer, FolderAt: v.files.FolderAt, OnTarget: v.files.SetTarget,
		OnMove: func(nodes []*tree.Node, to *tree.Node) { e.do(func() { e.model.Move(nodes, to) }) },
	}
	e.buildHead()
	e.buildBar()
	e.buildCard()
	e.setVisible(false)
	return e
}

func (e *editor) buildHead() {
	t := e.v.host.Tips
	e.reset = t.NewButton("Undo all", theme.UndoIcon, "Take all changes back. They can be redone.", func() { e.do(e.model.Reset) })
	e.saveAs = t.NewButton("Save as…", nil, "Write a new image with the changes  (Ctrl+Shift+S)", func() { e.pickSaveAs(nil) })
	e.save = t.NewPrimary("Save", theme.SaveIcon, "", func() { e.saveThen(nil) })
	e.done = t.NewButton("Close editor", theme.CloseIcon, "Show the image again", e.leave)
	e.head = container.NewHBox(e.reset, e.saveAs, e.save, e.done)
}

func (e *editor) buildBar() {
	t := e.v.host.Tips
	e.label = widgets.NewField()
	e.label.OnChanged = func(text string) {
		if e.active() {
			e.model.SetLabel(text)
		}
	}
	var add *widgets.Button
	add = t.NewButton("Add", theme.AddIcon, "Add files or a folder to the folder that is shown. You can also drag them onto the window.", func() {
		e.v.host.Menu(widgets.Below(add), e.addItems(nil)...)
	})
	add.IconPlacement = widget.ButtonIconLeadingText
	e.mkdir = t.NewQuiet("", theme.NewFolderIcon, "New folder  (Ctrl+Shift+N)", e.newFolder)
	e.remove = t.NewQuiet("", theme.DeleteIcon, "Remove the selection from the image  (Del)", e.removeSelected)
	e.revert = t.NewButton("Take back", nil, "", e.revertSelected)
	e.undo = t.NewQuiet("", theme.UndoIcon, "Undo", e.undoEdit)
	e.redo = t.NewQuiet("", theme.RedoIcon, "Redo", e.redoEdit)
	e.more = t.NewQuiet("", theme.MoreIcon, "Sessions, compacting and boot entries", func() { e.moreMenu(widgets.Below(e.more)) })
	name := widgets.Muted("Label")
	label := container.NewHBox(widgets.Middle(widgets.Wide(name.Natural()+6, name)), widgets.Middle(widgets.Wide(190, e.label)))
	e.bar = container.NewBorder(nil, nil, container.NewHBox(add, e.mkdir, e.remove, e.undo, e.redo, e.more, e.revert), label)
}

func (e *editor) buildCard() {
	t := e.v.host.Tips
	e.summary, e.effect = widgets.NewText("").Bold(), widgets.Muted("").Wrap()
	e.after, e.before = widgets.NewText("").Align(fyne.TextAlignTrailing), widgets.Muted("").Align(fyne.TextAlignTrailing)
	e.list = t.NewButton("Changes…", nil, "List all changes, to take single ones back", e.showChanges)
	e.takeBack = t.NewButton("Undo last update…", nil, "Restore the image as it was before it was saved last", e.v.askUndoUpdate)
	words := container.New(&widgets.Column{Gap: 2}, e.summary, e.effect)
	sizes := widgets.Wide(140, container.New(&widgets.Column{Gap: 2}, e.after, e.before))
	e.notes = t.NewQuiet("", nil, "What the image will be like after saving", func() {
		plan, _ := e.model.Planned()
		e.v.host.ShowNotices("When the image is saved", plan.Notices)
	})
	right := container.NewHBox(widgets.Middle(e.notes), widgets.Middle(sizes), widgets.Space(4, 0), widgets.Middle(e.list), widgets.Middle(e.takeBack))
	e.card = widgets.Inset(widgets.Card("", container.NewBorder(nil, nil, nil, right, widgets.Middle(words))), 0, 8, 0, 0)
}

func (e *editor) active() bool { return e != nil && e.model != nil }

// busy reports whether the image is being saved, so that it cannot be edited.
func (e *editor) busy() bool { return e.v.task.job.Running() }

// do makes an edit, unless the image is being saved.
func (e *editor) do(edit func()) {
	if e.active() && !e.busy() {
		edit()
	}
}

func (e *editor) setVisible(editing bool) {
	for _, o := range []fyne.CanvasObject{e.head, e.bar, e.card} {
		widgets.SetVisible(o, editing)
	}
	if e.v.switcher != nil {
		widgets.SetVisible(e.v.switcher, !editing)
	}
}

// Edit begins to edit the open image.
func (v *View) Edit() { v.editThen(func() {}) }

// editThen begins to edit the open image, and calls then when that has begun.
func (v *View) editThen(then func()) {
	if v.editor.active() {
		then()
		return
	}
	if v.whyNoEdit() == "" {
		v.editor.open(then)
	}
}

// whyNoEdit returns why the open disc cannot be edited, or "".
func (v *View) whyNoEdit() string {
	switch {
	case v.volume.State() != model.Ready:
		return "No image is open"
	case v.volume.NoFiles() != nil:
		return "The disc has no files that can be read"
	case v.volume.Start() != 0:
		return "A later session alone cannot be edited"
	case !v.isNewestSession():
		return "Only the newest session can be edited: choose that first"
	case v.editor.job.Running():
		return "The image is being opened for editing"
	}
	return v.task.why()
}

// isNewestSession reports whether the files of the newest session are shown.
func (v *View) isNewestSession() bool {
	all := v.volume.Sessions()
	return len(all) == 0 || v.volume.Session() == all[len(all)-1].Number
}

// CanEdit reports whether files can be added to what is open.
func (v *View) CanEdit() bool { return v.editor.active() || v.whyNoEdit() == "" }

// Editor returns the image that is being edited, nil if none is.
func (v *View) Editor() *model.Editing { return v.editor.model }

// Unsaved reports whether the edited image has changes that were not saved.
func (v *View) Unsaved() bool { return v.editor.active() && v.editor.model.Unsaved() }

// Edited returns the name of the image that is edited.
func (v *View) Edited() string { return model.Short(v.volume.Name()) }

// open opens the image for editing.
func (e *editor) open(then func()) {
	v, name, track := e.v, e.v.volume.Name(), e.v.volume.Track()
	var image model.EditedImage
	var job *model.Job
	job = model.Start(v.host.Post, "opening for editing", func(ctx context.Context, _ progress.Reporter) (err error) {
		image, err = v.engine.Edit(ctx, name, track)
		return err
	}, func(err error) {
		if e.job != job || v.volume.Name() != name || v.volume.State() != model.Ready { // another disc was opened meanwhile
			if image != nil {
				image.Close()
			}
			return
		}
		v.allow()
		if err != nil {
			v.fail(model.Short(name)+" cannot be edited. ", err)
			return
		}
		e.begin(model.NewEditing(image, v.host.Post))
		then()
	})
	e.job = job
	v.allow()
}

// begin shows the files of the image to be edited.
func (e *editor) begin(m *model.Editing) {
	v := e.v
	v.showSection(filesSection)
	v.showTitle(false)
	v.subtitle.Show()
	v.notice.Hide()
	e.model = m
	v.side.edited, v.side.shown = m, nil
	m.OnChange = e.reload
	e.label.SetText(m.Label())
	e.checkUpdate()
	e.setVisible(true)
	v.files.Show(files.View{
		List: m.List, Outline: m.Outline, Drag: e.drag, OnOpen: e.openNode, OnMenu: e.menu, OnFolderMenu: e.folderMenu,
		OnKey: e.key, OnCommand: e.command, OnRename: e.rename, OnEmpty: m.Unread, MarkOf: e.mark,
	})
	e.reload()
	if why := m.Facts().Fixed; why != "" {
		v.showMessage(why, false, nil)
	}
	if v.Object.Visible() {
		v.files.Files.Focus()
	}
	v.host.Tell("editing", map[string]any{"name": v.volume.Name()})
}

// end ends editing. Changes that were not saved are lost.
func (e *editor) end() {
	e.job.Cancel()
	e.job = nil
	if !e.active() {
		return
	}
	m, v := e.model, e.v
	e.model, v.side.edited, v.side.shown = nil, nil, nil
	m.OnChange = nil
	e.drag.Cancel()
	model.Start(v.host.Post, "closing the image", func(context.Context, progress.Reporter) error { return m.Close() }, func(error) {})
	e.setVisible(false)
	v.browseFiles()
	if v.volume.Disc() != nil { // otherwise it is opened again
		v.reload()
	}
	e.tell()
}

// tell tells the window that editing has begun or ended, or what has changed.
func (e *editor) tell() {
	if e.v.OnEdit != nil {
		e.v.OnEdit()
	}
}

// marks are the colours of the marks.
var marks = map[model.Mark]fyne.ThemeColorName{
	model.Within: theme.Muted, model.Changed: theme.Primary, model.Renamed: theme.Primary, model.Moved: theme.Primary,
	model.Replaced: theme.Warning, model.Added: theme.Success, model.Removed: theme.Error,
}

func (e *editor) mark(n *tree.Node) files.Mark {
	if !e.active() {
		return files.Mark{}
	}
	m := e.model.Mark(n)
	return files.Mark{Text: m.String(), Color: marks[m], Struck: m == model.Removed}
}

// reload shows the state of the edit.
func (e *editor) reload() {
	if !e.active() {
		return
	}
	v, m := e.v, e.model
	v.title.Set(model.Short(v.volume.Name()))
	if m.Unsaved() {
		v.title.Set(model.Short(v.volume.Name()) + " – unsaved changes")
	}
	if e.label.Text != m.Label() {
		e.label.SetText(m.Label())
	}
	plan, err := m.Planned()
	v.subtitle.Set("Editing, " + m.Facts().Format + ", " + units.Size(plan.Before))
	e.showState(plan, err)
	if list := m.Problems(); len(list) > 0 {
		v.showMessage(problemText(list), slices.ContainsFunc(list, isError), list)
		m.ClearProblems()
		return // which has called this again
	}
	v.files.Reload()
	v.side.selectionChanged()
	e.tell()
	if !m.Scanning() && !m.Measuring() {
		v.host.Tell("edited", map[string]any{
			"changes": m.Changes().Summary(), "before": plan.Before, "after": plan.After, "writes": plan.Writes,
			"update": plan.Update, "why": m.WhySave(),
		})
	}
}

// selected allows the actions for the selection.
func (e *editor) selected() {
	v, m := e.v, e.model
	v.status.Set(files.Summary(m.List))
	v.side.selectionChanged()
	nodes := m.List.Selected()
	e.remove.Allow(widgets.Unless(slices.ContainsFunc(nodes, func(n *tree.Node) bool { return m.Mark(n) != model.Removed }), "Nothing is selected"))
	e.revert.Allow(v.task.why())
	text, tip := "Take back", "Take the changes of the selection back"
	if !slices.ContainsFunc(nodes, func(n *tree.Node) bool { return m.Mark(n) != model.Removed }) {
		text, tip = "Put back", "Put the selection back into the image"
	}
	if e.revert.Text != text {
		e.revert.SetText(text)
	}
	e.revert.Tip = tip
	widgets.SetVisible(e.revert, slices.ContainsFunc(nodes, e.changed))
}

// changed reports whether an entry itself was changed.
func (e *editor) changed(n *tree.Node) bool { return e.model.Mark(n) > model.Within }

// leave ends editing, after a question if changes would be lost.
func (e *editor) leave() { e.leaving(func() {}) }

// leaving ends editing and calls do, after a question if changes would be lost.
func (e *editor) leaving(do func()) {
	v := e.v
	leave := func() {
		e.end()
		do()
	}
	switch {
	case e.busy():
		v.host.Ask("Stop saving?", v.Work(),
			widgets.Choice{Text: "Keep saving", Primary: true, Escape: true},
			widgets.Choice{Text: "Stop", Danger: true, Do: func() bool { v.task.cancel(); return true }})
	case !e.model.Unsaved():
		leave()
	default:
		e.askSave("Cancel", "Discard changes", leave, do)
	}
}

// askSave asks whether to save the changes. discard is called if they are discarded, and
// saved after they were saved.
func (e *editor) askSave(cancel, no string, discard, saved func()) {
	save := widgets.Choice{Text: "Save", Primary: true, Do: func() bool { e.v.host.Post(func() { e.saveThen(saved) }); return true }}
	if e.model.WhySave() != "" {
		save = widgets.Choice{Text: "Save as…", Primary: true, Do: func() bool { e.v.host.Post(func() { e.pickSaveAs(saved) }); return true }}
	}
	e.v.host.Ask("Save the changes to "+model.Short(e.v.volume.Name())+"?", "Not saved: "+e.model.Changes().Summary()+". "+e.effectText(),
		widgets.Choice{Text: cancel},
		widgets.Choice{Text: no, Danger: true, Do: func() bool { e.v.host.Post(discard); return true }}, save)
}

// AskSave asks whether to save the changes before the window closes.
func (v *View) AskSave(closing func()) {
	v.editor.askSave("Cancel", "Close without saving", func() {
		v.editor.end()
		closing()
	}, closing)
}

// editItems are the items of menus that begin to edit.
func (v *View) editItems() []*fyne.MenuItem {
	why := v.whyNoEdit()
	return []*fyne.MenuItem{
		widgets.Item("Edit the image  (Ctrl+E)", why, v.Edit),
		widgets.Item("Add files to the image…", why, func() { v.editThen(v.editor.pickFiles) }),
		widgets.Item("Undo last update…", v.whyNoUndo(), v.askUndoUpdate),
	}
}

// Drop adds files of the host to the image that is open, at an absolute position.
func (v *View) Drop(at fyne.Position, paths []string) {
	v.editThen(func() {
		v.editor.do(func() {
			m := v.editor.model
			dir := m.List.Folder()
			if n, ok := v.files.FolderAt(at); ok && n != nil && m.List.Root().Contains(n) {
				dir = n
			}
			m.AddPaths(paths, dir)
		})
	})
}

func (e *editor) pickFiles() { e.pickInto(e.model.List.Folder(), e.v.host.PickFiles) }

// pickInto asks for files, and adds them to a folder.
func (e *editor) pickInto(dir *tree.Node, pick func(string, func([]string))) {
	m := e.model
	pick("Add files", func(paths []string) {
		if e.model == m {
			e.do(func() { m.AddPaths(paths, dir) })
		}
	})
}

// pickFolderInto asks for a folder, and adds it to a folder.
func (e *editor) pickFolderInto(dir *tree.Node) {
	e.pickInto(dir, func(title string, then func([]string)) {
		e.v.host.PickFolder("Add folder", func(path string) { then([]string{path}) })
	})
}

// addItems are the items of the menu that adds to a folder; nil is the one that is shown.
func (e *editor) addItems(dir *tree.Node) []*fyne.MenuItem {
	if dir == nil {
		dir = e.model.List.Folder()
	}
	return []*fyne.MenuItem{
		widgets.Item("Add files…", "", func() { e.pickInto(dir, e.v.host.PickFiles) }),
		widgets.Item("Add folder…", "", func() { e.pickFolderInto(dir) }),
	}
}
