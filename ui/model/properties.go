package model

import (
	"slices"
	"strings"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/master"
	udfplan "glassmaster/mastering/udf/plan"
)

// FileSystems says which volumes a disc gets.
type FileSystems uint8

// Choices of file systems.
const (
	ISOAlone FileSystems = iota
	ISOAndUDF
	UDFAlone
)

// Properties are those choices of a compilation that the window offers. Others,
// which a compilation file or the command line may have made, stay as they are.
type Properties struct {
	FileSystems FileSystems
	Revision    udfplan.Revision // where there is UDF
	DVDVideo    bool             // where there is UDF: VIDEO_TS as players want it, revision 1.02
	Publisher   string
	Rational    bool   // everything is readable for all and belongs to root
	Identical   bool   // files with the same contents are stored once
	Checksums   bool   // a file of checksums is on the disc
	MD5         bool   // a checksum of the disc is in it
	BIOS, UEFI  string // paths on the disc of the images that start a PC, empty for none
}

// Properties returns the choices that are made.
func (p *Project) Properties() Properties {
	c := p.comp
	x := Properties{
		Revision: udfplan.Revision201, Publisher: c.Options.Publisher,
		Rational:  c.Options.Owners != nil && c.Options.Owners.Rational,
		Identical: c.Contents.Identical, Checksums: c.Contents.Checksums, MD5: c.Contents.MD5,
		BIOS: bootImage(c.Options.Boot, boot.BIOS), UEFI: bootImage(c.Options.Boot, boot.EFI),
	}
	if u := c.Options.UDF; u != nil {
		x.FileSystems, x.DVDVideo = ISOAndUDF, u.DVDVideo
		switch {
		case u.DVDVideo:
			x.Revision = udfplan.Revision102
		case slices.Contains(udfplan.Revisions, u.Revision):
			x.Revision = u.Revision
		}
	}
	if c.UDFOnly {
		x.FileSystems = UDFAlone
	}
	return x
}

// SetProperties makes other choices.
func (p *Project) SetProperties(x Properties) {
	if x == p.Properties() {
		return
	}
	if x.FileSystems == UDFAlone { // which has no place for these
		x.MD5, x.BIOS, x.UEFI = false, "", ""
	}
	c := p.comp
	x.takeUDF(c)
	c.Options.Publisher = strings.TrimSpace(x.Publisher)
	c.Options.Owners = x.owners(c.Options.Owners)
	c.Contents.Identical, c.Contents.Checksums, c.Contents.MD5 = x.Identical, x.Checksums, x.MD5
	c.Options.Boot = setBootImage(c.Options.Boot, boot.BIOS, x.BIOS)
	c.Options.Boot = setBootImage(c.Options.Boot, boot.EFI, x.UEFI)
	p.edited()
}

// Snapshots of the compilation share what its options point to, so that each of
// these makes a new one.

func (x Properties) takeUDF(c *compilation.Compilation) {
	c.UDFOnly = x.FileSystems == UDFAlone
	if x.FileSystems == ISOAlone {
		c.Options.UDF = nil
		return
	}
	var u master.UDF
	if c.Options.UDF != nil {
		u = *c.Options.UDF
	}
	u.Revision, u.DVDVideo = x.Revision, x.DVDVideo
	if u.DVDVideo {
		u.Revision = udfplan.Revision102
	}
	c.Options.UDF = &u
}

func (x Properties) owners(old *master.Owners) *master.Owners {
	var o master.Owners
	if old != nil {
		o = *old
	}
	o.Rational = x.Rational
	if o == (master.Owners{}) {
		return nil
	}
	return &o
}

// bootPlace returns the index of the boot image of a platform that is a file of the
// disc, -1 when there is none.
func bootPlace(o *boot.Options, platform boot.Platform) int {
	if o == nil {
		return -1
	}
	return slices.IndexFunc(o.Images, func(i boot.Image) bool { return i.Platform == platform && i.Path != "" })
}

func bootImage(o *boot.Options, platform boot.Platform) string {
	if n := bootPlace(o, platform); n >= 0 {
		return o.Images[n].Path
	}
	return ""
}

// setBootImage makes another file the boot image of a platform; without a path
// there is none. An image for a BIOS gets the boot information table, without
// which most loaders do not find their files.
func setBootImage(old *boot.Options, platform boot.Platform, path string) *boot.Options {
	path = strings.TrimSpace(path)
	if path == bootImage(old, platform) {
		return old
	}
	var o boot.Options
	if old != nil {
		o = *old
		o.Images = slices.Clone(o.Images)
	}
	n := bootPlace(&o, platform)
	switch {
	case path == "":
		o.Images = slices.Delete(o.Images, n, n+1)
	case n >= 0:
		o.Images[n].Path = path
	default:
		o.Images = append(o.Images, boot.Image{Path: path, Platform: platform, InfoTable: platform == boot.BIOS})
	}
	if len(o.Images) == 0 && !o.Hybrid() {
		return nil
	}
	return &o
}
