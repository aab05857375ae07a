package iso9660

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// Check checks the descriptors, path tables, directories and boot catalogue of the
// session that v shows, in all its trees, against ECMA-119. It does not read the
// contents of files. The list is in the order of the structures. It has at most a
// thousand entries, with a note at the end if there are more, and the first ten minor
// defects of each kind. The error is that of ctx.
func (v *FS) Check(ctx context.Context) ([]disc.Notice, error) {
	c := &checker{ctx: ctx, v: v}
	c.set()
	for _, d := range v.set {
		if d.kind() == typePrimary || d.kind() == typeSupplementary {
			c.tree(d)
		}
	}
	c.overlaps()
	c.tables()
	c.boot()
	return c.List(), ctx.Err()
}

// checker is the state of one Check.
type checker struct {
	volume.Defects
	ctx  context.Context
	v    *FS
	used []use
}

// use is a run of sectors that a structure or file occupies.
type use struct {
	start, end disc.LBA
	kind       string
	name       string // a path; of files only the last element, to save memory
	at         place  // of the record that refers to it
}

// fileUse is the kind of files.
const fileUse = "file"

func (u use) String() string {
	what := u.kind
	switch {
	case u.kind == fileUse:
		what += " " + join(u.at.path, u.name)
	case u.name != "":
		what += " " + u.name
	}
	return fmt.Sprintf("%s, sectors %d to %d", what, u.start, u.end-1)
}

// place is the position of a structure.
type place struct {
	lba    disc.LBA
	offset int
	path   string
}

// placeAt returns the place of an offset in the image.
func placeAt(off int64, path string) place {
	return place{disc.LBA(off / disc.SectorSize), int(off % disc.SectorSize), path}
}

func (s place) defect() disc.Notice { return disc.Notice{LBA: s.lba, Offset: s.offset, Path: s.path} }

// report reports a defect that causes problems for readers.
func (c *checker) report(at place, format string, args ...any) {
	c.Report(at.defect(), format, args...)
}

// reportMinor reports a defect that readers tolerate.
func (c *checker) reportMinor(at place, format string, args ...any) {
	c.ReportMinor(at.defect(), format, args...)
}

// disagree reports a number that differs in its two byte orders. Some writers leave
// the big-endian one zero, and readers use the other.
func (c *checker) disagree(be uint32, at place, format string, args ...any) {
	if be == 0 {
		c.reportMinor(at, format, args...)
		return
	}
	c.report(at, format, args...)
}

// set checks the volume descriptors.
func (c *checker) set() {
	if c.v.set[len(c.v.set)-1].kind() != typeTerminator {
		last := c.v.set[len(c.v.set)-1]
		c.report(place{lba: last.lba + 1}, "the volume descriptor set has no terminator (ECMA-119 8.3)")
	}
	primary, _ := find(c.v.set, func(d descriptor) bool { return d.kind() == typePrimary })
	for _, d := range c.v.set {
		switch {
		case d.kind() == typePrimary || d.kind() == typeSupplementary:
			c.descriptor(d)
			if d.sectors() != primary.sectors() {
				c.report(place{lba: d.lba, offset: 80}, "the volume has %d blocks here, but %d in the primary descriptor", d.sectors(), primary.sectors())
			}
		case d.version() != 1:
			c.reportMinor(place{lba: d.lba, offset: 6}, "the descriptor has version %d, not 1", d.version())
		}
	}
	c.used = append(c.used, use{
		start: c.v.start(), end: c.v.set[len(c.v.set)-1].lba + 1, kind: "the system area and the volume descriptors",
	})
}

// start returns the first sector of the session. The volume space size counts from
// there.
func (v *FS) start() disc.LBA { return v.set[0].lba - 16 }

