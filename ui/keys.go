package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"glassmaster/ui/pane"
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
		{fyne.KeyS, ctrl, s.compiling(s.compile.Save)},
		{fyne.KeyZ, ctrl, s.compiling(s.compile.Undo)},
		{fyne.KeyY, ctrl, s.compiling(s.compile.Redo)},
		{fyne.KeyZ, ctrl | fyne.KeyModifierShift, s.compiling(s.compile.Redo)},
		{fyne.KeyN, ctrl | fyne.KeyModifierShift, s.compiling(s.compile.NewFolder)},
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

// pane returns the panes of the place that is shown, nil where there are none.
func (s *Shell) pane() *pane.Pane {
	switch s.place {
	case Compile:
		return s.compile.Pane()
	case Browse:
		return s.browse.Pane()
	}
	return nil
}

func (s *Shell) search() {
	if p := s.pane(); p != nil {
		p.FocusSearch()
	}
}

func (s *Shell) back() {
	if p := s.pane(); p != nil {
		p.Back()
	}
}

func (s *Shell) forward() {
	if p := s.pane(); p != nil {
		p.Forward()
	}
}

func (s *Shell) open() {
	switch s.place {
	case Compile:
		s.compile.PickOpen()
	case Browse:
		s.browse.PickImage()
	}
}

func (s *Shell) compiling(do func()) func() {
	return func() {
		if s.place == Compile {
			do()
		}
	}
}
