package model

import (
	"reflect"
	"testing"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/master"
	udfplan "glassmaster/mastering/udf/plan"
)

func TestProperties(t *testing.T) {
	q := newMainLoop()
	p := NewProject(q.post)
	if got, want := p.Properties(), (Properties{Revision: udfplan.Revision201}); got != want {
		t.Fatalf("a new compilation has %+v", got)
	}
	for _, c := range []struct{ set, want Properties }{
		{Properties{Revision: udfplan.Revision260, Publisher: " me "}, Properties{Revision: udfplan.Revision201, Publisher: "me"}},
		{
			Properties{FileSystems: ISOAndUDF, Revision: udfplan.Revision260, DVDVideo: true, MD5: true},
			Properties{FileSystems: ISOAndUDF, Revision: udfplan.Revision102, DVDVideo: true, MD5: true},
		},
		{
			Properties{FileSystems: UDFAlone, Revision: udfplan.Revision260, DVDVideo: true},
			Properties{FileSystems: UDFAlone, Revision: udfplan.Revision102, DVDVideo: true},
		},
		{
			Properties{FileSystems: UDFAlone, Revision: udfplan.Revision250, MD5: true, BIOS: "/a", Identical: true},
			Properties{FileSystems: UDFAlone, Revision: udfplan.Revision250, Identical: true},
		},
		{
			Properties{FileSystems: UDFGrowing, Revision: udfplan.Revision260, DVDVideo: true, MD5: true, BIOS: "/a"},
			Properties{FileSystems: UDFGrowing, Revision: udfplan.Revision201},
		},
		{
			Properties{FileSystems: UDFGrowing, Revision: udfplan.Revision150},
			Properties{FileSystems: UDFGrowing, Revision: udfplan.Revision150},
		},
		{
			Properties{Revision: udfplan.Revision201, Rational: true, Checksums: true, BIOS: "/a", UEFI: "/b"},
			Properties{Revision: udfplan.Revision201, Rational: true, Checksums: true, BIOS: "/a", UEFI: "/b"},
		},
		{Properties{Revision: udfplan.Revision201}, Properties{Revision: udfplan.Revision201}},
	} {
		p.dirty = false
		p.SetProperties(c.set)
		if got := p.Properties(); got != c.want || !p.Dirty() {
			t.Errorf("set %+v\ngot %+v, changed %v", c.set, got, p.Dirty())
		}
		p.dirty = false
		if p.SetProperties(p.Properties()); p.Dirty() {
			t.Error("setting what is set is a change")
		}
	}
	if o := p.Compilation().Options; o.Boot != nil || o.UDF != nil || o.Owners != nil {
		t.Errorf("options that were removed are still set: %+v", o)
	}
}

// TestPropertiesKeepTheRest changes a compilation with options that the window does not
// show, and checks a copy made before.
func TestPropertiesKeepTheRest(t *testing.T) {
	q := newMainLoop()
	p := NewProject(q.post)
	user := uint32(7)
	c := compilation.New()
	c.Options.Owners = &master.Owners{UID: &user}
	c.Options.UDF = &master.UDF{Owner: "somebody", Revision: udfplan.Revision150}
	c.Options.Boot = &boot.Options{ID: "x", GPT: boot.GPTOnly, Images: []boot.Image{
		{Path: "/loader", LoadSectors: 8}, {Partition: 2, Platform: boot.EFI},
	}}
	p.Replace(c, "", nil)
	before := c.Snapshot()
	x := p.Properties()
	x.BIOS, x.UEFI, x.Rational, x.DVDVideo = "/other", "/efi.img", true, true
	p.SetProperties(x)
	want := []boot.Image{
		{Path: "/other", LoadSectors: 8}, {Partition: 2, Platform: boot.EFI}, {Path: "/efi.img", Platform: boot.EFI},
	}
	o := p.Compilation().Options
	if !reflect.DeepEqual(o.Boot.Images, want) || o.Boot.ID != "x" || o.Boot.GPT != boot.GPTOnly {
		t.Errorf("boot options %+v", o.Boot)
	}
	if o.Owners.UID != &user || !o.Owners.Rational || o.UDF.Owner != "somebody" || o.UDF.Revision != udfplan.Revision102 {
		t.Errorf("owners %+v, UDF %+v", o.Owners, o.UDF)
	}
	if b := before.Options; b.Boot.Images[0].Path != "/loader" || b.Owners.Rational || b.UDF.DVDVideo {
		t.Error("the copy that was taken before has changed")
	}
	x = p.Properties()
	x.BIOS, x.UEFI = "", ""
	p.SetProperties(x)
	if got := p.Compilation().Options.Boot; len(got.Images) != 1 || got.Images[0].Partition != 2 {
		t.Errorf("without boot files: %+v", got)
	}
}

// TestUnknownRevision loads a compilation with a revision of UDF that the window does not
// offer.
func TestUnknownRevision(t *testing.T) {
	q := newMainLoop()
	p := NewProject(q.post)
	c := compilation.New()
	c.Options.UDF = &master.UDF{Revision: 0x0300}
	p.Replace(c, "", nil)
	if got := p.Properties(); got.Revision != udfplan.Revision201 || got.FileSystems != ISOAndUDF {
		t.Errorf("%+v", got)
	}
}
