package main

import "fyne.io/fyne/v2"

// calmApp is the application without animations. Fyne redraws the whole window for each
// frame of an animation, even of a blinking cursor. Without a graphics processor that
// takes a fifth of a core as long as a text field has the focus.
type calmApp struct{ fyne.App }

// calm turns the animations of the application off, also for widgets that look the
// application up.
func calm(a fyne.App) fyne.App {
	c := calmApp{a}
	fyne.SetCurrentApp(c)
	return c
}

// Settings implements fyne.App.
func (a calmApp) Settings() fyne.Settings { return calmSettings{a.App.Settings()} }

type calmSettings struct{ fyne.Settings }

// ShowAnimations implements fyne.Settings.
func (calmSettings) ShowAnimations() bool { return false }
