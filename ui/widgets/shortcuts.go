package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/model"
)

// ToWindow passes a shortcut on to the window. Fyne gives all shortcuts to the focused
// widget, if it handles any.
func ToWindow(o fyne.CanvasObject, s fyne.Shortcut) {
	if c, ok := fyne.CurrentApp().Driver().CanvasForObject(o).(fyne.Shortcutable); ok {
		c.TypedShortcut(s)
	}
}

// Field is a text field of one line that passes the window's shortcuts on to the window.
type Field struct{ widget.Entry }

// NewField returns an empty field.
func NewField() *Field {
	f := &Field{}
	f.ExtendBaseWidget(f)
	return f
}

// TypedShortcut implements fyne.Shortcutable.
func (f *Field) TypedShortcut(s fyne.Shortcut) {
	if c, ok := s.(*desktop.CustomShortcut); ok && isLetter(c.KeyName) {
		ToWindow(f, s)
		return
	}
	f.Entry.TypedShortcut(s)
}

// isLetter distinguishes the keys of the window's shortcuts from those that move the
// cursor.
func isLetter(k fyne.KeyName) bool {
	return len(k) == 1 && (k[0] >= 'A' && k[0] <= 'Z' || k[0] >= '0' && k[0] <= '9')
}

// TypedKey implements fyne.Focusable.
func (f *Field) TypedKey(e *fyne.KeyEvent) {
	defer model.CatchPanic()
	if !toSheet(f, e) {
		f.Entry.TypedKey(e)
	}
}

// TypedRune implements fyne.Focusable.
func (f *Field) TypedRune(r rune) {
	defer model.CatchPanic()
	f.Entry.TypedRune(r)
}

// toSheet passes Enter and Escape on to the sheet that a widget is in, and reports whether
// there is one. Fyne gives all keys to the focused widget.
func toSheet(o fyne.CanvasObject, e *fyne.KeyEvent) bool {
	if e.Name != fyne.KeyReturn && e.Name != fyne.KeyEnter && e.Name != fyne.KeyEscape {
		return false
	}
	c := fyne.CurrentApp().Driver().CanvasForObject(o)
	if c == nil || c.OnTypedKey() == nil {
		return false
	}
	c.OnTypedKey()(e)
	return true
}

// Check is a check box that passes Enter and Escape on to the sheet.
type Check struct{ widget.Check }

// NewCheck returns a check box.
func NewCheck(text string, changed func(bool)) *Check {
	c := &Check{}
	c.Text, c.OnChanged = text, guarded(changed)
	c.ExtendBaseWidget(c)
	return c
}

// TypedKey implements fyne.Focusable.
func (c *Check) TypedKey(e *fyne.KeyEvent) {
	if !toSheet(c, e) {
		c.Check.TypedKey(e)
	}
}

// Select is a drop-down list that passes Enter and Escape on to the sheet.
type Select struct{ widget.Select }

// NewSelect returns a drop-down list.
func NewSelect(options []string, changed func(string)) *Select {
	s := &Select{}
	s.Options, s.OnChanged = options, guarded(changed)
	s.PlaceHolder = "(Select one)"
	s.ExtendBaseWidget(s)
	return s
}

// TypedKey implements fyne.Focusable.
func (s *Select) TypedKey(e *fyne.KeyEvent) {
	if !toSheet(s, e) {
		s.Select.TypedKey(e)
	}
}

// guarded reports a panic in a callback as a fault.
func guarded[T any](f func(T)) func(T) {
	if f == nil {
		return nil
	}
	return func(x T) {
		defer model.CatchPanic()
		f(x)
	}
}
