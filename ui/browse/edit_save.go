package browse

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"glassmaster/drive/job"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// saveThen saves the changes into the image, and goes on editing it; if then is not nil, it
// ends editing and calls then instead.
func (e *editor) saveThen(then func()) {
	if e.active() && e.model.WhySave() == "" {
		e.saveWith(model.EditedImage.Save, then)
	}
}

// saveWith changes the image in one of the ways.
func (e *editor) saveWith(save func(model.EditedImage, context.Context, model.Edited, progress.Reporter) (model.SavedEdit, error), then func()) {
	if !e.active() || e.busy() {
		return
	}
	v, m, name := e.v, e.model, e.v.volume.Name()
	files := m.Snapshot()
	var saved model.SavedEdit
	v.volume.Suspend() // Windows does not replace a file that is open
	v.start(description{"Saving " + model.Short(name), "the image stays as it was.", true}, func(ctx context.Context, rep progress.Reporter) (err error) {
		saved, err = save(m.Image(), ctx, files, rep)
		return err
	}, func(err error) {
		v.host.Tell("saved image", map[string]any{"name": name, "ok": err == nil, "text": saved.Text})
		if err != nil {
			v.volume.Open(name) // for previews
			e.reload()
			e.failed("Save", err)
			return
		}
		e.saved(name, then, func() { v.showSaved(saved.Text, saved.Notices) })
	})
	e.reload()
}

// saved ends the edit after it was saved to an image, and calls then; if that is nil, the
// saved image is edited in the same folder, and show is called.
func (e *editor) saved(name string, then, show func()) {
	folder := e.model.List.Folder().Path()
	e.end()
	if then != nil {
		then()
		return
	}
	e.goOn(name, folder, show)
}

// goOn opens an image and edits it in a folder; then it calls show.
func (e *editor) goOn(name, folder string, show func()) {
	v := e.v
	v.openThen(name, func() {
		if v.whyNoEdit() != "" {
			show()
			return
		}
		e.open(func() {
			e.model.Show(folder)
			show()
		})
	})
}

// showSaved shows that an image was saved, and the first warning if there is one.
func (v *View) showSaved(text string, list []disc.Notice) {
	if at := slices.IndexFunc(list, func(n disc.Notice) bool { return n.Severity != disc.Info }); at >= 0 {
		v.showMessage(text+" "+model.Capital(list[at].String()), len(disc.Errors(list)) > 0, list)
		return
	}
	v.showSuccess(text)
	v.noticed = list
	widgets.SetVisible(v.details, len(list) > 0)
}

// failed says why the changes were not saved, and what to do.
func (e *editor) failed(what string, err error) {
	v := e.v
	if model.Cancelled(err) {
		v.showMessage("Saving was stopped. Nothing was written; your changes are still here.", false, nil)
		return
	}
	v.host.Tell("save failed", map[string]any{"text": err.Error()})
	if errors.Is(err, model.ErrImageChanged) {
		e.askOpenAgain()
		return
	}
	var apart *job.NotReplacedError
	if errors.As(err, &apart) {
		e.notReplaced(apart)
		return
	}
	text := model.Explain(err) + "\n\nThe image is as it was, and your changes are still here."
	if errors.Is(err, model.ErrImageGone) {
		text = "The image was removed, renamed, or replaced by another file since it was opened. Your changes are still here."
	}
	choices := []widgets.Choice{{Text: "Close", Escape: true, Primary: what != "Save"}}
	if what == "Save" {
		text += " You can also save them as a new image."
		choices = append(choices, widgets.Choice{Text: "Save as…", Primary: true, Do: func() bool {
			v.host.Post(func() { e.pickSaveAs(nil) })
			return true
		}})
	}
	v.host.Ask(model.Short(v.volume.Name())+" was not saved", text, choices...)
}

