package main

import (
	"runtime"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver"

	"glassmaster/ui"
)

// pointer tells how far the position of a drop on this window can be trusted.
func pointer(w fyne.Window) func() ui.Pointer {
	return func() ui.Pointer {
		if runtime.GOOS == "windows" {
			return ui.Late
		}
		where := ui.Exact
		if native, ok := w.(driver.NativeWindow); ok {
			native.RunNative(func(context any) {
				if _, wayland := context.(driver.WaylandWindowContext); wayland {
					where = ui.Unknown
				}
			})
		}
		return where
	}
}
