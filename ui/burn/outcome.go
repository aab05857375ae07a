package burn

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/host"
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
	checks   *widgets.Facts
	proof    fyne.CanvasObject
	drives   *driveList
	graph    *widgets.Graph
	log      *logView
	look     *widgets.Button
	again    *widgets.Button // burns the next copy
	done     *widgets.Button
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
	report := t.NewButton("Save report…", theme.SaveIcon, "Save what is known about the disc, as text or JSON", v.saveReport)
	o.look = t.NewButton("Show contents", theme.DiscIcon, "Open what was written in Browse", func() {
		name := v.burn.WrittenTo().File
		if name == "" {
			name = v.burn.Recordings()[v.burn.Shown()].Drive
		}
		v.OnBrowse(name)
	})
	o.done = t.NewPrimary("Done", nil, "Back to the settings", v.burn.Reset)
	o.again = t.NewPrimary("", theme.BurnIcon, "Burn the same on another disc", v.burn.AskNext)
	o.checks, o.drives = widgets.NewFacts(), newDriveList(v)
	o.proof = container.New(&widgets.Column{Gap: 8}, widgets.Title("Checks"), o.checks.Container)
	side := widgets.Frame(container.NewBorder(nil, container.New(&widgets.Column{Gap: 8}, container.NewGridWithColumns(2, o.look, report), o.again, o.done), nil, nil,
		container.NewVScroll(widgets.Inset(container.New(&widgets.Column{Gap: 12}, widgets.Title("Details"), o.facts.Container, o.proof), 0, 0, 8, 0))))
	body := widgets.NewSplit(true, 0.45, o.graph, widgets.Panel(widgets.Inset(o.log.object, 12, 10, 6, 6)))
	o.object = container.NewBorder(container.New(&widgets.Column{Gap: 12}, banner, o.drives.object, widgets.Space(0, 0)), widgets.Space(0, 12), nil, nil,
		container.New(twoColumns{}, body, side))
	return o
}

func (o *outcome) reload() {
	out := o.v.burn.Outcome()
	why := "Nothing was written"
	if out.Result.Written > 0 && !out.Simulated {
		why = ""
	}
	o.look.Allow(why)
	verdict, headline := o.v.burn.Overall()
	back, ink, icon := verdictLook(verdict)
	o.drives.set()
	o.showChecks(*out)
	o.showNext()
	o.fill.SetColor(back)
	o.icon.Resource = theme.Tint(icon, ink)
	o.icon.Refresh()
	o.headline.Color(ink).Set(headline)
	text := out.Text
	if list := o.v.burn.Recordings(); len(list) > 1 {
		text = list[o.v.burn.Shown()].Title + ": " + text
	}
	o.text.Set(text)
	var facts []widgets.Fact
	from, to := o.v.burn.Written()
	if list := o.v.burn.Recordings(); len(list) > 1 {
		to = list[o.v.burn.Shown()].Title
	}
	facts = append(facts, widgets.Fact{Name: "Source", Value: from}, widgets.Fact{Name: "Target", Value: to})
	for _, l := range out.Lines() {
		facts = append(facts, widgets.Fact{Name: l.Name, Value: l.Value})
	}
	o.facts.Set(facts)
	o.graph.Set(o.v.burn.WriteTrace())
	o.log.set(o.v.burn.Log(0))
}

// showChecks shows what was looked at after the burn, what differs first.
func (o *outcome) showChecks(out model.Outcome) {
	bad, good, more := out.Checks()
	var facts []widgets.Fact
	for _, l := range bad {
		facts = append(facts, widgets.Fact{Name: l.Name, Value: l.Value, Color: theme.Error})
	}
	for _, l := range good {
		facts = append(facts, widgets.Fact{Name: l.Name, Value: l.Value})
	}
	if more > 0 {
		facts = append(facts, widgets.Fact{Name: "And", Value: model.Count(more, "more check, as expected", "more checks, all as expected")})
	}
	o.checks.Set(facts)
	widgets.SetVisible(o.proof, len(facts) > 0)
}

// showNext offers the next copy.
func (o *outcome) showNext() {
	b := o.v.burn
	n, of := b.Copy()
	left := b.Remaining()
	text := fmt.Sprintf("Burn copy %d of %d…", n+1, of)
	if n >= of {
		text = "Burn another disc…" // some were not usable
	}
	o.again.SetText(text)
	widgets.SetVisible(o.again, left > 0 && of > 1)
	o.done.Importance = widget.HighImportance
	if o.again.Visible() {
		o.done.Importance = widget.MediumImportance
	}
	o.done.Refresh()
}

func (v *View) saveReport() {
	v.d.PickSave("Save report", "burn.txt", func(path string) {
		if err := v.burn.SaveReport(path, v.d.Program); err != nil {
			v.d.Error("The report cannot be saved", err)
		}
	}, host.Reports)
}
