package compile

import (
	"context"

	"fyne.io/fyne/v2"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// fileMenu shows the commands for the compilation as a whole.
func (v *View) fileMenu(at fyne.Position) {
	v.host.Menu(at,
		widgets.Item("New", widgets.Unless(!v.project.Empty() || v.project.Dirty(), "the compilation is empty"), v.New),
		widgets.Item("Open…  (Ctrl+O)", "", v.PickOpen),
		widgets.Item("Save  (Ctrl+S)", "", v.Save),
		widgets.Item("Save as…", "", func() { v.saveAs(func() {}) }),
		fyne.NewMenuItemSeparator(),
		widgets.Item("Disc properties…", "", v.ShowProperties))
}

// New starts a new compilation.
func (v *View) New() {
	v.unlessDirty(func() { v.project.Replace(nil, "", nil) })
}

// PickOpen asks for a compilation and opens it.
func (v *View) PickOpen() {
	v.host.PickOpen("Open compilation", v.Open, host.Compilations, host.AllFiles)
}

// Open opens a compilation.
func (v *View) Open(path string) {
	v.unlessDirty(func() {
		var c *compilation.Compilation
		var problems []disc.Notice
		v.job = model.Start(v.host.Post, "Opening "+path, func(context.Context, progress.Reporter) (err error) {
			c, problems, err = v.engine.LoadCompilation(path)
			return err
		}, func(err error) {
			if err != nil {
				v.host.Error("The compilation cannot be opened", err)
				return
			}
			v.project.Replace(c, path, problems)
		})
	})
}

// Save writes the compilation to its file, and asks for one if it has none.
func (v *View) Save() { v.SaveThen(func() {}) }

// SaveThen saves, and calls then after success.
func (v *View) SaveThen(then func()) {
	if v.project.Path() == "" {
		v.saveAs(then)
		return
	}
	v.saveTo(v.project.Path(), then)
}

func (v *View) saveAs(then func()) {
	v.host.PickSave("Save compilation", model.FileName(v.rootName())+compilation.Extension, func(path string) {
		v.saveTo(path, then)
	}, host.Compilations)
}

func (v *View) saveTo(path string, then func()) {
	c, edits := v.project.Own(), v.project.Edits()
	v.job = model.Start(v.host.Post, "Saving "+path, func(context.Context, progress.Reporter) error {
		return v.engine.SaveCompilation(c, path)
	}, func(err error) {
		if err != nil {
			v.host.Error("The compilation cannot be saved", err)
			return
		}
		v.project.Saved(path, edits)
		v.host.Tell("saved", map[string]any{"path": path})
		then()
	})
}

// unlessDirty calls then if no changes would be lost, or if the user agrees.
func (v *View) unlessDirty(then func()) {
	if !v.project.Unsaved() {
		then()
		return
	}
	v.host.Ask("Save “"+v.title()+"”?", "The compilation has unsaved changes. The files themselves are not affected.",
		widgets.Choice{Text: "Cancel"},
		widgets.Choice{Text: "Discard changes", Danger: true, Do: func() bool { then(); return true }},
		widgets.Choice{Text: "Save…", Primary: true, Do: func() bool { v.SaveThen(then); return true }})
}

// Work describes the running job, and what stopping it does; "" if there is none.
func (v *View) Work() string {
	switch {
	case v.project.Scanning():
		return "Files are being added to the compilation. Those not found yet will be missing."
	case v.job.Running():
		return v.job.Title() + " is not finished."
	}
	return ""
}

// Stop stops it.
func (v *View) Stop() {
	v.project.Stop()
	v.job.Cancel()
}
