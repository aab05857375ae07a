package compile

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/mastering/tree"
	"glassmaster/ui/files"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// continuedCard says that the compilation continues a disc.
type continuedCard struct {
	object  fyne.CanvasObject
	project *model.Project
	text    *widgets.Text
	detail  *widgets.Text
}

func newContinuedCard(h *host.Host, p *model.Project) *continuedCard {
	c := &continuedCard{project: p, text: widgets.NewText("").Bold(), detail: widgets.Muted("").Wrap()}
	leave := h.Tips.NewButton("Leave the disc…", nil, "Make a disc of its own again: the files of that disc are removed from the compilation", func() {
		h.Ask("Leave the disc?", "The files that are on the disc are removed from the compilation. They stay on the disc. Your own files stay in the compilation.",
			widgets.Choice{Text: "Cancel"},
			widgets.Choice{Text: "Leave the disc", Primary: true, Do: func() bool { p.LeaveDisc(); return true }})
	})
	c.object = widgets.Card("", container.NewBorder(nil, nil, nil, widgets.Middle(leave), container.New(&widgets.Column{Gap: 2}, c.text, c.detail)))
	return c
}

func (c *continuedCard) reload() {
	on := c.project.Continued()
	widgets.SetVisible(c.object, on != nil)
	if on == nil {
		return
	}
	c.text.Set("This continues a disc: " + on.Summary())
	text := "They stay where they are. Add files, rename or remove them: the burn adds a session that shows the disc as you see it here."
	if n := c.project.Size().Changes.Removed; n > 0 {
		text += " " + model.Count(n, "removed file", "removed files") + " will no longer be shown, and still take room."
	}
	c.detail.Set(text)
}

// marks returns how the files of a continued disc are marked, nil if none is continued.
func (v *View) marks() func(*tree.Node) files.Mark {
	if v.project.Continued() == nil {
		return nil
	}
	return func(n *tree.Node) files.Mark {
		s, ok := v.project.Standing(n)
		switch {
		case !ok:
			return files.Mark{}
		case s == model.NewFile:
			return files.Mark{Text: "New", Color: theme.Success}
		case s == model.Replacing:
			return files.Mark{Text: "Replaces", Color: theme.Warning}
		}
		return files.Mark{Text: "On the disc", Color: theme.Muted}
	}
}
