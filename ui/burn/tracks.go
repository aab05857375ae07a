package burn

import (
	"slices"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"glassmaster/mastering/disc"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// trackPage lists the tracks that will be written, below what is recorded of the whole
// disc.
type trackPage struct {
	object  fyne.CanvasObject
	v       *View
	facts   *widgets.Facts
	heading *trackRow
	list    *widget.List
	rows    []model.BurnTrack
	shown   [trackCells]bool // the columns that have a value in any row
}

// Columns of the list.
const (
	cellNumber = iota
	cellTitle
	cellKind
	cellLength
	cellGap
	cellISRC
	trackCells
)

var trackColumns = [trackCells]struct {
	title string
	width float32 // 0: what remains
	align fyne.TextAlign
}{
	{"No.", 26, fyne.TextAlignTrailing},
	{"Title", 0, fyne.TextAlignLeading},
	{"Kind", 62, fyne.TextAlignLeading},
	{"Length", 62, fyne.TextAlignTrailing},
	{"Pre-gap", 58, fyne.TextAlignTrailing},
	{"ISRC", 96, fyne.TextAlignLeading},
}

func newTrackPage(v *View) *trackPage {
	p := &trackPage{v: v, facts: widgets.NewFacts()}
	p.heading = newTrackRow(p)
	for i, c := range trackColumns {
		p.heading.cells[i] = widgets.Muted(c.title).Align(c.align).Sized(theme.CaptionSize)
	}
	p.list = widget.NewList(func() int { return len(p.rows) }, func() fyne.CanvasObject { return newTrackRow(p) }, p.fill)
	p.list.HideSeparators = true
	list := container.NewBorder(p.heading, nil, nil, nil, container.NewThemeOverride(p.list, theme.ListTheme{}))
	p.object = container.NewBorder(widgets.Inset(p.facts.Container, 4, 0, 4, 10), nil, nil, nil, widgets.Panel(widgets.Inset(list, 0, 2, 2, 4)))
	return p
}

// reload shows the tracks.
func (p *trackPage) reload() {
	p.rows = p.v.burn.Tracks()
	p.shown = [trackCells]bool{}
	for _, r := range p.rows {
		for i, text := range trackTexts(r) {
			p.shown[i] = p.shown[i] || text != ""
		}
	}
	p.shown[cellTitle] = true
	p.shown[cellKind] = p.mixed() // else it says nothing
	var facts []widgets.Fact
	for _, l := range p.v.burn.AlbumFacts() {
		facts = append(facts, widgets.Fact{Name: l.Name, Value: l.Value})
	}
	p.facts.Set(facts)
	widgets.SetVisible(p.facts.Container, len(facts) > 0)
	p.heading.Refresh()
	p.list.Refresh()
}

// mixed reports whether the tracks are of different kinds.
func (p *trackPage) mixed() bool {
	return slices.ContainsFunc(p.rows, func(r model.BurnTrack) bool {
		return r.Heading == "" && r.Track.Mode != p.rows[len(p.rows)-1].Track.Mode
	})
}

func trackTexts(r model.BurnTrack) [trackCells]string {
	t := r.Track
	title := t.Title
	if remarks := r.Remarks(); remarks != "" {
		if title != "" {
			title += "  "
		}
		title += "(" + remarks + ")"
	}
	return [trackCells]string{strconv.Itoa(t.Number), title, model.Capital(t.Mode.String()), r.Length(), r.Gap(), t.ISRC}
}

// fill fills in a row of the list.
func (p *trackPage) fill(i widget.ListItemID, o fyne.CanvasObject) {
	defer model.CatchPanic()
	if i >= len(p.rows) {
		return // the plan has changed since the list was laid out
	}
	row := o.(*trackRow)
	r := p.rows[i]
	row.session = r.Heading != ""
	texts, ink := trackTexts(r), theme.Foreground
	if row.session {
		texts, ink = [trackCells]string{r.Heading}, theme.Muted
	}
	for i, text := range texts {
		row.cells[i].Set(text)
		row.cells[i].Color(ink)
	}
	if !row.session && r.Track.Mode != disc.Audio {
		row.cells[cellKind].Color(theme.Primary)
	}
	row.Refresh()
}

// trackRow is a row of the list, or its heading.
type trackRow struct {
	widget.BaseWidget
	page    *trackPage
	session bool // the heading of a session, which has the whole width
	cells   [trackCells]*widgets.Text
}

func newTrackRow(p *trackPage) *trackRow {
	r := &trackRow{page: p}
	for i, c := range trackColumns {
		r.cells[i] = widgets.NewText("").Align(c.align)
	}
	r.ExtendBaseWidget(r)
	return r
}

// CreateRenderer implements fyne.Widget.
func (r *trackRow) CreateRenderer() fyne.WidgetRenderer {
	objects := make([]fyne.CanvasObject, len(r.cells))
	for i, c := range r.cells {
		objects[i] = c
	}
	return widget.NewSimpleRenderer(container.New(trackLayout{r}, objects...))
}

// trackLayout lays out the cells of a row.
type trackLayout struct{ row *trackRow }

const (
	trackInset float32 = 12
	trackGap   float32 = 10
)

// Layout implements fyne.Layout.
func (l trackLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	rest := s.Width - 2*trackInset + trackGap
	for i, c := range trackColumns {
		if l.row.page.shown[i] {
			rest -= c.width + trackGap
		}
	}
	x := trackInset
	for i, o := range objects {
		w := trackColumns[i].width
		if w == 0 {
			w = max(rest, 0)
		}
		visible := l.row.page.shown[i]
		if l.row.session {
			visible = i == cellNumber
			w = s.Width - 2*trackInset
			o.(*widgets.Text).Align(fyne.TextAlignLeading)
		} else {
			o.(*widgets.Text).Align(trackColumns[i].align)
		}
		widgets.SetVisible(o, visible)
		h := o.MinSize().Height
		o.Move(fyne.NewPos(x, (s.Height-h)/2))
		o.Resize(fyne.NewSize(w, h))
		if visible {
			x += w + trackGap
		}
	}
}

// MinSize implements fyne.Layout.
func (trackLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(300, theme.RowHeight) }
