package browse

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

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
	onSave  func(disc.Track)   // write the track to a file

	host     *host.Host
	rows     []model.TrackRow
	toc      disc.TOC
	format   string
	selected int
	bar      *trackBar
	list     *trackList
	title    *widgets.Text
	facts    *widgets.Facts
	files    *widgets.Button
	look     *widgets.Button
	save     *widgets.Button
	buttons  *fyne.Container
	busy     string // why nothing can be saved; "": it can
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
	t.list = newTrackList(t)
	t.files = h.Tips.NewButton("Show files", theme.FolderIcon, "Show the files of this track", t.openFiles)
	t.save = h.Tips.NewButton("Save track…", theme.SaveIcon, "Write this track to a file: audio as WAV, data as ISO, or whole sectors as BIN", func() {
		if r, ok := t.track(); ok {
			t.onSave(r.Track)
		}
	})
	t.look = h.Tips.NewButton("Show sectors", theme.DocumentIcon, "Show the sectors from this address on", t.openSectors)
	head := newTrackRow()
	head.heading()
	left := widgets.Panel(container.NewBorder(
		container.New(&widgets.Column{Gap: 6}, widgets.Inset(widgets.MinHeight(18, t.bar), 12, 12, 12, 2), widgets.MinHeight(theme.RowHeight, head)),
		nil, nil, nil, container.NewThemeOverride(t.list, theme.ListTheme{})))
	t.buttons = container.New(&widgets.Column{Gap: 6}, t.files, t.look, t.save)
	right := widgets.Panel(widgets.Inset(container.NewBorder(t.title, t.buttons, nil, nil,
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
	if i >= len(t.rows) {
		return
	}
	r := t.rows[i]
	if r.Heading {
		t.showSession(r.Session)
		return
	}
	t.bar.choose(r.Track.Number)
	t.title.Set(fmt.Sprintf("Track %d", r.Track.Number))
	t.facts.Set(factsOfTrack(r))
	t.buttons.Show()
	t.allow()
}

// track returns the selected track.
func (t *tracks) track() (model.TrackRow, bool) {
	if t.selected < 0 || t.selected >= len(t.rows) || t.rows[t.selected].Heading {
		return model.TrackRow{}, false
	}
	return t.rows[t.selected], true
}

// allow enables the buttons that the selected track allows.
func (t *tracks) allow() {
	if r, ok := t.track(); ok {
		t.files.Allow(widgets.Unless(r.Track.Mode != disc.Audio, "An audio track has no files"))
		t.save.Allow(t.busy)
	}
}

// openFiles shows the files of the selected track, if it is a data track.
func (t *tracks) openFiles() {
	if r, ok := t.track(); ok && r.Track.Mode != disc.Audio {
		t.onFiles(r.Track.Number)
	}
}

// openSectors shows the sectors of the selected track.
func (t *tracks) openSectors() {
	if r, ok := t.track(); ok {
		t.onLook(r.Track.Start)
	}
}

// showDisc shows what is recorded about the whole disc.
func (t *tracks) showDisc() {
	t.title.Set("Disc")
	facts := []widgets.Fact{
		{Name: "Format", Value: t.format},
		{Name: "Contents", Value: model.DiscSummary(t.toc)},
		{Name: "Catalogue number", Value: filename.Printable(t.toc.Catalog)},
	}
	for _, s := range t.toc.Sessions {
		facts = append(facts, textFacts(s)...)
	}
	t.facts.Set(facts)
	t.buttons.Hide()
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
	t.buttons.Hide()
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
