package browse

import (
	"fyne.io/fyne/v2"

	"glassmaster/mastering/tree"
	"glassmaster/ui/files"
	"glassmaster/ui/widgets"
)

func (v *View) selected() {
	if v.status == nil {
		return // still being built
	}
	if v.editor.active() {
		v.editor.selected()
		return
	}
	v.status.Set(files.Summary(v.volume.List))
	v.side.selectionChanged()
	what := "Extract all…"
	if v.volume.List.Selection.Len() > 0 {
		what = "Extract…"
	}
	if v.extract.Text != what {
		v.extract.SetText(what)
	}
	v.extract.Allow(v.noExtract())
}

// noExtract returns why nothing can be extracted, or "".
func (v *View) noExtract() string {
	if why := v.task.why(); why != "" {
		return why
	}
	return widgets.Unless(len(v.volume.List.Root().Children()) > 0, "The disc has no files that can be read")
}

// browseFiles shows the files of the disc in the file browser.
func (v *View) browseFiles() {
	v.files.Show(files.View{
		List: v.volume.List, Outline: v.volume.Outline, OnOpen: v.open, OnMenu: v.menu, OnEmpty: v.volume.Unread,
		OnFolderMenu: func(n *tree.Node, at fyne.Position) { v.host.Menu(at, v.editItems()...) },
	})
}

func (v *View) open(n *tree.Node) {
	if n.IsDir() {
		v.volume.List.Open(n)
	}
}

func (v *View) menu(nodes []*tree.Node, at fyne.Position) {
	items := []*fyne.MenuItem{widgets.Item("Extract…", v.noExtract(), v.pickFolder)}
	if len(nodes) == 1 && nodes[0].IsDir() {
		items = append(items, widgets.Item("Open", "", func() { v.volume.List.Open(nodes[0]) }))
	}
	if len(nodes) == 1 && !nodes[0].IsDir() {
		items = append(items, widgets.Item("Show sectors", "", func() {
			if lba, ok := v.firstSector(nodes[0]); ok {
				v.lookAt(lba)
				return
			}
			v.status.Set("The file has no sectors of its own")
		}))
	}
	if len(nodes) == 1 && v.volume.List.Query() != "" {
		items = append(items, widgets.Item("Show in folder", "", func() {
			v.volume.List.Open(nodes[0].Parent())
			v.volume.List.Selection.Set(nodes[0])
			v.files.Reload()
		}))
	}
	items = append(items, widgets.Item("Select all", "", v.files.Files.SelectAll), fyne.NewMenuItemSeparator())
	v.host.Menu(at, append(items, v.editItems()...)...)
}
