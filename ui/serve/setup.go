package serve

import (
	"path/filepath"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"glassmaster/drive"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// setup shows what is offered, and who may connect.
type setup struct {
	object fyne.CanvasObject
	v      *View
	left   *fyne.Container

	offers  *fyne.Container
	shown   []string // in offers
	address *widgets.Select
	hosts   []model.ListenAddress
	port    *widgets.Field
	user    *widgets.Field
	secret  *widgets.Field
	only    *widgets.Check
	hint    *widgets.Text
	summary *widgets.Facts
	failed  *widgets.Text
	why     *widgets.Text
	begin   *widgets.Button
	setting bool // reload sets the widgets
}

func newSetup(v *View) *setup {
	s := &setup{v: v, offers: container.New(&widgets.Column{Gap: 4}), summary: widgets.NewFacts(), hosts: v.serve.Addresses()}
	t := v.d.Tips
	var drives *widgets.Button
	drives = t.NewButton("Add a drive", theme.DiscIcon, "Offer a drive of this computer, with the disc in it", func() { v.driveMenu(widgets.Below(drives)) })
	add := container.NewGridWithColumns(2, t.NewButton("Add an image…", theme.FileIcon, "Offer an image file as a disc in a drive", v.pickImage), drives)
	s.only = widgets.NewCheck("Read only: refuse to write, erase and format", func(on bool) { s.change(func(o *model.ServeOptions) { o.ReadOnly = on }) })
	offers := widgets.Card("What is offered", s.offers, add, s.only)

	var names []string
	for _, h := range s.hosts {
		names = append(names, h.Title)
	}
	s.address = widgets.NewSelect(names, func(string) {
		if i := s.address.SelectedIndex(); i >= 0 {
			s.change(func(o *model.ServeOptions) { o.Host = s.hosts[i].Host })
		}
	})
	field := func(set func(*model.ServeOptions, string)) *widgets.Field {
		f := widgets.NewField()
		f.OnChanged = func(text string) { s.change(func(o *model.ServeOptions) { set(o, text) }) }
		return f
	}
	s.port = field(func(o *model.ServeOptions, text string) { o.Port = text })
	s.user = field(func(o *model.ServeOptions, text string) { o.User = text })
	s.secret = field(func(o *model.ServeOptions, text string) { o.Secret = text })
	s.secret.Password = true
	s.secret.ActionItem = newReveal(s.secret)
	s.hint = widgets.Muted("").Wrap()
	secret := container.NewBorder(nil, nil, nil, container.NewHBox(
		t.NewButton("New", nil, "Choose a random secret", v.serve.NewSecret),
		t.NewButton("Copy", nil, "Copy the secret, to enter it on the other computer", func() { fyne.CurrentApp().Clipboard().SetContent(v.serve.Options.Secret) })), s.secret)
	access := widgets.Card("Who may connect", named("Address", s.address), named("Port", container.NewHBox(widgets.Wide(90, s.port))),
		named("User", s.user), named("Secret", secret), s.hint)

	s.failed = widgets.NewText("").Wrap().Color(theme.Error)
	s.why = widgets.Muted("").Wrap()
	s.begin = t.NewPrimary("Start", theme.ServeIcon, "", v.begin)
	side := widgets.Frame(container.NewBorder(nil, container.New(&widgets.Column{Gap: 10}, s.failed, s.why, widgets.MinHeight(40, s.begin)), nil, nil,
		container.NewVScroll(container.New(&widgets.Column{Gap: 12}, widgets.Title("Summary"), s.summary.Container))))
	s.left = container.New(&widgets.Column{Gap: 12, Fill: true}, offers, access)
	left := container.NewVScroll(s.left)
	s.object = container.NewBorder(head(), widgets.Space(0, 12), nil, nil, container.New(twoColumns{}, left, side))
	return s
}

// named puts the name of a setting before it.
func named(name string, o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewBorder(nil, nil, widgets.Middle(widgets.Wide(72, widgets.Muted(name))), nil, o)
}

// newReveal returns the button in a field that shows what is hidden.
func newReveal(f *widgets.Field) fyne.CanvasObject {
	var b *widget.Button
	b = widget.NewButtonWithIcon("", theme.ShowIcon, func() {
		defer model.CatchPanic()
		f.Password = !f.Password
		b.SetIcon(theme.ShowIcon)
		if !f.Password {
			b.SetIcon(theme.HideIcon)
		}
		f.Refresh()
	})
	b.Importance = widget.LowImportance
	return b
}

func (s *setup) change(set func(*model.ServeOptions)) {
	if !s.setting {
		s.v.serve.Set(set)
	}
}

func (s *setup) reload() {
	s.setting = true
	defer func() { s.setting = false }()
	m := s.v.serve
	o := m.Options
	s.showOffers(o.Names)
	if i := slices.IndexFunc(s.hosts, func(h model.ListenAddress) bool { return h.Host == o.Host }); i >= 0 {
		s.address.SetSelectedIndex(i)
	}
	for f, text := range map[*widgets.Field]string{s.port: o.Port, s.user: o.User, s.secret: o.Secret} {
		if f.Text != text {
			f.SetText(text)
		}
	}
	s.only.SetChecked(o.ReadOnly)
	hint := "Programs on this computer, such as virtual machines, can connect. A user and a secret are not needed."
	switch {
	case o.User != "":
		hint = "Who connects has to know the user and the secret (CHAP). What is transferred is not encrypted. The secret is not saved."
	case !o.Local():
		hint = "Other computers can connect. They have to know a user and a secret (CHAP), of 12 to 16 characters."
	}
	s.hint.Set(hint)
	s.showSummary(o)
	s.left.Refresh() // the texts have other heights
}

func (s *setup) showSummary(o model.ServeOptions) {
	m := s.v.serve
	access := "Everyone on this computer"
	switch {
	case o.User != "":
		access = "Who knows the secret of " + o.User
	case !o.Local():
		access = "Nobody yet"
	}
	writing := "Recordable discs can be burned and erased"
	if o.ReadOnly {
		writing = "Refused"
	}
	s.summary.Set([]widgets.Fact{
		{Name: "Offered", Value: model.Count(len(o.Names), "disc or drive", "discs and drives")},
		{Name: "At", Value: o.Address()},
		{Name: "Access", Value: access},
		{Name: "Writing", Value: writing},
		{Name: "Meanwhile", Value: "Glassmaster cannot use these drives itself"},
	})
	failed := ""
	if err := m.Err(); err != nil {
		failed = model.ExplainServe(err)
	}
	s.failed.Set(failed)
	widgets.SetVisible(s.failed, failed != "")
	why := m.Why()
	s.why.Set(why)
	widgets.SetVisible(s.why, why != "")
	s.begin.Allow(why)
}

// showOffers shows what is offered, each with a button that removes it.
func (s *setup) showOffers(names []string) {
	var titles []string
	for _, name := range names {
		titles = append(titles, s.v.serve.OfferTitle(name))
	}
	if slices.Equal(titles, s.shown) {
		return
	}
	s.shown = titles
	s.offers.RemoveAll()
	for i, name := range names {
		icon, where := theme.DiscIcon, "A drive, with the disc in it"
		if !drive.IsName(name) {
			icon, where = theme.FileIcon, "in "+filepath.Dir(name)
		}
		remove := widgets.Tips{}.NewQuiet("", theme.CloseIcon, "Remove", func() { s.v.serve.Remove(name) })
		text := container.New(&widgets.Column{Gap: 1}, widgets.NewText(titles[i]).Bold(), widgets.Muted(where))
		s.offers.Add(container.NewBorder(nil, nil, widgets.Inset(widget.NewIcon(theme.Tint(icon, theme.Muted)), 2, 0, 6, 0), widgets.Middle(remove), text))
	}
}
