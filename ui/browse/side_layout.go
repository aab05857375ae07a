package browse

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// sideLayout lays out a title, facts that scroll if they do not fit, a note and a
// preview. With a preview, the facts get at most part of the height.
type sideLayout struct{}

const (
	sideGap     = 10
	factsShare  = 0.6
	sideMinimum = 40
)

func (sideLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	title, facts, note, preview := o[0], o[1].(*container.Scroll), o[2], o[3].(*fyne.Container)
	place := func(o fyne.CanvasObject, y, h float32) {
		o.Move(fyne.NewPos(0, y))
		o.Resize(fyne.NewSize(s.Width, h))
	}
	top := title.MinSize().Height
	place(title, 0, top)
	top += sideGap
	noted := float32(0)
	if note.Visible() {
		note.Resize(fyne.NewSize(s.Width, note.MinSize().Height))
		noted = note.MinSize().Height + sideGap // text that wraps is higher once its width is known
	}
	room := max(s.Height-top-noted, 0)
	for _, p := range preview.Objects {
		if p.Visible() {
			room *= factsShare
			break
		}
	}
	facts.Content.Resize(fyne.NewSize(s.Width, facts.Content.MinSize().Height))
	h := min(facts.Content.MinSize().Height, room)
	place(facts, top, h)
	top += h + sideGap
	if noted > 0 {
		place(note, top, noted-sideGap)
		top += noted
	}
	place(preview, top, max(s.Height-top, 0))
}

func (sideLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(sideMinimum, sideMinimum)
}
