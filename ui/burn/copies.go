package burn

import (
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// inserting is the sheet that asks for the disc of the next copy.
type inserting struct {
	sheet *widgets.Sheet
	state *widgets.Text
	bad   bool // the disc that was inserted cannot be used
}

// askDisc asks for the next disc.
func (v *View) askDisc() {
	if v.next.sheet != nil {
		return
	}
	var titles []string
	for _, r := range v.burn.Recordings() {
		titles = append(titles, r.Title)
	}
	where := strings.Join(titles, ", and into ")
	n, of := v.burn.Copy()
	title := "Insert a blank disc"
	if of > 1 {
		title = fmt.Sprintf("Copy %d of %d: insert a blank disc", n, of)
	}
	v.next.state, v.next.bad = widgets.Muted("").Wrap(), false
	text := container.New(&widgets.Column{Gap: 10}, widgets.NewText("Insert it into "+where+".").Wrap(), widgets.MinHeight(54, v.next.state))
	v.next.sheet = v.d.Sheet(title, text, 460,
		widgets.Choice{Text: "Stop", Escape: true, Do: func() bool {
			v.closeAsking()
			v.burn.StopInserting()
			return false
		}},
		widgets.Choice{Text: "Burn", Primary: true, Do: func() bool {
			v.next.bad = false
			v.burn.BeginNext(v.refuseDisc)
			v.showAsking()
			return false
		}})
	sheet := v.next.sheet
	widgets.Poll(v.d.Post, 200*time.Millisecond, func() bool {
		v.showAsking()
		return v.next.sheet == sheet
	})
}

// refuseDisc says why the disc that was inserted cannot be used.
func (v *View) refuseDisc(err error) {
	if v.next.sheet != nil {
		v.next.bad = true
		text := model.Reason(err)
		if !strings.Contains(strings.ToLower(text), "insert ") { // which says what to do
			text += " Insert another disc."
		}
		v.next.state.Color(theme.Error).Set(text)
	}
	v.d.Tell("inserting", map[string]any{"error": err.Error()})
}

func (v *View) showAsking() {
	switch {
	case v.next.sheet == nil || v.next.bad:
	case v.burn.Checking():
		v.next.state.Color(theme.Muted).Set("The drive is working …")
	default:
		v.next.state.Color(theme.Muted).Set("Then press Burn. The same options are used.")
	}
}

// closeAsking closes the sheet.
func (v *View) closeAsking() {
	if s := v.next.sheet; s != nil {
		v.next.sheet = nil
		s.Close()
	}
}

// alsoList shows the further drives of a burn in several drives, each with a button that
// removes it.
type alsoList struct {
	object *fyne.Container
	add    *widgets.Button
	row    fyne.CanvasObject
	v      *View
	shown  string
	list   *fyne.Container
}

func newAlsoList(v *View) *alsoList {
	a := &alsoList{v: v, list: container.New(&widgets.Column{Gap: 2})}
	a.add = v.d.Tips.NewQuiet("Burn in another drive, too", theme.AddIcon, "Burn the same disc in several drives at once", func() { a.menu(widgets.Below(a.add)) })
	a.row = container.NewHBox(a.add)
	a.object = container.New(&widgets.Column{Gap: 2}, a.list, a.row)
	return a
}

// reload shows the drives.
func (a *alsoList) reload() {
	b := a.v.burn
	_, isDrive := b.Inserted()
	also := b.Target().Also
	widgets.SetVisible(a.row, isDrive && len(b.Others()) > 0 && !b.WithOneDrive() && b.Continues() == nil)
	widgets.SetVisible(a.object, len(also) > 0 || a.row.Visible())
	shown := ""
	for _, name := range also {
		in, _ := b.InsertedIn(name)
		shown += name + in.Describe()
	}
	if shown == a.shown {
		return
	}
	a.shown = shown
	a.list.RemoveAll()
	for _, name := range also {
		in, _ := b.InsertedIn(name)
		in.Drive.Name = name
		text := container.New(&widgets.Column{Gap: 1}, widgets.NewText("and "+in.Drive.Title()).Bold(), widgets.Muted(in.Describe()))
		remove := widgets.Tips{}.NewQuiet("", theme.CloseIcon, "Do not burn in this drive", func() { a.set(name, false) })
		a.list.Add(container.NewBorder(nil, nil, nil, widgets.Middle(remove), widgets.Inset(text, 12, 2, 0, 2)))
	}
}

// menu offers the other drives. Those without a disc that can be written are disabled.
func (a *alsoList) menu(at fyne.Position) {
	var items []*fyne.MenuItem
	for _, in := range a.v.burn.Others() {
		why := widgets.Unless(in.Err == nil && in.Medium != "", in.Describe())
		text := in.Drive.Title()
		if why == "" {
			text += ":  " + in.Describe()
		}
		items = append(items, widgets.Item(text, why, func() { a.set(in.Drive.Name, true) }))
	}
	a.v.d.Menu(at, items...)
}

// set chooses a further drive, or no longer.
func (a *alsoList) set(name string, chosen bool) {
	var drives []string
	for _, d := range a.v.burn.Target().Drives() {
		if d != name {
			drives = append(drives, d)
		}
	}
	if chosen {
		drives = append(drives, name)
	}
	a.v.burn.SetTargets(drives)
}
