package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/model"
	"glassmaster/ui/theme"
)

// menuWidth is the maximum width of the text of a menu item. A menu that is wider than
// the window is unusable.
const menuWidth = 560

// ShowMenu shows a menu at an absolute position.
func ShowMenu(c fyne.Canvas, at fyne.Position, items ...*fyne.MenuItem) {
	if len(items) == 0 {
		return
	}
	widget.NewPopUpMenu(fyne.NewMenu("", items...), c).ShowAtPosition(at)
}

// Item returns an item of a menu. It is disabled if why, the reason, is not empty.
func Item(text, why string, do func()) *fyne.MenuItem {
	if why != "" {
		text += "  –  " + why
	}
	text = Fit(text, menuWidth, theme.Size(theme.BodySize), fyne.TextStyle{})
	i := fyne.NewMenuItem(text, func() {
		defer model.CatchPanic()
		do()
	})
	i.Disabled = why != ""
	return i
}

// Below returns the position below a widget, for its menu.
func Below(o fyne.CanvasObject) fyne.Position {
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(o)
	return at.AddXY(0, o.Size().Height+2)
}
