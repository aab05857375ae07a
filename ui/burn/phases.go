package burn

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/mastering/units"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// phaseList shows the phases of a burn, each with its own progress.
type phaseList struct {
	object *fyne.Container
	rows   []*phaseRow
}

// phaseRow is one phase.
type phaseRow struct {
	object fyne.CanvasObject
	name   *widgets.Text
	value  *widgets.Text
	bar    *widgets.Bar
}

func newPhaseList() *phaseList { return &phaseList{object: container.New(&widgets.Column{Gap: 10})} }

func newPhaseRow() *phaseRow {
	r := &phaseRow{name: widgets.NewText(""), value: widgets.Muted("").Align(fyne.TextAlignTrailing), bar: widgets.NewBar()}
	head := container.NewBorder(nil, nil, nil, widgets.Wide(150, r.value), r.name)
	r.object = container.New(&widgets.Column{Gap: 4}, head, r.bar)
	return r
}

// set shows the phases.
func (l *phaseList) set(phases []model.Phase) {
	for len(l.rows) < len(phases) {
		r := newPhaseRow()
		l.rows = append(l.rows, r)
		l.object.Add(r.object)
	}
	for i, r := range l.rows {
		widgets.SetVisible(r.object, i < len(phases))
		if i < len(phases) {
			r.set(phases[i])
		}
	}
	l.object.Refresh()
}

func (r *phaseRow) set(p model.Phase) {
	share, known := 0.0, p.Total > 0
	if known {
		share = float64(p.Done) / float64(p.Total)
	}
	r.name.Set(model.Capital(p.Phase.String()))
	switch p.State {
	case model.Pending:
		r.name.Color(theme.Muted)
		r.value.Set("")
	case model.Active:
		r.name.Color(theme.Foreground)
		r.value.Set(units.Duration(p.Elapsed))
		if known {
			r.value.Set(fmt.Sprintf("%.0f %%", share*100))
		}
	case model.Past:
		r.name.Color(theme.Foreground)
		r.value.Set(units.Duration(p.Elapsed))
		if known && p.Done < p.Total {
			r.value.Set(fmt.Sprintf("%.0f %%, %s", share*100, units.Duration(p.Elapsed)))
		}
		if !known {
			share, known = 1, true
		}
	}
	r.bar.Set(share)
}
