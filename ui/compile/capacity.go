package compile

import (
	"context"
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/units"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// capacityCard shows how much of a medium the compilation fills.
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
	occupied  fyne.CanvasObject // the dot before old
	old       *widgets.Text     // what is on the disc that is continued
	medium    *widgets.Button
	better    *widgets.Button
	warning   *widgets.Text
	details   *widgets.Button
	notices   []disc.Notice
}

func newCapacityCard(h *host.Host, e Engine, p *model.Project) *capacityCard {
	c := &capacityCard{host: h, engine: e, project: p, bar: widgets.NewCapacityBar()}
	c.headline = widgets.NewText("").Sized(theme.TitleSize).Bold()
	c.remark = widgets.NewText("").Sized(theme.TitleSize)
	c.legend, c.overhead, c.selection = widgets.Muted(""), widgets.Muted(""), widgets.Muted("").Align(fyne.TextAlignTrailing)
	c.warning = widgets.NewText("")
	c.details = h.Tips.NewQuiet("Details", nil, "", func() { h.ShowNotices(host.CountNotices(c.notices), c.notices) })
	c.medium = h.Tips.NewButton("", theme.MenuIcon, "The medium to compare the size with", c.mediumMenu)
	c.medium.IconPlacement = widget.ButtonIconTrailingText
	c.better = h.Tips.NewButton("", nil, "Compare with the smallest medium that holds the files", c.useBetter)
	c.better.Hide()
	c.top = container.New(rowLayout{}, widgets.Middle(c.headline), widgets.Middle(c.remark), c.better, c.medium)
	c.occupied, c.old = dot(theme.Occupied), widgets.Muted("")
	c.foot = container.New(rowLayout{last: true}, c.occupied, c.old, dot(theme.Primary), c.legend, dot(theme.Overhead), c.overhead, c.warning, c.details, c.selection)
	c.Object = widgets.Card("", c.top, c.bar, c.foot)
	return c
}

// dot is the colour of a part of the bar in the legend.
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
	on := c.project.Continued()
	m, fits := k.Fits()
	widgets.SetVisible(c.medium, on == nil)
	widgets.SetVisible(c.better, k.Over() && fits && on == nil)
	widgets.SetVisible(c.occupied, on != nil)
	widgets.SetVisible(c.old, on != nil)
	c.better.SetText("Use " + m.Name)
	s := c.project.Size()
	c.legend.Set(fmt.Sprintf("Files %s  (%s in %s)", units.Size(s.Content),
		model.Count(s.Files, "file", "files"), model.Count(s.Folders, "folder", "folders")))
	c.overhead.Set("File system " + units.Size(k.Overhead()))
	if on != nil {
		c.old.Set("On the disc " + units.Size(k.Old))
		c.legend.Set("New " + units.Size(s.Content))
		c.overhead.Set("Cost of the session " + units.Size(k.Overhead()))
	}
	c.notices = s.Notices
	color, text := theme.Warning, ""
	switch {
	case s.Err != nil:
		c.overhead.Set("File system unknown")
		c.notices = []disc.Notice{{Severity: disc.Error, Text: model.Reason(s.Err)}}
		color, text = theme.Error, "Cannot be written: "+model.Reason(s.Err)
	default:
		text = host.CountNotices(s.Notices)
	}
	c.warning.Color(color).Set(text)
	widgets.SetVisible(c.details, text != "")
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

// mediumMenu shows a menu of the common media and the media in the drives.
func (c *capacityCard) mediumMenu() {
	at := widgets.Below(c.medium)
	var items []*fyne.MenuItem
	for _, m := range disc.Media {
		items = append(items, widgets.Item(m.Name+"   "+units.Size(m.Bytes()), "", func() { c.project.SetMedium(m) }))
	}
	var inserted []model.Inserted
	model.Start(c.host.Post, "looking for drives", func(ctx context.Context, _ progress.Reporter) (err error) {
		inserted, err = c.engine.Inserted(ctx)
		return err
	}, func(error) { // without drives it offers the common media
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

// rowLayout lays out a row. The objects at the right end, one with last and two without,
// are right-aligned. A [widgets.Text] is shortened to make room for a button after it.
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
	for i, o := range objects[:len(objects)-right] {
		if !o.Visible() {
			continue
		}
		limit := end - x
		if next := objects[i+1]; isButton(next) && next.Visible() && i+1 < len(objects)-right {
			limit -= next.MinSize().Width + between
		}
		w := min(natural(o), max(limit, 0))
		place(o, x, w, s.Height)
		x += w + between
	}
}

func isButton(o fyne.CanvasObject) bool {
	_, ok := o.(*widgets.Button)
	return ok
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
