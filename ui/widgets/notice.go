package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/model"
	"glassmaster/ui/theme"
)

// Empty is the content of a page without data: instructions and buttons.
func Empty(icon fyne.Resource, title, text string, buttons ...fyne.CanvasObject) fyne.CanvasObject {
	image := canvas.NewImageFromResource(theme.Tint(icon, theme.Muted))
	image.FillMode = canvas.ImageFillContain
	image.SetMinSize(fyne.NewSquareSize(56))
	image.Translucency = 0.25
	words := Muted(text).Wrap().Align(fyne.TextAlignCenter)
	strut := canvas.NewRectangle(color.Transparent)
	strut.SetMinSize(fyne.NewSize(420, 1))
	row := append([]fyne.CanvasObject{layout.NewSpacer()}, buttons...)
	row = append(row, layout.NewSpacer())
	return container.NewCenter(container.NewStack(strut, container.New(&Column{Gap: 12},
		image, Title(title).Align(fyne.TextAlignCenter), words,
		container.NewHBox(row...))))
}

// Notice is a message above a page, with a button that closes it.
type Notice struct {
	*fyne.Container
	OnClose func() // the button was pressed; may be nil
	// OnResize is called when the notice was shown, hidden or changed, so that the objects
	// below it can be moved; it may be nil.
	OnResize func()
	fill     *Fill
	icon     *canvas.Image
	text     *Text
}

// NewNotice returns a hidden notice. Further objects are shown next to the button.
func NewNotice(extra ...fyne.CanvasObject) *Notice {
	n := &Notice{fill: newFill(theme.WarningBackground, "", theme.Radius), text: NewText("").Wrap()}
	n.icon = canvas.NewImageFromResource(theme.WarningIcon)
	n.icon.FillMode = canvas.ImageFillContain
	n.icon.SetMinSize(fyne.NewSquareSize(18))
	closer := widget.NewButtonWithIcon("", theme.CloseIcon, func() {
		defer model.CatchPanic()
		n.Hide()
		if n.OnClose != nil {
			n.OnClose()
		}
	})
	closer.Importance = widget.LowImportance
	right := container.NewHBox(append(extra, closer)...)
	n.Container = container.NewStack(n.fill, Inset(container.NewBorder(nil, nil, container.NewHBox(n.icon, gap(4)), Middle(right),
		Inset(Middle(n.text), 0, 5, 8, 5)), 12, 2, 4, 2))
	n.Hide()
	return n
}

// Hide hides the notice.
func (n *Notice) Hide() {
	was := n.Visible()
	n.Container.Hide()
	if was {
		n.resized()
	}
}

func (n *Notice) resized() {
	if n.OnResize != nil {
		n.OnResize()
	}
}

// Tell shows a text, as an error or as a warning.
func (n *Notice) Tell(text string, bad bool) {
	back, ink, icon := theme.WarningBackground, theme.Warning, theme.WarningIcon
	if bad {
		back, ink = theme.ErrorBackground, theme.Error
	}
	n.show(text, back, theme.Tint(icon, ink))
}

// Succeed shows the text of a success.
func (n *Notice) Succeed(text string) {
	n.show(text, theme.SuccessBackground, theme.Tint(theme.CheckIcon, theme.Success))
}

func (n *Notice) show(text string, back fyne.ThemeColorName, icon fyne.Resource) {
	n.fill.SetColor(back)
	n.icon.Resource = icon
	n.icon.Refresh()
	n.text.Set(text)
	n.Show()
	n.resized()
}

// gap is a space in a row.
func gap(width float32) fyne.CanvasObject {
	r := canvas.NewRectangle(color.Transparent)
	r.SetMinSize(fyne.NewSize(width, 1))
	return r
}
