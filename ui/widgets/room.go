package widgets

import (
	"image/color"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"glassmaster/ui/model"
)

// Wide sets a minimum width.
func Wide(width float32, o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewStack(Space(width, 1), o)
}

// MinHeight sets a minimum height.
func MinHeight(height float32, o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewStack(Space(1, height), o)
}

// Middle centres an object vertically.
func Middle(o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewVBox(layout.NewSpacer(), o, layout.NewSpacer())
}

// Space is an empty object of a size.
func Space(width, height float32) fyne.CanvasObject {
	r := canvas.NewRectangle(color.Transparent)
	r.SetMinSize(fyne.NewSize(width, height))
	return r
}

// SetVisible shows or hides an object. It does not redraw the object if nothing changes.
func SetVisible(o fyne.CanvasObject, visible bool) {
	switch {
	case o.Visible() == visible:
	case visible:
		o.Show()
	default:
		o.Hide()
	}
}

// Unless returns why something cannot be done, or "".
func Unless(can bool, why string) string {
	if can {
		return ""
	}
	return why
}

// Poll calls f on the window's goroutine at intervals, until f returns false. It waits
// for each call before it makes the next.
func Poll(post model.Post, every time.Duration, f func() bool) {
	var again func()
	again = func() {
		time.AfterFunc(every, func() {
			post(func() {
				if f() {
					again()
				}
			})
		})
	}
	again()
}
