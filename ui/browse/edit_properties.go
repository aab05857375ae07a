package browse

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/mastering/filename"
	"glassmaster/mastering/tree"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// showProperties shows the sheet that changes the attributes of entries.
func (e *editor) showProperties(nodes []*tree.Node) {
	if !e.active() || e.busy() || len(nodes) == 0 {
		return
	}
	before, m := model.TextsOf(nodes), e.model
	field := func(text, hint string) *widgets.Field {
		f := widgets.NewField()
		f.PlaceHolder = hint
		if text == "" {
			f.PlaceHolder = "Different, unchanged"
		}
		f.SetText(text)
		return f
	}
	mode, modified := field(before.Permissions, "0644"), field(before.Modified, "2026-03-31 12:00:00")
	user, group := field(before.User, "0"), field(before.Group, "0")
	hidden := widgets.NewCheck("Hidden from users of Windows", nil)
	hidden.SetChecked(before.Hidden == "yes")
	fault := widgets.NewText("").Wrap().Color(theme.Error)
	fault.Hide()
	row := func(name string, o fyne.CanvasObject) fyne.CanvasObject {
		return container.NewBorder(nil, nil, widgets.Middle(widgets.Wide(110, widgets.Muted(name))), nil, o)
	}
	both := container.NewGridWithColumns(2, user, container.NewBorder(nil, nil, widgets.Middle(widgets.Inset(widgets.Wide(44, widgets.Muted("Group")), 8, 0, 0, 0)), nil, group))
	box := container.New(&widgets.Column{Gap: 8}, row("Permissions", mode), row("Owner", both), row("Modified", modified), row("", hidden), fault)
	title := "Properties of " + filename.Printable(nodes[0].Name)
	if len(nodes) > 1 {
		title = "Properties of " + model.Count(len(nodes), "entry", "entries")
	} else if nodes[0].Parent() == nil {
		title = "Properties of the top folder"
	}
	e.v.host.Sheet(title, box, 440,
		widgets.Choice{Text: "Cancel"},
		widgets.Choice{Text: "Apply", Primary: true, Do: func() bool {
			now := model.AttributeTexts{Permissions: mode.Text, User: user.Text, Group: group.Text, Modified: modified.Text, Hidden: before.Hidden}
			if hidden.Checked != (before.Hidden == "yes") {
				now.Hidden = map[bool]string{true: "yes", false: "no"}[hidden.Checked]
			}
			change, err := now.Change(before)
			if err != nil {
				fault.Set(model.Capital(err.Error()))
				fault.Show()
				box.Refresh()
				return false
			}
			if now != before && e.model == m {
				e.do(func() { m.SetAttributes(nodes, change) })
			}
			return true
		}})
	e.v.host.Canvas.Focus(mode)
}

// editedFacts describe an entry of the edited image.
func (s *side) editedFacts(n *tree.Node) []widgets.Fact {
	m := s.edited
	facts := []widgets.Fact{{Name: "Kind", Value: model.Kind(n)}}
	if mark := m.Mark(n); mark > model.Within {
		facts = append(facts, widgets.Fact{Name: "Change", Value: mark.String(), Color: marks[mark]}, widgets.Fact{Name: "Was", Value: m.Changes().From(n)})
	}
	if path := model.HostPath(n); path != "" {
		facts = append(facts, widgets.Fact{Name: "Taken from", Value: path})
	}
	if !n.IsDir() {
		facts = append(facts, sizeFact(n))
	} else if !n.Unread() {
		facts = append(facts, widgets.Fact{Name: "Contains", Value: model.Count(len(n.Children()), "entry", "entries")})
	}
	facts = append(facts, widgets.Fact{Name: "Modified", Value: model.Date(n.ModTime())},
		widgets.Fact{Name: "Permissions", Value: n.Mode.String()}, widgets.Fact{Name: "Owner", Value: fmt.Sprintf("%d, group %d", n.UID, n.GID)})
	if n.Hidden() {
		facts = append(facts, widgets.Fact{Name: "Hidden", Value: "Yes"})
	}
	return facts
}
