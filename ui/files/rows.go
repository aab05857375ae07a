// Package widgets is the parts of the window that Fyne does not bring along: a
// list with multiple selection and dragging, an outline of folders, a capacity
// bar, a graph, tips.
package files

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/model"
	"glassmaster/ui/theme"

	"glassmaster/ui/widgets"
)

// doubleClick is how close two presses are that make a double click. Fyne's own
// double tap holds back the first one for as long.
const doubleClick = 400 * time.Millisecond

// Press is a press of a mouse button on a row.
type Press struct {
	Row    int
	X      float32 // from the left edge of the row
	Extend bool    // shift
	Toggle bool    // control
	Menu   bool    // the secondary button
	Double bool    // the second of two
	At     fyne.Position
}

// Rows is a focusable, virtual list of lines of one height. It knows nothing of
// what is in them: whoever owns it sets its callbacks.
type Rows struct {
	widget.BaseWidget

	Length    func() int
	NewLine   func() Content
	Update    func(row int, c Content)
	OnPress   func(Press)
	OnRelease func(Press)                     // without a drag in between
	OnDrag    func(row int, at fyne.Position) // the pointer has moved, absolute
	OnDropped func(row int, at fyne.Position) // and was let go
	OnKey     func(k fyne.KeyName, shift bool) bool
	OnRune    func(r rune)
	OnCommand func(fyne.Shortcut) bool
	OnFocus   func()

	list      *widget.List
	focused   bool
	shift     bool
	pressed   int // the row where the button was pressed, -1 when that was on none
	dragging  bool
	lastRow   int
	lastPress time.Time
	now       func() time.Time
}

var (
	_ fyne.Focusable    = (*Rows)(nil)
	_ fyne.Shortcutable = (*Rows)(nil)
	_ desktop.Keyable   = (*Rows)(nil)
	_ desktop.Mouseable = (*Rows)(nil)
)

// NewRows returns an empty list.
func NewRows() *Rows {
	r := &Rows{now: time.Now, lastRow: -1, pressed: -1}
	r.ExtendBaseWidget(r)
	r.list = widget.NewList(func() int {
		if r.Length == nil {
			return 0
		}
		return r.Length()
	}, func() fyne.CanvasObject {
		return newLine(r)
	}, func(i int, o fyne.CanvasObject) {
		defer model.Guard()
		l := o.(*line)
		l.row = i
		if i < r.Length() { // the data may have shrunk since the list was laid out
			r.Update(i, l.content)
		}
	})
	r.list.HideSeparators = true
	return r
}

// CreateRenderer implements fyne.Widget.
func (r *Rows) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewThemeOverride(r.list, theme.ListTheme{}))
}

// MinSize implements fyne.CanvasObject.
func (r *Rows) MinSize() fyne.Size { return fyne.NewSize(80, theme.RowHeight*2) }

// Reload draws all visible rows again.
func (r *Rows) Reload() { r.list.Refresh() }

// Reveal scrolls until a row can be seen.
func (r *Rows) Reveal(row int) {
	if row < 0 || row >= r.Length() || r.list.Size().Height <= 0 {
		return
	}
	r.list.ScrollTo(row)
}

// Focused reports whether the keyboard speaks to this list.
func (r *Rows) Focused() bool { return r.focused }

// RowAt returns the row at an absolute position, -1 below the last one, and
// whether the position is inside the list at all.
func (r *Rows) RowAt(at fyne.Position) (int, bool) {
	p := at.Subtract(fyne.CurrentApp().Driver().AbsolutePositionForObject(r))
	s := r.Size()
	if p.X < 0 || p.Y < 0 || p.X >= s.Width || p.Y >= s.Height {
		return -1, false
	}
	row := int((p.Y + r.list.GetScrollOffset()) / theme.RowHeight)
	if row >= r.Length() {
		return -1, true
	}
	return row, true
}

// RowTop returns where a row begins, from the top of the list.
func (r *Rows) RowTop(row int) float32 {
	return float32(row)*theme.RowHeight - r.list.GetScrollOffset()
}

// PageRows returns how many rows can be seen at once.
func (r *Rows) PageRows() int { return max(int(r.Size().Height/theme.RowHeight)-1, 1) }

// FocusGained implements fyne.Focusable.
func (r *Rows) FocusGained() {
	r.focused = true
	if r.OnFocus != nil {
		r.OnFocus()
	}
	r.Reload()
}

// FocusLost implements fyne.Focusable.
func (r *Rows) FocusLost() {
	r.focused, r.shift = false, false
	if !r.dragging {
		r.pressed = -1
	}
	r.Reload()
}

// TypedRune implements fyne.Focusable.
func (r *Rows) TypedRune(c rune) {
	defer model.Guard()
	if r.OnRune != nil {
		r.OnRune(c)
	}
}

// TypedKey implements fyne.Focusable.
func (r *Rows) TypedKey(e *fyne.KeyEvent) {
	defer model.Guard()
	if r.OnKey != nil {
		r.OnKey(e.Name, r.shift)
	}
}

// TypedShortcut implements fyne.Shortcutable.
func (r *Rows) TypedShortcut(s fyne.Shortcut) {
	defer model.Guard()
	if r.OnCommand == nil || !r.OnCommand(s) {
		widgets.ToWindow(r, s)
	}
}

// KeyDown implements desktop.Keyable: shift is not told along with a key.
func (r *Rows) KeyDown(e *fyne.KeyEvent) { r.holdShift(e, true) }

// KeyUp implements desktop.Keyable.
func (r *Rows) KeyUp(e *fyne.KeyEvent) { r.holdShift(e, false) }

func (r *Rows) holdShift(e *fyne.KeyEvent, down bool) {
	if e.Name == desktop.KeyShiftLeft || e.Name == desktop.KeyShiftRight {
		r.shift = down
	}
}

// MouseDown implements desktop.Mouseable: the button was pressed below the last
// row, and a drag that begins there drags nothing.
func (r *Rows) MouseDown(*desktop.MouseEvent) { r.pressed = -1 }

// MouseUp implements desktop.Mouseable.
func (r *Rows) MouseUp(*desktop.MouseEvent) {}

// Tapped takes a click below the last row, so that it clears the selection.
func (r *Rows) Tapped(*fyne.PointEvent) {
	defer model.Guard()
	r.press(Press{Row: -1})
}

// TappedSecondary opens the menu of the folder itself.
func (r *Rows) TappedSecondary(e *fyne.PointEvent) {
	defer model.Guard()
	r.press(Press{Row: -1, Menu: true, At: e.AbsolutePosition})
}

func (r *Rows) press(p Press) {
	r.Focus()
	now := r.now()
	p.Double = !p.Menu && p.Row >= 0 && p.Row == r.lastRow && now.Sub(r.lastPress) < doubleClick
	r.lastRow, r.lastPress = p.Row, now
	if p.Double {
		r.lastRow = -1 // a third press is not another double
	}
	if r.OnPress != nil {
		r.OnPress(p)
	}
}

// Focus has the keyboard speak to this list.
func (r *Rows) Focus() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(r); c != nil {
		c.Focus(r)
	}
}
