// Package serve is the page of the window that offers drives and images to other computers:
// first what, where and to whom, then who is connected.
package serve

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// View is the page.
type View struct {
	Object fyne.CanvasObject // to be put into a window
	// OnBegin frees drives that will be offered, since nothing else may use them, and then
	// calls do.
	OnBegin func(drives []string, do func())
	// AskVirtual asks for a new virtual disc, and passes on the name of its drive.
	AskVirtual func(then func(drive string))

	d       *host.Host
	serve   *model.Serve
	empty   fyne.CanvasObject
	setup   *setup
	running *running
	serving bool // is shown
}

// New returns the page.
func New(d *host.Host, s *model.Serve) *View {
	v := &View{d: d, serve: s}
	v.setup, v.running = newSetup(v), newRunning(v)
	t := d.Tips
	var drives *widgets.Button
	drives = t.NewButton("Drive…", theme.DiscIcon, "Offer a drive of this computer, with the disc in it", func() { v.driveMenu(widgets.Below(drives)) })
	v.empty = widgets.Empty(theme.ServeIcon, "Offer a disc to other computers",
		"Another computer, or a virtual machine, then has a CD, DVD or BD drive: it reads the disc, and burns to it if it is that of a recorder. It needs no driver for that: Linux and Windows have an iSCSI initiator.",
		t.NewPrimary("Image file…", theme.FileIcon, "Offer an image file as a disc in a drive", v.pickImage), drives)
	v.Object = container.NewStack(v.empty, v.setup.object, v.running.object)
	s.OnChange = v.reload
	v.reload()
	return v
}

// Shown is called when the page is shown.
func (v *View) Shown() { v.serve.FindDrives() }

// Add offers a drive or an image file.
func (v *View) Add(name string) { v.serve.Add(name) }

// Work describes what is offered, and what stopping it does; "" if nothing is.
func (v *View) Work() string {
	if !v.serve.Running() {
		return ""
	}
	text := "Drives are offered to other computers."
	if n := len(v.serve.Connected()); n > 0 {
		text = "Drives are offered to other computers, and " + model.Count(n, "is", "are") + " connected. A disc that they are burning is lost."
	}
	return text
}

// Stop ends it.
func (v *View) Stop() { v.serve.Stop() }

func (v *View) reload() {
	s := v.serve
	on, some := s.Running(), len(s.Options.Names) > 0
	widgets.SetVisible(v.empty, !on && !some)
	widgets.SetVisible(v.setup.object, !on && some)
	widgets.SetVisible(v.running.object, on)
	if on {
		v.running.reload()
	} else {
		v.setup.reload()
	}
	if on && !v.serving {
		widgets.Poll(v.d.Post, 500*time.Millisecond, func() bool {
			v.running.poll()
			return s.Running()
		})
	}
	v.serving = on
	fields := map[string]any{"running": on, "ready": s.Why() == "", "why": s.Why(), "address": "", "error": ""}
	if served := s.Served(); served != nil {
		fields["address"] = served.Address
	}
	if err := s.Err(); err != nil {
		fields["error"] = model.ExplainServe(err)
	}
	v.d.Tell("serve", fields)
}

// begin begins to offer.
func (v *View) begin() {
	v.OnBegin(v.serve.Options.Drives(), func() {
		if v.serve.Why() == "" {
			v.serve.Begin()
		}
	})
}

// askStop asks before connected computers lose their drives.
func (v *View) askStop() {
	n := len(v.serve.Connected())
	if n == 0 {
		v.serve.Stop()
		return
	}
	v.d.Ask("Stop offering?", model.Count(n, "session is", "sessions are")+" connected and will lose the drives. A disc that is being burned is lost.",
		widgets.Choice{Text: "Continue", Primary: true},
		widgets.Choice{Text: "Stop", Danger: true, Do: func() bool { v.serve.Stop(); return true }})
}

func (v *View) pickImage() {
	v.d.PickOpen("Image to offer", v.serve.Add, host.Images, host.AllFiles)
}

// driveMenu offers the drives that are not offered yet, and a virtual disc.
func (v *View) driveMenu(at fyne.Position) {
	var items []*fyne.MenuItem
	for _, d := range v.serve.Drives() {
		items = append(items, widgets.Item(d.Title(), "", func() { v.serve.Add(d.Name) }))
	}
	if len(items) == 0 {
		items = append(items, widgets.Item("No drive was found", "check that one is connected, and that you have permission to use it", nil))
	}
	items = append(items, fyne.NewMenuItemSeparator(), widgets.Item("New virtual disc…", "", func() { v.AskVirtual(v.serve.Add) }))
	v.d.Menu(at, items...)
}

// head is the title of the page.
func head() fyne.CanvasObject {
	return widgets.MinHeight(34, widgets.Middle(container.NewBorder(nil, nil, widgets.Wide(64, widgets.Title("Serve")), nil,
		widgets.Middle(widgets.Muted("Other computers use these discs in drives of their own, over iSCSI")))))
}

// twoColumns gives the left column most of the width.
type twoColumns struct{}

// Layout implements fyne.Layout.
func (twoColumns) Layout(o []fyne.CanvasObject, s fyne.Size) {
	const between = 12
	right := min(max(s.Width*0.36, 340), 560)
	o[0].Resize(fyne.NewSize(s.Width-right-between, s.Height))
	o[1].Move(fyne.NewPos(s.Width-right, 0))
	o[1].Resize(fyne.NewSize(right, s.Height))
}

// MinSize implements fyne.Layout.
func (twoColumns) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(700, max(o[0].MinSize().Height, o[1].MinSize().Height))
}