// notReplaced shows the new image that could not replace the old one: the changes are in it.
func (e *editor) notReplaced(apart *job.NotReplacedError) {
	e.saved(apart.New, nil, func() {
		e.v.host.Error("The image could not be replaced", fmt.Errorf(
			"it was not possible to replace the image, which is as it was: %w. The new image with your changes is %s, and is shown now", apart.Err, apart.New))
	})
}

// askOpenAgain offers to open an image again that another program has changed.
func (e *editor) askOpenAgain() {
	v := e.v
	name := v.volume.Name()
	v.host.Ask(model.Short(name)+" was not saved",
		"The image was changed by another program since it was opened, so your changes no longer fit. Open it again to see what it is now, and repeat them. "+
			"If the other program puts the image back as it was, you can save.",
		widgets.Choice{Text: "Close", Primary: true, Escape: true},
		widgets.Choice{Text: "Open it again", Danger: true, Do: func() bool {
			v.host.Post(func() {
				e.end()
				v.Open(name)
			})
			return true
		}})
}

// pickSaveAs asks for the format and the file of a new image. If files of the image cannot
// be read, it asks first whether to save it without them.
func (e *editor) pickSaveAs(then func()) {
	if !e.active() || e.busy() {
		return
	}
	plan, _ := e.model.Planned()
	lost := disc.Errors(plan.Notices)
	if plan.Unsafe == nil || len(lost) == 0 {
		e.pickSaveTo(then)
		return
	}
	e.v.host.ShowNotices("The new image will lack files that cannot be read", lost,
		widgets.Choice{Text: "Cancel", Primary: true, Escape: true},
		widgets.Choice{Text: "Save without them", Danger: true, Do: func() bool {
			e.v.host.Post(func() { e.pickSaveTo(then) })
			return true
		}})
}

func (e *editor) pickSaveTo(then func()) {
	d := e.v.volume.Disc()
	if !e.active() || e.busy() || d == nil {
		return
	}
	e.v.pickFormatFor(d, conversion{
		title: "Save " + model.Short(e.v.volume.Name()) + " as", first: e.model.Facts().Format, suffix: " edited",
		write: func(to, format string, perTrack bool, accepted []disc.Notice) {
			e.saveTo(to, format, perTrack, accepted, then)
		},
	})
}

// saveTo writes a new image with the changes, and opens it; then it calls then instead, if
// that is not nil.
func (e *editor) saveTo(to, format string, perTrack bool, accepted []disc.Notice, then func()) {
	if !e.active() || e.busy() {
		return
	}
	v, m := e.v, e.model
	files := m.Snapshot()
	var outcome model.Converted
	v.start(description{"Saving " + model.Short(to), "nothing will be written.", true}, func(ctx context.Context, rep progress.Reporter) (err error) {
		outcome, err = m.Image().SaveAs(ctx, files, to, format, perTrack, accepted, rep)
		return err
	}, func(err error) {
		v.host.Tell("saved image", map[string]any{"name": to, "ok": err == nil && outcome.Good, "text": outcome.Text})
		var loss *model.LossError
		e.reload()
		switch {
		case errors.As(err, &loss):
			v.acceptLoss(loss, func() { e.saveTo(to, format, perTrack, loss.Lost, then) })
			return
		case err != nil:
			e.failed("Save as", err)
			return
		case !outcome.Good:
			v.showMessage(outcome.Text, true, outcome.Notices)
			return
		}
		e.saved(to, then, func() { v.showSaved(outcome.Text, outcome.Notices) })
	})
	e.reload()
}

// images returns the file type of a format.
func images(f model.ImageFormat) host.FileType {
	return host.FileType{Name: f.Name + " images", Extensions: []string{f.Extension}}
}

// freeName returns the proposed name of a new image beside another one.
func freeName(from string, f model.ImageFormat, suffix string) string {
	base := filepath.Base(from)
	name := model.Stem(base) + "." + f.Extension
	if name == base || suffix != " copy" {
		name = model.Stem(base) + suffix + "." + f.Extension
	}
	return name
}
