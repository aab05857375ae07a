package burn

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// drop is a button that shows what is chosen, and opens a menu or a sheet to choose
// something else. Its text is shortened to the width that there is.
type drop struct {
	object fyne.CanvasObject
	button *widgets.Button
	text   *widgets.Text
}

func newDrop(t widgets.Tips, tip string, tapped func()) *drop {
	d := &drop{text: widgets.NewText("")}
	d.button = t.NewButton("", theme.MenuIcon, tip, tapped)
	d.button.Alignment = widget.ButtonAlignTrailing
	d.object = container.NewStack(d.button, widgets.Inset(widgets.Middle(d.text), 12, 0, 36, 0))
	return d
}

// nameWidth is the width of the names of options.
const nameWidth = 84

// named puts the name of an option before it.
func named(name string, o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewBorder(nil, nil, widgets.Middle(widgets.Wide(nameWidth, widgets.Muted(name))), nil, o)
}

// pick is an option of which one of several values is chosen on a sheet. Below it is what
// follows from the choice.
type pick struct {
	object *fyne.Container
	*drop
	detail *widgets.Text
	below  fyne.CanvasObject
}

func newPick(t widgets.Tips, name, tip string, tapped func()) *pick {
	p := &pick{drop: newDrop(t, tip, tapped), detail: widgets.Muted("").Wrap()}
	p.below = widgets.Inset(p.detail, nameWidth+4, 0, 0, 2)
	p.object = container.New(&widgets.Column{Gap: 4}, named(name, p.drop.object), p.below)
	return p
}

// set shows the choice, and what follows from it.
func (p *pick) set(text, detail string) {
	p.text.Set(text)
	p.detail.Set(detail)
	widgets.SetVisible(p.below, detail != "")
	p.object.Refresh()
}

// ask shows a sheet with values to choose from. then is called with the index of the one
// that was chosen.
func (v *View) ask(title, text string, chosen int, options []widgets.Option, then func(int)) {
	list := widgets.NewChoices(chosen, options...)
	content := container.New(&widgets.Column{Gap: 10})
	if text != "" {
		content.Add(widgets.Muted(text).Wrap())
	}
	content.Add(list.Container)
	sheet := v.d.Sheet(title, content, 540,
		widgets.Choice{Text: "Cancel"},
		widgets.Choice{Text: "Choose", Primary: true, Do: func() bool {
			if i := list.Chosen(); i >= 0 {
				then(i)
			}
			return true
		}})
	list.Reveal = sheet.Reveal
	list.Focus(v.d.Canvas)
}
