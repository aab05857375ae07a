package browse

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/filename"
	"glassmaster/mastering/units"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// tracks is the disc view: sessions and tracks, with what is recorded about the selected
// one.
type tracks struct {
	object  fyne.CanvasObject
	onFiles func(track int)    // show the files of a track
	onLook  func(lba disc.LBA) // show a sector

	host     *host.Host
	rows     []model.TrackRow
	toc      disc.TOC
	format   string
	selected int
	bar      *trackBar
	list     *widget.List
	title    *widgets.Text
	facts    *widgets.Facts
	files    *widgets.Button
	look     *widgets.Button
}

func newTracks(h *host.Host) *tracks {
	t := &tracks{host: h, selected: -1, title: widgets.Title(""), facts: widgets.NewFacts()}
	t.bar = newTrackBar(func(track int) {
		for i, r := range t.rows {
			if !r.Heading && r.Track.Number == track {
				t.list.Select(i)
				t.list.ScrollTo(i)
			}
		}
	})
	t.list = widget.NewList(func() int { return len(t.rows) }, func() fyne.CanvasObject { return newTrackRow() }, t.fill)
	t.list.HideSeparators = true
	t.list.OnSelected = t.choose
	t.files = h.Tips.NewButton("Show files", theme.FolderIcon, "Show the files of this track", func() { t.onFiles(t.rows[t.selected].Track.Number) })
	t.look = h.Tips.NewButton("Show sectors", theme.DocumentIcon, "Show the sectors of this track", func() { t.onLook(t.rows[t.selected].Track.Start) })
	head := newTrackRow()
	head.heading()
	left := widgets.Panel(container.NewBorder(
		container.New(&widgets.Column{Gap: 6}, widgets.Inset(widgets.MinHeight(18, t.bar), 12, 12, 12, 2), widgets.MinHeight(theme.RowHeight, head)),
		nil, nil, nil, container.NewThemeOverride(t.list, theme.ListTheme{})))
	buttons := container.NewHBox(t.files, t.look)
	right := widgets.Panel(widgets.Inset(container.NewBorder(t.title, buttons, nil, nil,
		container.NewVScroll(widgets.Inset(t.facts.Container, 0, 8, 14, 8))), 16, 14, 16, 14))
	t.object = widgets.NewSplit(false, 0.66, left, widgets.Wide(244, right))
	return t
}

// show shows the tracks of a disc.
func (t *tracks) show(d disc.Disc, format string) {
	t.toc, t.format, t.rows, t.selected = disc.TOC{}, format, nil, -1
	if d != nil {
		t.toc = d.TOC()
		t.rows = model.TrackRows(t.toc)
	}
	t.bar.set(t.toc)
	t.list.UnselectAll()
	t.list.Refresh()
	t.showDisc()
}

// choose shows a track or session.
func (t *tracks) choose(i int) {
	defer model.CatchPanic()
	t.selected = i
	r := t.rows[i]
	if r.Heading {
		t.showSession(r.Session)
		return
	}
	t.bar.choose(r.Track.Number)
	t.title.Set(fmt.Sprintf("Track %d", r.Track.Number))
	t.facts.Set(factsOfTrack(r))
	t.files.Show()
	t.look.Show()
	t.files.Allow(widgets.Unless(r.Track.Mode != disc.Audio, "An audio track has no files"))
}

// showDisc shows what is recorded about the whole disc.
func (t *tracks) showDisc() {
	t.title.Set("Disc")
	facts := []widgets.Fact{
		{Name: "Format", Value: t.format},
		{Name: "Contents", Value: model.DiscSummary(t.toc)},
		{Name: "Catalogue number", Value: t.toc.Catalog},
	}
	for _, s := range t.toc.Sessions {
		facts = append(facts, textFacts(s)...)
	}
	t.facts.Set(facts)
	t.files.Hide()
	t.look.Hide()
}

func (t *tracks) showSession(s disc.Session) {
	t.bar.choose(0)
	t.title.Set(fmt.Sprintf("Session %d", s.Number))
	facts := []widgets.Fact{{Name: "Contents", Value: model.DiscSummary(disc.TOC{Sessions: []disc.Session{s}})}}
	if n := len(s.Tracks); n > 0 {
		end := s.Tracks[n-1].End()
		facts = append(facts, widgets.Fact{Name: "Lead-out", Value: fmt.Sprintf("%v, LBA %s", end.MSF(), units.Thousands(int64(end)))})
	}
	if s.CDI {
		facts = append(facts, widgets.Fact{Name: "Type", Value: "CD-i"})
	}
	t.facts.Set(append(facts, textFacts(s)...))
	t.files.Hide()
	t.look.Hide()
}

// textFacts are the CD-TEXT of an album, in each language.
func textFacts(s disc.Session) []widgets.Fact {
	var facts []widgets.Fact
	for i, text := range s.Text {
		add := func(name, value string) {
			if i > 0 {
				name += fmt.Sprintf(" (%s)", text.LanguageName())
			}
			facts = append(facts, widgets.Fact{Name: name, Value: filename.Printable(value)})
		}
		add("Album", text.Album.Title)
		add("Performer", text.Album.Performer)
		add("Songwriter", text.Album.Songwriter)
		add("Composer", text.Album.Composer)
		add("Arranger", text.Album.Arranger)
		add("Message", text.Album.Message)
		add("Genre", text.Genre)
		add("Disc ID", text.DiscID)
		add("UPC or EAN", text.Album.Code)
	}
	return facts
}

