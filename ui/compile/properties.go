package compile

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// properties is the sheet with the choices that a disc as a whole has.
type properties struct {
	object   fyne.CanvasObject
	systems  *widgets.Select
	about    *widgets.Text
	revision *widgets.Select
	dvd      *widgets.Check
	owners   *widgets.Select
	once     *widgets.Check
	sums     *widgets.Check
	md5      *widgets.Check

	publisher, bios, uefi *widgets.Field
}

// What the choices of file systems are called, and whom they serve.
var (
	systemNames = []string{"ISO 9660 with Joliet and Rock Ridge", "ISO 9660 and UDF", "UDF"}
	systemAbout = []string{
		"Every system reads it. The usual choice for CD and DVD.",
		"Every system reads it, and so do players of DVD and Blu-ray.",
		"Today's systems read it. For Blu-ray and for very large files.",
	}
	revisionAbout = map[udfplan.Revision]string{
		udfplan.Revision102: "DVD players", udfplan.Revision201: "the usual one", udfplan.Revision250: "Blu-ray players", udfplan.Revision260: "Blu-ray",
	}
	ownerNames = []string{"As on this machine", "Readable for all, belonging to root"}
)

// ShowProperties shows the sheet.
func (v *View) ShowProperties() {
	p := newProperties()
	p.set(v.project.Properties())
	v.host.Sheet("Properties of the disc", p.object, 560,
		widgets.Choice{Text: "Cancel"},
		widgets.Choice{Text: "Apply", Primary: true, Do: func() bool {
			v.project.SetProperties(p.get())
			return true
		}})
}

func newProperties() *properties {
	p := &properties{
		about: widgets.Muted(""), publisher: widgets.NewField(), bios: widgets.NewField(), uefi: widgets.NewField(),
		dvd:    widgets.NewCheck("DVD-Video: lay the folder VIDEO_TS out for players", nil),
		owners: widgets.NewSelect(ownerNames, nil),
		once:   widgets.NewCheck("Store files with the same contents once", nil),
		sums:   widgets.NewCheck("Put the checksums of all files onto the disc (SHA256SUMS)", nil),
		md5:    widgets.NewCheck("Put a checksum of the disc into it, for a test at any time", nil),
	}
	p.systems = widgets.NewSelect(systemNames, func(string) { p.changed() })
	p.revision = widgets.NewSelect(revisionNames(), nil)
	p.dvd.OnChanged = func(bool) { p.changed() }
	p.publisher.PlaceHolder = "Who made the disc"
	p.bios.PlaceHolder = "A file on the disc, such as /isolinux/isolinux.bin"
	p.uefi.PlaceHolder = "A FAT image on the disc, such as /boot/efi.img"
	p.object = container.New(&widgets.Column{Gap: 8},
		row("File systems", p.systems), row("", p.about), row("UDF revision", p.revision), row("", p.dvd),
		widgets.Space(0, 4),
		row("Publisher", p.publisher), row("Permissions", p.owners),
		widgets.Space(0, 4),
		row("Contents", p.once), row("", p.sums), row("", p.md5),
		widgets.Space(0, 4),
		row("Start by BIOS", p.bios), row("Start by UEFI", p.uefi))
	return p
}

// row is a control with its name before it.
func row(name string, o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewBorder(nil, nil, widgets.Middle(widgets.Wide(110, widgets.Muted(name))), nil, o)
}

func revisionNames() []string {
	var names []string
	for _, r := range udfplan.Revisions {
		name := r.String()
		if about := revisionAbout[r]; about != "" {
			name += "  (" + about + ")"
		}
		names = append(names, name)
	}
	return names
}

// changed shows what the chosen file systems leave to be chosen.
func (p *properties) changed() {
	systems := model.FileSystems(p.systems.SelectedIndex())
	p.about.Set(systemAbout[systems])
	enable(p.dvd, systems != model.ISOAlone)
	enable(p.revision, systems != model.ISOAlone && !p.dvd.Checked)
	enable(p.md5, systems != model.UDFAlone)
	enable(p.bios, systems != model.UDFAlone)
	enable(p.uefi, systems != model.UDFAlone)
}

func enable(w fyne.Disableable, can bool) {
	if can {
		w.Enable()
		return
	}
	w.Disable()
}

func (p *properties) set(x model.Properties) {
	p.systems.SetSelectedIndex(int(x.FileSystems))
	p.dvd.SetChecked(x.DVDVideo)
	for i, r := range udfplan.Revisions {
		if r == x.Revision {
			p.revision.SetSelectedIndex(i)
		}
	}
	p.publisher.SetText(x.Publisher)
	p.owners.SetSelectedIndex(0)
	if x.Rational {
		p.owners.SetSelectedIndex(1)
	}
	p.once.SetChecked(x.Identical)
	p.sums.SetChecked(x.Checksums)
	p.md5.SetChecked(x.MD5)
	p.bios.SetText(x.BIOS)
	p.uefi.SetText(x.UEFI)
}

func (p *properties) get() model.Properties {
	return model.Properties{
		FileSystems: model.FileSystems(p.systems.SelectedIndex()), Revision: udfplan.Revisions[p.revision.SelectedIndex()],
		DVDVideo: p.dvd.Checked, Publisher: p.publisher.Text, Rational: p.owners.SelectedIndex() == 1,
		Identical: p.once.Checked, Checksums: p.sums.Checked, MD5: p.md5.Checked,
		BIOS: p.bios.Text, UEFI: p.uefi.Text,
	}
}
