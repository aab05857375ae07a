package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/model"
	"glassmaster/ui/theme"
)

// railButton is a button of the navigation rail: an icon above the name of a page.
type railButton struct {
	widget.BaseWidget
	icon    fyne.Resource
	name    string
	tapped  func()
	chosen  bool
	hovered bool

	bg    *canvas.Rectangle
	image *canvas.Image
	text  *canvas.Text
}

var _ desktop.Hoverable = (*railButton)(nil)

func newRailButton(icon fyne.Resource, name string, tapped func()) *railButton {
	b := &railButton{icon: icon, name: name, tapped: tapped}
	b.bg = canvas.NewRectangle(color.Transparent)
	b.bg.CornerRadius = theme.Radius
	b.image = canvas.NewImageFromResource(icon)
	b.image.FillMode = canvas.ImageFillContain
	b.text = canvas.NewText(name, color.Transparent)
	b.text.Alignment = fyne.TextAlignCenter
	b.ExtendBaseWidget(b)
	return b
}

func (b *railButton) choose(yes bool) {
	b.chosen = yes
	b.Refresh()
}

// Tapped implements fyne.Tappable.
func (b *railButton) Tapped(*fyne.PointEvent) {
	defer model.CatchPanic()
	b.tapped()
}

// MouseIn implements desktop.Hoverable.
func (b *railButton) MouseIn(*desktop.MouseEvent) {
	b.hovered = true
	b.Refresh()
}

// MouseMoved implements desktop.Hoverable.
func (b *railButton) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (b *railButton) MouseOut() {
	b.hovered = false
	b.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (b *railButton) CreateRenderer() fyne.WidgetRenderer {
	r := &railRenderer{b}
	r.paint()
	return r
}

type railRenderer struct{ b *railButton }

func (r *railRenderer) Destroy()           {}
func (r *railRenderer) MinSize() fyne.Size { return fyne.NewSize(60, 56) }

func (r *railRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.b.bg, r.b.image, r.b.text}
}

func (r *railRenderer) Layout(s fyne.Size) {
	r.b.bg.Resize(s)
	r.b.image.Move(fyne.NewPos((s.Width-24)/2, 8))
	r.b.image.Resize(fyne.NewSquareSize(24))
	r.b.text.Move(fyne.NewPos(0, 34))
	r.b.text.Resize(fyne.NewSize(s.Width, 16))
}

func (r *railRenderer) Refresh() {
	r.paint()
	for _, o := range r.Objects() {
		o.Refresh()
	}
}

func (r *railRenderer) paint() {
	b := r.b
	ink, back := theme.Muted, theme.Rail
	switch {
	case b.chosen:
		ink, back = theme.Primary, theme.Surface
	case b.hovered:
		back = theme.Hover
	}
	b.bg.FillColor = theme.Color(back)
	b.image.Resource = theme.Tint(b.icon, ink)
	b.text.Color = theme.Color(ink)
	b.text.TextSize = theme.Size(theme.CaptionSize)
	b.text.TextStyle.Bold = b.chosen
}

// veil covers the window and receives all clicks.
type veil struct {
	widget.BaseWidget
	rect *canvas.Rectangle
}

func newVeil() *veil {
	v := &veil{rect: canvas.NewRectangle(color.Transparent)}
	v.ExtendBaseWidget(v)
	return v
}

// Tapped implements fyne.Tappable. It does nothing.
func (v *veil) Tapped(*fyne.PointEvent) {}

// CreateRenderer implements fyne.Widget.
func (v *veil) CreateRenderer() fyne.WidgetRenderer {
	v.rect.FillColor = theme.Color(theme.Shadow)
	return widget.NewSimpleRenderer(v.rect)
}
