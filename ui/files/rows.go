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

// doubleClick is the longest time between the two presses of a double click. Fyne's
// own double tap would delay single clicks by as much.
const doubleClick = 400 * time.Millisecond

// pressEvent is a press of a mouse button on a row.
type pressEvent struct {
	Row    int
	X      float32 // from the left edge of the row
	Extend bool    // shift
	Toggle bool    // control
	Menu   bool    // the secondary button
	Double bool    // the second of two
	At     fyne.Position
}

// rowList is a virtual list of rows of one height that can have the keyboard focus.
// Its owner sets the callbacks that fill the rows and handle input.
type rowList struct {
	widget.BaseWidget

	Length    func() int
	NewRow    func() rowContent
	Update    func(row int, c rowContent)
	OnPress   func(pressEvent)
	OnRelease func(pressEvent)                // a press ended without a drag
	OnDrag    func(row int, at fyne.Position) // the pointer moved to an absolute position
	OnDropped func(row int, at fyne.Position) // and the button was released
	OnKey     func(k fyne.KeyName, shift bool) bool
	OnRune    func(r rune)
	OnCommand func(fyne.Shortcut) bool

	list      *widget.List
	focused   bool
	shift     bool
	pressed   int // the row where the button was pressed; -1: none
	dragging  bool
	lastRow   int
	lastPress time.Time
	now       func() time.Time
}

var (
	_ fyne.Focusable    = (*rowList)(nil)
	_ fyne.Shortcutable = (*rowList)(nil)
	_ desktop.Keyable   = (*rowList)(nil)
	_ desktop.Mouseable = (*rowList)(nil)
)

// newRowList returns an empty list.
func newRowList() *rowList {
	r := &rowList{now: time.Now, lastRow: -1, pressed: -1}
	r.ExtendBaseWidget(r)
	r.list = widget.NewList(func() int {
		if r.Length == nil {
			return 0
		}
		return r.Length()
	}, func() fyne.CanvasObject {
		return newRow(r)
	}, func(i int, o fyne.CanvasObject) {
		defer model.CatchPanic()
		l := o.(*rowWidget)
		l.row = i
		if i < r.Length() { // the data may have shrunk since the list was laid out
			r.Update(i, l.content)
		}
	})
	r.list.HideSeparators = true
	return r
}

// CreateRenderer implements fyne.Widget.
func (r *rowList) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewThemeOverride(r.list, theme.ListTheme{}))
}

// MinSize implements fyne.CanvasObject.
func (r *rowList) MinSize() fyne.Size { return fyne.NewSize(80, theme.RowHeight*2) }

// Reload redraws all visible rows.
func (r *rowList) Reload() { r.list.Refresh() }

// Reveal scrolls until a row is visible.
func (r *rowList) Reveal(row int) {
	if row < 0 || row >= r.Length() || r.list.Size().Height <= 0 {
		return
	}
	r.list.ScrollTo(row)
}

// Focused reports whether the list has the keyboard focus.
func (r *rowList) Focused() bool { return r.focused }

// RowAt returns the row at an absolute position, -1 below the last one, and
// whether the position is inside the list at all.
func (r *rowList) RowAt(at fyne.Position) (int, bool) {
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

// RowTop returns the distance of a row from the top of the list.
func (r *rowList) RowTop(row int) float32 {
	return float32(row)*theme.RowHeight - r.list.GetScrollOffset()
}

// PageRows returns how many rows are visible at once.
func (r *rowList) PageRows() int { return max(int(r.Size().Height/theme.RowHeight)-1, 1) }

// FocusGained implements fyne.Focusable.
func (r *rowList) FocusGained() {
	r.focused = true
	r.Reload()
}

// FocusLost implements fyne.Focusable.
func (r *rowList) FocusLost() {
	r.focused, r.shift = false, false
	if !r.dragging {
		r.pressed = -1
	}
	r.Reload()
}

// TypedRune implements fyne.Focusable.
func (r *rowList) TypedRune(c rune) {
	defer model.CatchPanic()
	if r.OnRune != nil {
		r.OnRune(c)
	}
}

// TypedKey implements fyne.Focusable.
func (r *rowList) TypedKey(e *fyne.KeyEvent) {
	defer model.CatchPanic()
	if r.OnKey != nil {
		r.OnKey(e.Name, r.shift)
	}
}

// TypedShortcut implements fyne.Shortcutable.
func (r *rowList) TypedShortcut(s fyne.Shortcut) {
	defer model.CatchPanic()
	if r.OnCommand == nil || !r.OnCommand(s) {
		widgets.ToWindow(r, s)
	}
}

// KeyDown implements desktop.Keyable: TypedKey does not say whether Shift is held.
func (r *rowList) KeyDown(e *fyne.KeyEvent) { r.holdShift(e, true) }

// KeyUp implements desktop.Keyable.
func (r *rowList) KeyUp(e *fyne.KeyEvent) { r.holdShift(e, false) }

func (r *rowList) holdShift(e *fyne.KeyEvent, down bool) {
	if e.Name == desktop.KeyShiftLeft || e.Name == desktop.KeyShiftRight {
		r.shift = down
	}
}

// MouseDown implements desktop.Mouseable. The button was pressed below the last row:
// a drag that begins there drags nothing.
func (r *rowList) MouseDown(*desktop.MouseEvent) { r.pressed = -1 }

// MouseUp implements desktop.Mouseable.
func (r *rowList) MouseUp(*desktop.MouseEvent) {}

// Tapped implements fyne.Tappable. A click below the last row clears the selection.
func (r *rowList) Tapped(*fyne.PointEvent) {
	defer model.CatchPanic()
	r.press(pressEvent{Row: -1})
}

// TappedSecondary implements fyne.SecondaryTappable. It opens the menu of the folder
// that is shown.
func (r *rowList) TappedSecondary(e *fyne.PointEvent) {
	defer model.CatchPanic()
	r.press(pressEvent{Row: -1, Menu: true, At: e.AbsolutePosition})
}

func (r *rowList) press(p pressEvent) {
	r.Focus()
	now := r.now()
	p.Double = !p.Menu && p.Row >= 0 && p.Row == r.lastRow && now.Sub(r.lastPress) < doubleClick
	r.lastRow, r.lastPress = p.Row, now
	if p.Double {
		r.lastRow = -1 // a third press is not a second double click
	}
	if r.OnPress != nil {
		r.OnPress(p)
	}
}

// Focus gives the list the keyboard focus.
func (r *rowList) Focus() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(r); c != nil {
		c.Focus(r)
	}
}
