package browse

import (
	"context"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// conversion is the sheet for writing the open disc as an image of another format. It lists
// what that format cannot hold before anything is written.
type conversion struct {
	v        *View
	formats  []model.ImageFormat
	kind     *widgets.Select
	hint     *widgets.Text
	perTrack *widgets.Check
	loss     *fyne.Container
	accept   *widgets.Check
	lost     []disc.Notice
	box      *fyne.Container
}

// pickFormat shows the sheet.
func (v *View) pickFormat() {
	d := v.volume.Disc()
	if d == nil || v.task.why() != "" {
		return
	}
	c := &conversion{v: v, formats: v.engine.ImageFormats(), hint: widgets.Muted("").Wrap(), loss: container.New(&widgets.Column{Gap: 4})}
	var names []string
	for _, f := range c.formats {
		names = append(names, f.Name)
	}
	c.perTrack = widgets.NewCheck("A file for each track", nil)
	c.accept = widgets.NewCheck("Leave it out", nil)
	c.kind = widgets.NewSelect(names, c.choose)
	name := widgets.Muted("Format")
	row := container.NewBorder(nil, nil, widgets.Middle(widgets.Wide(72, name)), nil, c.kind)
	c.box = container.New(&widgets.Column{Gap: 10}, row, c.hint, c.perTrack, c.loss, c.accept)
	c.kind.SetSelected(c.suggested(d))
	v.host.Sheet("Convert "+model.Short(v.volume.Name()), c.box, 500,
		widgets.Choice{Text: "Cancel"},
		widgets.Choice{Text: "Save as…", Primary: true, Do: c.save})
	v.host.Canvas.Focus(c.kind)
}

// suggested returns the format that the sheet proposes: the first one that holds
// everything on the disc and is not the one that it has, as far as there is one.
func (c *conversion) suggested(d disc.Disc) string {
	for _, f := range c.formats {
		if !strings.EqualFold("."+f.Extension, filepath.Ext(c.v.volume.Name())) && len(c.v.engine.Loss(d, f.Name)) == 0 {
			return f.Name
		}
	}
	return c.formats[0].Name
}

// choose shows what a format cannot hold.
func (c *conversion) choose(name string) {
	d := c.v.volume.Disc()
	f := c.format()
	if d == nil || f.Name == "" {
		return
	}
	c.hint.Set(f.Description)
	widgets.SetVisible(c.perTrack, f.FilePerTrack && model.HasSeveralTracks(d.TOC()))
	c.lost = c.v.engine.Loss(d, name)
	c.loss.RemoveAll()
	if len(c.lost) > 0 {
		c.loss.Add(widgets.NewText("The format cannot hold everything on this disc:").Bold())
		for _, n := range c.lost {
			c.loss.Add(widgets.NewText("• " + model.Capital(n.Text)).Wrap().Color(theme.Warning))
		}
	} else {
		c.loss.Add(widgets.NewText("The format holds everything on this disc.").Color(theme.Success))
	}
	c.accept.SetChecked(false)
	widgets.SetVisible(c.accept, len(c.lost) > 0)
	c.box.Refresh()
}

// format returns the chosen format.
func (c *conversion) format() model.ImageFormat {
	for _, f := range c.formats {
		if f.Name == c.kind.Selected {
			return f
		}
	}
	return model.ImageFormat{}
}

// save asks for the file. It keeps the sheet open until the loss is accepted.
func (c *conversion) save() bool {
	if len(c.lost) > 0 && !c.accept.Checked {
		c.accept.SetText("Leave it out (tick this to continue)")
		return false
	}
	f, v := c.format(), c.v
	base := filepath.Base(v.volume.Name())
	name := model.Stem(base) + "." + f.Extension
	if name == base {
		name = model.Stem(base) + " copy." + f.Extension
	}
	perTrack, force := c.perTrack.Visible() && c.perTrack.Checked, len(c.lost) > 0
	v.host.PickSave("Convert to "+f.Name, name, func(to string) {
		v.convert(to, f.Name, perTrack, force)
	}, host.FileType{Name: f.Name + " images", Extensions: []string{f.Extension}})
	return true
}

// convert writes the image and proves it.
func (v *View) convert(to, format string, perTrack, force bool) {
	from := v.volume.Name()
	if v.volume.Disc() == nil || v.task.why() != "" {
		return
	}
	var outcome model.Converted
	v.start(description{title: "Converting to " + model.Short(to), stop: "nothing will be written."}, func(ctx context.Context, rep progress.Reporter) (err error) {
		outcome, err = v.engine.Convert(ctx, from, to, format, perTrack, force, rep)
		return err
	}, func(err error) {
		v.host.Tell("converted", map[string]any{"to": to, "ok": err == nil && outcome.Good, "text": outcome.Text})
		switch {
		case model.Cancelled(err):
			v.showMessage("The conversion was stopped. Nothing was written.", false, nil)
		case err != nil:
			v.fail("The conversion failed. ", err)
		case outcome.Good:
			v.showSuccess(outcome.Text)
		default:
			v.showMessage(outcome.Text, true, outcome.Notices)
		}
	})
}
