package model

import (
	"slices"
	"strings"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/master"
	udfplan "glassmaster/mastering/udf/plan"
)

// FileSystems are the file systems of a disc.
type FileSystems uint8

// Choices of file systems.
const (
	ISOAlone FileSystems = iota
	ISOAndUDF
	UDFAlone
	UDFGrowing // UDF alone, to which sessions are added
)

// hasISO reports whether there is an ISO 9660 volume.
func (f FileSystems) hasISO() bool { return f == ISOAlone || f == ISOAndUDF }

// Properties are the options of a compilation that the window offers. Others, from a
// compilation file, are kept.
type Properties struct {
	FileSystems FileSystems
	Revision    udfplan.Revision // where there is UDF
	DVDVideo    bool             // where there is UDF: the layout of DVD-Video, revision 1.02
	Publisher   string
	Rational    bool   // all files are readable by everyone and owned by root
	Identical   bool   // files with the same contents are stored once
	Checksums   bool   // the disc holds a file of checksums
	MD5         bool   // the disc has an embedded MD5 checksum
	BIOS, UEFI  string // paths on the disc of the images that start a PC, empty for none
}

// Properties returns the present options.
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
	if c.Options.UDFOnly {
		x.FileSystems = UDFAlone
		if c.Options.UDF != nil && c.Options.UDF.Virtual != nil {
			x.FileSystems = UDFGrowing
		}
	}
	return x
}

// SetProperties changes the options.
func (p *Project) SetProperties(x Properties) {
	if x == p.Properties() {
		return
	}
	if !x.FileSystems.hasISO() { // UDF cannot hold these
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

// Snapshots of the compilation share what its options point to, so each of these
// functions makes a copy.

func (x Properties) takeUDF(c *compilation.Compilation) {
	c.Options.UDFOnly = !x.FileSystems.hasISO()
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
	if x.FileSystems != UDFGrowing {
		u.Virtual = nil
	} else {
		if u.DVDVideo = false; u.Virtual == nil {
			u.Virtual = &udfplan.Virtual{}
		}
		if u.Revision < udfplan.Revision150 || u.Revision > udfplan.Revision201 { // the others cannot grow
			u.Revision = udfplan.Revision201
		}
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

// bootPlace returns the index of the boot image of a platform among those that are files
// of the disc, or -1.
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

// setBootImage sets the boot image of a platform; an empty path removes it. An image for
// BIOS gets a boot information table, without which most boot loaders do not find their
// files.
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
