package serve

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/drive/serve"
	"glassmaster/mastering/units"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// running shows what is offered at which address, how to connect, and who is connected.
type running struct {
	object fyne.CanvasObject
	v      *View
	left   *fyne.Container

	state   *widgets.Text
	targets *widgets.Facts
	system  *widgets.Segments
	how     *widgets.Text
	nobody  *widgets.Text
	list    *fyne.Container
	shown   string // in list
	log     *widgets.Text
	stop    *widgets.Button
}

// systems are those of which is told how they connect.
var systems = [...]string{"linux", "windows"}

func newRunning(v *View) *running {
	r := &running{v: v, state: widgets.NewText("").Sized(theme.TitleSize).Bold(), targets: widgets.NewFacts(), how: widgets.NewText("").Wrap().Mono()}
	t := v.d.Tips
	offered := widgets.Card("", r.state, r.targets.Container)
	r.system = widgets.NewSegments(t, func(int) { r.showHow(); r.left.Refresh() }, "Linux", "Windows")
	copied := t.NewButton("Copy", nil, "Copy these commands", func() { fyne.CurrentApp().Clipboard().SetContent(r.commands()) })
	how := widgets.Card("How to connect", container.NewBorder(nil, nil, r.system.Container, copied), r.how)
	r.log = widgets.Muted("").Wrap()
	log := widgets.Card("What has happened", r.log)
	r.left = container.New(&widgets.Column{Gap: 12, Fill: true}, offered, how, log)
	left := container.NewVScroll(r.left)
	r.nobody = widgets.Muted("Nobody yet").Wrap()
	r.list = container.New(&widgets.Column{Gap: 14})
	r.stop = t.NewButton("Stop", theme.StopIcon, "No longer offer these drives", v.askStop)
	side := widgets.Frame(container.NewBorder(nil, widgets.MinHeight(40, r.stop), nil, nil,
		container.NewVScroll(widgets.Inset(container.New(&widgets.Column{Gap: 12}, widgets.Title("Connected"), r.nobody, r.list), 0, 0, 8, 0))))
	r.object = container.NewBorder(head(), widgets.Space(0, 12), nil, nil, container.New(twoColumns{}, left, side))
	return r
}

func (r *running) reload() {
	s := r.v.serve
	served := s.Served()
	state := "Starting"
	switch {
	case s.Stopping():
		state = "Stopping: waiting for the drives and for those who are connected"
	case s.Waits() != "":
		state = s.Waits()
	case served != nil:
		state = "Offered at " + served.Address
	}
	r.state.Set(state)
	var facts []widgets.Fact
	if served != nil {
		for _, t := range served.Targets {
			facts = append(facts, widgets.Fact{Name: "Disc", Value: s.OfferTitle(t.Offer)}, widgets.Fact{Name: "Target", Value: t.Name})
		}
	}
	access := "Everyone on this computer"
	if s.Options.User != "" {
		access = "Who knows the secret of " + s.Options.User
	}
	facts = append(facts, widgets.Fact{Name: "Access", Value: access})
	if s.Options.ReadOnly {
		facts = append(facts, widgets.Fact{Name: "Writing", Value: "Refused"})
	}
	r.targets.Set(facts)
	r.showHow()
	r.showLog(s.Log())
	r.stop.Allow(widgets.Unless(!s.Stopping(), "It is being stopped"))
	r.poll()
	r.left.Refresh() // the texts have other heights
}

func (r *running) commands() string {
	served := r.v.serve.Served()
	if served == nil {
		return ""
	}
	return model.ConnectText(systems[r.system.Chosen()], *served, r.v.serve.Options)
}

// showHow shows the commands, each with a prompt: they are longer than a line.
func (r *running) showHow() {
	var lines []string
	for _, line := range strings.Split(strings.TrimSuffix(r.commands(), "\n"), "\n") {
		if line != "" && line[0] != '#' {
			line = "> " + line
		}
		lines = append(lines, line)
	}
	r.how.Set(strings.Join(lines, "\n"))
}

// maxLogLines is the number of events that are shown, the last one first.
const maxLogLines = 50

func (r *running) showLog(log []serve.Event) {
	var lines []string
	for i := len(log) - 1; i >= 0 && len(lines) < maxLogLines; i-- {
		lines = append(lines, log[i].Time.Format("15:04:05")+"  "+log[i].String())
	}
	r.log.Set(strings.Join(lines, "\n"))
}

// poll shows who is connected.
func (r *running) poll() {
	sessions := r.v.serve.Connected()
	widgets.SetVisible(r.nobody, len(sessions) == 0)
	if shown := fmt.Sprint(sessions); shown != r.shown {
		r.shown = shown
		r.list.RemoveAll()
		for _, x := range sessions {
			r.list.Add(r.session(x))
		}
	}
}

// session shows a session.
func (r *running) session(x serve.Session) fyne.CanvasObject {
	target := x.Target
	if served := r.v.serve.Served(); served != nil {
		for _, t := range served.Targets {
			if t.Name == x.Target {
				target = r.v.serve.OfferTitle(t.Offer)
			}
		}
	}
	if target == "" {
		target = "The list of targets"
	}
	last := x.LastCommand
	if x.Executing {
		last += ", in progress"
	}
	facts := widgets.NewFacts()
	facts.Set([]widgets.Fact{
		{Name: "Uses", Value: target},
		{Name: "Address", Value: x.Address},
		{Name: "User", Value: x.Account},
		{Name: "Since", Value: x.Since.Format("15:04:05")},
		{Name: "Read", Value: units.Size(x.BytesOut)},
		{Name: "Written", Value: units.Size(x.BytesIn)},
		{Name: "Commands", Value: units.Thousands(x.Commands)},
		{Name: "Last", Value: last},
	})
	return container.New(&widgets.Column{Gap: 4}, widgets.NewText(x.Initiator).Bold().Wrap(), facts.Container)
}
