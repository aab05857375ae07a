package browse

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// task shows one piece of work in the foot of the place.
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

// why says why no other work can begin, nothing when it can.
func (t *task) why() string {
	if t.job.Running() {
		return "Wait until the work below has ended, or stop it"
	}
	return ""
}

func (t *task) cancel() { t.job.Cancel() }

// start begins work and follows it.
func (t *task) start(title string, work func(context.Context, progress.Reporter) error, then func(error)) {
	t.Show()
	t.text.Set(title)
	t.job = model.Start(t.host.Post, title, work, func(err error) {
		t.Hide()
		then(err)
	})
	t.title = title
	widgets.Poll(t.host.Post, 100*time.Millisecond, func() bool {
		s := t.job.Meter.Snapshot()
		if s.Total > 0 {
			t.bar.Set(float64(s.Done) / float64(s.Total))
		}
		t.text.Set(title + "  " + model.Bytes(s.Done))
		return t.job.Running()
	})
}

// Work says what is going on, and what becomes of it when it is stopped; nothing
// when nothing is.
func (v *View) Work() string {
	if !v.task.job.Running() {
		return ""
	}
	return v.task.title + ": files that are complete stay there, the others will be missing."
}

// Stop ends it.
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

// extractTo copies files to a folder of this machine. Where files of these names
// are in it already, it asks what becomes of them.
func (v *View) extractTo(paths []string, to string) {
	f := v.volume.FS()
	if f == nil || v.task.why() != "" {
		return
	}
	var taken int64
	var first string
	v.task.start("Looking into "+to, func(ctx context.Context, _ progress.Reporter) (err error) {
		taken, first, err = v.engine.Taken(ctx, f, paths, to)
		return err
	}, func(err error) {
		v.selected()
		switch {
		case err != nil && !model.Cancelled(err):
			v.notice.Tell("Extraction failed: "+err.Error(), true)
		case err == nil && taken > 0:
			v.askExisting(taken, first, to, func(x model.Existing) { v.extractAs(paths, to, x) })
		case err == nil:
			v.extractAs(paths, to, model.Ask)
		}
	})
	v.selected()
}

// askExisting asks what becomes of files that are there already.
func (v *View) askExisting(taken int64, first, to string, then func(model.Existing)) {
	choice := func(x model.Existing) func() bool {
		return func() bool { then(x); return true }
	}
	text := model.Count(int(taken), "file", "files") + " of these names " + "are in " + to + " already, the first is " + first + "."
	if taken == 1 {
		text = first + " is in " + to + " already."
	}
	v.host.Ask("What becomes of files that are there?", text,
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
		v.selected() // it can be extracted again
		v.host.Tell("extracted", map[string]any{"to": to, "problems": len(problems), "ok": err == nil})
		switch {
		case model.Cancelled(err):
			v.notice.Tell("Extraction was stopped; what is in "+to+" is incomplete", false)
		case err != nil:
			v.notice.Tell("Extraction failed: "+err.Error(), true)
		case len(problems) > 0:
			v.notice.Tell("Extracted to "+to+", with "+model.Count(len(problems), "remark", "remarks")+": "+
				problems[0].Path+" "+problems[0].Text, false)
		default:
			v.status.Set("Extracted to " + to)
		}
	})
	v.selected()
}
