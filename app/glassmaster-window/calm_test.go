package main

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
)

// counting is an application that counts the animations it starts.
type counting struct {
	fyne.App
	started *int
}

type countingDriver struct {
	fyne.Driver
	started *int
}

func (c counting) Driver() fyne.Driver { return countingDriver{c.App.Driver(), c.started} }

func (d countingDriver) StartAnimation(a *fyne.Animation) {
	*d.started++
	d.Driver.StartAnimation(a)
}

// TestNothingBlinks checks that a focused field starts no animation.
func TestNothingBlinks(t *testing.T) {
	started := 0
	app := counting{test.NewTempApp(t), &started}
	for _, c := range []struct {
		name string
		use  func()
		want bool
	}{
		{"Fyne's own", func() { fyne.SetCurrentApp(app) }, true},
		{"ours", func() { calm(app) }, false},
	} {
		c.use()
		started = 0
		w := test.NewTempWindow(t, widget.NewLabel(""))
		e := widget.NewEntry()
		w.SetContent(e)
		w.Canvas().Focus(e)
		if blinks := started > 0; blinks != c.want {
			t.Errorf("%s: animations are started: %v, want %v", c.name, blinks, c.want)
		}
		w.Canvas().Unfocus()
	}
}
