package burn

import (
	"fmt"
	"os"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// outcome shows the outcome of a burn.
type outcome struct {
	object   fyne.CanvasObject
	v        *View
	fill     *widgets.Fill
	icon     *canvas.Image
	headline *widgets.Text
	text     *widgets.Text
	facts    *widgets.Facts
	graph    *widgets.Graph
	log      *logView
	look     *widgets.Button
}

func newOutcome(v *View) *outcome {
	o := &outcome{v: v, fill: widgets.NewBanner(), facts: widgets.NewFacts(), graph: widgets.NewGraph(), log: newLog()}
	o.graph.Ended = true
	o.icon = canvas.NewImageFromResource(theme.CheckIcon)
	o.icon.FillMode = canvas.ImageFillContain
	o.icon.SetMinSize(fyne.NewSquareSize(40))
	o.headline = widgets.NewText("").Sized(theme.HeadingSize).Bold()
	o.text = widgets.NewText("").Wrap()
	banner := container.NewStack(o.fill, widgets.Inset(container.NewBorder(nil, nil, widgets.Inset(widgets.Middle(o.icon), 0, 0, 16, 0), nil,
		container.New(&widgets.Column{Gap: 4}, o.headline, o.text)), 20, 16, 20, 16))
	t := v.d.Tips
	report := t.NewButton("Save report…", theme.SaveIcon, "Save the outcome, the details and the log as a text file", v.saveReport)
	o.look = t.NewButton("Show contents", theme.DiscIcon, "Open what was written in Browse", func() {
		target := v.burn.WrittenTo()
		v.OnBrowse(target.Drive + target.File)
	})
	done := t.NewPrimary("Done", nil, "Back to the settings", v.burn.Reset)
	side := widgets.Frame(container.NewBorder(nil, container.New(&widgets.Column{Gap: 8}, o.look, report, done), nil, nil,
		container.NewVScroll(container.New(&widgets.Column{Gap: 12}, widgets.Title("Details"), o.facts.Container))))
	body := widgets.NewSplit(true, 0.45, o.graph, widgets.Panel(widgets.Inset(o.log.object, 12, 10, 6, 6)))
	o.object = container.NewBorder(container.New(&widgets.Column{Gap: 12}, banner, widgets.Space(0, 0)), widgets.Space(0, 12), nil, nil,
		container.New(twoColumns{}, body, side))
	return o
}

func (o *outcome) reload() {
	out := o.v.burn.Outcome()
	why := "Nothing was written"
	if out.Result.Written > 0 && out.Verdict != model.Simulated {
		why = ""
	}
	o.look.Allow(why)
	back, ink, icon := theme.WarningBackground, theme.Warning, theme.WarningIcon
	switch out.Verdict {
	case model.Verified:
		back, ink, icon = theme.SuccessBackground, theme.Success, theme.CheckIcon
	case model.Failed:
		back, ink, icon = theme.ErrorBackground, theme.Error, theme.CloseIcon
	}
	o.fill.SetColor(back)
	o.icon.Resource = theme.Tint(icon, ink)
	o.icon.Refresh()
	o.headline.Color(ink).Set(out.Headline)
	o.text.Set(out.Text)
	var facts []widgets.Fact
	from, to := o.v.burn.Written()
	facts = append(facts, widgets.Fact{Name: "Source", Value: from}, widgets.Fact{Name: "Target", Value: to})
	for _, l := range out.Lines() {
		facts = append(facts, widgets.Fact{Name: l.Name, Value: l.Value})
	}
	o.facts.Set(facts)
	o.graph.Set(o.v.burn.WriteTrace())
	o.log.set(o.v.burn.Job().Meter().Log(0))
}

func (v *View) saveReport() {
	v.d.PickSave("Save report", "burn.txt", func(path string) {
		if err := os.WriteFile(path, []byte(v.report()), 0o644); err != nil {
			v.d.Error("The report cannot be saved", err)
		}
	})
}

// report returns the outcome as text.
func (v *View) report() string {
	out := v.burn.Outcome()
	from, to := v.burn.Written()
	var s strings.Builder
	fmt.Fprintf(&s, "%s\n%s\n\nSource: %s\nTarget: %s\n", out.Headline, out.Text, from, to)
	for _, l := range out.Lines() {
		fmt.Fprintf(&s, "%s: %s\n", l.Name, l.Value)
	}
	s.WriteString("\n")
	for _, m := range v.burn.Job().Meter().Log(0) {
		fmt.Fprintf(&s, "%s  %-7s %s\n", m.Time.Format("2006-01-02 15:04:05"), m.Severity, m.Notice)
	}
	return s.String()
}
