package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/model"
	"glassmaster/ui/theme"
)

// barHeight is the height of the capacity bar itself.
const barHeight float32 = 22

// CapacityBar shows how much of a medium a compilation fills.
type CapacityBar struct {
	widget.BaseWidget
	c model.Capacity

	track, old, files, overhead, excess, limit *canvas.Rectangle
}

// NewCapacityBar returns an empty bar.
func NewCapacityBar() *CapacityBar {
	r := func() *canvas.Rectangle { return canvas.NewRectangle(color.Transparent) }
	b := &CapacityBar{track: r(), old: r(), files: r(), overhead: r(), excess: r(), limit: r()}
	b.ExtendBaseWidget(b)
	return b
}

// Set shows a capacity.
func (b *CapacityBar) Set(c model.Capacity) {
	b.c = c
	b.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (b *CapacityBar) CreateRenderer() fyne.WidgetRenderer { return &capacityRenderer{b} }

type capacityRenderer struct{ b *CapacityBar }

func (r *capacityRenderer) Destroy()           {}
func (r *capacityRenderer) MinSize() fyne.Size { return fyne.NewSize(160, barHeight) }

func (r *capacityRenderer) Objects() []fyne.CanvasObject {
	b := r.b
	return []fyne.CanvasObject{b.track, b.old, b.files, b.overhead, b.excess, b.limit}
}

func (r *capacityRenderer) Refresh() {
	b := r.b
	for o, name := range map[*canvas.Rectangle]fyne.ThemeColorName{
		b.track: theme.Track, b.old: theme.Occupied, b.files: theme.Primary, b.overhead: theme.Overhead,
		b.excess: theme.Error, b.limit: theme.Foreground,
	} {
		o.FillColor = theme.Color(name)
	}
	r.Layout(b.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}

// Layout lays out the parts. Only the outer ends are rounded, and no part that is not
// empty is too small to be visible.
func (r *capacityRenderer) Layout(s fyne.Size) {
	b := r.b
	h := s.Height
	b.track.Resize(fyne.NewSize(s.Width, h))
	b.track.CornerRadius = 5
	g := b.c.Segments()
	x := float32(0)
	put := func(o *canvas.Rectangle, share float64) {
		w := float32(share) * s.Width
		if share > 0 {
			w = max(w, 2)
		}
		w = min(w, s.Width-x)
		o.Hidden = w <= 0
		o.Move(fyne.NewPos(x, 0))
		o.Resize(fyne.NewSize(max(w, 0), h))
		left, right := float32(0), float32(0)
		if x == 0 {
			left = min(5, w/2)
		}
		if x+w >= s.Width-0.5 {
			right = 5
		}
		o.TopLeftCornerRadius, o.BottomLeftCornerRadius = left, left
		o.TopRightCornerRadius, o.BottomRightCornerRadius = right, right
		x += max(w, 0)
	}
	put(b.old, g.Old)
	put(b.files, g.Content)
	put(b.overhead, g.Overhead)
	put(b.excess, g.Excess)
	b.limit.Hidden = g.Excess <= 0
	b.limit.Move(fyne.NewPos(float32(g.Limit)*s.Width-1, 0))
	b.limit.Resize(fyne.NewSize(2, h))
}
