package browse

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
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

	title, suffix string // of the sheet, and of the proposed name
	first         string // the format to propose; empty: another one than the disc has
	write         func(to, format string, perTrack bool, accepted []disc.Notice)
}

// pickFormat shows the sheet.
func (v *View) pickFormat() {
	d := v.volume.Disc()
	if d == nil || v.task.why() != "" {
		return
	}
	from := v.volume.Name()
	v.pickFormatFor(d, conversion{
		title: "Convert " + model.Short(from), suffix: " copy",
		write: func(to, format string, perTrack bool, accepted []disc.Notice) {
			v.convertFile(from, to, format, perTrack, accepted)
		},
	})
}

// pickFormatFor shows a sheet for choosing the format of an image of a disc.
func (v *View) pickFormatFor(d disc.Disc, how conversion) {
	c := &how
	c.v, c.formats = v, v.engine.ImageFormats()
	c.hint, c.loss = widgets.Muted("").Wrap(), container.New(&widgets.Column{Gap: 4})
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
	v.host.Sheet(c.title, c.box, 500,
		widgets.Choice{Text: "Cancel"},
		widgets.Choice{Text: "Save as…", Primary: true, Do: c.save})
	v.host.Canvas.Focus(c.kind)
}

// suggested returns the format that the sheet proposes: the first one that holds
// everything on the disc and is not the one that it has, as far as there is one.
func (c *conversion) suggested(d disc.Disc) string {
	for _, f := range c.formats {
		if f.Name == c.first {
			return f.Name
		}
	}
	for _, f := range c.formats {
		lost, certain := c.v.engine.Loss(d, f.Name)
		if certain && len(lost) == 0 && !strings.EqualFold("."+f.Extension, filepath.Ext(c.v.volume.Name())) {
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
	var certain bool
	c.lost, certain = c.v.engine.Loss(d, name)
	c.loss.RemoveAll()
	switch {
	case len(c.lost) > 0:
		c.loss.Add(widgets.NewText("The format cannot hold everything on this disc:").Bold())
		for _, n := range c.lost {
			c.loss.Add(lossText(n))
		}
	case !certain:
		c.loss.Add(widgets.Muted("Whether the format holds everything is found out when the disc is read. You are asked before anything is left out.").Wrap())
	default:
		c.loss.Add(widgets.NewText("The format holds everything on this disc.").Color(theme.Success))
	}
	c.accept.SetChecked(false)
	widgets.SetVisible(c.accept, len(c.lost) > 0)
	c.box.Refresh()
}

// lossText shows one thing that is lost. The heading of the list says already that the
// format cannot hold everything.
func lossText(n disc.Notice) fyne.CanvasObject {
	text := n.Text
	if _, what, ok := strings.Cut(text, "cannot hold everything on the disc: "); ok {
		text = what
	}
	return widgets.NewText("• " + model.Capital(text)).Wrap().Color(theme.Warning)
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
	perTrack, accepted := c.perTrack.Visible() && c.perTrack.Checked, c.lost
	v.host.PickSave("Save as "+f.Name, freeName(v.volume.Name(), f, c.suffix), func(to string) {
		c.write(to, f.Name, perTrack, accepted)
	}, images(f))
	return true
}

// acceptLoss asks whether to convert although something is lost, which became known only
// when the disc was read.
func (v *View) acceptLoss(loss *model.LossError, then func()) {
	list := container.New(&widgets.Column{Gap: 4})
	for _, n := range loss.Lost {
		list.Add(lossText(n))
	}
	v.host.Sheet(loss.Format+" cannot hold everything on the disc", list, 500,
		widgets.Choice{Text: "Cancel", Escape: true},
		widgets.Choice{Text: "Leave it out", Danger: true, Do: func() bool { v.host.Post(then); return true }})
}

// convertFile writes the image and proves it.
func (v *View) convertFile(from, to, format string, perTrack bool, accepted []disc.Notice) {
	if v.task.why() != "" {
		return
	}
	var outcome model.Converted
	var loss *model.LossError
	v.start(description{title: "Converting to " + model.Short(to), stop: "nothing will be written."}, func(ctx context.Context, rep progress.Reporter) (err error) {
		outcome, err = v.engine.Convert(ctx, from, to, format, perTrack, accepted, rep)
		return err
	}, func(err error) {
		v.host.Tell("converted", map[string]any{"to": to, "ok": err == nil && outcome.Good, "text": outcome.Text})
		switch {
		case model.Cancelled(err):
			v.showMessage("The conversion was stopped. Nothing was written.", false, nil)
		case errors.As(err, &loss):
			v.acceptLoss(loss, func() { v.convertFile(from, to, format, perTrack, loss.Lost) })
		case err != nil:
			v.fail("The conversion failed. ", err)
		case outcome.Good:
			v.showSuccess(outcome.Text)
		default:
			v.showMessage(outcome.Text, true, outcome.Notices)
		}
	})
}
