package burn

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/drive/record"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// continuing offers to keep what is on the disc, or says that it is kept.
type continuing struct {
	object fyne.CanvasObject
	v      *View
	text   *widgets.Text
	detail *widgets.Text
	begin  *widgets.Button
	files  *widgets.Button
}

func newContinuing(v *View) *continuing {
	c := &continuing{v: v, text: widgets.NewText("").Bold(), detail: widgets.Muted("").Wrap()}
	c.begin = v.d.Tips.NewButton("Continue this disc", nil, "Read what is on the disc into Compile. Its files are kept, and yours are added", v.continueDisc)
	c.files = v.d.Tips.NewButton("Show the files", nil, "Show the compilation: files of the disc, and those that are added", func() { v.OnCompile() })
	buttons := container.NewHBox(widgets.Middle(c.begin), widgets.Middle(c.files))
	c.object = container.NewBorder(nil, nil, nil, widgets.Middle(buttons), container.New(&widgets.Column{Gap: 2}, c.text, c.detail))
	return c
}

func (c *continuing) reload() {
	b := c.v.burn
	on, can := b.Continues(), b.CanContinue()
	widgets.SetVisible(c.object, on != nil || can)
	widgets.SetVisible(c.begin, can)
	widgets.SetVisible(c.files, on != nil && !can)
	switch {
	case can:
		c.text.Set("This disc can be continued")
		c.detail.Set("Its files are kept, and yours are added to them.")
	case on != nil:
		c.text.Set("The disc is continued")
		c.detail.Set(model.Count(on.Disc.Files, "file", "files") + " of it are kept, unless they were removed in Compile.")
	}
}

// continueDisc reads the disc in the target drive into the compilation.
func (v *View) continueDisc() {
	v.OnBegin([]string{v.burn.Target().Drive}, v.readToContinue)
}

func (v *View) readToContinue() {
	v.burn.Continue(func(on *model.Continued, err error) {
		switch {
		case model.Cancelled(err):
		case err != nil:
			v.d.Error("The disc cannot be continued", err)
		default:
			v.OnContinue(on)
			v.d.Tell("continued", map[string]any{"files": on.Disc.Files})
		}
	})
}

// askLater asks whether the disc stays open.
func (v *View) askLater() {
	readers := record.ReadersOf(v.burn.Preflight().Plan.Profile)
	if in, ok := v.burn.Inserted(); ok {
		readers = record.ReadersOf(in.Medium)
	}
	chosen := 1
	if v.burn.Options.Appendable {
		chosen = 0
	}
	v.ask("Afterwards", "Closing a disc cannot be taken back. An open disc can be closed at any time.", chosen, []widgets.Option{
		{Title: "Leave the disc open", Detail: readers.Open},
		{Title: "Close the disc", Detail: readers.Closed},
	}, func(i int) {
		v.burn.Options.Appendable = i == 0
		v.burn.Plan()
	})
}
