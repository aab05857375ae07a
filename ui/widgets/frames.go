package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/theme"
)

// Fill is a background in a colour of the theme. It follows changes of the theme.
type Fill struct {
	widget.BaseWidget
	name   fyne.ThemeColorName
	border fyne.ThemeColorName // empty: none
	radius float32
	rect   *canvas.Rectangle
}

// NewFill returns a plain background.
func NewFill(name fyne.ThemeColorName) *Fill { return newFill(name, "", 0) }

func newFill(name, border fyne.ThemeColorName, radius float32) *Fill {
	f := &Fill{name: name, border: border, radius: radius, rect: canvas.NewRectangle(color.Transparent)}
	f.ExtendBaseWidget(f)
	return f
}

// SetColor changes the colour.
func (f *Fill) SetColor(name fyne.ThemeColorName) {
	f.name = name
	f.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (f *Fill) CreateRenderer() fyne.WidgetRenderer {
	f.paint()
	return &fillRenderer{f}
}

func (f *Fill) paint() {
	f.rect.FillColor = theme.Color(f.name)
	f.rect.CornerRadius = f.radius
	if f.border != "" {
		f.rect.StrokeColor, f.rect.StrokeWidth = theme.Color(f.border), 1
	}
}

type fillRenderer struct{ f *Fill }

func (r *fillRenderer) Destroy()                     {}
func (r *fillRenderer) Layout(s fyne.Size)           { r.f.rect.Resize(s) }
func (r *fillRenderer) MinSize() fyne.Size           { return fyne.Size{} }
func (r *fillRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.f.rect} }
func (r *fillRenderer) Refresh() {
	r.f.paint()
	r.f.rect.Refresh()
}

// Panel frames content without a margin.
func Panel(content fyne.CanvasObject) fyne.CanvasObject {
	edge := newFill(theme.Surface, theme.Border, theme.Radius)
	return container.NewStack(edge, Inset(content, 1, 1, 1, 1))
}

// Card frames content under a title.
func Card(title string, content ...fyne.CanvasObject) fyne.CanvasObject {
	box := container.New(&Column{Gap: theme.Gap}, content...)
	if title != "" {
		box.Objects = append([]fyne.CanvasObject{Title(title)}, box.Objects...)
	}
	return container.NewStack(newFill(theme.Surface, theme.Border, theme.Radius), Inset(box, 16, 14, 16, 16))
}

// Inset adds a margin.
func Inset(o fyne.CanvasObject, left, top, right, bottom float32) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(top, bottom, left, right), o)
}

// Column is a layout of objects below each other, with a gap between those that are
// visible.
type Column struct {
	Gap  float32
	Fill bool // the last object gets the remaining height
}

// Layout implements fyne.Layout.
func (c *Column) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	y := float32(0)
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		o.Resize(fyne.NewSize(s.Width, o.MinSize().Height))
		h := o.MinSize().Height // text that wraps is higher once its width is known
		if c.Fill && i == len(objects)-1 {
			h = max(h, s.Height-y)
		}
		o.Move(fyne.NewPos(0, y))
		o.Resize(fyne.NewSize(s.Width, h))
		y += h + c.Gap
	}
}

// MinSize implements fyne.Layout.
func (c *Column) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var s fyne.Size
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		if s.Height > 0 {
			s.Height += c.Gap
		}
		m := o.MinSize()
		s.Height += m.Height
		s.Width = max(s.Width, m.Width)
	}
	return s
}

// Frame frames content with the margins of a card, at the full height.
func Frame(content fyne.CanvasObject) fyne.CanvasObject {
	return container.NewStack(newFill(theme.Surface, theme.Border, theme.Radius), Inset(content, 16, 14, 16, 16))
}

// NewBanner returns the background of a result.
func NewBanner() *Fill { return newFill(theme.SuccessBackground, "", theme.Radius) }
