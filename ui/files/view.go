package files

import (
	"fyne.io/fyne/v2"

	"glassmaster/mastering/tree"
	"glassmaster/ui/model"
)

// View is what a browser shows, and how it handles what the user does. See [List] and
// [Folders] for the functions.
type View struct {
	List         *model.Listing
	Outline      *model.Outline
	Drag         *Drag
	OnOpen       func(*tree.Node)
	OnMenu       func(nodes []*tree.Node, at fyne.Position)
	OnFolderMenu func(n *tree.Node, at fyne.Position)
	OnKey        func(fyne.KeyName) bool
	OnCommand    func(fyne.Shortcut) bool
	OnRename     func(n *tree.Node, name string)
	OnEmpty      func(dir *tree.Node) string
	MarkOf       func(*tree.Node) Mark
}

// Show shows another listing and its outline.
func (b *Browser) Show(v View) {
	if b.list != v.List {
		b.list.OnChange = nil
		b.Files.editor.finish(false)
	}
	b.list, b.outline = v.List, v.Outline
	b.Files.list, b.Folders.outline = v.List, v.Outline
	b.Files.OnOpen, b.Files.OnMenu, b.Files.OnKey, b.Files.OnRename = v.OnOpen, v.OnMenu, v.OnKey, v.OnRename
	b.Files.OnCommand, b.Files.OnEmpty, b.Files.MarkOf = v.OnCommand, v.OnEmpty, v.MarkOf
	b.Folders.MarkOf = v.MarkOf
	b.Folders.OnMenu = v.OnFolderMenu
	b.Files.Drag, b.Folders.Drag = v.Drag, v.Drag
	v.List.OnChange = b.Reload
	if b.search.Text != v.List.Query() {
		b.search.SetText(v.List.Query())
	}
	b.Folders.current = nil
	b.Reload()
}
