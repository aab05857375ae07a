package browse

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/mastering/progress"
	"glassmaster/mastering/units"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// task shows the running job at the bottom of the page. There is at most one.
type task struct {
	*fyne.Container
	host *host.Host
	text *widgets.Text
	bar  *widgets.Bar

	job     *model.Job
	about   description
	stopped bool   // the user stopped it
	next    func() // is called when it has ended; may be nil
}

// description describes a job.
type description struct {
	title string
	stop  string // what stopping it does, in a sentence
	reads bool   // it reads the open disc, which has to stay open
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

func (t *task) cancel() {
	t.stopped = true
	t.job.Cancel()
}

// stopThen stops the running job, and calls next when it has ended.
func (t *task) stopThen(next func()) {
	if !t.job.Running() {
		next()
		return
	}
	t.next = next
	t.cancel()
}

// start starts a job and shows its progress. then is called with a cancellation if the job
// was stopped and failed.
func (t *task) start(a description, work func(context.Context, progress.Reporter) error, then func(error)) {
	t.about, t.stopped, t.next = a, false, nil
	t.text.Set(a.title)
	t.bar.Set(0)
	t.Show()
	t.job = model.Start(t.host.Post, a.title, work, func(err error) {
		t.Hide()
		if err != nil && t.stopped {
			err = context.Canceled
		}
		next := t.next
		then(err)
		if next != nil {
			next()
		}
	})
	widgets.Poll(t.host.Post, 100*time.Millisecond, func() bool {
		t.show(t.job.Meter().Snapshot())
		return t.job.Running()
	})
}

// show shows the progress of the running phase.
func (t *task) show(s progress.Snapshot) {
	text := t.about.title
	if s.Phase == progress.Comparing {
		text += ", comparing"
	}
	if t.job.Stopping() {
		t.text.Set(text + ", stopping")
		return
	}
	share := float64(0)
	if s.Total > 0 {
		share = float64(s.Done) / float64(s.Total)
	}
	t.bar.Set(share)
	t.text.Set(text + "  " + units.Size(s.Done))
}

// Work describes the running job, and what stopping it does; "" if there is none.
func (v *View) Work() string {
	if !v.task.job.Running() {
		return ""
	}
	return v.task.about.title + ": " + v.task.about.stop
}

// Stop stops it.
func (v *View) Stop() { v.task.cancel() }

// start starts a job, during which no other can be started.
func (v *View) start(a description, work func(context.Context, progress.Reporter) error, then func(error)) {
	v.task.start(a, work, func(err error) {
		v.allow()
		then(err)
	})
	v.allow()
}

// allow enables the buttons that start a job, or says why that is not possible.
func (v *View) allow() {
	v.selected()
	why := v.task.why()
	v.turn.Allow(why)
	v.change.Allow(v.whyNoEdit())
	v.sectors.check.Allow(why)
	v.tracks.busy = why
	v.tracks.allow()
}

// closing calls do, which closes the open disc. If a job reads the disc, the user is asked
// first whether to stop it.
func (v *View) closing(do func()) {
	if v.editor.active() {
		v.editor.leaving(do)
		return
	}
	if !v.task.job.Running() || !v.task.about.reads {
		do()
		return
	}
	v.host.Ask("Stop the running job?", "It needs the disc that is open. "+v.Work(),
		widgets.Choice{Text: "Keep it running", Primary: true, Escape: true},
		widgets.Choice{Text: "Stop it", Danger: true, Do: func() bool {
			v.host.Post(func() { v.task.stopThen(do) })
			return true
		}})
}
