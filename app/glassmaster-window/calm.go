package main

import "fyne.io/fyne/v2"

// calmApp is the application without animations. Every frame of one, and be it
// of a cursor that blinks, has Fyne draw the whole window anew, which without a
// graphics processor costs a fifth of a core for as long as a field has the
// keyboard.
type calmApp struct{ fyne.App }

// calm makes the application calm, also for the widgets that ask for it.
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
