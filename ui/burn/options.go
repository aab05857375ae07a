package burn

import (
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/drive/record"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// options are the options of the burn that exist for the drive and the disc in it. The rare
// ones are shown by a button.
type options struct {
	object fyne.CanvasObject
	v      *View

	speed    *widgets.Select
	speedRow fyne.CanvasObject
	speeds   []int
	mode     *pick
	layers   *pick
	spare    *pick
	book     *pick
	later    *pick // whether the disc stays open

	copies  *widgets.Select
	copyRow fyne.CanvasObject

	verify   *widgets.Check
	eject    *widgets.Check
	more     *widgets.Button
	moreRow  fyne.CanvasObject
	advanced *fyne.Container
	open     bool // the rare ones are shown
	checks   []check
	buffer   *widgets.Select

	setting bool // reload sets the widgets
}

// check is an option that is on or off.
type check struct {
	text  string
	exist func(*model.Burn) bool
	value func(*model.Options) *bool
	box   *widgets.Check
}

// rare are the options that few people need.
func rare() []check {
	return []check{
		{
			text:  "Simulation: nothing is written, the laser stays at reading power",
			exist: func(b *model.Burn) bool { return b.Offers().Simulate },
			value: func(o *model.Options) *bool { return &o.Simulate },
		},
		{
			text:  "Overburn: write more than the capacity that the disc states",
			exist: func(b *model.Burn) bool { return b.Offers().Overburn },
			value: func(o *model.Options) *bool { return &o.Overburn },
		},
		{
			text:  "Let the drive verify while it writes: slower, bad sectors are replaced",
			exist: func(b *model.Burn) bool { return b.Offers().DriveVerify },
			value: func(o *model.Options) *bool { return &o.DriveVerify },
		},
		{
			text:  "Erase or overwrite the data on the disc",
			exist: func(b *model.Burn) bool { return b.NeedsErasing() || b.Options.Blank },
			value: func(o *model.Options) *bool { return &o.Blank },
		},
	}
}

// copyNumbers are the numbers of copies that can be chosen.
var copyNumbers = [...]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 25, 50, 100}

// bufferSizes are the sizes of the buffer that can be chosen, in bytes; 0 is the usual one.
var bufferSizes = [...]int64{8 << 20, 16 << 20, 0, 64 << 20, 128 << 20, 256 << 20, 512 << 20}

func bufferText(size int64) string {
	if size == 0 {
		return "32 MiB, as usual"
	}
	return fmt.Sprintf("%d MiB", size>>20)
}

func newOptions(v *View) *options {
	o := &options{v: v}
	t := v.d.Tips
	o.speed = widgets.NewSelect(nil, func(string) { o.changed() })
	o.speedRow = named("Speed", o.speed)
	o.mode = newPick(t, "Mode", "Choose how the disc is written", v.askMode)
	o.layers = newPick(t, "Layer break", "Choose where the second layer begins", v.askBreak)
	o.spare = newPick(t, "Spare areas", "Choose how much of the disc replaces defective sectors", v.askSpare)
	o.book = newPick(t, "Book type", "Choose what kind of disc it calls itself", v.askBook)
	o.later = newPick(t, "Later", "Choose whether files can be added to the disc later", v.askLater)
	o.copies = widgets.NewSelect(nil, func(string) { o.changed() })
	for _, n := range copyNumbers {
		o.copies.Options = append(o.copies.Options, fmt.Sprint(n))
	}
	o.copyRow = named("Copies", o.copies)
	o.verify = widgets.NewCheck("Verify: read the disc back and compare it", func(bool) { o.changed() })
	o.eject = widgets.NewCheck("Open the tray when done", func(bool) { o.changed() })
	o.advanced = container.New(&widgets.Column{Gap: 2})
	for _, c := range rare() {
		c.box = widgets.NewCheck(c.text, func(bool) { o.changed() })
		o.checks = append(o.checks, c)
		o.advanced.Add(c.box)
	}
	o.buffer = widgets.NewSelect(nil, func(string) { o.changed() })
	for _, size := range bufferSizes {
		o.buffer.Options = append(o.buffer.Options, bufferText(size))
	}
	o.advanced.Add(named("Buffer", o.buffer))
	o.more = t.NewQuiet("Advanced", nil, "Rare options, and those for experts", func() {
		o.open = !o.open
		o.reload()
	})
	o.moreRow = container.NewHBox(o.more)
	o.object = widgets.Card("Options", o.speedRow, o.mode.object, o.layers.object, o.spare.object, o.book.object, o.later.object, o.copyRow,
		container.New(&widgets.Column{Gap: 2}, o.verify, o.eject), o.moreRow, o.advanced)
	return o
}

