package widgets

import (
	"image/color"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/model"
	"glassmaster/ui/theme"
)

// Option is one of the rows of Choices.
type Option struct {
	Title   string
	Detail  string // below it; may be empty
	Caution string // below that, in the colour of a warning; may be empty
	Why     string // why it cannot be chosen; empty: it can
}

// Choices are options below each other, one of which is chosen. The arrow keys and Space
// choose, too. More than fit on a sheet scroll, so that the one with the focus is seen.
type Choices struct {
	*fyne.Container
	// Reveal is called with the position and the height of an option that is to be seen. May
	// be nil.
	Reveal  func(top, height float32)
	options []Option
	rows    []*optionRow
	chosen  int
}

// NewChoices returns a list of options. chosen is the index of the one that is chosen; -1:
// none.
func NewChoices(chosen int, options ...Option) *Choices {
	c := &Choices{Container: container.New(&Column{Gap: 2}), options: options, chosen: -1}
	for i, o := range options {
		row := newOptionRow(o, func() { c.Choose(i) }, func(by int) { c.move(i, by) })
		row.reveal = func() { c.reveal(row) }
		c.rows = append(c.rows, row)
		c.Add(row)
	}
	c.Choose(chosen)
	return c
}

// Chosen returns the index of the chosen option; -1: none.
func (c *Choices) Chosen() int { return c.chosen }

// Choose chooses an option, unless it cannot be chosen.
func (c *Choices) Choose(i int) {
	if i >= 0 && i < len(c.options) && c.options[i].Why != "" {
		return
	}
	c.chosen = i
	for k, row := range c.rows {
		row.mark(k == i)
	}
}

// move chooses the next option that can be chosen in a direction, and gives it the focus.
func (c *Choices) move(from, by int) {
	for i := from + by; i >= 0 && i < len(c.options); i += by {
		if c.options[i].Why == "" {
			c.Choose(i)
			c.Focus(fyne.CurrentApp().Driver().CanvasForObject(c.rows[from]))
			return
		}
	}
}

// Focus gives the focus to the chosen option, or to the first one that can be chosen, and
// reveals it. The driver does not know the canvas of what was not drawn yet.
func (c *Choices) Focus(canvas fyne.Canvas) {
	at := c.chosen
	if at < 0 {
		at = slices.IndexFunc(c.options, func(o Option) bool { return o.Why == "" })
	}
	if at < 0 {
		return
	}
	if canvas != nil {
		canvas.Focus(c.rows[at])
	}
	c.reveal(c.rows[at])
}

func (c *Choices) reveal(r *optionRow) {
	if c.Reveal != nil {
		c.Reveal(c.Position().Y+r.Position().Y, r.Size().Height)
	}
}

// optionRow is an option.
type optionRow struct {
	widget.BaseWidget
	allowed bool
	choose  func()
	move    func(by int)
	reveal  func()

	chosen, focused, hovered bool

	back *canvas.Rectangle
	ring *canvas.Circle
	dot  *canvas.Circle
	body *fyne.Container
}

var (
	_ desktop.Hoverable = (*optionRow)(nil)
	_ fyne.Focusable    = (*optionRow)(nil)
)

func newOptionRow(o Option, choose func(), move func(int)) *optionRow {
	r := &optionRow{allowed: o.Why == "", choose: choose, move: move}
	r.back = canvas.NewRectangle(color.Transparent)
	r.back.CornerRadius = theme.Radius
	r.ring, r.dot = canvas.NewCircle(color.Transparent), canvas.NewCircle(color.Transparent)
	lines := container.New(&Column{Gap: 2})
	add := func(text string, ink fyne.ThemeColorName) {
		if text != "" {
			lines.Add(NewText(text).Wrap().Color(ink))
		}
	}
	ink := theme.Foreground
	if o.Why != "" {
		ink = theme.Muted
	}
	add(o.Title, ink)
	add(o.Detail, theme.Muted)
	add(o.Caution, theme.Warning)
	add(model.Capital(o.Why), theme.Muted)
	r.body = Inset(lines, 32, 5, 8, 5)
	r.ExtendBaseWidget(r)
	return r
}

func (r *optionRow) mark(chosen bool) {
	r.chosen = chosen
	r.Refresh()
}

// Tapped implements fyne.Tappable.
func (r *optionRow) Tapped(*fyne.PointEvent) {
	defer model.CatchPanic()
	if r.allowed {
		r.choose()
	}
}

// FocusGained implements fyne.Focusable.
func (r *optionRow) FocusGained() {
	r.focused = true
	r.Refresh()
	r.reveal()
}

// FocusLost implements fyne.Focusable.
func (r *optionRow) FocusLost() { r.focused = false; r.Refresh() }

// TypedRune implements fyne.Focusable.
func (r *optionRow) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (r *optionRow) TypedKey(e *fyne.KeyEvent) {
	defer model.CatchPanic()
	switch e.Name {
	case fyne.KeySpace:
		r.Tapped(nil)
	case fyne.KeyUp:
		r.move(-1)
	case fyne.KeyDown:
		r.move(1)
	default:
		toSheet(r, e)
	}
}

// MouseIn implements desktop.Hoverable.
func (r *optionRow) MouseIn(*desktop.MouseEvent) { r.hovered = r.allowed; r.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (r *optionRow) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (r *optionRow) MouseOut() { r.hovered = false; r.Refresh() }

// CreateRenderer implements fyne.Widget.
func (r *optionRow) CreateRenderer() fyne.WidgetRenderer {
	x := &optionRenderer{r}
	x.paint()
	return x
}

type optionRenderer struct{ r *optionRow }

func (x *optionRenderer) Destroy()           {}
func (x *optionRenderer) MinSize() fyne.Size { return x.r.body.MinSize() }
func (x *optionRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{x.r.back, x.r.body, x.r.ring, x.r.dot}
}

func (x *optionRenderer) Layout(s fyne.Size) {
	r := x.r
	r.back.Resize(s)
	r.body.Resize(s)
	r.ring.Move(fyne.NewPos(9, 6))
	r.ring.Resize(fyne.NewSquareSize(14))
	r.dot.Move(fyne.NewPos(13, 10))
	r.dot.Resize(fyne.NewSquareSize(6))
}

func (x *optionRenderer) paint() {
	r := x.r
	r.back.FillColor = color.Transparent
	if r.hovered || r.focused {
		r.back.FillColor = theme.Color(theme.Hover)
	}
	edge := theme.InputBorder
	switch {
	case !r.allowed:
		edge = theme.Border
	case r.chosen || r.focused:
		edge = theme.Primary
	}
	r.ring.FillColor, r.ring.StrokeColor, r.ring.StrokeWidth = theme.Color(theme.Surface), theme.Color(edge), 1.5
	r.dot.FillColor = color.Transparent
	if r.chosen {
		r.dot.FillColor = theme.Color(theme.Primary)
	}
}

func (x *optionRenderer) Refresh() {
	x.paint()
	for _, o := range x.Objects() {
		o.Refresh()
	}
}
