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

// breadcrumbs shows where one is: the folders from the root to the one that is shown.
// Where there is no room for all of them the last ones are shown. It never asks
// for more room than it has, however long the names are.
type breadcrumbs struct {
	widget.BaseWidget
	OnOpen func(i int) // a folder was chosen

	dots  *widgets.Text // stands for folders that are not shown
	parts []*crumb
	seps  []*widgets.Text
	said  *widgets.Text // in place of the folders
}

// newBreadcrumbs returns an empty path.
func newBreadcrumbs() *breadcrumbs {
	c := &breadcrumbs{dots: widgets.Muted("… ›"), said: widgets.NewText("")}
	c.ExtendBaseWidget(c)
	return c
}

// Set shows folders.
func (c *breadcrumbs) Set(names []string) {
	c.said.Set("")
	if slices.EqualFunc(c.parts, names, func(p *crumb, name string) bool { return p.text.String() == name }) {
		return
	}
	c.parts, c.seps = nil, nil
	for i, name := range names {
		c.parts = append(c.parts, newCrumb(name, func() { c.OnOpen(i) }))
		c.seps = append(c.seps, widgets.Muted("›"))
	}
	c.Refresh()
}

// Say shows a text in their place.
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

// crumbGap is between a folder and the mark before the next.
const crumbGap float32 = 2

// Layout gives the last folder what it needs, up to all there is, and then those
// before it, as long as they fit.
func (r *breadcrumbsRenderer) Layout(s fyne.Size) {
	c := r.c
	middle := func(o fyne.CanvasObject, x, w float32) {
		h := o.MinSize().Height
		o.Move(fyne.NewPos(x, (s.Height-h)/2))
		o.Resize(fyne.NewSize(w, h))
	}
	middle(c.said, theme.Gap, max(s.Width-theme.Gap, 0))
	sep := widgets.Muted("›").Natural() + 2*crumbGap
	dots := c.dots.Natural() + 2*crumbGap
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
	setShown(c.dots, first > 0)
	x := float32(0)
	if first > 0 {
		middle(c.dots, crumbGap, c.dots.Natural())
		x = dots
	}
	for i, p := range c.parts {
		setShown(p, i >= first)
		setShown(c.seps[i], i >= first && i < len(c.parts)-1)
		if i < first {
			continue
		}
		w := min(p.natural(), max(s.Width-x, 0))
		p.Move(fyne.NewPos(x, (s.Height-theme.RowHeight)/2))
		p.Resize(fyne.NewSize(w, theme.RowHeight))
		middle(c.seps[i], x+w+crumbGap, c.seps[i].Natural())
		x += w + sep
	}
}

// setShown shows or hides something, without drawing it again for nothing.
func setShown(o fyne.CanvasObject, shown bool) {
	switch {
	case o.Visible() == shown:
	case shown:
		o.Show()
	default:
		o.Hide()
	}
}

// crumb is one folder of a path.
type crumb struct {
	widget.BaseWidget
	tapped func()
	text   *widgets.Text
	back   *canvas.Rectangle
}

var _ desktop.Hoverable = (*crumb)(nil)

func newCrumb(name string, tapped func()) *crumb {
	c := &crumb{tapped: tapped, text: widgets.NewText(name).Bold(), back: canvas.NewRectangle(color.Transparent)}
	c.back.CornerRadius = 4
	c.ExtendBaseWidget(c)
	return c
}

func (c *crumb) natural() float32 { return min(c.text.Natural(), 260) + 2*theme.Gap }

// Tapped implements fyne.Tappable.
func (c *crumb) Tapped(*fyne.PointEvent) {
	defer model.Guard()
	c.tapped()
}

// MouseIn implements desktop.Hoverable.
func (c *crumb) MouseIn(*desktop.MouseEvent) { c.paint(theme.Color(theme.Hover)) }

// MouseMoved implements desktop.Hoverable.
func (c *crumb) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (c *crumb) MouseOut() { c.paint(color.Transparent) }

func (c *crumb) paint(x color.Color) {
	c.back.FillColor = x
	c.back.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (c *crumb) CreateRenderer() fyne.WidgetRenderer { return &crumbRenderer{c} }

type crumbRenderer struct{ c *crumb }

func (r *crumbRenderer) Destroy()           {}
func (r *crumbRenderer) MinSize() fyne.Size { return fyne.NewSize(20, theme.RowHeight) }
func (r *crumbRenderer) Refresh()           { r.c.text.Refresh() }

func (r *crumbRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.c.back, r.c.text}
}

func (r *crumbRenderer) Layout(s fyne.Size) {
	r.c.back.Resize(s)
	h := r.c.text.MinSize().Height
	r.c.text.Move(fyne.NewPos(theme.Gap, (s.Height-h)/2))
	r.c.text.Resize(fyne.NewSize(max(s.Width-2*theme.Gap, 0), h))
}
