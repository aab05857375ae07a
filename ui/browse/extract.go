package browse

import (
	"context"
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

// task shows the running job at the bottom of the page.
type task struct {
	*fyne.Container
	host *host.Host
	text *widgets.Text
	bar  *widgets.Bar
	job  *model.Job

	title string
}

func newTask(h *host.Host) *task {
	t := &task{host: h, text: widgets.Muted("").Align(fyne.TextAlignTrailing), bar: widgets.NewBar()}
	stop := h.Tips.NewQuiet("", theme.CloseIcon, "Stop", t.cancel)
	t.Container = container.NewHBox(widgets.Middle(widgets.Wide(360, t.text)), widgets.Middle(widgets.Wide(180, t.bar)), stop)
	t.Hide()
	return t
}

// why returns why no job can start, or "".
func (t *task) why() string {
	if t.job.Running() {
		return "Wait for the running job to end, or stop it"
	}
	return ""
}

func (t *task) cancel() { t.job.Cancel() }

// start starts a job and shows its progress.
func (t *task) start(title string, work func(context.Context, progress.Reporter) error, then func(error)) {
	t.Show()
	t.text.Set(title)
	t.job = model.Start(t.host.Post, title, work, func(err error) {
		t.Hide()
		then(err)
	})
	t.title = title
	widgets.Poll(t.host.Post, 100*time.Millisecond, func() bool {
		s := t.job.Meter().Snapshot()
		if s.Total > 0 {
			t.bar.Set(float64(s.Done) / float64(s.Total))
		}
		t.text.Set(title + "  " + units.Size(s.Done))
		return t.job.Running()
	})
}

// Work describes the running job, and what stopping it does; "" if there is none.
func (v *View) Work() string {
	if !v.task.job.Running() {
		return ""
	}
	return v.task.title + ": files that are complete are kept, the others will be missing."
}

// Stop stops it.
func (v *View) Stop() { v.task.cancel() }

func (v *View) pickFolder() {
	nodes := v.volume.List.Selected()
	if len(nodes) == 0 {
		nodes = append(nodes, v.volume.List.Root().Children()...)
	}
	paths := make([]string, len(nodes))
	for i, n := range nodes {
		paths[i] = model.Inside(n)
	}
	v.host.PickFolder("Extract to", func(to string) { v.extractTo(paths, to) })
}

// extractTo copies files to a folder. If files with these names exist in it, it asks what
// to do with them.
func (v *View) extractTo(paths []string, to string) {
	f := v.volume.FS()
	if f == nil || v.task.why() != "" {
		return
	}
	var taken int64
	var first string
	v.task.start("Checking "+to, func(ctx context.Context, _ progress.Reporter) (err error) {
		taken, first, err = v.engine.CountExisting(ctx, f, paths, to)
		return err
	}, func(err error) {
		v.selected()
		switch {
		case err != nil && !model.Cancelled(err):
			v.fail("The extraction failed. ", err)
		case err == nil && taken > 0:
			v.askExisting(taken, first, to, func(x model.Existing) { v.extractAs(paths, to, x) })
		case err == nil:
			v.extractAs(paths, to, model.Ask)
		}
	})
	v.selected()
}

// askExisting asks what to do with existing files.
func (v *View) askExisting(taken int64, first, to string, then func(model.Existing)) {
	choice := func(x model.Existing) func() bool {
		return func() bool { then(x); return true }
	}
	text := model.Count(int(taken), "file", "files") + " with these names already exist in " + to + ". The first is " + first + "."
	if taken == 1 {
		text = first + " already exists in " + to + "."
	}
	v.host.Ask("Replace existing files?", text,
		widgets.Choice{Text: "Cancel"},
		widgets.Choice{Text: "Replace", Danger: true, Do: choice(model.Replace)},
		widgets.Choice{Text: "Skip", Do: choice(model.Skip)},
		widgets.Choice{Text: "Keep both", Primary: true, Do: choice(model.KeepBoth)})
}

func (v *View) extractAs(paths []string, to string, x model.Existing) {
	f := v.volume.FS()
	if f == nil || v.task.why() != "" {
		return
	}
	var problems []disc.Notice
	v.task.start("Extracting to "+to, func(ctx context.Context, rep progress.Reporter) (err error) {
		problems, err = v.engine.Extract(ctx, f, paths, to, x, rep)
		return err
	}, func(err error) {
		v.selected() // which allows another extraction
		v.host.Tell("extracted", map[string]any{"to": to, "problems": len(problems), "ok": err == nil})
		switch {
		case model.Cancelled(err):
			v.showMessage("Extraction stopped. Files are missing in "+to+".", false, problems)
		case err != nil:
			v.fail("The extraction failed. ", err)
		case len(problems) > 0:
			v.showMessage("Extracted to "+to+". "+host.CountNotices(problems)+", the first: "+problems[0].String(),
				len(disc.Errors(problems)) > 0, problems)
		default:
			v.status.Set("Extracted to " + to)
		}
	})
	v.selected()
}
