package burn

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/drive/record"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// options are the options of the burn; the rare ones are shown by a button.
type options struct {
	object   fyne.CanvasObject
	v        *View
	speed    *widgets.Select
	speeds   []int
	verify   *widgets.Check
	simulate *widgets.Check
	finish   *widgets.Check
	eject    *widgets.Check
	dao      *widgets.Check
	blank    *widgets.Check
	more     *widgets.Button
	advanced *fyne.Container
	setting  bool // reload sets the widgets
}

func newOptions(v *View) *options {
	o := &options{v: v}
	o.speed = widgets.NewSelect(nil, func(string) { o.changed() })
	check := func(text string) *widgets.Check { return widgets.NewCheck(text, func(bool) { o.changed() }) }
	o.verify = check("Verify: read the disc back and compare it")
	o.eject = check("Open the tray when done")
	o.simulate = check("Simulation: nothing is written, the laser stays at reading power")
	o.finish = check("Finalize the disc: nothing can be added later")
	o.dao = check("Disc at once (DVD-R): for better compatibility with players")
	o.blank = check("Erase or overwrite a rewritable disc that contains data")
	o.advanced = container.New(&widgets.Column{Gap: 2}, o.simulate, o.finish, o.dao, o.blank)
	o.advanced.Hide()
	o.more = v.d.Tips.NewQuiet("Advanced", nil, "Simulation, finalizing, erasing", func() {
		widgets.SetVisible(o.advanced, !o.advanced.Visible())
		o.reload()
	})
	speed := container.NewBorder(nil, nil, widgets.Middle(widgets.Wide(64, widgets.Muted("Speed"))), nil, o.speed)
	o.object = widgets.Card("Options", speed,
		container.New(&widgets.Column{Gap: 2}, o.verify, o.eject),
		container.NewHBox(o.more), o.advanced)
	return o
}

func (o *options) reload() {
	o.setting = true
	defer func() { o.setting = false }()
	b := o.v.burn
	set := b.Options
	in, isDrive := b.Inserted()
	o.speeds = append([]int{0}, in.Speeds...)
	var names []string
	for _, s := range o.speeds {
		names = append(names, model.Speed(s, in.Medium))
	}
	o.speed.Options = names
	for i, s := range o.speeds {
		if s == set.Speed {
			o.speed.SetSelectedIndex(i)
		}
	}
	o.verify.SetChecked(!set.NoVerify)
	o.eject.SetChecked(set.Eject)
	o.simulate.SetChecked(set.Simulate)
	o.finish.SetChecked(!set.Appendable)
	o.dao.SetChecked(set.Mode == record.DiscAtOnce)
	o.blank.SetChecked(set.Blank)
	allow(o.speed, isDrive && len(in.Speeds) > 0)
	for _, c := range []*widgets.Check{o.eject, o.simulate, o.finish, o.dao, o.blank} {
		allow(c, isDrive)
	}
	o.more.SetText("Advanced  ▸")
	if o.advanced.Visible() {
		o.more.SetText("Advanced  ▾")
	}
}

func allow(w fyne.Disableable, can bool) {
	if can {
		w.Enable()
	} else {
		w.Disable()
	}
}

func (o *options) changed() {
	if o.setting {
		return
	}
	set := &o.v.burn.Options
	if i := o.speed.SelectedIndex(); i >= 0 && i < len(o.speeds) {
		set.Speed = o.speeds[i]
	}
	set.NoVerify = !o.verify.Checked
	set.Eject = o.eject.Checked
	set.Simulate = o.simulate.Checked
	set.Appendable = !o.finish.Checked
	set.Mode = record.Auto
	if o.dao.Checked {
		set.Mode = record.DiscAtOnce
	}
	set.Blank = o.blank.Checked
	o.v.burn.Plan()
}
