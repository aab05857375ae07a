package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/model"
)

// ToWindow hands a shortcut to the window: a focused widget that takes any
// shortcut is given all of them.
func ToWindow(o fyne.CanvasObject, s fyne.Shortcut) {
	if c, ok := fyne.CurrentApp().Driver().CanvasForObject(o).(fyne.Shortcutable); ok {
		c.TypedShortcut(s)
	}
}

// Field is a field for one line of text that leaves the window's shortcuts to
// the window.
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

// isLetter tells the keys of the window's shortcuts from those that move in a
// text.
func isLetter(k fyne.KeyName) bool {
	return len(k) == 1 && (k[0] >= 'A' && k[0] <= 'Z' || k[0] >= '0' && k[0] <= '9')
}

// TypedKey implements fyne.Focusable.
func (f *Field) TypedKey(e *fyne.KeyEvent) {
	defer model.Guard()
	if !toSheet(f, e) {
		f.Entry.TypedKey(e)
	}
}

// TypedRune implements fyne.Focusable.
func (f *Field) TypedRune(r rune) {
	defer model.Guard()
	f.Entry.TypedRune(r)
}

// toSheet hands Enter and Escape to the sheet that a widget is part of, and
// reports whether there is one: the widget that the keyboard is on is given all
// keys.
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

// Check is a check box that leaves Enter and Escape to the sheet.
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

// Select is a choice that leaves Enter and Escape to the sheet.
type Select struct{ widget.Select }

// NewSelect returns a choice.
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

// guarded turns a panic in a callback into a fault.
func guarded[T any](f func(T)) func(T) {
	if f == nil {
		return nil
	}
	return func(x T) {
		defer model.Guard()
		f(x)
	}
}

// List is a list in a sheet that leaves Enter and Escape to the sheet.
type List struct{ widget.List }

// NewList returns a list.
func NewList(length func() int, create func() fyne.CanvasObject, update func(int, fyne.CanvasObject)) *List {
	l := &List{}
	l.Length, l.CreateItem, l.UpdateItem = length, create, update
	l.ExtendBaseWidget(l)
	return l
}

// TypedKey implements fyne.Focusable.
func (l *List) TypedKey(e *fyne.KeyEvent) {
	if !toSheet(l, e) {
		l.List.TypedKey(e)
	}
}
