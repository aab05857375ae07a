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

// rowContent is the content of a row: canvas objects and their layout.
type rowContent interface {
	Objects() []fyne.CanvasObject
	Layout(fyne.Size)
}

// highlight is the background of a row.
type highlight uint8

// Backgrounds of a row.
const (
	highlightNone     highlight = iota
	highlightSelected           // selected, and the list has the focus
	highlightInactive           // selected, and the list does not have it
	highlightTarget             // what is dragged would be dropped into it
)

// rowWidget is the widget of a row.
type rowWidget struct {
	widget.BaseWidget
	rows    *rowList
	row     int
	content rowContent
	lastAt  fyne.Position
}

var (
	_ desktop.Mouseable = (*rowWidget)(nil)
	_ fyne.Draggable    = (*rowWidget)(nil)
)

func newRow(r *rowList) *rowWidget {
	l := &rowWidget{rows: r, content: r.NewRow()}
	l.ExtendBaseWidget(l)
	return l
}

// MouseDown implements desktop.Mouseable. Unlike Tapped it receives the modifier keys.
func (l *rowWidget) MouseDown(e *desktop.MouseEvent) {
	defer model.CatchPanic()
	l.rows.pressed = -1
	if e.Button == desktop.MouseButtonPrimary {
		l.rows.pressed = l.row
	}
	l.rows.press(l.pressOf(e))
}

// MouseUp implements desktop.Mouseable.
func (l *rowWidget) MouseUp(e *desktop.MouseEvent) {
	defer model.CatchPanic()
	if l.rows.dragging {
		return
	}
	l.rows.pressed = -1
	if l.rows.OnRelease != nil {
		l.rows.OnRelease(l.pressOf(e))
	}
}

func (l *rowWidget) pressOf(e *desktop.MouseEvent) pressEvent {
	return pressEvent{
		Row: l.row, X: e.Position.X, At: e.AbsolutePosition,
		Extend: e.Modifier&fyne.KeyModifierShift != 0,
		Toggle: e.Modifier&fyne.KeyModifierShortcutDefault != 0,
		Menu:   e.Button == desktop.MouseButtonSecondary,
	}
}

// Dragged implements fyne.Draggable. Fyne calls it on the first row that the pointer
// crosses, wherever the button was pressed: the row where it was pressed is dragged.
func (l *rowWidget) Dragged(e *fyne.DragEvent) {
	defer model.CatchPanic()
	if l.rows.pressed < 0 {
		return
	}
	l.rows.dragging, l.lastAt = true, e.AbsolutePosition
	if l.rows.OnDrag != nil {
		l.rows.OnDrag(l.rows.pressed, e.AbsolutePosition)
	}
}

// DragEnd implements fyne.Draggable.
func (l *rowWidget) DragEnd() {
	defer model.CatchPanic()
	row, dragging := l.rows.pressed, l.rows.dragging
	l.rows.pressed, l.rows.dragging = -1, false
	if dragging && l.rows.OnDropped != nil {
		l.rows.OnDropped(row, l.lastAt)
	}
}

// CreateRenderer implements fyne.Widget.
func (l *rowWidget) CreateRenderer() fyne.WidgetRenderer {
	return &rowRenderer{l}
}

type rowRenderer struct{ l *rowWidget }

func (r *rowRenderer) Destroy()                     {}
func (r *rowRenderer) Layout(s fyne.Size)           { r.l.content.Layout(s) }
func (r *rowRenderer) MinSize() fyne.Size           { return fyne.NewSize(40, theme.RowHeight) }
func (r *rowRenderer) Objects() []fyne.CanvasObject { return r.l.content.Objects() }
func (r *rowRenderer) Refresh()                     { r.l.content.Layout(r.l.Size()) }

// background draws the highlight of a row.
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

func (b background) mark(m highlight) {
	fill, stroke, width := color.Color(color.Transparent), color.Color(color.Transparent), float32(0)
	switch m {
	case highlightSelected:
		fill = theme.Color(theme.Selection)
	case highlightInactive:
		fill = theme.Color(theme.InactiveSelection)
	case highlightTarget:
		fill = theme.Color(theme.Selection)
		stroke, width = theme.Color(theme.Primary), 1.5
	}
	b.rect.FillColor, b.rect.StrokeColor, b.rect.StrokeWidth = fill, stroke, width
	b.rect.Refresh()
}

// cell is one line of text that is shortened with an ellipsis to fit its column.
type cell struct {
	*canvas.Text
	full string
}

func newCell(align fyne.TextAlign) *cell {
	t := canvas.NewText("", color.Black)
	t.Alignment = align
	return &cell{Text: t}
}

// set changes text and colour. The text is shortened when the cell is placed.
func (c *cell) set(text string, name fyne.ThemeColorName) {
	c.full = text
	c.Color = theme.Color(name)
	c.TextSize = theme.Size(theme.BodySize)
}

// place lays the cell out, and draws it.
func (c *cell) place(x, width, height float32) {
	c.Text.Text = widgets.Fit(c.full, max(width, 0), c.TextSize, c.TextStyle)
	h := fyne.MeasureText("Mg", c.TextSize, c.TextStyle).Height
	c.Move(fyne.NewPos(x, (height-h)/2))
	c.Resize(fyne.NewSize(max(width, 0), h))
	c.Refresh()
}
