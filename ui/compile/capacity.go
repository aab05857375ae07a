package compile

import (
	"context"
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// capacityCard shows how full the disc is, and against which medium.
type capacityCard struct {
	Object    fyne.CanvasObject
	host      *host.Host
	engine    Engine
	project   *model.Project
	bar       *widgets.CapacityBar
	headline  *widgets.Text
	remark    *widgets.Text
	legend    *widgets.Text
	selection *widgets.Text
	top, foot *fyne.Container
	overhead  *widgets.Text
	medium    *widgets.Button
	better    *widgets.Button
	caution   *widgets.Text
}

func newCapacityCard(h *host.Host, e Engine, p *model.Project) *capacityCard {
	c := &capacityCard{host: h, engine: e, project: p, bar: widgets.NewCapacityBar()}
	c.headline = widgets.NewText("").Sized(theme.TitleSize).Bold()
	c.remark = widgets.NewText("").Sized(theme.TitleSize)
	c.legend, c.overhead, c.selection = widgets.Muted(""), widgets.Muted(""), widgets.Muted("").Align(fyne.TextAlignTrailing)
	c.caution = widgets.NewText("").Color(theme.Warning)
	c.medium = h.Tips.NewButton("", theme.MenuIcon, "The medium that the disc is held against", c.mediumMenu)
	c.medium.IconPlacement = widget.ButtonIconTrailingText
	c.better = h.Tips.NewButton("", nil, "Hold the disc against the smallest medium that it fits on", c.useBetter)
	c.better.Hide()
	c.top = container.New(rowLayout{}, widgets.Middle(c.headline), widgets.Middle(c.remark), c.better, c.medium)
	c.foot = container.New(rowLayout{last: true}, dot(theme.Primary), c.legend, dot(theme.Overhead), c.overhead, c.caution, c.selection)
	c.Object = widgets.Card("", c.top, c.bar, c.foot)
	return c
}

// dot is the mark of a part of the bar in its legend.
func dot(name fyne.ThemeColorName) fyne.CanvasObject {
	return container.NewCenter(container.NewStack(widgets.Space(10, 10), widgets.NewFill(name)))
}

func (c *capacityCard) reload() {
	k := c.project.Capacity()
	c.bar.Set(k)
	c.headline.Set(k.Headline())
	c.remark.Set(k.Remark())
	c.remark.Color(theme.Muted)
	if k.Over() {
		c.remark.Color(theme.Error)
	}
	c.medium.SetText(k.Medium.Name)
	m, fits := k.Fits()
	show(c.better, k.Over() && fits)
	c.better.SetText("Use " + m.Name)
	s := c.project.Size()
	c.legend.Set(fmt.Sprintf("Files %s  (%s in %s)", model.Bytes(s.Content),
		model.Count(s.Files, "file", "files"), model.Count(s.Folders, "folder", "folders")))
	c.overhead.Set("File system " + model.Bytes(k.Overhead()))
	c.caution.Color(theme.Warning)
	switch n := len(s.Warnings); {
	case s.Err != nil:
		c.overhead.Set("File system unknown")
		c.caution.Color(theme.Error).Set("Cannot be written: " + model.Reason(s.Err))
	case n > 1:
		c.caution.Set(fmt.Sprintf("%s (and %d more)", s.Warnings[0], n-1))
	case n == 1:
		c.caution.Set(s.Warnings[0])
	default:
		c.caution.Set("")
	}
	if k.Counting {
		c.overhead.Set("File system …")
	}
	c.top.Refresh()
	c.foot.Refresh()
}

func (c *capacityCard) setSelection(text string) {
	c.selection.Set(text)
	c.foot.Refresh()
}

func (c *capacityCard) useBetter() {
	if m, ok := c.project.Capacity().Fits(); ok {
		c.project.SetMedium(m)
	}
}

// mediumMenu offers the common media, and those that are in the drives.
func (c *capacityCard) mediumMenu() {
	at := widgets.Below(c.medium)
	var items []*fyne.MenuItem
	for _, m := range disc.Media {
		items = append(items, widgets.Item(m.Name+"   "+model.Bytes(m.Bytes()), "", func() { c.project.SetMedium(m) }))
	}
	var inserted []model.Inserted
	model.Start(c.host.Post, "looking for drives", func(ctx context.Context, _ progress.Reporter) (err error) {
		inserted, err = c.engine.Inserted(ctx)
		return err
	}, func(error) { // without drives the common media are offered
		for _, in := range inserted {
			if in.Free <= 0 {
				continue
			}
			m := disc.Medium{Name: in.Medium + " in the drive", Sectors: in.Free}
			items = append(items, widgets.Item(in.Drive.Title()+":  "+in.Describe(), "", func() { c.project.SetMedium(m) }))
		}
		c.host.Menu(at, items...)
	})
}

// rowLayout lays out a row: texts as wide as they need, the last but one or the
// last takes what is left.
type rowLayout struct{ last bool }

func natural(o fyne.CanvasObject) float32 {
	if t, ok := o.(*widgets.Text); ok {
		return t.Natural()
	}
	if box, ok := o.(*fyne.Container); ok {
		w := float32(0)
		for _, x := range box.Objects {
			w = max(w, natural(x))
		}
		return max(w, box.MinSize().Width)
	}
	return o.MinSize().Width
}

// Layout implements fyne.Layout.
func (l rowLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	const between = 10
	// what stands at the right end
	right := 2
	if l.last {
		right = 1
	}
	end := s.Width
	for i := len(objects) - 1; i >= len(objects)-right; i-- {
		o := objects[i]
		if !o.Visible() {
			continue
		}
		w := min(natural(o), s.Width/2)
		place(o, end-w, w, s.Height)
		end -= w + between
	}
	x := float32(0)
	for _, o := range objects[:len(objects)-right] {
		if !o.Visible() {
			continue
		}
		w := min(natural(o), max(end-x, 0))
		place(o, x, w, s.Height)
		x += w + between
	}
}

func place(o fyne.CanvasObject, x, w, height float32) {
	h := o.MinSize().Height
	o.Move(fyne.NewPos(x, (height-h)/2))
	o.Resize(fyne.NewSize(w, h))
}

// MinSize implements fyne.Layout.
func (rowLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	h := float32(0)
	for _, o := range objects {
		h = max(h, o.MinSize().Height)
	}
	return fyne.NewSize(300, h)
}
