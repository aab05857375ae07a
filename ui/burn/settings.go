package burn

import (
	"fmt"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"glassmaster/drive/record"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// settings shows source, target and options on the left, and on the right a summary of
// the plan and the button that begins the burn.
type settings struct {
	object fyne.CanvasObject
	v      *View

	kinds  []*widgets.Button
	what   *widgets.Text
	detail *widgets.Text
	choose *widgets.Button
	where  *drop
	medium *widgets.Facts
	bar    *widgets.CapacityBar
	room   *widgets.Text
	quick  *fyne.Container // other targets, while none is chosen

	more    *continuing // what the disc holds can be kept
	also    *alsoList
	options *options
	views   *widgets.Segments // of the left side: the settings, or the tracks
	tracks  *trackPage
	left    fyne.CanvasObject
	column  *fyne.Container // in left

	summary *widgets.Facts
	steps   *widgets.Facts
	caution *widgets.Text
	lost    *fyne.Container // what the disc will not hold
	losses  *widgets.Text
	accept  *widgets.Check
	erase   *widgets.Button
	force   *widgets.Button
	why     *widgets.Text
	begin   *widgets.Button
}

func newSettings(v *View) *settings {
	s := &settings{v: v}
	s.options = newOptions(v)
	s.tracks = newTrackPage(v)
	s.views = widgets.NewSegments(v.d.Tips, func(int) { s.showView() }, "Settings", "Tracks")
	s.column = container.New(&widgets.Column{Gap: 12, Fill: true}, s.sourceCard(), s.targetCard(), s.options.object)
	s.left = container.NewVScroll(s.column)
	head := container.NewBorder(nil, nil, widgets.Middle(widgets.Wide(60, widgets.Title("Burn"))), nil, container.NewHBox(widgets.Middle(s.views.Container)))
	s.object = container.NewBorder(
		widgets.MinHeight(34, head), widgets.Space(0, 12), nil, nil,
		container.New(twoColumns{}, container.NewStack(s.left, s.tracks.object), s.summaryCard()))
	return s
}

// showView shows the settings or the tracks. There is no choice for a source of one track.
func (s *settings) showView() {
	several := len(s.v.burn.Tracks()) > 0
	if !several {
		s.views.Choose(0)
	}
	widgets.SetVisible(s.views.Container, several)
	widgets.SetVisible(s.left, s.views.Chosen() == 0)
	widgets.SetVisible(s.tracks.object, s.views.Chosen() == 1)
	s.tracks.reload()
}

func (s *settings) sourceCard() fyne.CanvasObject {
	t := s.v.d.Tips
	kind := func(text string, icon fyne.Resource, tip string, tapped func()) fyne.CanvasObject {
		b := t.NewButton(text, icon, tip, tapped)
		s.kinds = append(s.kinds, b)
		return b
	}
	var copies *widgets.Button
	row := container.NewGridWithColumns(3,
		kind("Image file", theme.FileIcon, "Burn an image file", s.pickSource),
		kind("Compilation", theme.LayersIcon, "Burn the files of Compile", s.v.SetCompilation),
		kind("Copy a disc", theme.DiscIcon, "Burn a copy of the disc in a drive", func() { s.copyMenu(widgets.Below(copies)) }))
	copies = s.kinds[2]
	s.what, s.detail = widgets.NewText("").Bold(), widgets.Muted("")
	s.choose = t.NewButton("Choose…", nil, "Choose another image file", s.pickSource)
	line := container.NewBorder(nil, nil, nil, widgets.Middle(s.choose), container.New(&widgets.Column{Gap: 2}, s.what, s.detail))
	return widgets.Card("Source", row, line)
}

func (s *settings) targetCard() fyne.CanvasObject {
	t := s.v.d.Tips
	s.where = newDrop(t, "Choose the target", func() { s.targetMenu(widgets.Below(s.where.button)) })
	s.where.text.Bold()
	again := t.NewButton("", theme.RefreshIcon, "Look for drives and discs again", s.v.burn.FindDrives)
	var more *widgets.Button
	more = t.NewButton("", theme.MoreIcon, "Open the tray, close, format or erase the disc", func() { s.driveMenu(widgets.Below(more)) })
	s.quick = container.NewGridWithColumns(2,
		t.NewButton("Write an image file…", theme.SaveIcon, "Write an image file instead of a disc", s.v.PickFile),
		t.NewButton("Try a virtual disc…", theme.DiscIcon, "A file that behaves like a disc in a recorder", s.v.newVirtual))
	s.also = newAlsoList(s.v)
	s.more = newContinuing(s.v)
	s.medium, s.bar, s.room = widgets.NewFacts(), widgets.NewCapacityBar(), widgets.Muted("").Wrap()
	return widgets.Card("Target", container.NewBorder(nil, nil, nil, container.NewHBox(again, more), s.where.object), s.quick, s.medium.Container, s.bar, s.room, s.more.object, s.also.object)
}

func (s *settings) summaryCard() fyne.CanvasObject {
	s.summary, s.steps = widgets.NewFacts(), widgets.NewSteps()
	s.caution = widgets.NewText("").Wrap().Color(theme.Warning)
	s.losses = widgets.NewText("").Wrap().Color(theme.Warning)
	s.accept = widgets.NewCheck("Burn it with these differences", func(yes bool) { s.v.burn.AcceptLoss(yes) })
	s.lost = container.New(&widgets.Column{Gap: 4}, widgets.NewText("Different from the source").Bold(), s.losses)
	s.why = widgets.NewText("").Wrap().Color(theme.Muted)
	s.erase = s.v.d.Tips.NewButton("Erase the disc first…", theme.DeleteIcon, "The data on the disc will be lost. You will be asked again before the burn begins", s.v.eraseFirst)
	s.force = s.v.d.Tips.NewButton("Burn it anyway…", theme.WarningIcon, "The disc will have the same defects as its source", s.v.forceIt)
	s.begin = s.v.d.Tips.NewPrimary("Burn", theme.BurnIcon, "", s.v.begin)
	top := container.New(&widgets.Column{Gap: 12}, widgets.Title("Summary"), s.summary.Container, s.lost, s.caution, s.steps.Container)
	bottom := container.New(&widgets.Column{Gap: 10}, s.accept, s.why, s.erase, s.force, widgets.MinHeight(40, s.begin))
	return widgets.Frame(container.NewBorder(nil, bottom, nil, nil, container.NewVScroll(widgets.Inset(top, 0, 0, 8, 0))))
}

func (s *settings) reload() {
	s.showSource()
	s.showTarget()
	s.options.reload()
	s.showView()
	s.showSummary()
	s.column.Refresh() // the cards have other heights
}

func (s *settings) showSource() {
	b := s.v.burn
	source, chosen := b.Source()
	for i, k := range s.kinds {
		k.Importance = widget.MediumImportance
		if chosen && model.SourceKind(i) == source.Kind {
			k.Importance = widget.HighImportance
		}
		k.Refresh()
	}
	s.kinds[1].Allow(widgets.Unless(b.Compiled != nil && b.Compiled() != nil, "The compilation is empty: add files in Compile first"))
	widgets.SetVisible(s.choose, chosen && source.Kind == model.FromImage)
	detail := ""
	if text := b.TracksSummary(); text != "" {
		detail = text
	} else if n := b.Preflight().Sectors; n > 0 {
		detail = fmt.Sprintf("%s, %s sectors", units.Size(n*disc.SectorSize), units.Thousands(n))
	}
	switch {
	case !chosen:
		s.what.Set("No source")
		detail = "Drop an image file on this window, or choose one"
	case source.Kind == model.FromImage:
		s.what.Set(filepath.Base(source.Name))
		if dir := filepath.Dir(source.Name); dir != "." {
			if detail != "" {
				detail += "   "
			}
			detail += "in " + dir
		}
	case source.Kind == model.FromCompilation:
		label := "The compilation"
		if c := b.Compiled(); c != nil && c.Label != "" {
			label = c.Label
		}
		s.what.Set(label)
	default:
		s.what.Set("The disc in " + model.Short(source.Name))
	}
	s.detail.Set(detail)
}

func (s *settings) showTarget() {
	b := s.v.burn
	target := b.Target()
	in, isDrive := b.Inserted()
	widgets.SetVisible(s.quick, target.None())
	switch {
	case target.File != "":
		s.where.text.Set("Image file:  " + target.File)
	case isDrive:
		s.where.text.Set(in.Drive.Title())
	case b.FindingDrives():
		s.where.text.Set("Looking for drives …")
	default:
		s.where.text.Set("Choose a drive, an image file, or a virtual disc")
	}
	s.medium.Set(s.mediumFacts(target, in, isDrive))
	s.showRoom(in, isDrive && in.Free > 0 && !b.WithOneDrive())
	s.more.reload()
	s.also.reload()
}

func (s *settings) mediumFacts(t model.Target, in model.Inserted, isDrive bool) []widgets.Fact {
	switch {
	case t.File != "":
		return []widgets.Fact{{Name: "Target", Value: "An image file"}}
	case !isDrive:
		return []widgets.Fact{{Name: "Target", Value: s.noDrive()}}
	case in.Err != nil:
		return []widgets.Fact{{Name: "Drive", Value: model.Explain(in.Err), Color: theme.Error}}
	case in.Medium == "":
		return []widgets.Fact{{Name: "Disc", Value: "There is no disc in the drive. Insert one, then look for discs again.", Color: theme.Warning}}
	}
	facts := []widgets.Fact{{Name: "Disc", Value: in.Medium + ", " + in.Status}, {Name: "Maker", Value: in.Maker}}
	if s.v.burn.WithOneDrive() {
		facts = append(facts, widgets.Fact{Name: "Copy", Value: "This disc is read first. Then a blank one is asked for."})
	}
	return facts
}

// noDrive explains what to do without a drive.
func (s *settings) noDrive() string {
	if err := s.v.burn.FindError(); err != nil {
		return "No drive was found. " + model.Explain(err)
	}
	return "You can try everything without a drive: a virtual disc behaves like a real one."
}

// showRoom compares the size of the source with the free space on the disc.
func (s *settings) showRoom(in model.Inserted, known bool) {
	n := s.v.burn.Preflight().Sectors
	if cost := s.v.burn.Preflight().Plan.Cost; cost != nil && s.v.burn.Continues() != nil {
		s.showCost(in, *cost)
		return
	}
	widgets.SetVisible(s.bar, known)
	widgets.SetVisible(s.room, known)
	if !known {
		return
	}
	c := model.Capacity{Medium: disc.Medium{Name: in.Medium, Sectors: in.Free}, Content: n * disc.SectorSize, Sectors: n}
	s.bar.Set(c)
	s.room.Set(c.Headline() + ",  " + c.Remark())
	s.room.Color(theme.Muted)
	if c.Over() {
		s.room.Color(theme.Error)
	}
}

// showCost shows what a session takes of the disc that it continues.
func (s *settings) showCost(in model.Inserted, cost record.Cost) {
	widgets.SetVisible(s.bar, true)
	widgets.SetVisible(s.room, true)
	whole := max(in.Capacity, int64(cost.Start)+cost.Free)
	c := model.Capacity{
		Medium: disc.Medium{Name: in.Medium, Sectors: whole}, Old: (whole - cost.Free) * disc.SectorSize,
		Content: cost.Sectors * disc.SectorSize, Sectors: cost.Total(),
	}
	if ch := s.v.burn.Preflight().Changes; ch != nil {
		c.Content = ch.Contents * disc.SectorSize
	}
	s.bar.Set(c)
	s.room.Set(model.CostText(c, cost, s.v.burn.Options.Appendable))
	s.room.Color(theme.Muted)
}

func (s *settings) showSummary() {
	b := s.v.burn
	p := b.Preflight()
	plan := p.Plan
	facts := []widgets.Fact{{Name: "Source", Value: b.SourceTitle()}, {Name: "Target", Value: b.TargetTitle()}}
	if plan.Profile != "" {
		facts = append(facts, widgets.Fact{Name: "Disc", Value: plan.Profile}, widgets.Fact{Name: "Mode", Value: s.modeText()},
			widgets.Fact{Name: "Speed", Value: model.Speed(plan.Speed, plan.Profile)})
	}
	if text := model.DiscSummary(p.TOC); len(b.Tracks()) > 0 {
		facts = append(facts, widgets.Fact{Name: "Contents", Value: text})
	} else if p.Sectors > 0 {
		facts = append(facts, widgets.Fact{Name: "Size", Value: units.Size(p.Sectors * disc.SectorSize)})
	}
	if p.Changes != nil {
		facts = append(facts, widgets.Fact{Name: "Files", Value: model.ChangesText(*p.Changes)})
	}
	facts = append(facts, widgets.Fact{Name: "Afterwards", Value: s.afterwards()})
	s.summary.Set(facts)
	s.steps.Set(numbered(plan.Steps))
	s.showLost(p.Lost())
	warnings := joined(p.Warnings())
	s.caution.Set(warnings)
	widgets.SetVisible(s.caution, warnings != "")
	why := b.Why()
	s.why.Color(theme.Muted)
	if p.Err != nil {
		s.why.Color(theme.Error)
	}
	s.why.Set(why)
	widgets.SetVisible(s.why, why != "")
	widgets.SetVisible(s.erase, b.NeedsErasing())
	widgets.SetVisible(s.force, b.NeedsForce())
	force := "Burn it anyway…"
	if b.Target().File != "" {
		force = "Write it anyway…"
	}
	s.force.SetText(force)
	s.begin.SetText(s.beginText())
	s.begin.Allow(why)
}

// modeText describes how the disc is written, and why so.
func (s *settings) modeText() string {
	p := s.v.burn.Preflight().Plan
	if p.Reason == "" || len(s.v.burn.Modes()) > 0 { // the reason is shown below the choice
		return p.Recipe
	}
	return p.Recipe + "\n" + model.Capital(strings.TrimPrefix(p.Reason, p.Mode.String()+", "))
}

// showLost shows what the disc will not hold, and asks whether to burn it without that.
func (s *settings) showLost(lost []disc.Notice) {
	widgets.SetVisible(s.lost, len(lost) > 0)
	widgets.SetVisible(s.accept, len(lost) > 0)
	s.losses.Set(joined(model.LossTexts(lost)))
	accepted := len(lost) > 0 && s.v.burn.LossAccepted()
	if s.accept.Checked != accepted {
		s.accept.Checked = accepted // and not SetChecked, which would call AcceptLoss
		s.accept.Refresh()
	}
}

func (s *settings) beginText() string {
	switch o, t := s.v.burn.Options, s.v.burn.Target(); {
	case t.File != "":
		return "Write image"
	case o.Simulate:
		return "Start simulation"
	case s.v.burn.WithOneDrive():
		return "Read the disc"
	}
	if n := len(s.v.burn.Target().Drives()) * max(s.v.burn.Copies, 1); n > 1 {
		return "Burn " + model.Count(n, "disc", "discs")
	}
	return "Burn"
}

func (s *settings) afterwards() string {
	o := s.v.burn.Options
	switch {
	case o.Simulate:
		return "Nothing is written: the laser stays at reading power"
	case o.NoVerify:
		return "The disc is not read back"
	}
	return "Read back and compared, sector by sector"
}

func numbered(steps []string) []widgets.Fact {
	var out []widgets.Fact
	for i, step := range steps {
		out = append(out, widgets.Fact{Name: fmt.Sprintf("%d.", i+1), Value: model.Capital(step)})
	}
	return out
}

func joined(lines []string) string {
	s := ""
	for i, l := range lines {
		if i > 0 {
			s += "\n"
		}
		s += model.Capital(l)
	}
	return s
}

func (s *settings) pickSource() {
	s.v.d.PickOpen("Image to burn", s.v.SetImage, host.Images, host.AllFiles)
}

// twoColumns gives the left column most of the width.
type twoColumns struct{}

// Layout implements fyne.Layout.
func (twoColumns) Layout(o []fyne.CanvasObject, s fyne.Size) {
	const between = 12
	right := min(max(s.Width*0.36, 340), 560)
	o[0].Resize(fyne.NewSize(s.Width-right-between, s.Height))
	o[1].Move(fyne.NewPos(s.Width-right, 0))
	o[1].Resize(fyne.NewSize(right, s.Height))
}

// MinSize implements fyne.Layout.
func (twoColumns) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(700, max(o[0].MinSize().Height, o[1].MinSize().Height))
}