func (o *options) reload() {
	o.setting = true
	defer func() { o.setting = false }()
	b := o.v.burn
	set := b.Options
	in, isDrive := b.Inserted()
	o.showSpeeds(in)
	o.showChoices()
	o.verify.SetChecked(!set.NoVerify)
	widgets.SetVisible(o.verify, !set.Simulate)
	o.eject.SetChecked(set.Eject)
	widgets.SetVisible(o.eject, isDrive)
	for _, c := range o.checks {
		c.box.SetChecked(*c.value(&set))
		widgets.SetVisible(c.box, c.exist(b))
	}
	for i, n := range copyNumbers {
		if n == max(b.Copies, 1) {
			o.copies.SetSelectedIndex(i)
		}
	}
	widgets.SetVisible(o.copyRow, isDrive && !set.Simulate && b.Continues() == nil)
	for i, size := range bufferSizes {
		if size == set.Buffer {
			o.buffer.SetSelectedIndex(i)
		}
	}
	widgets.SetVisible(o.moreRow, isDrive)
	widgets.SetVisible(o.advanced, isDrive && o.open)
	o.more.SetText("Advanced  ▸")
	if o.open {
		o.more.SetText("Advanced  ▾")
	}
	o.object.Refresh()
}

// showSpeeds shows the speeds that the drive offers for the disc.
func (o *options) showSpeeds(in model.Inserted) {
	o.speeds = append([]int{0}, in.Speeds...)
	var names []string
	for _, s := range o.speeds {
		names = append(names, model.Speed(s, in.Medium))
	}
	o.speed.Options = names
	for i, s := range o.speeds {
		if s == o.v.burn.Options.Speed {
			o.speed.SetSelectedIndex(i)
		}
	}
	widgets.SetVisible(o.speedRow, len(in.Speeds) > 0 && !o.v.burn.WithOneDrive()) // those of the blank disc are unknown
}

// showChoices shows what can be chosen for the source and the disc.
func (o *options) showChoices() {
	b := o.v.burn
	plan := b.Choices()
	widgets.SetVisible(o.mode.object, len(b.Modes()) > 0)
	text := model.Capital(b.Options.Mode.String())
	if b.Options.Mode == record.Auto {
		text = "Automatic:  " + plan.Mode.String()
	}
	reason := model.Capital(plan.Reason)
	if b.Options.Mode != record.Auto {
		reason = "" // it was chosen here
	}
	o.mode.set(text, reason)

	widgets.SetVisible(o.layers.object, len(b.Breaks()) > 0)
	text = "Chosen by the drive"
	for _, x := range b.Breaks() {
		if x.Chosen {
			text = model.BreakText(x)
		}
	}
	o.layers.set(text, model.Capital(model.LayersText(plan.Layers)))

	widgets.SetVisible(o.spare.object, len(b.Spares()) > 0)
	text, detail := "As the disc is", ""
	for _, x := range b.Spares() {
		if x.Chosen {
			text, detail = model.SpareText(x), model.SpareDetail(x)
		}
	}
	o.spare.set(text, detail)

	widgets.SetVisible(o.book.object, len(b.Books()) > 0)
	text = "As the drive sets it"
	if b.Options.BookType != nil {
		text = b.Options.BookType.String()
	}
	o.book.set(text, "")

	in, isDrive := b.Inserted()
	widgets.SetVisible(o.later.object, isDrive && b.Offers().Append && !b.Options.Simulate)
	readers := record.ReadersOf(in.Medium)
	if b.Options.Appendable {
		o.later.set("Leave the disc open", readers.Open)
	} else {
		o.later.set("Close the disc", readers.Closed)
	}
}

