package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// toWindow hands a shortcut to the window: a focused widget that takes any
// shortcut is given all of them.
func toWindow(o fyne.CanvasObject, s fyne.Shortcut) {
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
		toWindow(f, s)
		return
	}
	f.Entry.TypedShortcut(s)
}

// isLetter tells the keys of the window's shortcuts from those that move in a
// text.
func isLetter(k fyne.KeyName) bool {
	return len(k) == 1 && (k[0] >= 'A' && k[0] <= 'Z' || k[0] >= '0' && k[0] <= '9')
}
