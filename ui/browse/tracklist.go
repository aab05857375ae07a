package browse

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/filename"
	"glassmaster/mastering/units"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// trackList is the list of sessions and tracks. The arrow keys select, Enter shows the files
// of a data track, and the sectors of an audio track.
type trackList struct {
	widget.List
	tracks *tracks
}

func newTrackList(t *tracks) *trackList {
	l := &trackList{tracks: t}
	l.Length = func() int { return len(t.rows) }
	l.CreateItem = func() fyne.CanvasObject { return newTrackRow() }
	l.UpdateItem = t.fill
	l.HideSeparators = true
	l.OnSelected = t.choose
	l.ExtendBaseWidget(l)
	return l
}

// TypedKey implements fyne.Focusable.
func (l *trackList) TypedKey(e *fyne.KeyEvent) {
	defer model.CatchPanic()
	last := len(l.tracks.rows) - 1
	page := max(int(l.Size().Height/theme.RowHeight)-1, 1)
	at := l.tracks.selected
	switch e.Name {
	case fyne.KeyUp:
		at--
	case fyne.KeyDown:
		at++
	case fyne.KeyPageUp:
		at -= page
	case fyne.KeyPageDown:
		at += page
	case fyne.KeyHome:
		at = 0
	case fyne.KeyEnd:
		at = last
	case fyne.KeyReturn, fyne.KeyEnter:
		if r, ok := l.tracks.track(); ok && r.Track.Mode == disc.Audio {
			l.tracks.openSectors()
			return
		}
		l.tracks.openFiles()
		return
	default:
		return
	}
	if last >= 0 {
		l.Select(min(max(at, 0), last))
	}
}

// TypedShortcut implements fyne.Shortcutable.
func (l *trackList) TypedShortcut(s fyne.Shortcut) { widgets.ToWindow(l, s) }

// fill fills in a row of the list.
func (t *tracks) fill(i widget.ListItemID, o fyne.CanvasObject) {
	defer model.CatchPanic()
	row := o.(*trackRow)
	if i >= len(t.rows) {
		return // the disc has changed since the list was laid out
	}
	r := t.rows[i]
	if r.Heading {
		row.set(theme.Muted, fmt.Sprintf("Session %d", r.Session.Number), "", "", "", "", "")
		return
	}
	k, length := r.Track, model.PlayingTime(r.Track.Length)
	if k.Mode != disc.Audio {
		length = units.Size(k.Length * disc.SectorSize)
	}
	row.set(theme.Foreground, fmt.Sprint(k.Number), model.Capital(k.Mode.String()), k.Start.MSF().String(),
		units.Thousands(int64(k.Start)), length, filename.Printable(r.Title()))
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
	{"Track", 40, fyne.TextAlignLeading},
	{"Kind", 74, fyne.TextAlignLeading},
	{"Start", 58, fyne.TextAlignTrailing},
	{"LBA", 62, fyne.TextAlignTrailing},
	{"Length", 60, fyne.TextAlignTrailing},
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
	trackGap   float32 = 10
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
