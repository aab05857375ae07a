package files

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/model"
	"glassmaster/ui/theme"
)

// header shows the titles of the columns. A click sorts by a column.
type header struct {
	widget.BaseWidget
	onSort func(model.Column)
	rule   *canvas.Rectangle
	cells  [4]*cell
	arrow  *canvas.Image
	order  model.Order
	cols   []column
}

func newHeader(onSort func(model.Column)) *header {
	h := &header{
		onSort: onSort, cols: fileColumns,
		rule:  canvas.NewRectangle(color.Transparent),
		arrow: canvas.NewImageFromResource(theme.Tint(theme.DownIcon, theme.Muted)),
	}
	for i := range h.cells {
		h.cells[i] = newCell(fyne.TextAlignLeading)
	}
	h.ExtendBaseWidget(h)
	return h
}

func (h *header) show(o model.Order, cols []column) {
	h.order, h.cols = o, cols
	h.Refresh()
}

// Tapped implements fyne.Tappable.
func (h *header) Tapped(e *fyne.PointEvent) {
	defer model.CatchPanic()
	if c, ok := columnAt(h.cols, h.Size().Width, e.Position.X); ok && c.sorts {
		h.onSort(c.by)
	}
}

// CreateRenderer implements fyne.Widget.
func (h *header) CreateRenderer() fyne.WidgetRenderer { return &headerRenderer{h} }

type headerRenderer struct{ h *header }

func (r *headerRenderer) Destroy()           {}
func (r *headerRenderer) MinSize() fyne.Size { return fyne.NewSize(40, theme.RowHeight+2) }

func (r *headerRenderer) Objects() []fyne.CanvasObject {
	o := []fyne.CanvasObject{r.h.rule, r.h.arrow}
	for _, c := range r.h.cells {
		o = append(o, c.Text)
	}
	return o
}

func (r *headerRenderer) Refresh() {
	h := r.h
	h.rule.FillColor = theme.Color(theme.Border)
	h.rule.Refresh()
	icon := theme.Tint(theme.DownIcon, theme.Muted)
	if !h.order.Descending {
		icon = theme.Tint(theme.UpIcon, theme.Muted)
	}
	h.arrow.Resource = icon
	h.arrow.Refresh()
	for i, c := range h.cols {
		name := theme.Muted
		if c.sorts && c.by == h.order.Column {
			name = theme.Foreground
		}
		h.cells[i].TextStyle = fyne.TextStyle{}
		h.cells[i].set(c.title, name)
		h.cells[i].TextSize = theme.Size(theme.CaptionSize)
	}
	r.Layout(h.Size())
}

func (r *headerRenderer) Layout(s fyne.Size) {
	h := r.h
	h.rule.Move(fyne.NewPos(0, s.Height-1))
	h.rule.Resize(fyne.NewSize(s.Width, 1))
	h.arrow.Hide()
	cols := h.cols
	for i, sp := range spans(cols, s.Width) {
		h.cells[i].Alignment = cols[i].align
		h.cells[i].place(sp.x, sp.width, s.Height-1)
		if !cols[i].sorts || cols[i].by != h.order.Column || sp.width == 0 {
			continue
		}
		w := fyne.MeasureText(h.cells[i].Text.Text, h.cells[i].TextSize, h.cells[i].TextStyle).Width
		x := sp.x + w + 2
		if cols[i].align == fyne.TextAlignTrailing {
			x = sp.x + sp.width
		}
		h.arrow.Move(fyne.NewPos(x, (s.Height-14)/2))
		h.arrow.Resize(fyne.NewSquareSize(14))
		h.arrow.Show()
	}
}

// nameEditor is the field over a row while a file is renamed.
type nameEditor struct {
	widget.Entry
	onDone func(string)
	onQuit func()
	before string
}

func newNameEditor() *nameEditor {
	e := &nameEditor{}
	e.ExtendBaseWidget(e)
	e.OnSubmitted = func(string) { e.finish(true) }
	return e
}

func (e *nameEditor) begin(c fyne.Canvas, name string, at fyne.Position, s fyne.Size, done func(string), quit func()) {
	e.before, e.onDone, e.onQuit = name, done, quit
	e.SetText(name)
	e.Move(at)
	e.Resize(s)
	e.Show()
	if c != nil {
		c.Focus(e)
	}
	e.CursorColumn = len([]rune(name))
	e.TypedShortcut(&fyne.ShortcutSelectAll{})
}

// finish closes the editor. If keep is set, a changed name is applied.
func (e *nameEditor) finish(keep bool) {
	done, quit := e.onDone, e.onQuit
	if done == nil {
		return
	}
	e.onDone, e.onQuit = nil, nil
	e.Hide()
	if keep && e.Text != e.before {
		done(e.Text)
		return
	}
	quit()
}

// TypedKey implements fyne.Focusable.
func (e *nameEditor) TypedKey(k *fyne.KeyEvent) {
	if k.Name == fyne.KeyEscape {
		e.finish(false)
		return
	}
	e.Entry.TypedKey(k)
}

// FocusLost implements fyne.Focusable.
func (e *nameEditor) FocusLost() {
	e.Entry.FocusLost()
	if e.onDone == nil {
		return
	}
	e.onQuit = func() {} // another widget has the focus now
	e.finish(true)
}
