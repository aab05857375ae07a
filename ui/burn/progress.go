package burn

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/units"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// progressView shows a burn while it waits for its drive and while it runs.
type progressView struct {
	object  fyne.CanvasObject
	v       *View
	title   *widgets.Text
	phase   *widgets.Text
	percent *widgets.Text
	bar     *widgets.Bar
	drives  *driveList
	graph   *widgets.Graph
	phases  *phaseList
	others  *widgets.Facts // other jobs that use drives
	facts   *widgets.Facts
	host    *level
	drive   *level
	log     *logView
	logOf   int // the index of the drive that the log is of
	stop    *widgets.Button
}

func newProgressView(v *View) *progressView {
	c := &progressView{v: v, title: widgets.Title(""), graph: widgets.NewGraph(), facts: widgets.NewFacts(), phases: newPhaseList(), others: widgets.NewFacts(), log: newLog()}
	c.phase = widgets.Muted("")
	c.drives = newDriveList(v)
	c.percent = widgets.NewText("").Sized(theme.HeadingSize).Bold().Align(fyne.TextAlignTrailing)
	c.bar = widgets.NewBar()
	c.host, c.drive = newLevel("Buffer"), newLevel("Drive buffer")
	c.stop = v.d.Tips.NewButton("Stop…", theme.StopIcon, "Stop the burn in the best state that the medium allows", v.askStop)
	head := container.NewBorder(nil, nil, nil, widgets.Middle(widgets.Wide(110, c.percent)), container.New(&widgets.Column{Gap: 2}, c.title, c.phase))
	side := widgets.Frame(container.NewBorder(nil, c.stop, nil, nil,
		container.NewVScroll(widgets.Inset(container.New(&widgets.Column{Gap: 14}, widgets.Title("Progress"), c.phases.object, c.facts.Container, c.host.object, c.drive.object, c.others.Container), 0, 0, 8, 0))))
	body := widgets.NewSplit(true, 0.6, c.graph, widgets.Panel(widgets.Inset(c.log.object, 12, 10, 6, 6)))
	c.object = container.NewBorder(
		container.New(&widgets.Column{Gap: 8}, widgets.MinHeight(40, head), c.bar, c.drives.object, widgets.Space(0, 2)),
		widgets.Space(0, 12), nil, nil, container.New(twoColumns{}, body, side))
	return c
}

// follow draws the burn about ten times a second until it has ended.
func (c *progressView) follow() {
	c.log.clear()
	widgets.Poll(c.v.d.Post, 100*time.Millisecond, func() bool {
		c.draw()
		return c.v.burn.Job().Running()
	})
	c.draw()
}

func (c *progressView) draw() {
	b := c.v.burn
	s, trace := b.Sample()
	from, to := b.Written()
	verb := "Burning "
	if b.WrittenTo().File != "" {
		verb = "Writing "
	}
	text := verb + from + " to " + to
	if n, of := b.Copy(); of > 1 {
		text = fmt.Sprintf("Copy %d of %d: ", n, of) + text
	}
	switch {
	case b.ReadingDisc():
		text = "Reading " + from + ", to copy it"
	case b.HasRead():
		text = model.Capital(from) + " was read, and is not burned yet"
	}
	c.title.Set(text)
	c.drives.set()
	phase := model.Capital(s.Phase.String())
	if phase == "" {
		phase = "Starting"
	}
	waits, waiting := b.WaitsFor()
	switch {
	case b.Job().Stopping():
		phase = "Stopping: waiting for the drive to reach a safe state"
		if b.WrittenTo().File != "" {
			phase = "Stopping"
		}
	case waiting:
		phase = waits
	}
	c.phase.Set(phase)
	c.percent.Set("")
	c.bar.Set(0)
	if s.Total > 0 {
		share := float64(s.Done) / float64(s.Total)
		c.percent.Set(fmt.Sprintf("%.0f %%", share*100))
		c.bar.Set(share)
	}
	if s.Total == 0 { // nothing is measured
		trace = b.WriteTrace()
	}
	c.graph.Set(trace)
	c.phases.set(b.Phases())
	c.facts.Set(rateFacts(s, waiting))
	var others []widgets.Fact
	for _, j := range b.OtherJobs() {
		others = append(others, widgets.Fact{Name: j.Name, Value: j.Value})
	}
	c.others.Set(others)
	c.host.set(s.HostBuffer)
	c.drive.set(s.DriveBuffer)
	c.showLog()
	c.stop.Allow(widgets.Unless(!b.Job().Stopping(), "The burn is being stopped"))
}