func (o *options) changed() {
	if o.setting {
		return
	}
	set := &o.v.burn.Options
	if i := o.speed.SelectedIndex(); i >= 0 && i < len(o.speeds) {
		set.Speed = o.speeds[i]
	}
	set.NoVerify = !o.verify.Checked
	set.Eject = o.eject.Checked
	for _, c := range o.checks {
		*c.value(set) = c.box.Checked
	}
	if i := o.copies.SelectedIndex(); i >= 0 {
		o.v.burn.Copies = copyNumbers[i]
	}
	if i := o.buffer.SelectedIndex(); i >= 0 {
		set.Buffer = bufferSizes[i]
	}
	o.v.burn.Plan()
}

// some joins the first few texts.
func some(texts []string) string {
	const most = 4
	if more := len(texts) - most; more > 1 {
		texts = append(slices.Clip(texts[:most]), "and "+model.Count(more, "more", "more"))
	}
	return strings.Join(texts, "; ")
}

// askMode shows the modes, and what each would lose.
func (v *View) askMode() {
	b := v.burn
	list := b.Modes()
	options := []widgets.Option{{Title: "Automatic", Detail: "Chosen by the contents and the medium"}}
	chosen := 0
	for i, m := range list {
		o := widgets.Option{Title: model.Capital(m.Mode.String())}
		switch {
		case m.Err != nil:
			o.Why = model.Reason(m.Err)
		case len(m.Lost) > 0:
			o.Caution = "Different from the source: " + some(model.LossTexts(m.Lost))
		default:
			o.Detail = "Everything of the source will be on the disc"
		}
		options = append(options, o)
		if m.Mode == b.Options.Mode {
			chosen = i + 1
		}
	}
	v.ask("Mode", "How the disc is written.", chosen, options, func(i int) {
		b.Options.Mode = record.Auto
		if i > 0 {
			b.Options.Mode = list[i-1].Mode
		}
		b.Plan()
	})
}

// askBreak shows the places where the layer can be changed.
func (v *View) askBreak() {
	b := v.burn
	list := b.Breaks()
	options := []widgets.Option{{Title: "Automatic", Detail: "Chosen by the contents"}}
	chosen := 0
	for i, x := range list {
		if x.Chosen && b.Options.LayerBreak == 0 {
			options[0].Detail += ": " + model.BreakText(x)
		}
		o := widgets.Option{Title: model.BreakText(x), Detail: units.Size(x.Sectors*disc.SectorSize) + " on the first layer", Why: x.Unusable}
		if x.Seamless {
			o.Caution = "The film goes on without a pause here, so that one would be noticed"
		}
		options = append(options, o)
		if b.Options.LayerBreak > 0 && x.Sectors == b.Options.LayerBreak {
			chosen = i + 1
		}
	}
	v.ask("Layer break", "Where the disc changes from its first to its second layer. A player may pause there for a moment.", chosen, options, func(i int) {
		b.Options.LayerBreak = 0
		if i > 0 {
			b.Options.LayerBreak = list[i-1].Sectors
		}
		b.Plan()
	})
}

// askSpare shows the spare areas, with the capacity that is left.
func (v *View) askSpare() {
	b := v.burn
	list := b.Spares()
	var options []widgets.Option
	chosen := -1
	for i, x := range list {
		options = append(options, widgets.Option{Title: model.SpareText(x), Detail: model.SpareDetail(x)})
		if x.Chosen {
			chosen = i
		}
	}
	present := chosen
	v.ask("Spare areas", "A part of the disc that takes the place of defective sectors. Another size formats the disc before it is written.", chosen, options, func(i int) {
		if i != present {
			b.Options.Spare = &list[i].Spare
			b.Plan()
		}
	})
}

// askBook shows the book types.
func (v *View) askBook() {
	b := v.burn
	list := b.Books()
	options := []widgets.Option{{Title: "As the drive sets it"}}
	chosen := 0
	for i, x := range list {
		options = append(options, widgets.Option{Title: x.String()})
		if b.Options.BookType != nil && *b.Options.BookType == x {
			chosen = i + 1
		}
	}
	v.ask("Book type", "What kind of disc it calls itself. Some old players read only discs that call themselves DVD-ROM.", chosen, options, func(i int) {
		b.Options.BookType = nil
		if i > 0 {
			b.Options.BookType = &list[i-1]
		}
		b.Plan()
	})
}
