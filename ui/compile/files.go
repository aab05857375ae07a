package compile

import (
	"fyne.io/fyne/v2"

	"glassmaster/ui/desk"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// fileMenu is what can be done with the compilation as a whole.
func (v *View) fileMenu(at fyne.Position) {
	v.d.Menu(at,
		widgets.Item("New", unless(!v.project.Empty() || v.project.Dirty(), "this one is empty"), v.New),
		widgets.Item("Open…  (Ctrl+O)", "", v.PickOpen),
		widgets.Item("Save  (Ctrl+S)", "", v.Save),
		widgets.Item("Save as…", "", v.saveAs),
		fyne.NewMenuItemSeparator(),
		widgets.Item("Properties…", "", v.ShowProperties))
}

// New begins a new compilation.
func (v *View) New() {
	v.unlessDirty(func() { v.project.Replace(nil, "", nil) })
}

// PickOpen asks for a compilation and opens it.
func (v *View) PickOpen() {
	v.d.PickOpen("Open compilation", v.Open, desk.Compilations, desk.Anything)
}

// Open opens a compilation.
func (v *View) Open(path string) {
	v.unlessDirty(func() {
		c, problems, err := v.engine.LoadCompilation(path)
		if err != nil {
			v.d.Error("The compilation cannot be opened", err)
			return
		}
		v.project.Replace(c, path, problems)
	})
}

// Save writes the compilation to its file, and asks for one when it has none.
func (v *View) Save() {
	if v.project.Path() == "" {
		v.saveAs()
		return
	}
	v.saveTo(v.project.Path())
}

func (v *View) saveAs() {
	v.d.PickSave("Save compilation", model.FileName(v.rootName())+".glassmaster", v.saveTo, desk.Compilations)
}

func (v *View) saveTo(path string) {
	if err := v.engine.SaveCompilation(v.project.Compilation(), path); err != nil {
		v.d.Error("The compilation cannot be saved", err)
		return
	}
	v.project.Saved(path)
}

// unlessDirty goes on when nothing would be lost, or the person does not mind.
func (v *View) unlessDirty(then func()) {
	if !v.project.Dirty() || v.project.Empty() {
		then()
		return
	}
	v.d.Ask("Save “"+v.title()+"” first?", "The compilation has changes that were not saved. Your files themselves are not affected.",
		widgets.Choice{Text: "Cancel"},
		widgets.Choice{Text: "Do not save", Do: func() bool { then(); return true }},
		widgets.Choice{Text: "Save…", Primary: true, Do: func() bool { v.Save(); return true }})
}
