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

// Wide makes something at least so wide.
func Wide(width float32, o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewStack(Space(width, 1), o)
}

// MinHeight makes something at least so high.
func MinHeight(height float32, o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewStack(Space(1, height), o)
}

// Middle puts something in the middle of the height of its row.
func Middle(o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewVBox(layout.NewSpacer(), o, layout.NewSpacer())
}

// Space is empty room.
func Space(width, height float32) fyne.CanvasObject {
	r := canvas.NewRectangle(color.Transparent)
	r.SetMinSize(fyne.NewSize(width, height))
	return r
}

// Poll calls f on the window's goroutine again and again, until it returns
// false. It never piles up calls that the window has no time for.
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
