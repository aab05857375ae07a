package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/model"
)

// Segments are buttons in a row, one of which is chosen.
type Segments struct {
	*fyne.Container
	OnChange func(int)

	buttons []*Button
	chosen  int
}

// NewSegments returns buttons with these texts, the first of which is chosen.
func NewSegments(tips Tips, onChange func(int), texts ...string) *Segments {
	s := &Segments{Container: container.NewHBox(), OnChange: onChange}
	for i, text := range texts {
		b := tips.NewButton(text, nil, "", func() {
			defer model.CatchPanic()
			if s.chosen != i {
				s.Choose(i)
				s.OnChange(i)
			}
		})
		s.buttons = append(s.buttons, b)
		s.Add(b)
	}
	s.Choose(0)
	return s
}

// Choose chooses a button.
func (s *Segments) Choose(i int) {
	s.chosen = i
	for k, b := range s.buttons {
		b.Importance = widget.LowImportance
		if k == i {
			b.Importance = widget.MediumImportance
		}
		b.Refresh()
	}
}

// Chosen returns the chosen button.
func (s *Segments) Chosen() int { return s.chosen }
