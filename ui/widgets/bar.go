package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/theme"
)

// Bar is a thin progress bar.
type Bar struct {
	widget.BaseWidget
	share       float64
	track, fill *canvas.Rectangle
}

// NewBar returns an empty bar.
func NewBar() *Bar {
	b := &Bar{track: canvas.NewRectangle(color.Transparent), fill: canvas.NewRectangle(color.Transparent)}
	b.ExtendBaseWidget(b)
	return b
}

// Set sets the progress, from 0 to 1.
func (b *Bar) Set(share float64) {
	b.share = min(max(share, 0), 1)
	b.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (b *Bar) CreateRenderer() fyne.WidgetRenderer {
	r := &barRenderer{b}
	r.paint()
	return r
}

type barRenderer struct{ b *Bar }

func (r *barRenderer) Destroy()           {}
func (r *barRenderer) MinSize() fyne.Size { return fyne.NewSize(40, 8) }
func (r *barRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.b.track, r.b.fill}
}

func (r *barRenderer) Layout(s fyne.Size) {
	radius := s.Height / 2
	r.b.track.CornerRadius, r.b.fill.CornerRadius = radius, radius
	r.b.track.Resize(s)
	w := s.Width * float32(r.b.share)
	r.b.fill.Hidden = w < 1
	r.b.fill.Resize(fyne.NewSize(max(w, min(s.Height, s.Width)), s.Height))
}

func (r *barRenderer) paint() {
	r.b.track.FillColor = theme.Color(theme.Track)
	r.b.fill.FillColor = theme.Color(theme.Primary)
}

func (r *barRenderer) Refresh() {
	r.paint()
	r.Layout(r.b.Size())
	r.b.track.Refresh()
	r.b.fill.Refresh()
}