// showLog shows what has happened in the drive that is chosen.
func (c *progressView) showLog() {
	b := c.v.burn
	if c.logOf != b.Shown() {
		c.logOf = b.Shown()
		c.log.clear()
	}
	c.log.add(b.Log(c.log.count()))
}

// rateFacts returns the speed of the running phase; nothing while the burn waits.
func rateFacts(s progress.Snapshot, waiting bool) []widgets.Fact {
	if waiting || s.Phase == progress.NoPhase {
		return nil
	}
	var facts []widgets.Fact
	if s.Done > 0 || s.Total > 0 {
		done := units.Size(s.Done)
		if s.Total > 0 {
			done += " of " + units.Size(s.Total)
		}
		facts = append(facts, widgets.Fact{Name: "Done", Value: done}, widgets.Fact{Name: "Rate", Value: units.Rate(s.Rate)})
	}
	facts = append(facts, widgets.Fact{Name: "Elapsed", Value: units.Duration(s.Elapsed)})
	if d, ok := s.Left(); ok {
		facts = append(facts, widgets.Fact{Name: "Remaining", Value: units.Duration(d)})
	}
	return facts
}

// askStop asks before a burn is stopped, since that may ruin the disc.
func (v *View) askStop() {
	text := "Stopping leaves the disc in the best state that the medium allows. A write-once disc is usually lost."
	_, waiting := v.burn.WaitsFor()
	if waiting {
		text = "The burn has not begun. Nothing was written."
	} else if v.burn.ReadingDisc() {
		text = "Nothing was written yet."
	} else if v.burn.WrittenTo().File != "" {
		text = "The unfinished file is removed."
	}
	v.d.Ask("Stop the burn?", text,
		widgets.Choice{Text: "Continue", Primary: true},
		widgets.Choice{Text: "Stop the burn", Danger: true, Do: func() bool {
			if _, waits := v.burn.WaitsFor(); waiting && !waits && v.burn.Job().Running() {
				v.d.Post(v.askStop) // it has begun meanwhile, and stopping it costs more
				return true
			}
			v.burn.Job().Cancel()
			return true
		}})
}

// level shows the fill level of a buffer.
type level struct {
	object fyne.CanvasObject
	bar    *widgets.Bar
	text   *widgets.Text
}

func newLevel(name string) *level {
	l := &level{bar: widgets.NewBar(), text: widgets.Muted("").Align(fyne.TextAlignTrailing)}
	head := container.NewBorder(nil, nil, widgets.Wide(120, widgets.Muted(name)), nil, l.text)
	l.object = container.New(&widgets.Column{Gap: 4}, head, l.bar)
	return l
}

// set shows a share; a negative one is unknown and not shown.
func (l *level) set(share float64) {
	widgets.SetVisible(l.object, share >= 0)
	if share >= 0 {
		l.bar.Set(share)
		l.text.Set(fmt.Sprintf("%.0f %%", share*100))
	}
}

// logView shows the log of a burn.
type logView struct {
	object  fyne.CanvasObject
	list    *widget.List
	entries []progress.LogEntry
}

func newLog() *logView {
	l := &logView{}
	l.list = widget.NewList(func() int { return len(l.entries) }, func() fyne.CanvasObject {
		return container.NewBorder(nil, nil, widgets.Wide(70, widgets.Muted("")), nil, widgets.NewText(""))
	}, func(i int, o fyne.CanvasObject) {
		if i >= len(l.entries) {
			return
		}
		row := o.(*fyne.Container).Objects
		m := l.entries[i]
		row[1].(*fyne.Container).Objects[1].(*widgets.Text).Set(m.Time.Format("15:04:05"))
		ink := map[disc.Severity]fyne.ThemeColorName{
			disc.Info: theme.Foreground, disc.Warning: theme.Warning, disc.Error: theme.Error,
		}[m.Severity]
		row[0].(*widgets.Text).Color(ink).Set(model.Capital(m.String()))
	})
	l.list.HideSeparators = true
	l.object = container.NewThemeOverride(l.list, theme.ListTheme{})
	return l
}

func (l *logView) clear() {
	l.entries = nil
	l.list.Refresh()
}

func (l *logView) count() int { return len(l.entries) }

func (l *logView) add(m []progress.LogEntry) {
	if len(m) > 0 {
		l.entries = append(l.entries, m...)
		l.list.Refresh()
		l.list.ScrollToBottom()
	}
}

func (l *logView) set(m []progress.LogEntry) {
	l.entries = m
	l.list.Refresh()
}
