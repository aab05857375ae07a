package browse

import (
	"context"
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/units"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// showState shows the changes and what saving does, and allows the actions.
func (e *editor) showState(plan model.EditPlan, err error) {
	m, busy := e.model, e.v.task.why()
	text, color := m.Changes().Summary(), theme.Foreground
	if text == "" {
		text, color = "No changes", theme.Muted
	}
	e.summary.Color(color).Set(model.Capital(text))
	color = theme.Muted
	if m.Unsaved() && !m.Measuring() && (err != nil || plan.Unsafe != nil) {
		color = theme.Warning
	}
	e.effect.Color(color).Set(e.effectText())
	e.showSizes(plan)
	first := func(whys ...string) string {
		for _, why := range whys {
			if why != "" {
				return why
			}
		}
		return ""
	}
	e.save.Allow(first(busy, m.WhySave()))
	e.save.Tip = e.effectText() + "  (Ctrl+S)"
	e.saveAs.Allow(first(busy, widgets.Unless(m.WhySaveAs() == "" || !m.Unsaved() && m.Facts().Fixed != "", m.WhySaveAs())))
	e.reset.Allow(first(busy, widgets.Unless(m.Unsaved(), "Nothing was changed")))
	e.undo.Tip, e.redo.Tip = "Undo: "+m.Undoable()+"  (Ctrl+Z)", "Redo: "+m.Redoable()+"  (Ctrl+Shift+Z)"
	e.undo.Allow(first(busy, widgets.Unless(m.Undoable() != "", "Nothing to undo")))
	e.redo.Allow(first(busy, widgets.Unless(m.Redoable() != "", "Nothing to redo")))
	e.mkdir.Allow(busy)
	if busy != "" {
		e.label.Disable()
	} else if e.label.Disabled() {
		e.label.Enable()
	}
	widgets.SetVisible(e.list, m.Unsaved())
	notes := ""
	if m.Unsaved() && !m.Measuring() {
		notes = host.CountNotices(plan.Notices)
	}
	if e.notes.Text != notes {
		e.notes.SetText(notes)
	}
	widgets.SetVisible(e.notes, notes != "")
	widgets.SetVisible(e.takeBack, !m.Unsaved() && e.canTakeBack())
}

// showSizes shows the size of the image now and after saving.
func (e *editor) showSizes(p model.EditPlan) {
	after, before := units.Size(p.Before), ""
	if m := e.model; m.Unsaved() && !m.Measuring() && p.After > 0 {
		after, before = units.Size(p.After)+" after saving", units.Size(p.Before)+" now"
		if p.After > p.Before && units.Size(p.After) == units.Size(p.Before) {
			before = units.Size(p.After-p.Before) + " more"
		}
	}
	e.after.Set(after)
	e.before.Set(before)
	widgets.SetVisible(e.before, before != "")
}

// effectText says in a sentence what saving does, or why it is not possible.
func (e *editor) effectText() string {
	m := e.model
	plan, err := m.Planned()
	switch {
	case m.Scanning():
		return "Files are being added …"
	case !m.Unsaved():
		return "Drag files and folders here, or use Add. Nothing is written until you save."
	case m.Measuring():
		return "Calculating what saving writes …"
	case err != nil:
		return "It cannot be saved: " + model.Reason(err)
	case m.Facts().Fixed != "":
		return fmt.Sprintf("Save as writes a new image of %s. The image itself cannot be changed.", units.Size(plan.After))
	case plan.Unsafe != nil:
		return "This image cannot be changed safely; Save as writes a new one. " + model.Reason(plan.Unsafe)
	case plan.Update:
		return fmt.Sprintf("Save writes %s into the image, and can be undone.", units.Size(plan.Writes))
	}
	return fmt.Sprintf("Save writes a new file of %s, which replaces the image and cannot be undone.", units.Size(plan.Writes))
}

// problemText describes what was noticed when files were added or moved.
func problemText(list []disc.Notice) string {
	if len(list) == 1 {
		return model.Capital(list[0].String())
	}
	return host.CountNotices(list) + ". The latest: " + list[len(list)-1].String()
}

func isError(n disc.Notice) bool { return n.Severity == disc.Error }

// showChanges lists all changes on a sheet. Each can be taken back.
func (e *editor) showChanges() {
	if !e.active() {
		return
	}
	m := e.model
	list := m.Changes().List
	rows := container.New(&widgets.Column{Gap: 8})
	var sheet *widgets.Sheet
	for _, c := range list[:min(len(list), maxChanges)] {
		rows.Add(e.changeRow(c, func() {
			sheet.Close()
			e.takeChangeBack(c)
			if m.Unsaved() {
				e.showChanges()
			}
		}))
	}
	if more := len(list) - maxChanges; more > 0 {
		rows.Add(widgets.Muted("and " + model.Count(more, "more", "more")))
	}
	sheet = e.v.host.Sheet(model.Capital(m.Changes().Summary()), rows, 640, widgets.Choice{Text: "Close", Primary: true})
}

// takeChangeBack takes one change back.
func (e *editor) takeChangeBack(c model.Change) {
	e.do(func() {
		e.model.RevertChange(c)
	})
}

// changeRow shows a change.
func (e *editor) changeRow(c model.Change, back func()) fyne.CanvasObject {
	kind := widgets.NewText(c.Mark.String()).Color(marks[c.Mark])
	path := c.Path
	if c.Node != nil && c.Node.IsDir() && c.Path != "/" {
		path += "/"
	}
	if c.Mark == model.Relabelled {
		path = "“" + c.Path + "”"
	}
	lines := container.New(&widgets.Column{Gap: 1}, widgets.NewText(path).Wrap())
	if about := changeText(c); about != "" {
		lines.Add(widgets.Muted(about).Wrap())
	}
	text := "Take back"
	if c.Mark == model.Removed {
		text = "Put back"
	}
	undo := widgets.Tips{}.NewQuiet(text, nil, "", back)
	undo.Allow(e.v.task.why())
	return container.NewBorder(nil, nil, widgets.Wide(84, kind), widgets.Middle(undo), lines)
}

// changeText describes a change further.
func changeText(c model.Change) string {
	switch {
	case c.Mark == model.Booting:
		return ""
	case c.Mark == model.Relabelled:
		return "was “" + c.From + "”"
	case c.From != "":
		return "was " + c.From
	case c.Mark == model.Added && c.Node.IsDir() && c.Files == 0:
		return "without files"
	case c.Mark == model.Added && c.Node.IsDir():
		return model.Count(c.Files, "file", "files") + ", " + units.Size(c.Size)
	case c.Mark == model.Changed || c.Node.IsDir():
		return ""
	}
	return units.Size(c.Size)
}

// updates is what is known about the last update of the image.
type updates struct {
	name string
	made time.Time
	err  error
}

// checkUpdate finds out whether the last update of the image can be undone.
func (e *editor) checkUpdate() {
	name := e.v.volume.Name()
	e.v.findUpdate(name, func() {
		if e.active() {
			e.reload()
		}
	})
}

func (e *editor) canTakeBack() bool { return e.v.whyNoUndo() == "" }

// findUpdate finds out whether the last update of an image can be undone.
func (v *View) findUpdate(name string, then func()) {
	found := updates{name: name}
	model.Start(v.host.Post, "looking for a journal", func(context.Context, progress.Reporter) error {
		found.made, found.err = v.engine.LastUpdate(name)
		return nil
	}, func(error) {
		if v.volume.Name() == name {
			v.update = found
			v.host.Tell("last update", map[string]any{"name": name, "undo": v.whyNoUndo() == ""})
			then()
		}
	})
}

// whyNoUndo returns why no update of the open image can be undone, or "".
func (v *View) whyNoUndo() string {
	switch u := v.update; {
	case v.task.why() != "":
		return v.task.why()
	case u.name != v.volume.Name() || u.made.IsZero() && u.err == nil:
		return "it was not updated by Glassmaster"
	case u.err != nil:
		return u.err.Error()
	}
	return widgets.Unless(!v.Unsaved(), "there are unsaved changes")
}

// askUndoUpdate asks whether to undo the last update of the image.
func (v *View) askUndoUpdate() {
	if v.whyNoUndo() != "" {
		return
	}
	v.host.Ask("Undo the last update of "+model.Short(v.volume.Name())+"?",
		"The image becomes what it was before it was saved on "+model.Date(v.update.made.Local())+". What was changed then is lost.",
		widgets.Choice{Text: "Cancel"},
		widgets.Choice{Text: "Undo update", Danger: true, Do: func() bool { v.host.Post(v.undoUpdate); return true }})
}

// undoUpdate undoes the last update of the image.
func (v *View) undoUpdate() {
	if v.whyNoUndo() != "" {
		return
	}
	name, show := v.volume.Name(), v.openThen
	if v.editor.active() {
		folder := v.editor.model.List.Folder().Path()
		show = func(name string, then func()) { v.editor.goOn(name, folder, then) }
	}
	v.editor.end()
	v.start(description{"Undoing the last update of " + model.Short(name), "the update may stay.", true}, func(ctx context.Context, rep progress.Reporter) error {
		return v.engine.UndoUpdate(ctx, name, rep)
	}, func(err error) {
		v.host.Tell("undone", map[string]any{"name": name, "ok": err == nil})
		show(name, func() {
			if err != nil {
				v.fail("The update was not undone. ", err)
				return
			}
			v.showSuccess("The last update of " + model.Short(name) + " was undone.")
		})
	})
}
