package browse

import (
	"context"
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// sectors is the sector view: the bytes of a sector, the names of its parts, and whether
// its codes are correct.
type sectors struct {
	object  fyne.CanvasObject
	disc    func() disc.Disc // that is open; nil: none
	files   func() volume.FS // of it; nil: none
	onCheck func()           // check all sectors

	host   *host.Host
	at     disc.LBA
	shown  bool // a sector was shown since the disc was opened
	job    *model.Job
	names  *volume.Locator // of the files, which is made when it is first needed
	goTo   *widgets.Field
	back   *widgets.Button
	next   *widgets.Button
	note   *widgets.Text
	hex    *hexView
	legend *legend
	title  *widgets.Text
	facts  *widgets.Facts
}

func newSectors(h *host.Host, d func() disc.Disc, f func() volume.FS) *sectors {
	s := &sectors{host: h, disc: d, files: f, hex: newHexView(), legend: newLegend(), note: widgets.Muted("").Wrap(), title: widgets.Title("Sector"), facts: widgets.NewFacts()}
	s.goTo = widgets.NewField()
	s.goTo.SetPlaceHolder("LBA or MM:SS:FF")
	s.goTo.OnSubmitted = s.submit
	s.back = h.Tips.NewQuiet("", theme.BackIcon, "Previous sector", func() { s.look(s.at - 1) })
	s.next = h.Tips.NewQuiet("", theme.ForwardIcon, "Next sector", func() { s.look(s.at + 1) })
	check := h.Tips.NewButton("Check all", theme.CheckIcon, "Read every sector, and check its EDC, ECC and Q sub-channel", func() { s.onCheck() })
	bar := container.NewBorder(nil, nil, container.NewHBox(s.back, s.next, widgets.Middle(widgets.Wide(160, s.goTo)),
		h.Tips.NewButton("Go to", nil, "Show the sector at this address", func() { s.submit(s.goTo.Text) })), check, widgets.Middle(widgets.Inset(s.note, 8, 0, 8, 0)))
	left := widgets.Panel(container.NewBorder(widgets.Inset(bar, 8, 8, 12, 4), widgets.Inset(widgets.MinHeight(16, s.legend.Container), 12, 6, 12, 8), nil, nil, widgets.Inset(s.hex, 12, 0, 4, 0)))
	right := widgets.Panel(widgets.Inset(container.NewBorder(s.title, nil, nil, nil,
		container.NewVScroll(widgets.Inset(s.facts.Container, 0, 8, 14, 8))), 16, 14, 16, 14))
	s.object = widgets.NewSplit(false, 0.74, left, widgets.Wide(232, right))
	return s
}

// reset forgets the sector that is shown, when another disc is opened.
func (s *sectors) reset() {
	s.job.Cancel()
	s.shown, s.names = false, nil
	s.hex.show(model.Sector{})
	s.facts.Set(nil)
	s.note.Set("")
}

// begin shows the first sector of the disc, unless one is shown already.
func (s *sectors) begin() {
	if d := s.disc(); d != nil && !s.shown {
		at := disc.LBA(0)
		if all := d.TOC().Sessions; len(all) > 0 && len(all[0].Tracks) > 0 {
			at = all[0].Tracks[0].Start
		}
		s.look(at)
	}
}

func (s *sectors) submit(text string) {
	defer model.CatchPanic()
	at, err := model.ParseAddress(text)
	if err != nil {
		s.note.Color(theme.Error)
		s.note.Set(model.Capital(err.Error()))
		return
	}
	s.look(at)
}

// look shows the sector at an address.
func (s *sectors) look(at disc.LBA) {
	d := s.disc()
	if d == nil {
		return
	}
	s.job.Cancel()
	s.shown, s.at = true, at
	s.goTo.SetText(fmt.Sprint(at))
	var got model.Sector
	var file string
	var job *model.Job
	job = model.Start(s.host.Post, "reading a sector", func(ctx context.Context, _ progress.Reporter) (err error) {
		got, err = model.ReadSector(ctx, d, at)
		if f := s.files(); f != nil && err == nil {
			if s.names == nil {
				s.names = volume.NewLocator(f)
			}
			file = s.names.Locate(at)
		}
		return err
	}, func(err error) {
		if s.job != job {
			return
		}
		s.note.Color(theme.Muted)
		s.note.Set("")
		if err != nil && !model.Cancelled(err) {
			s.note.Color(theme.Error)
			s.note.Set("Sector " + fmt.Sprint(at) + " cannot be read. " + model.Capital(model.Explain(err)))
		}
		s.fill(got, file)
	})
	s.job = job
}

// fill shows a sector that was read, and the file that it belongs to.
func (s *sectors) fill(got model.Sector, file string) {
	s.title.Set(fmt.Sprintf("Sector %d", got.LBA))
	s.hex.show(got)
	s.legend.show(got.Fields)
	var facts []widgets.Fact
	for _, f := range got.Facts {
		one := widgets.Fact{Name: f.Name, Value: f.Value}
		if f.Bad {
			one.Color = theme.Error
		}
		facts = append(facts, one)
	}
	s.facts.Set(append(facts, widgets.Fact{Name: "File", Value: file}))
	s.host.Tell("sector", map[string]any{"lba": int64(got.LBA), "bytes": len(got.Bytes), "file": file})
}

// partColors are the colours of the parts of a sector.
var partColors = [...]fyne.ThemeColorName{
	model.PartData: theme.Foreground, model.PartSync: theme.Muted, model.PartHeader: theme.Warning, model.PartSubheader: theme.Success,
	model.PartEDC: theme.Primary, model.PartP: theme.FolderColor, model.PartQ: theme.ParityColor, model.PartUnused: theme.Muted, model.PartSub: theme.Success,
}

// smallText is the theme of the bytes of a sector, which have to fit into the narrowest
// window in lines of sixteen.
type smallText struct{ theme.Theme }

// Size implements fyne.Theme.
func (t smallText) Size(n fyne.ThemeSizeName) float32 {
	if n == theme.BodySize {
		return 11
	}
	return t.Theme.Size(n)
}

// hexView shows bytes as hexadecimal numbers and characters, in the colours of their parts.
type hexView struct {
	widget.BaseWidget
	sector model.Sector
	grid   *widget.TextGrid
	scroll *container.Scroll
}

const perLine = 16 // bytes

func newHexView() *hexView {
	h := &hexView{grid: widget.NewTextGrid()}
	h.grid.Scroll = fyne.ScrollNone
	h.scroll = container.NewVScroll(h.grid)
	h.ExtendBaseWidget(h)
	return h
}

// MinSize implements fyne.CanvasObject.
func (h *hexView) MinSize() fyne.Size { return fyne.NewSize(200, 100) }

// show shows a sector from its beginning.
func (h *hexView) show(s model.Sector) {
	h.sector = s
	h.fill()
	h.scroll.ScrollToTop()
}

// CreateRenderer implements fyne.Widget.
func (h *hexView) CreateRenderer() fyne.WidgetRenderer {
	return &hexRenderer{h, widget.NewSimpleRenderer(container.NewThemeOverride(h.scroll, smallText{}))}
}

// hexRenderer fills the grid again when the colours of the theme change.
type hexRenderer struct {
	h *hexView
	fyne.WidgetRenderer
}

func (r *hexRenderer) Refresh() {
	r.h.fill()
	r.WidgetRenderer.Refresh()
}

// style returns how a byte is drawn.
func (h *hexView) style(at int) widget.TextGridStyle {
	name, bad := theme.Foreground, false
	for _, f := range h.sector.Fields {
		if at >= f.From && at < f.To {
			name, bad = partColors[f.Part], f.Bad && f.Part != model.PartData
		}
	}
	s := &widget.CustomTextGridStyle{FGColor: theme.Color(name)}
	if bad {
		s.FGColor, s.BGColor = theme.Color(theme.Error), theme.Color(theme.ErrorBackground)
	}
	return s
}

// fill fills the grid.
func (h *hexView) fill() {
	p := h.sector.Bytes
	muted := &widget.CustomTextGridStyle{FGColor: theme.Color(theme.Muted)}
	rows := make([]widget.TextGridRow, 0, (len(p)+perLine-1)/perLine)
	for from := 0; from < len(p); from += perLine {
		line := p[from:min(from+perLine, len(p))]
		var cells []widget.TextGridCell
		put := func(text string, s widget.TextGridStyle) {
			for _, r := range text {
				cells = append(cells, widget.TextGridCell{Rune: r, Style: s})
			}
		}
		put(fmt.Sprintf("%04x  ", from), muted)
		for i := range perLine {
			if i < len(line) {
				put(fmt.Sprintf("%02x ", line[i]), h.style(from+i))
			} else {
				put("   ", muted)
			}
			if i == perLine/2-1 {
				put(" ", muted)
			}
		}
		put(" ", muted)
		for i, b := range line {
			r := rune(b)
			if b < 0x20 || b >= 0x7F {
				r = '.'
			}
			put(string(r), h.style(from+i))
		}
		rows = append(rows, widget.TextGridRow{Cells: cells})
	}
	h.grid.Rows = rows
	h.grid.Refresh()
}

// legend names the parts of a sector in their colours.
type legend struct {
	*fyne.Container
}

func newLegend() *legend { return &legend{container.NewHBox()} }

// show names the parts of a sector.
func (l *legend) show(fields []model.Field) {
	l.RemoveAll()
	for _, f := range fields {
		text := widgets.NewText(f.Part.String()).Sized(theme.CaptionSize).Color(partColors[f.Part])
		if f.Bad && f.Part != model.PartData {
			text.Color(theme.Error)
		}
		l.Add(widgets.Wide(text.Natural()+8, text))
	}
}