// descriptor checks the fields of a primary or supplementary descriptor.
func (c *checker) descriptor(d descriptor) {
	at := func(off int) place { return place{lba: d.lba, offset: off} }
	for _, f := range []struct {
		off, bits int
		name      string
	}{
		{80, 32, "volume space size"},
		{120, 16, "volume set size"},
		{124, 16, "volume sequence number"},
		{128, 16, "logical block size"},
		{132, 32, "path table size"},
		{158, 32, "extent of the root"},
		{166, 32, "size of the root"},
	} {
		if le, be := bothOrders(d.data[f.off:], f.bits); le != be {
			c.disagree(be, at(f.off), "the %s is %d in one byte order and %d in the other", f.name, le, be)
		}
	}
	if d.blockSize() != checkBlockSize(d.blockSize()) {
		c.report(at(128), "the logical block size is %d", d.blockSize())
	}
	if v := d.version(); v != 1 && !d.enhanced() {
		c.report(at(6), "the descriptor has version %d, not 1", v)
	}
	if v := d.data[881]; v != 1 && !(d.enhanced() && v == 2) {
		c.reportMinor(at(881), "the file structure version is %d", v)
	}
	if claimed := int64(d.sectors()) * int64(checkBlockSize(d.blockSize())); claimed > c.v.size && d.kind() == typePrimary { // the others must be equal
		place := at(80).defect()
		place.Incomplete = true
		c.Report(place, "the volume should have %d sectors, but the image has %d: its end is missing", claimed/disc.SectorSize, c.v.size/disc.SectorSize)
	}
	for _, off := range []int{813, 830, 847, 864} {
		if p := d.data[off : off+17]; time17(p).IsZero() && !noDate(p) {
			c.reportMinor(at(off), "%q is not a date", p[:16])
		}
	}
}

// noDate reports whether a date of 17 bytes is unset: all digits zero (ECMA-119
// 8.4.26.1), or, as some writers do, all bytes zero or spaces.
func noDate(p []byte) bool {
	for _, c := range p[:16] {
		if c != p[0] || (c != '0' && c != 0 && c != ' ') {
			return false
		}
	}
	return true
}

// bothOrders reads a number that is recorded in both byte orders.
func bothOrders(p []byte, bits int) (le, be uint32) {
	if bits == 16 {
		return uint32(binary.LittleEndian.Uint16(p)), uint32(binary.BigEndian.Uint16(p[2:]))
	}
	return binary.LittleEndian.Uint32(p), binary.BigEndian.Uint32(p[4:])
}

// overlaps reports runs of sectors that overlap. Files may share contents, as hard
// links do, and trees may share directories, if they begin at the same sector.
func (c *checker) overlaps() {
	slices.SortStableFunc(c.used, func(a, b use) int { return cmp.Compare(a.start, b.start) })
	var last use
	for _, u := range c.used {
		if u.start < last.end && (u.start != last.start || u.kind != last.kind) {
			c.report(u.at, "%v, overlaps %v", u, last)
		}
		if u.end > last.end {
			last = u
		}
	}
}

// tables reports damaged partition tables.
func (c *checker) tables() {
	for _, t := range c.v.tables {
		if t.Problem != "" {
			c.report(place{offset: boot.BlockSize}, "%s: %s", t.Kind, t.Problem)
		}
	}
}

// boot checks the boot catalogue.
func (c *checker) boot() {
	d, ok := find(c.v.set, descriptor.isElTorito)
	if !ok {
		return
	}
	cat, err := c.v.BootCatalog()
	if err != nil {
		c.report(place{lba: d.lba, offset: 71}, "%v", err)
		return
	}
	if !cat.Checksum {
		c.report(place{lba: cat.LBA, offset: 28}, "the checksum of the boot catalogue's validation entry is wrong")
	}
	for i, e := range cat.Entries {
		if int64(e.LBA)*disc.SectorSize >= c.v.size {
			c.report(place{lba: cat.LBA}, "boot image %d (%s) is recorded at sector %d, past the end of the image (sector %d)", i+1, e.Platform.Description(), e.LBA, c.v.size/disc.SectorSize)
		}
	}
}
