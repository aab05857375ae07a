package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/theme"
)

// Split shows two objects side by side, or one above the other, with a gap between them
// that can be dragged. Unlike Fyne's it draws nothing in the gap until the pointer is over
// it.
type Split struct {
	widget.BaseWidget
	Offset   float64 // share of the first object
	vertical bool
	first    fyne.CanvasObject
	second   fyne.CanvasObject
	handle   *handle
}

// NewSplit returns a split, with vertical one object above the other.
func NewSplit(vertical bool, offset float64, first, second fyne.CanvasObject) *Split {
	s := &Split{Offset: offset, vertical: vertical, first: first, second: second}
	s.handle = &handle{split: s, line: canvas.NewRectangle(color.Transparent)}
	s.handle.ExtendBaseWidget(s.handle)
	s.ExtendBaseWidget(s)
	return s
}

// CreateRenderer implements fyne.Widget.
func (s *Split) CreateRenderer() fyne.WidgetRenderer { return &splitRenderer{s} }

// along returns the extent of a size in the direction of the split.
func (s *Split) along(z fyne.Size) float32 {
	if s.vertical {
		return z.Height
	}
	return z.Width
}

type splitRenderer struct{ s *Split }

func (r *splitRenderer) Destroy() {}

func (r *splitRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.s.first, r.s.second, r.s.handle}
}

func (r *splitRenderer) MinSize() fyne.Size {
	a, b := r.s.first.MinSize(), r.s.second.MinSize()
	if r.s.vertical {
		return fyne.NewSize(max(a.Width, b.Width), a.Height+theme.Gap+b.Height)
	}
	return fyne.NewSize(a.Width+theme.Gap+b.Width, max(a.Height, b.Height))
}

func (r *splitRenderer) Refresh() {
	r.Layout(r.s.Size())
	canvas.Refresh(r.s)
}

func (r *splitRenderer) Layout(z fyne.Size) {
	s := r.s
	room := s.along(z) - theme.Gap
	low, high := s.along(s.first.MinSize()), room-s.along(s.second.MinSize())
	at := max(min(float32(s.Offset)*room, high), low)
	place := func(o fyne.CanvasObject, from, length float32) {
		if s.vertical {
			o.Move(fyne.NewPos(0, from))
			o.Resize(fyne.NewSize(z.Width, max(length, 0)))
			return
		}
		o.Move(fyne.NewPos(from, 0))
		o.Resize(fyne.NewSize(max(length, 0), z.Height))
	}
	place(s.first, 0, at)
	place(s.handle, at, theme.Gap)
	place(s.second, at+theme.Gap, room-at)
}

// handle is the gap of a split, which can be dragged.
type handle struct {
	widget.BaseWidget
	split *Split
	line  *canvas.Rectangle
	hover bool
	held  bool
}

var (
	_ fyne.Draggable     = (*handle)(nil)
	_ desktop.Hoverable  = (*handle)(nil)
	_ desktop.Cursorable = (*handle)(nil)
	_ desktop.Mouseable  = (*handle)(nil)
)

// MouseDown implements desktop.Mouseable. A drag that began elsewhere does not move the
// handle when it crosses it.
func (h *handle) MouseDown(*desktop.MouseEvent) { h.held = true }

// MouseUp implements desktop.Mouseable.
func (h *handle) MouseUp(*desktop.MouseEvent) { h.held = false }

// Cursor implements desktop.Cursorable.
func (h *handle) Cursor() desktop.Cursor {
	if h.split.vertical {
		return desktop.VResizeCursor
	}
	return desktop.HResizeCursor
}

// Dragged implements fyne.Draggable.
func (h *handle) Dragged(e *fyne.DragEvent) {
	s := h.split
	room := s.along(s.Size()) - theme.Gap
	if room <= 0 || !h.held {
		return
	}
	at := e.AbsolutePosition.Subtract(fyne.CurrentApp().Driver().AbsolutePositionForObject(s))
	s.Offset = float64((s.along(fyne.NewSize(at.X, at.Y)) - theme.Gap/2) / room)
	s.Refresh()
}

// DragEnd implements fyne.Draggable.
func (h *handle) DragEnd() {}

// MouseIn implements desktop.Hoverable.
func (h *handle) MouseIn(*desktop.MouseEvent) {
	h.hover = true
	h.Refresh()
}

// MouseMoved implements desktop.Hoverable.
func (h *handle) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (h *handle) MouseOut() {
	h.hover = false
	h.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (h *handle) CreateRenderer() fyne.WidgetRenderer { return &handleRenderer{h} }

type handleRenderer struct{ h *handle }

func (r *handleRenderer) Destroy()           {}
func (r *handleRenderer) MinSize() fyne.Size { return fyne.NewSquareSize(theme.Gap) }
func (r *handleRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.h.line}
}

func (r *handleRenderer) Layout(z fyne.Size) {
	if r.h.split.vertical {
		r.h.line.Move(fyne.NewPos(theme.Gap, theme.Gap/2-1))
		r.h.line.Resize(fyne.NewSize(max(z.Width-2*theme.Gap, 0), 2))
		return
	}
	r.h.line.Move(fyne.NewPos(theme.Gap/2-1, theme.Gap))
	r.h.line.Resize(fyne.NewSize(2, max(z.Height-2*theme.Gap, 0)))
}

func (r *handleRenderer) Refresh() {
	r.h.line.Hidden = !r.h.hover
	r.h.line.FillColor = theme.Color(theme.Primary)
	r.h.line.Refresh()
}
