package burn

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// course shows a burn while it goes on.
type course struct {
	object  fyne.CanvasObject
	v       *View
	title   *widgets.Text
	phase   *widgets.Text
	percent *widgets.Text
	bar     *widgets.Bar
	graph   *widgets.Graph
	facts   *widgets.Facts
	host    *level
	drive   *level
	log     *logView
	stop    *widgets.Button
}

func newCourse(v *View) *course {
	c := &course{v: v, title: widgets.Title(""), graph: widgets.NewGraph(), facts: widgets.NewFacts(), log: newLog()}
	c.phase = widgets.Muted("")
	c.percent = widgets.NewText("").Sized(theme.HeadingSize).Bold().Align(fyne.TextAlignTrailing)
	c.bar = widgets.NewBar()
	c.host, c.drive = newLevel("Buffer"), newLevel("Drive buffer")
	c.stop = v.d.Tips.NewButton("Stop…", theme.StopIcon, "End the burn in the best state that the medium allows", v.askStop)
	head := container.NewBorder(nil, nil, nil, widgets.Middle(widgets.Wide(110, c.percent)), container.New(&widgets.Column{Gap: 2}, c.title, c.phase))
	side := widgets.Frame(container.NewBorder(nil, c.stop, nil, nil,
		container.New(&widgets.Column{Gap: 14}, widgets.Title("Progress"), c.facts.Container, c.host.object, c.drive.object)))
	body := widgets.NewSplit(true, 0.6, c.graph, widgets.Panel(widgets.Inset(c.log.object, 12, 10, 6, 6)))
	c.object = container.NewBorder(
		container.New(&widgets.Column{Gap: 8}, widgets.MinHeight(40, head), c.bar, widgets.Space(0, 2)),
		widgets.Space(0, 12), nil, nil, container.New(twoColumns{}, body, side))
	return c
}

// follow draws the burn about ten times a second until it has ended.
func (c *course) follow() {
	c.log.clear()
	widgets.Poll(c.v.d.Post, 100*time.Millisecond, func() bool {
		c.draw()
		return c.v.burn.Job().Running()
	})
	c.draw()
}

func (c *course) draw() {
	b := c.v.burn
	s, trace := b.Sample()
	c.title.Set("Burning " + b.SourceTitle())
	phase := model.Capital(s.Phase.String())
	if b.Job().Stopping() {
		phase = "Stopping; waiting for the drive to reach a safe state"
	}
	c.phase.Set(phase)
	c.percent.Set("")
	c.bar.Set(0)
	if s.Total > 0 {
		share := float64(s.Done) / float64(s.Total)
		c.percent.Set(fmt.Sprintf("%.0f %%", share*100))
		c.bar.Set(share)
	}
	c.graph.Set(trace)
	c.facts.Set(courseFacts(s))
	c.host.set(s.HostBuffer)
	c.drive.set(s.DriveBuffer)
	c.log.add(b.Job().Meter.Log(c.log.count()))
	c.stop.Allow(unless(!b.Job().Stopping(), "It is being stopped"))
}

func courseFacts(s progress.Snapshot) []widgets.Fact {
	facts := []widgets.Fact{{Name: "Phase", Value: model.Capital(s.Phase.String())}}
	done := model.Bytes(s.Done)
	if s.Total > 0 {
		done += " of " + model.Bytes(s.Total)
	}
	facts = append(facts, widgets.Fact{Name: "Done", Value: done},
		widgets.Fact{Name: "Rate", Value: model.Bytes(int64(s.Rate)) + "/s"},
		widgets.Fact{Name: "Elapsed", Value: model.Clock(s.Elapsed)})
	left := "…"
	if d, ok := s.Left(); ok {
		left = model.Clock(d)
	}
	return append(facts, widgets.Fact{Name: "Left", Value: left})
}

// askStop asks before a burn is stopped, since that may cost the disc.
func (v *View) askStop() {
	text := "What was written so far is closed as well as the medium allows. A disc that can be written only once is usually lost."
	if v.burn.Target().File != "" {
		text = "The unfinished file is removed."
	}
	v.d.Ask("Stop the burn?", text,
		widgets.Choice{Text: "Go on", Primary: true},
		widgets.Choice{Text: "Stop the burn", Danger: true, Do: func() bool {
			v.burn.Job().Cancel()
			return true
		}})
}

// level is how full a buffer is.
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

// set shows a share; one that is not known is not shown at all.
func (l *level) set(share float64) {
	show(l.object, share >= 0)
	if share >= 0 {
		l.bar.Set(share)
		l.text.Set(fmt.Sprintf("%.0f %%", share*100))
	}
}

// logView is what was said during a burn.
type logView struct {
	object   fyne.CanvasObject
	list     *widget.List
	messages []progress.LogEntry
}

func newLog() *logView {
	l := &logView{}
	l.list = widget.NewList(func() int { return len(l.messages) }, func() fyne.CanvasObject {
		return container.NewBorder(nil, nil, widgets.Wide(70, widgets.Muted("")), nil, widgets.NewText(""))
	}, func(i int, o fyne.CanvasObject) {
		if i >= len(l.messages) {
			return
		}
		row := o.(*fyne.Container).Objects
		m := l.messages[i]
		row[1].(*fyne.Container).Objects[1].(*widgets.Text).Set(m.Time.Format("15:04:05"))
		ink := map[disc.Severity]fyne.ThemeColorName{
			disc.Info: theme.Foreground, disc.Warning: theme.Warning, disc.Error: theme.Error,
		}[m.Severity]
		row[0].(*widgets.Text).Color(ink).Set(m.String())
	})
	l.list.HideSeparators = true
	l.object = container.NewThemeOverride(l.list, theme.ListTheme{})
	return l
}

func (l *logView) clear() {
	l.messages = nil
	l.list.Refresh()
}

func (l *logView) count() int { return len(l.messages) }

func (l *logView) add(m []progress.LogEntry) {
	if len(m) > 0 {
		l.messages = append(l.messages, m...)
		l.list.Refresh()
		l.list.ScrollToBottom()
	}
}

func (l *logView) set(m []progress.LogEntry) {
	l.messages = m
	l.list.Refresh()
}
