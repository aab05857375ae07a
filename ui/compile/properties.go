package compile

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// properties is the content of the sheet with the properties of the disc.
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

// Texts of the choices.
var (
	systemNames = []string{"ISO 9660 with Joliet and Rock Ridge", "ISO 9660 and UDF", "UDF", "UDF for adding files later"}
	systemAbout = []string{
		"All systems read it. The usual choice for CD and DVD.",
		"All systems read it, and so do DVD and Blu-ray players.",
		"Current systems read it. For Blu-ray and very large files.",
		"For write-once discs: each addition writes only what changes.",
	}
	revisionAbout = map[udfplan.Revision]string{
		udfplan.Revision102: "DVD players", udfplan.Revision201: "default", udfplan.Revision250: "Blu-ray players", udfplan.Revision260: "Blu-ray",
	}
	ownerNames = []string{"As on this computer", "Readable by everyone, owned by root"}
)

// ShowProperties shows the sheet.
func (v *View) ShowProperties() {
	p := newProperties()
	p.set(v.project.Properties())
	v.host.Sheet("Disc properties", p.object, 560,
		widgets.Choice{Text: "Cancel"},
		widgets.Choice{Text: "Apply", Primary: true, Do: func() bool {
			v.project.SetProperties(p.get())
			return true
		}})
}

func newProperties() *properties {
	p := &properties{
		about: widgets.Muted(""), publisher: widgets.NewField(), bios: widgets.NewField(), uefi: widgets.NewField(),
		dvd:    widgets.NewCheck("DVD-Video: arrange the folder VIDEO_TS for players", nil),
		owners: widgets.NewSelect(ownerNames, nil),
		once:   widgets.NewCheck("Store identical files only once", nil),
		sums:   widgets.NewCheck("Add a file with the checksums of all files (SHA256SUMS)", nil),
		md5:    widgets.NewCheck("Embed an MD5 checksum of the disc", nil),
	}
	p.systems = widgets.NewSelect(systemNames, func(string) { p.changed() })
	p.revision = widgets.NewSelect(revisionNames(), nil)
	p.dvd.OnChanged = func(bool) { p.changed() }
	p.publisher.PlaceHolder = "Person or organization"
	p.bios.PlaceHolder = "Path on the disc, such as /isolinux/isolinux.bin"
	p.uefi.PlaceHolder = "Path on the disc of a FAT image, such as /boot/efi.img"
	p.object = container.New(&widgets.Column{Gap: 8},
		row("File systems", p.systems), row("", p.about), row("UDF revision", p.revision), row("", p.dvd),
		widgets.Space(0, 4),
		row("Publisher", p.publisher), row("Permissions", p.owners),
		widgets.Space(0, 4),
		row("Contents", p.once), row("", p.sums), row("", p.md5),
		widgets.Space(0, 4),
		row("BIOS boot image", p.bios), row("UEFI boot image", p.uefi))
	return p
}

// row is a control with its label.
func row(name string, o fyne.CanvasObject) fyne.CanvasObject {
	return container.NewBorder(nil, nil, widgets.Middle(widgets.Wide(120, widgets.Muted(name))), nil, o)
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

// changed enables the choices that the selected file systems support.
func (p *properties) changed() {
	systems := model.FileSystems(p.systems.SelectedIndex())
	p.about.Set(systemAbout[systems])
	iso := systems == model.ISOAlone || systems == model.ISOAndUDF
	enable(p.dvd, systems == model.ISOAndUDF || systems == model.UDFAlone)
	enable(p.revision, systems != model.ISOAlone && (!p.dvd.Checked || systems == model.UDFGrowing))
	enable(p.md5, iso)
	enable(p.bios, iso)
	enable(p.uefi, iso)
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
