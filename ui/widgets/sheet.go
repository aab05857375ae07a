package widgets

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/model"
)

// Sheet is a modal dialog inside the window. The shortcuts of the window do nothing while
// it is open. Enter presses the primary button unless that is marked as dangerous, and
// Escape the button that does nothing.
type Sheet struct {
	OnClose func() // may be nil

	canvas  fyne.Canvas
	popup   *widget.PopUp
	choices []Choice
	buttons []*sheetButton
	scroll  *container.Scroll    // nil: everything fits
	below   func(*fyne.KeyEvent) // received the keys before
}

// Choice is a button of a sheet.
type Choice struct {
	Text    string
	Primary bool
	Danger  bool
	Escape  bool        // Escape presses it; else Escape presses the first without Do
	Do      func() bool // false keeps the sheet open; nil closes it
}

// sheetMargin is the margin of the window around the largest sheet.
const sheetMargin = 48

// ShowSheet shows a sheet. Content that does not fit in the window scrolls.
func ShowSheet(c fyne.Canvas, title string, content fyne.CanvasObject, width float32, choices ...Choice) *Sheet {
	s := &Sheet{canvas: c, choices: choices}
	row := []fyne.CanvasObject{layout.NewSpacer()}
	for _, choice := range choices {
		b := newSheetButton(choice, func() { s.choose(choice) })
		s.buttons = append(s.buttons, b)
		row = append(row, b)
	}
	room := c.Size().SubtractWidthHeight(2*sheetMargin, 2*sheetMargin)
	width = min(width, max(room.Width, 240))
	head, foot := Title(title), container.NewHBox(row...)
	content.Resize(fyne.NewSize(width, content.MinSize().Height)) // text that wraps is higher once its width is known
	if most := room.Height - head.MinSize().Height - foot.MinSize().Height - 80; content.MinSize().Height > most && most > 0 {
		s.scroll = container.NewVScroll(Inset(content, 0, 0, 14, 0)) // room for the scroll bar
		content = MinHeight(most, s.scroll)
	}
	box := container.New(&Column{Gap: 16}, head, content, foot)
	s.popup = widget.NewModalPopUp(container.NewStack(Space(width+32, 1), Inset(box, 16, 14, 16, 12)), c)
	s.below = c.OnTypedKey()
	c.SetOnTypedKey(s.key)
	s.popup.Show()
	return s
}

// Reveal scrolls the content to a part of it, unless that is visible.
func (s *Sheet) Reveal(top, height float32) {
	if s.scroll == nil {
		return
	}
	visible := s.scroll.Size().Height
	switch {
	case top < s.scroll.Offset.Y:
		s.scroll.ScrollToOffset(fyne.NewPos(0, top))
	case top+height > s.scroll.Offset.Y+visible:
		s.scroll.ScrollToOffset(fyne.NewPos(0, min(top, top+height-visible)))
	}
}

func (s *Sheet) choose(c Choice) {
	if c.Do == nil || c.Do() {
		s.Close()
	}
}

// key handles a key that no widget of the sheet handled.
func (s *Sheet) key(e *fyne.KeyEvent) {
	defer model.CatchPanic()
	if s.popup == nil { // it was closed before a sheet above it
		if s.below != nil {
			s.below(e)
		}
		return
	}
	is := func(c Choice) bool { return false }
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		is = func(c Choice) bool { return c.Primary && !c.Danger }
	case fyne.KeyEscape:
		is = func(c Choice) bool { return c.Do == nil || c.Escape }
	}
	if at := slices.IndexFunc(s.choices, is); at >= 0 {
		s.choose(s.choices[at])
	}
}

// Close closes the sheet.
func (s *Sheet) Close() {
	if s.popup == nil {
		return
	}
	if s.canvas.Overlays().Top() == s.popup { // otherwise the keys belong to the sheet above it
		s.canvas.SetOnTypedKey(s.below)
	}
	s.popup.Hide()
	s.popup = nil
	if s.OnClose != nil {
		s.OnClose()
	}
}

// Open reports whether the sheet is open.
func (s *Sheet) Open() bool { return s.popup != nil }

// sheetButton is a button of a sheet. Enter presses it while it has the focus.
type sheetButton struct{ widget.Button }

func newSheetButton(c Choice, tapped func()) *sheetButton {
	b := &sheetButton{}
	b.Text = c.Text
	b.OnTapped = func() {
		defer model.CatchPanic()
		tapped()
	}
	switch {
	case c.Danger:
		b.Importance = widget.DangerImportance
	case c.Primary:
		b.Importance = widget.HighImportance
	}
	b.ExtendBaseWidget(b)
	return b
}

// TypedKey implements fyne.Focusable.
func (b *sheetButton) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		b.OnTapped()
	case fyne.KeyEscape:
		toSheet(b, e)
	default:
		b.Button.TypedKey(e)
	}
}
