package files

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// breadcrumbs shows the path of a folder, from the root, or the last folders of it if
// there is no room for all.
type breadcrumbs struct {
	widget.BaseWidget
	OnOpen func(i int) // folder i of the path was clicked

	dots  *widgets.Text // shown in place of the first folders
	parts []*breadcrumb
	seps  []*widgets.Text
	said  *widgets.Text // shown in place of the path
}

// newBreadcrumbs returns an empty path.
func newBreadcrumbs() *breadcrumbs {
	c := &breadcrumbs{dots: widgets.Muted("… ›"), said: widgets.NewText("")}
	c.ExtendBaseWidget(c)
	return c
}

// Set shows a path.
func (c *breadcrumbs) Set(names []string) {
	c.said.Set("")
	if slices.EqualFunc(c.parts, names, func(p *breadcrumb, name string) bool { return p.text.String() == name }) {
		return
	}
	c.parts, c.seps = nil, nil
	for i, name := range names {
		c.parts = append(c.parts, newBreadcrumb(name, func() { c.OnOpen(i) }))
		c.seps = append(c.seps, widgets.Muted("›"))
	}
	c.Refresh()
}

// Say shows a text in place of the path.
func (c *breadcrumbs) Say(text string) {
	c.parts, c.seps = nil, nil
	c.said.Set(text)
	c.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (c *breadcrumbs) CreateRenderer() fyne.WidgetRenderer { return &breadcrumbsRenderer{c} }

type breadcrumbsRenderer struct{ c *breadcrumbs }

func (r *breadcrumbsRenderer) Destroy()           {}
func (r *breadcrumbsRenderer) MinSize() fyne.Size { return fyne.NewSize(80, theme.RowHeight) }

func (r *breadcrumbsRenderer) Objects() []fyne.CanvasObject {
	o := []fyne.CanvasObject{r.c.dots, r.c.said}
	for i := range r.c.parts {
		o = append(o, r.c.parts[i], r.c.seps[i])
	}
	return o
}

func (r *breadcrumbsRenderer) Refresh() {
	r.Layout(r.c.Size())
	canvas.Refresh(r.c)
}

// breadcrumbGap is the gap beside a separator.
const breadcrumbGap float32 = 2

// Layout lays out as many of the last folders as fit, at least one.
func (r *breadcrumbsRenderer) Layout(s fyne.Size) {
	c := r.c
	middle := func(o fyne.CanvasObject, x, w float32) {
		h := o.MinSize().Height
		o.Move(fyne.NewPos(x, (s.Height-h)/2))
		o.Resize(fyne.NewSize(w, h))
	}
	middle(c.said, theme.Gap, max(s.Width-theme.Gap, 0))
	sep := widgets.Muted("›").Natural() + 2*breadcrumbGap
	dots := c.dots.Natural() + 2*breadcrumbGap
	first, room := 0, s.Width
	for i := len(c.parts) - 1; i >= 0; i-- {
		w := c.parts[i].natural() + sep
		before := float32(0)
		if i > 0 {
			before = dots
		}
		if i < len(c.parts)-1 && w+before > room {
			first = i + 1
			break
		}
		room -= w
	}
	widgets.SetVisible(c.dots, first > 0)
	x := float32(0)
	if first > 0 {
		middle(c.dots, breadcrumbGap, c.dots.Natural())
		x = dots
	}
	for i, p := range c.parts {
		widgets.SetVisible(p, i >= first)
		widgets.SetVisible(c.seps[i], i >= first && i < len(c.parts)-1)
		if i < first {
			continue
		}
		w := min(p.natural(), max(s.Width-x, 0))
		p.Move(fyne.NewPos(x, (s.Height-theme.RowHeight)/2))
		p.Resize(fyne.NewSize(w, theme.RowHeight))
		middle(c.seps[i], x+w+breadcrumbGap, c.seps[i].Natural())
		x += w + sep
	}
}

// breadcrumb is one folder of the path.
type breadcrumb struct {
	widget.BaseWidget
	tapped func()
	text   *widgets.Text
	back   *canvas.Rectangle
}

var _ desktop.Hoverable = (*breadcrumb)(nil)

func newBreadcrumb(name string, tapped func()) *breadcrumb {
	c := &breadcrumb{tapped: tapped, text: widgets.NewText(name).Bold(), back: canvas.NewRectangle(color.Transparent)}
	c.back.CornerRadius = 4
	c.ExtendBaseWidget(c)
	return c
}

func (c *breadcrumb) natural() float32 { return min(c.text.Natural(), 260) + 2*theme.Gap }

// Tapped implements fyne.Tappable.
func (c *breadcrumb) Tapped(*fyne.PointEvent) {
	defer model.CatchPanic()
	c.tapped()
}

// MouseIn implements desktop.Hoverable.
func (c *breadcrumb) MouseIn(*desktop.MouseEvent) { c.paint(theme.Color(theme.Hover)) }

// MouseMoved implements desktop.Hoverable.
func (c *breadcrumb) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (c *breadcrumb) MouseOut() { c.paint(color.Transparent) }

func (c *breadcrumb) paint(x color.Color) {
	c.back.FillColor = x
	c.back.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (c *breadcrumb) CreateRenderer() fyne.WidgetRenderer { return &breadcrumbRenderer{c} }

type breadcrumbRenderer struct{ c *breadcrumb }

func (r *breadcrumbRenderer) Destroy()           {}
func (r *breadcrumbRenderer) MinSize() fyne.Size { return fyne.NewSize(20, theme.RowHeight) }
func (r *breadcrumbRenderer) Refresh()           { r.c.text.Refresh() }

func (r *breadcrumbRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.c.back, r.c.text}
}

func (r *breadcrumbRenderer) Layout(s fyne.Size) {
	r.c.back.Resize(s)
	h := r.c.text.MinSize().Height
	r.c.text.Move(fyne.NewPos(theme.Gap, (s.Height-h)/2))
	r.c.text.Resize(fyne.NewSize(max(s.Width-2*theme.Gap, 0), h))
}
