// Package compile is the page of the window where a compilation is edited.
package compile

import (
	"context"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/tree"
	"glassmaster/ui/files"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// Engine is the part of the engine that Compile uses.
type Engine interface {
	// LoadCompilation and SaveCompilation read and write compilation files.
	LoadCompilation(path string) (*compilation.Compilation, []disc.Notice, error)
	SaveCompilation(c *compilation.Compilation, path string) error
	// Inserted returns the drives, with the medium in each.
	Inserted(ctx context.Context) ([]model.Inserted, error)
}

// View is the page.
type View struct {
	Object      fyne.CanvasObject // for the window
	OnBurn      func()            // burn the compilation
	OnSaveImage func()            // save it as an image file
	OnChange    func()            // the compilation changed

	host     *host.Host
	engine   Engine
	project  *model.Project
	files    *files.Browser
	drag     *files.Drag
	label    *widgets.Field
	empty    fyne.CanvasObject
	busy     fyne.CanvasObject
	problems *problemList
	capacity *capacityCard
	// continued is about the disc that is continued.
	continued *continuedCard
	undo      *widgets.Button
	redo      *widgets.Button
	remove    *widgets.Button
	mkdir     *widgets.Button
	save      *widgets.Button
	image     *widgets.Button
	burn      *widgets.Button
	job       *model.Job // that loads or saves
}

// New returns the page.
func New(h *host.Host, e Engine, p *model.Project) *View {
	v := &View{host: h, engine: e, project: p}
	v.files = files.New(p.List, p.Outline, h.Tips, v.rootName)
	v.capacity = newCapacityCard(h, e, p)
	v.problems = newProblemList(h, p)
	v.drag = &files.Drag{Layer: h.Tips.Layer, FolderAt: v.files.FolderAt, OnTarget: v.files.SetTarget, OnMove: p.Move}
	f := v.files.Files
	f.Drag, v.files.Folders.Drag = v.drag, v.drag
	f.OnOpen = v.open
	f.OnMenu = v.menu
	f.OnKey = v.key
	f.OnRename = v.rename
	v.files.Folders.OnMenu = func(n *tree.Node, at fyne.Position) { v.folderMenu(n, at) }
	v.files.OnReset = v.selected
	p.OnChange = v.reload
	v.Object = v.build()
	v.reload()
	return v
}

func (v *View) build() fyne.CanvasObject {
	t := v.host.Tips
	v.label = widgets.NewField()
	v.label.PlaceHolder = "Volume label"
	v.label.OnChanged = v.project.SetLabel
	var add *widgets.Button
	add = t.NewButton("Add", theme.AddIcon, "Add files or a folder. You can also drag them onto the window.", func() { v.addMenu(widgets.Below(add)) })
	v.mkdir = t.NewQuiet("", theme.NewFolderIcon, "New folder  (Ctrl+Shift+N)", v.NewFolder)
	v.remove = t.NewQuiet("", theme.DeleteIcon, "Remove the selection from the compilation  (Del)", v.removeSelected)
	v.undo = t.NewQuiet("", theme.UndoIcon, "Undo", v.Undo)
	v.redo = t.NewQuiet("", theme.RedoIcon, "Redo", v.Redo)
	var file *widgets.Button
	file = t.NewButton("Compilation", theme.MenuIcon, "New, open, save, disc properties", func() { v.fileMenu(widgets.Below(file)) })
	file.IconPlacement = widget.ButtonIconTrailingText
	v.save = file
	v.image = t.NewButton("Save image…", theme.SaveIcon, "Save the disc as an image file", func() { v.OnSaveImage() })
	v.burn = t.NewPrimary("Burn…", theme.BurnIcon, "Burn the disc", func() { v.OnBurn() })
	bar := container.NewBorder(nil, nil,
		widgets.Middle(container.NewHBox(widgets.Middle(widgets.Wide(220, v.label)), add, v.mkdir, v.remove, v.undo, v.redo)),
		widgets.Middle(container.NewHBox(file, v.image, v.burn)))
	v.empty = widgets.Panel(widgets.Empty(theme.LayersIcon, "New compilation",
		"Drag files and folders here. They are read when you burn the disc or save an image, so leave them in place until then.",
		t.NewPrimary("Add files…", theme.AddIcon, "", v.pickFiles),
		t.NewButton("Add folder…", theme.OpenIcon, "", v.pickFolder),
		t.NewButton("Open compilation…", theme.DocumentIcon, "", v.PickOpen)))
	v.continued = newContinuedCard(v.host, v.project)
	v.busy = container.NewBorder(nil, nil, widgets.Muted("Adding files …"), nil, widget.NewProgressBarInfinite())
	v.busy.Hide()
	bottom := container.New(&widgets.Column{Gap: 8}, v.busy, v.continued.object, v.problems.Object, v.capacity.Object, widgets.Space(0, 4))
	return container.NewBorder(
		container.New(&widgets.Column{Gap: 8}, widgets.MinHeight(34, bar), widgets.Space(0, 0)),
		container.New(&widgets.Column{Gap: 8}, widgets.Space(0, 0), bottom), nil, nil,
		container.NewStack(v.files.Object, v.empty))
}

// Browser returns the file browser, for the shortcuts of the window.
func (v *View) Browser() *files.Browser { return v.files }

// Drop adds files and folders that were dropped at an absolute position.
func (v *View) Drop(at fyne.Position, paths []string) {
	dir := v.project.List.Folder()
	if v.files.Object.Visible() {
		if n, ok := v.files.FolderAt(at); ok && n != nil {
			dir = n
		}
	}
	v.project.AddPaths(paths, dir)
}

func (v *View) rootName() string {
	if l := v.project.Label(); l != "" {
		return l
	}
	return "New disc"
}

func (v *View) reload() {
	if v.label.Text != v.project.Label() {
		v.label.SetText(v.project.Label())
	}
	empty := v.project.Empty()
	widgets.SetVisible(v.empty, empty)
	widgets.SetVisible(v.files.Object, !empty)
	widgets.SetVisible(v.busy, v.project.Scanning())
	v.files.Files.MarkOf, v.files.Folders.MarkOf = v.marks(), v.marks()
	v.files.Reload()
	v.problems.reload()
	v.continued.reload()
	v.capacity.reload()
	why := ""
	switch {
	case empty:
		why = "The compilation is empty. Add files first."
	case v.project.Scanning():
		why = "Files are still being added"
	case v.project.Size().Err != nil:
		why = "The compilation cannot be written: " + model.Reason(v.project.Size().Err)
	}
	v.burn.Allow(why)
	if v.project.Continued() != nil {
		why = "The compilation continues a disc: only the burn adds to it"
	}
	v.image.Allow(why)
	v.undo.Tip, v.redo.Tip = "Undo: "+v.project.Undoable()+"  (Ctrl+Z)", "Redo: "+v.project.Redoable()+"  (Ctrl+Shift+Z)"
	v.undo.Allow(widgets.Unless(v.project.Undoable() != "", "Nothing to undo"))
	v.redo.Allow(widgets.Unless(v.project.Redoable() != "", "Nothing to redo"))
	if v.OnChange != nil {
		v.OnChange()
	}
	if !v.project.Scanning() && !v.project.Measuring() {
		s := v.project.Size()
		v.host.Tell("compilation", map[string]any{"files": s.Files, "folders": s.Folders, "bytes": s.Content, "sectors": s.Sectors, "problems": len(v.project.Problems())})
	}
}

func (v *View) selected() {
	if v.remove == nil {
		return // still being built
	}
	v.remove.Allow(widgets.Unless(v.project.List.Selection.Len() > 0, "Nothing is selected"))
	v.capacity.setSelection(files.Summary(v.project.List))
}

func (v *View) open(n *tree.Node) {
	if n.IsDir() {
		v.project.List.Open(n)
		return
	}
	v.files.Files.Rename(n)
}

func (v *View) key(k fyne.KeyName) bool {
	switch k {
	case fyne.KeyDelete:
		v.removeSelected()
	case fyne.KeyF2:
		if n, ok := v.project.List.Selection.Cursor(); ok {
			v.files.Files.Rename(n)
		}
	default:
		return false
	}
	return true
}

func (v *View) rename(n *tree.Node, to string) {
	if err := v.project.Rename(n, to); err != nil {
		v.host.Error("The file cannot be renamed", err)
		return
	}
	v.project.List.Selection.Set(n)
	v.files.Reload()
}

// Undo reverts the last edit.
func (v *View) Undo() { v.project.Undo() }

// Redo redoes the last undone edit.
func (v *View) Redo() { v.project.Redo() }

func (v *View) removeSelected() { v.project.Remove(v.project.List.Selected()) }

// NewFolder creates a folder and opens the editor of its name.
func (v *View) NewFolder() {
	n := v.project.Mkdir(v.project.List.Folder())
	if n == nil {
		return
	}
	if v.project.List.Query() != "" {
		v.project.List.Open(n.Parent())
	}
	v.files.Files.Rename(n)
}

func (v *View) menu(nodes []*tree.Node, at fyne.Position) {
	if len(nodes) == 0 {
		v.folderMenu(v.project.List.Folder(), at)
		return
	}
	n := nodes[0]
	one := widgets.Unless(len(nodes) == 1, "select only one")
	var items []*fyne.MenuItem
	if n.IsDir() {
		items = append(items, widgets.Item("Open", one, func() { v.project.List.Open(n) }))
	}
	v.host.Menu(at, append(items,
		widgets.Item("Rename  (F2)", one, func() { v.files.Files.Rename(n) }),
		widgets.Item("Remove  (Del)", "", v.removeSelected),
		widgets.Item("Select all  (Ctrl+A)", "", v.files.Files.SelectAll))...)
}

func (v *View) folderMenu(n *tree.Node, at fyne.Position) {
	v.host.Menu(at,
		widgets.Item("Add files…", "", v.pickFiles),
		widgets.Item("Add folder…", "", v.pickFolder),
		widgets.Item("New folder", "", func() {
			v.project.List.Open(n)
			v.NewFolder()
		}),
		widgets.Item("Remove", widgets.Unless(n.Parent() != nil, "the top folder cannot be removed"), func() { v.project.Remove([]*tree.Node{n}) }))
}

func (v *View) addMenu(at fyne.Position) {
	v.host.Menu(at, widgets.Item("Files…", "", v.pickFiles), widgets.Item("Folder…", "", v.pickFolder))
}

// pickFiles asks for files to add.
func (v *View) pickFiles() {
	dir := v.project.List.Folder()
	v.host.PickFiles("Add files", func(paths []string) { v.project.AddPaths(paths, dir) })
}

func (v *View) pickFolder() {
	dir := v.project.List.Folder()
	v.host.PickFolder("Add folder", func(path string) { v.project.AddPaths([]string{path}, dir) })
}

// title is the name of the compilation in messages.
func (v *View) title() string {
	if p := v.project.Path(); p != "" {
		return filepath.Base(p)
	}
	return v.rootName()
}
