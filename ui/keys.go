package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// addShortcuts makes the shortcuts of the window. They rest while a sheet or a
// native dialog is open.
func (s *Shell) addShortcuts() {
	ctrl, alt := fyne.KeyModifierShortcutDefault, fyne.KeyModifierAlt
	for _, k := range []struct {
		key fyne.KeyName
		mod fyne.KeyModifier
		do  func()
	}{
		{fyne.Key1, ctrl, func() { s.Go(Compile) }},
		{fyne.Key2, ctrl, func() { s.Go(Browse) }},
		{fyne.Key3, ctrl, func() { s.Go(Burn) }},
		{fyne.KeyF, ctrl, s.search},
		{fyne.KeyLeft, alt, s.back},
		{fyne.KeyRight, alt, s.forward},
		{fyne.KeyO, ctrl, s.open},
	} {
		s.window.Canvas().AddShortcut(&desktop.CustomShortcut{KeyName: k.key, Modifier: k.mod}, func(fyne.Shortcut) {
			if !s.covered() {
				k.do()
			}
		})
	}
}

// covered reports whether something lies over the window.
func (s *Shell) covered() bool {
	return s.veil.Visible() || s.window.Canvas().Overlays().Top() != nil
}

func (s *Shell) search() {
	if s.place == Browse {
		s.browse.Pane().FocusSearch()
	}
}

func (s *Shell) back() {
	if s.place == Browse {
		s.browse.Pane().Back()
	}
}

func (s *Shell) forward() {
	if s.place == Browse {
		s.browse.Pane().Forward()
	}
}

func (s *Shell) open() {
	if s.place == Browse {
		s.browse.PickImage()
	}
}
