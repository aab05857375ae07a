package main

import (
	"fmt"
	"runtime"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver"

	"glassmaster/ui"
)

// nativeContext returns the system's handle of the window. It must be called on the
// goroutine that owns the window.
func nativeContext(w fyne.Window) any {
	var context any
	if native, ok := w.(driver.NativeWindow); ok {
		native.RunNative(func(c any) { context = c })
	}
	return context
}

// dropPosition returns how reliable the position of a drop on the window is.
func dropPosition(w fyne.Window) ui.Pointer {
	if runtime.GOOS == "windows" {
		return ui.Late
	}
	if _, wayland := nativeContext(w).(driver.WaylandWindowContext); wayland {
		return ui.Unknown
	}
	return ui.Exact
}

// portalParent returns the identifier of the window for the desktop portal, or "" if it
// has none. It must not be called on the goroutine that owns the window.
func portalParent(w fyne.Window) string {
	name := ""
	fyne.DoAndWait(func() {
		if x11, ok := nativeContext(w).(driver.X11WindowContext); ok && x11.WindowHandle != 0 {
			name = fmt.Sprintf("x11:%x", x11.WindowHandle)
		}
	})
	return name
}