// factsOfTrack is everything that is recorded about a track.
func factsOfTrack(r model.TrackRow) []widgets.Fact {
	t := r.Track
	facts := []widgets.Fact{
		{Name: "Kind", Value: model.Capital(t.Mode.String())},
		{Name: "Start", Value: fmt.Sprintf("%v, LBA %s", t.Start.MSF(), units.Thousands(int64(t.Start)))},
		{Name: "End", Value: fmt.Sprintf("%v, LBA %s", t.End().MSF(), units.Thousands(int64(t.End())))},
		{Name: "Length", Value: fmt.Sprintf("%s, %s sectors", model.PlayingTime(t.Length), units.Thousands(t.Length))},
	}
	if t.Mode != disc.Audio {
		facts = append(facts, widgets.Fact{Name: "User data", Value: units.Size(t.Length * disc.SectorSize)})
	}
	if t.Pregap > 0 {
		facts = append(facts, widgets.Fact{Name: "Pre-gap", Value: fmt.Sprintf("%s, %s sectors", model.PlayingTime(t.Pregap), units.Thousands(t.Pregap))})
	}
	for i, at := range t.Indexes {
		facts = append(facts, widgets.Fact{Name: fmt.Sprintf("Index %d", i+2), Value: fmt.Sprintf("%v, LBA %s", at.MSF(), units.Thousands(int64(at)))})
	}
	facts = append(facts, widgets.Fact{Name: "Flags", Value: strings.Join(t.Control.Names(), ", ")},
		widgets.Fact{Name: "ISRC", Value: filename.Printable(t.ISRC)})
	for i, text := range r.Session.Text {
		one := text.Tracks[t.Number]
		for _, f := range []widgets.Fact{
			{Name: "Title", Value: one.Title},
			{Name: "Performer", Value: one.Performer},
			{Name: "Songwriter", Value: one.Songwriter},
			{Name: "Composer", Value: one.Composer},
			{Name: "Arranger", Value: one.Arranger},
			{Name: "Message", Value: one.Message},
		} {
			if i > 0 {
				f.Name += fmt.Sprintf(" (%s)", text.LanguageName())
			}
			f.Value = filename.Printable(f.Value)
			facts = append(facts, f)
		}
	}
	return facts
}

// fill fills in a row of the list.
func (t *tracks) fill(i widget.ListItemID, o fyne.CanvasObject) {
	defer model.CatchPanic()
	row := o.(*trackRow)
	r := t.rows[i]
	if r.Heading {
		row.set(theme.Muted, fmt.Sprintf("Session %d", r.Session.Number), "", "", "", "", "")
		return
	}
	k := r.Track
	row.set(theme.Foreground, fmt.Sprint(k.Number), model.Capital(k.Mode.String()), k.Start.MSF().String(),
		units.Thousands(int64(k.Start)), model.PlayingTime(k.Length), filename.Printable(r.Title()))
}

// trackRow is a row of the list of tracks, or its heading.
type trackRow struct {
	widget.BaseWidget
	cells [6]*widgets.Text
}

// trackColumns are the columns of the list. The last one has the remaining width.
var trackColumns = [6]struct {
	title string
	width float32
	align fyne.TextAlign
}{
	{"Track", 62, fyne.TextAlignLeading},
	{"Kind", 84, fyne.TextAlignLeading},
	{"Start", 62, fyne.TextAlignTrailing},
	{"LBA", 62, fyne.TextAlignTrailing},
	{"Length", 62, fyne.TextAlignTrailing},
	{"Title", 0, fyne.TextAlignLeading},
}

func newTrackRow() *trackRow {
	r := &trackRow{}
	for i, c := range trackColumns {
		r.cells[i] = widgets.NewText("").Align(c.align)
	}
	r.ExtendBaseWidget(r)
	return r
}

// heading makes it the heading.
func (r *trackRow) heading() {
	for i, c := range trackColumns {
		r.cells[i] = widgets.Muted(c.title).Align(c.align).Sized(theme.CaptionSize)
	}
}

func (r *trackRow) set(color fyne.ThemeColorName, texts ...string) {
	for i, text := range texts {
		r.cells[i].Set(text)
		r.cells[i].Color(color)
	}
	r.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (r *trackRow) CreateRenderer() fyne.WidgetRenderer {
	objects := make([]fyne.CanvasObject, len(r.cells))
	for i, c := range r.cells {
		objects[i] = c
	}
	return widget.NewSimpleRenderer(container.New(trackLayout{}, objects...))
}

// trackLayout lays out the cells of a row. The session headings use the width of the other
// columns, which are empty.
type trackLayout struct{}

const (
	trackInset float32 = 12
	trackGap   float32 = 14
)

// Layout implements fyne.Layout.
func (trackLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	x := trackInset
	for i, o := range objects {
		w := trackColumns[i].width
		if w == 0 {
			w = max(s.Width-x-trackInset, 0)
		}
		h := o.MinSize().Height
		if i == 0 && objects[1].(*widgets.Text).String() == "" {
			w = max(s.Width-x-trackInset, w) // a heading
		}
		o.Move(fyne.NewPos(x, (s.Height-h)/2))
		o.Resize(fyne.NewSize(w, h))
		x += trackColumns[i].width + trackGap
	}
}

// MinSize implements fyne.Layout.
func (trackLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(300, theme.RowHeight) }
