package burn

import (
	"os"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// targetMenu offers the drives, an image file and a virtual disc.
func (s *settings) targetMenu(at fyne.Position) {
	b := s.v.burn
	var items []*fyne.MenuItem
	for _, in := range b.Drives() {
		items = append(items, widgets.Item(in.Drive.Title()+":  "+in.Describe(), "", func() {
			b.SetTarget(model.Target{Drive: in.Drive.Name})
		}))
	}
	if len(items) > 0 {
		items = append(items, fyne.NewMenuItemSeparator())
	}
	s.v.d.Menu(at, append(items,
		widgets.Item("Image file…", "", s.v.PickFile),
		widgets.Item("New virtual disc…", "", s.v.newVirtual),
		widgets.Item("Open virtual disc…", "", s.v.openVirtual))...)
}

// PickFile asks for the image file to write.
func (v *View) PickFile() {
	name := "disc.iso"
	if source, ok := v.burn.Source(); ok && source.Kind == model.FromCompilation {
		name = v.imageName()
	}
	v.d.PickSave("Image file to write", name, v.SetFile, host.ISO)
}

// PickImage asks for an image file and chooses it as the target of the compilation, for
// one burn. Then it calls then.
func (v *View) PickImage(then func()) {
	v.d.PickSave("Image file to write", v.imageName(), func(path string) {
		v.SetCompilation()
		v.burn.SetTargetOnce(model.Target{File: path})
		then()
	}, host.ISO)
}

func (v *View) imageName() string {
	if c := v.burn.Compiled(); c != nil {
		return model.FileName(c.Label) + ".iso"
	}
	return "disc.iso"
}

// copyMenu offers the drives whose disc can be copied.
func (s *settings) copyMenu(at fyne.Position) {
	var items []*fyne.MenuItem
	for _, in := range s.v.burn.Drives() {
		why := widgets.Unless(in.Medium != "" && in.Status != "blank", "it contains no data to copy")
		items = append(items, widgets.Item(in.Drive.Title(), why, func() {
			s.v.burn.SetSource(model.Source{Kind: model.FromDrive, Name: in.Drive.Name})
		}))
	}
	if len(items) == 0 {
		items = append(items, widgets.Item("No drive was found", "check that one is connected, and that you have permission to use it", nil))
	}
	s.v.d.Menu(at, items...)
}

// newVirtual asks for a medium, and chooses a new virtual disc as the target.
func (v *View) newVirtual() { v.AskVirtual(v.useVirtual) }

// AskVirtual asks for a medium, and creates a virtual disc. It passes on the name of its
// drive.
func (v *View) AskVirtual(then func(drive string)) {
	media := v.engine.VirtualMedia()
	kind := widgets.NewSelect(media, nil)
	kind.SetSelected("DVD+R")
	if kind.Selected == "" && len(media) > 0 {
		kind.SetSelected(media[0])
	}
	text := widgets.NewText("A virtual disc is a file that behaves like a disc in a recorder. It follows the rules of its medium: a DVD-R, for example, can be written only once.").Wrap()
	slow := widgets.NewCheck("As slow as a real drive", nil)
	slow.SetChecked(true)
	form := container.New(&widgets.Column{Gap: 8}, text, kind, slow)
	place := func() bool {
		v.d.PickSave("Save the virtual disc as", model.FileName(kind.Selected)+".gmdisc", func(path string) {
			v.addVirtual(path, kind.Selected, slow.Checked, then)
		})
		return true
	}
	v.d.Sheet("New virtual disc", form, 440,
		widgets.Choice{Text: "Cancel"},
		widgets.Choice{Text: "Save as…", Do: place},
		widgets.Choice{Text: "Create", Primary: true, Do: func() bool { return v.createVirtual(kind.Selected, slow.Checked, then) }})
}

// createVirtual creates the disc in a temporary folder.
func (v *View) createVirtual(medium string, slow bool, then func(string)) bool {
	dir, err := os.MkdirTemp("", "glassmaster-disc-")
	if err != nil {
		v.d.Error("The virtual disc cannot be created", err)
		return true
	}
	v.addVirtual(filepath.Join(dir, model.FileName(medium)+".gmdisc"), medium, slow, then)
	return true
}

func (v *View) openVirtual() {
	v.d.PickOpen("Open virtual disc", func(path string) { v.addVirtual(path, "", false, v.useVirtual) }, host.AllFiles)
}

func (v *View) addVirtual(path, medium string, slow bool, then func(string)) {
	name, err := v.engine.AddVirtual(path, medium, slow)
	if err != nil {
		v.d.Error("The virtual disc cannot be opened", err)
		return
	}
	then(name)
}

// useVirtual chooses a virtual disc as the target.
func (v *View) useVirtual(name string) {
	v.burn.SetTarget(model.Target{Drive: name})
	v.burn.FindDrives()
}

// eraseFirst plans to erase the disc. The user confirms this when the burn begins.
func (v *View) eraseFirst() {
	v.burn.Options.Blank = true
	v.burn.Plan()
}

// forceIt asks for confirmation before it allows a source with known defects.
func (v *View) forceIt() {
	v.d.Ask("Burn it anyway?", v.burn.Why(),
		widgets.Choice{Text: "Cancel", Primary: true},
		widgets.Choice{Text: "Burn it anyway", Danger: true, Do: func() bool { v.burn.Force(); return true }})
}

// begin begins the burn, after the user has confirmed what will be lost.
func (v *View) begin() {
	if v.burn.Why() != "" {
		return
	}
	name := v.burn.Target().Drive
	if name == "" {
		v.burn.Begin()
		return
	}
	v.OnBegin(v.burn.Target().Drives(), v.beginInDrives)
}

// beginInDrives begins the burn when nothing else uses its drives.
func (v *View) beginInDrives() {
	if v.burn.Why() != "" { // since the user was asked
		return
	}
	if !v.burn.Erases() {
		v.burn.Begin()
		return
	}
	v.burn.ReadContents(func(c model.Contents) {
		in, _ := v.burn.Inserted()
		v.d.Ask("Erase the "+in.Medium+"?", c.Loss(in),
			widgets.Choice{Text: "Cancel"},
			widgets.Choice{Text: "Erase and burn", Danger: true, Do: func() bool {
				v.burn.EraseAndBegin(c)
				return true
			}})
	})
}
