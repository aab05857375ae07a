package files

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/model"
	"glassmaster/ui/theme"

	"glassmaster/ui/widgets"
)

// Content is what a line of a list shows: primitives and how they lie.
type Content interface {
	Objects() []fyne.CanvasObject
	Layout(fyne.Size)
}

// Mark says how a line is lit.
type Mark uint8

// Marks of a line.
const (
	Plain  Mark = iota
	Chosen      // selected, in a list with the keyboard
	Faint       // selected, in a list without it
	Target      // what is dragged would fall into it
)

// line is one row: a background, and the content over it.
type line struct {
	widget.BaseWidget
	rows    *Rows
	row     int
	content Content
	lastAt  fyne.Position
}

var (
	_ desktop.Mouseable = (*line)(nil)
	_ fyne.Draggable    = (*line)(nil)
)

func newLine(r *Rows) *line {
	l := &line{rows: r, content: r.NewLine()}
	l.ExtendBaseWidget(l)
	return l
}

// MouseDown implements desktop.Mouseable; unlike Tapped it knows the keys that
// are held.
func (l *line) MouseDown(e *desktop.MouseEvent) {
	defer model.Guard()
	l.rows.pressed = -1
	if e.Button == desktop.MouseButtonPrimary {
		l.rows.pressed = l.row
	}
	l.rows.press(l.pressOf(e))
}

// MouseUp implements desktop.Mouseable.
func (l *line) MouseUp(e *desktop.MouseEvent) {
	defer model.Guard()
	if l.rows.dragging {
		return
	}
	l.rows.pressed = -1
	if l.rows.OnRelease != nil {
		l.rows.OnRelease(l.pressOf(e))
	}
}

func (l *line) pressOf(e *desktop.MouseEvent) Press {
	return Press{
		Row: l.row, X: e.Position.X, At: e.AbsolutePosition,
		Extend: e.Modifier&fyne.KeyModifierShift != 0,
		Toggle: e.Modifier&fyne.KeyModifierShortcutDefault != 0,
		Menu:   e.Button == desktop.MouseButtonSecondary,
	}
}

// Dragged implements fyne.Draggable. The row that is told of a drag is the first
// that the pointer comes across, wherever the button was pressed: what is dragged
// is the row where that was, and nothing when it was on none.
func (l *line) Dragged(e *fyne.DragEvent) {
	defer model.Guard()
	if l.rows.pressed < 0 {
		return
	}
	l.rows.dragging, l.lastAt = true, e.AbsolutePosition
	if l.rows.OnDrag != nil {
		l.rows.OnDrag(l.rows.pressed, e.AbsolutePosition)
	}
}

// DragEnd implements fyne.Draggable.
func (l *line) DragEnd() {
	defer model.Guard()
	row, dragging := l.rows.pressed, l.rows.dragging
	l.rows.pressed, l.rows.dragging = -1, false
	if dragging && l.rows.OnDropped != nil {
		l.rows.OnDropped(row, l.lastAt)
	}
}

// CreateRenderer implements fyne.Widget.
func (l *line) CreateRenderer() fyne.WidgetRenderer {
	return &lineRenderer{l}
}

type lineRenderer struct{ l *line }

func (r *lineRenderer) Destroy()                     {}
func (r *lineRenderer) Layout(s fyne.Size)           { r.l.content.Layout(s) }
func (r *lineRenderer) MinSize() fyne.Size           { return fyne.NewSize(40, theme.RowHeight) }
func (r *lineRenderer) Objects() []fyne.CanvasObject { return r.l.content.Objects() }
func (r *lineRenderer) Refresh()                     { r.l.content.Layout(r.l.Size()) }

// background is the lit part of a line.
type background struct{ rect *canvas.Rectangle }

func newBackground() background {
	b := background{canvas.NewRectangle(color.Transparent)}
	b.rect.CornerRadius = 4
	return b
}

func (b background) layout(s fyne.Size) {
	b.rect.Move(fyne.NewPos(4, 1))
	b.rect.Resize(fyne.NewSize(max(s.Width-8, 0), s.Height-2))
}

func (b background) mark(m Mark) {
	fill, stroke, width := color.Color(color.Transparent), color.Color(color.Transparent), float32(0)
	switch m {
	case Chosen:
		fill = theme.Color(theme.Selection)
	case Faint:
		fill = theme.Color(theme.InactiveSelection)
	case Target:
		fill = theme.Color(theme.Selection)
		stroke, width = theme.Color(theme.Primary), 1.5
	}
	b.rect.FillColor, b.rect.StrokeColor, b.rect.StrokeWidth = fill, stroke, width
	b.rect.Refresh()
}

// cell is a text of one line that is cut to its room with an ellipsis.
type cell struct {
	*canvas.Text
	full string
}

func newCell(align fyne.TextAlign) *cell {
	t := canvas.NewText("", color.Black)
	t.Alignment = align
	return &cell{Text: t}
}

// set changes text and colour; the text is cut when the cell is placed.
func (c *cell) set(text string, name fyne.ThemeColorName) {
	c.full = text
	c.Color = theme.Color(name)
	c.TextSize = theme.Size(theme.BodySize)
}

// place gives the cell its room, and draws it.
func (c *cell) place(x, width, height float32) {
	c.Text.Text = widgets.Fit(c.full, max(width, 0), c.TextSize, c.TextStyle)
	h := fyne.MeasureText("Mg", c.TextSize, c.TextStyle).Height
	c.Move(fyne.NewPos(x, (height-h)/2))
	c.Resize(fyne.NewSize(max(width, 0), h))
	c.Refresh()
}
