package browse

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"glassmaster/mastering/disc"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
)

// trackBar shows the tracks of a disc from its first sector to its last, in proportion to
// their lengths. What is between two sessions is drawn short.
type trackBar struct {
	widget.BaseWidget
	onChoose func(track int)
	tracks   []disc.Track
	starts   []float64 // of each track, in sectors from the left
	total    float64
	chosen   int
	rects    []*canvas.Rectangle
}

// Widths in the bar, as a share of its width.
const (
	sessionGap = 0.012
	leastTrack = 3 // in Fyne's units
)

func newTrackBar(onChoose func(int)) *trackBar {
	b := &trackBar{onChoose: onChoose}
	b.ExtendBaseWidget(b)
	return b
}

// set shows the tracks of a table of contents.
func (b *trackBar) set(toc disc.TOC) {
	b.tracks, b.starts, b.total, b.chosen = nil, nil, 0, 0
	sectors := float64(0)
	for _, s := range toc.Sessions {
		for _, t := range s.Tracks {
			sectors += float64(t.Length + t.Pregap)
		}
	}
	for i, s := range toc.Sessions {
		if i > 0 {
			b.total += sectors * sessionGap
		}
		for _, t := range s.Tracks {
			b.total += float64(t.Pregap)
			b.tracks, b.starts = append(b.tracks, t), append(b.starts, b.total)
			b.total += float64(t.Length)
		}
	}
	b.rects = make([]*canvas.Rectangle, len(b.tracks))
	for i := range b.rects {
		b.rects[i] = canvas.NewRectangle(color.Transparent)
		b.rects[i].CornerRadius = 3
	}
	b.Refresh()
}

// choose marks a track; 0: none.
func (b *trackBar) choose(track int) {
	b.chosen = track
	b.Refresh()
}

// Tapped implements fyne.Tappable.
func (b *trackBar) Tapped(e *fyne.PointEvent) {
	defer model.CatchPanic()
	for i, r := range b.rects {
		if e.Position.X >= r.Position().X && e.Position.X < r.Position().X+r.Size().Width {
			b.onChoose(b.tracks[i].Number)
			return
		}
	}
}

// CreateRenderer implements fyne.Widget.
func (b *trackBar) CreateRenderer() fyne.WidgetRenderer { return &trackBarRenderer{b} }

type trackBarRenderer struct{ b *trackBar }

func (r *trackBarRenderer) Destroy()           {}
func (r *trackBarRenderer) MinSize() fyne.Size { return fyne.NewSize(100, 14) }

func (r *trackBarRenderer) Objects() []fyne.CanvasObject {
	o := make([]fyne.CanvasObject, len(r.b.rects))
	for i, rect := range r.b.rects {
		o[i] = rect
	}
	return o
}

func (r *trackBarRenderer) Refresh() {
	for i, t := range r.b.tracks {
		name := theme.Overhead
		if t.Mode != disc.Audio {
			name = theme.Primary
		}
		r.b.rects[i].FillColor = theme.Color(name)
		r.b.rects[i].StrokeWidth = 0
		if t.Number == r.b.chosen {
			r.b.rects[i].StrokeColor, r.b.rects[i].StrokeWidth = theme.Color(theme.Foreground), 2
		}
	}
	r.Layout(r.b.Size())
	canvas.Refresh(r.b)
}

// Layout draws a small gap after each track.
func (r *trackBarRenderer) Layout(s fyne.Size) {
	b := r.b
	if b.total == 0 {
		return
	}
	for i, t := range b.tracks {
		x := float32(b.starts[i]/b.total) * s.Width
		w := max(float32(float64(t.Length)/b.total)*s.Width-2, leastTrack)
		b.rects[i].Move(fyne.NewPos(min(x, s.Width-w), 0))
		b.rects[i].Resize(fyne.NewSize(w, s.Height))
	}
}
