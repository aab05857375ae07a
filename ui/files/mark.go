package files

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"glassmaster/mastering/tree"
	"glassmaster/ui/theme"
)

// Mark says something about an entry, such as what an edit did to it. It is shown in a
// column of its own, in place of the kind of the file.
type Mark struct {
	Text   string              // "Added"; empty: the entry is not marked
	Color  fyne.ThemeColorName // of the text and of the stripe before the row
	Struck bool                // the entry is not there: its name is struck out, and nothing can be dropped into it
}

// markOf returns the mark of an entry.
func (f *List) markOf(n *tree.Node) Mark {
	if f.MarkOf == nil {
		return Mark{}
	}
	return f.MarkOf(n)
}

// stripe is the coloured stripe before a row that is marked, and the line through the name
// of a struck one.
type stripe struct{ bar, line *canvas.Rectangle }

func newStripe() stripe {
	s := stripe{canvas.NewRectangle(theme.Color(theme.Muted)), canvas.NewRectangle(theme.Color(theme.Muted))}
	s.bar.CornerRadius = 1.5
	return s
}

// place lays it out in a row with a name.
func (s stripe) place(m Mark, size fyne.Size, name *cell) {
	s.bar.Hidden, s.line.Hidden = m.Text == "", !m.Struck
	if m.Text != "" {
		s.bar.FillColor = theme.Color(m.Color)
		s.bar.Move(fyne.NewPos(0, 3))
		s.bar.Resize(fyne.NewSize(3, size.Height-6))
	}
	if m.Struck {
		w := fyne.MeasureText(name.Text.Text, name.TextSize, name.TextStyle).Width
		s.line.FillColor = name.Color
		s.line.Move(fyne.NewPos(name.Position().X, size.Height/2))
		s.line.Resize(fyne.NewSize(min(w, name.Size().Width), 1))
	}
	s.bar.Refresh()
	s.line.Refresh()
}

// dot is the mark of a folder in the tree.
type dot struct{ circle *canvas.Circle }

func newDot() dot { return dot{canvas.NewCircle(theme.Color(theme.Muted))} }

// place lays it out after the name of a folder.
func (d dot) place(m Mark, size fyne.Size, name *cell) {
	d.circle.Hidden = m.Text == ""
	if m.Text != "" {
		const wide = 6
		w := fyne.MeasureText(name.Text.Text, name.TextSize, name.TextStyle).Width
		d.circle.FillColor = theme.Color(m.Color)
		d.circle.Move(fyne.NewPos(min(name.Position().X+w+8, size.Width-wide-4), (size.Height-wide)/2))
		d.circle.Resize(fyne.NewSquareSize(wide))
	}
	d.circle.Refresh()
}
