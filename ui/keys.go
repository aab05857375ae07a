package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"glassmaster/ui/files"
	"glassmaster/ui/model"
)

// addShortcuts adds the shortcuts of the window. They do nothing while a sheet or a
// file dialog is open.
func (s *Shell) addShortcuts() {
	ctrl, alt, shift := fyne.KeyModifierShortcutDefault, fyne.KeyModifierAlt, fyne.KeyModifierShift
	key := func(k fyne.KeyName, m fyne.KeyModifier) fyne.Shortcut {
		return &desktop.CustomShortcut{KeyName: k, Modifier: m}
	}
	either := func(compiling, browsing func()) func() {
		return s.on(map[page]func(){compilePage: compiling, browsePage: browsing})
	}
	undo, redo := either(s.compile.Undo, s.browse.Undo), either(s.compile.Redo, s.browse.Redo)
	for _, k := range []struct {
		keys fyne.Shortcut
		do   func()
	}{
		{key(fyne.Key1, ctrl), func() { s.show(compilePage) }},
		{key(fyne.Key2, ctrl), func() { s.show(browsePage) }},
		{key(fyne.Key3, ctrl), func() { s.show(burnPage) }},
		{key(fyne.Key4, ctrl), func() { s.show(servePage) }},
		{key(fyne.KeyF, ctrl), s.search},
		{key(fyne.KeyO, ctrl), s.open},
		{key(fyne.KeyG, ctrl), s.goTo},
		{key(fyne.KeyS, ctrl), either(s.compile.Save, s.browse.Save)},
		{key(fyne.KeyN, ctrl|shift), either(s.compile.NewFolder, s.browse.NewFolder)},
		{key(fyne.KeyS, ctrl|shift), s.on(map[page]func(){browsePage: s.browse.SaveAs})},
		{key(fyne.KeyE, ctrl), s.on(map[page]func(){browsePage: s.browse.Edit})},
		{key(fyne.KeyLeft, alt), s.back},
		{key(fyne.KeyRight, alt), s.forward},
		{key(fyne.KeyZ, ctrl|shift), redo},
		{&fyne.ShortcutUndo{}, undo},
		{&fyne.ShortcutRedo{}, redo},
	} {
		s.window.Canvas().AddShortcut(k.keys, func(fyne.Shortcut) {
			defer model.CatchPanic()
			if !s.covered() {
				k.do()
			}
		})
	}
}

// covered reports whether a sheet, a menu or a file dialog is open.
func (s *Shell) covered() bool {
	return s.veil.Visible() || s.window.Canvas().Overlays().Top() != nil
}

// browser returns the file browser of the current page, or nil if it has none.
func (s *Shell) browser() *files.Browser {
	switch s.page {
	case compilePage:
		return s.compile.Browser()
	case browsePage:
		return s.browse.Browser()
	}
	return nil
}

func (s *Shell) search() {
	if p := s.browser(); p != nil {
		p.FocusSearch()
	}
}

// goTo moves the keyboard to the address of the sector that Browse shows.
func (s *Shell) goTo() {
	if s.page == browsePage {
		s.browse.GoTo()
	}
}

func (s *Shell) back() {
	if p := s.browser(); p != nil {
		p.Back()
	}
}

func (s *Shell) forward() {
	if p := s.browser(); p != nil {
		p.Forward()
	}
}

func (s *Shell) open() {
	switch s.page {
	case compilePage:
		s.compile.PickOpen()
	case browsePage:
		s.browse.PickImage()
	}
}

// on returns a function that does what belongs to the page that is shown.
func (s *Shell) on(pages map[page]func()) func() {
	return func() {
		if do := pages[s.page]; do != nil {
			do()
		}
	}
}
