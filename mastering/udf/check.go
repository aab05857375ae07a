package udf

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/units"
	"glassmaster/mastering/volume"
)

// Check examines the structures of the volume, including those that reading files
// does not need: anchors, both volume descriptor sequences, the integrity
// descriptor, both copies of the metadata partition, link counts, and extents that
// overlap. It also reports what cannot be read, as [FS.Walk] does. It does not read
// the contents of files. The error is that of ctx.
func (f *FS) Check(ctx context.Context) ([]disc.Notice, error) {
	c := &checker{ctx: ctx, f: f, copies: []reader{f.reader}, known: map[place]*object{}}
	if f.hasMirror {
		c.copies = append(c.copies, reader{f.state, true})
	}
	c.recognition()
	c.anchors()
	c.sequences()
	c.integrity()
	c.partitions()
	c.fileSet()
	c.tree()
	c.links()
	c.counts()
	c.overlaps()
	return c.List(), ctx.Err()
}

// checker is the state of one Check.
type checker struct {
	volume.Defects
	ctx    context.Context
	f      *FS
	copies []reader // of the metadata: main, and mirror where there is one
	known  map[place]*object
	names  uint32 // names of what is not a directory
	lost   bool   // a directory was not read to its end, or has two names: link counts cannot be compared
	used   []use

	climbed int // steps from directories to their parents
}

// use is a range of bytes of the volume that a file or directory occupies.
type use struct {
	start, end int64
	o          *object
}

// at returns a defect at a byte of the volume.
func at(off int64, path string) disc.Notice {
	return disc.Notice{LBA: disc.LBA(off / disc.SectorSize), Offset: int(off % disc.SectorSize), Path: path}
}

// sector returns a defect at a sector of the volume.
func (c *checker) sector(n int64) disc.Notice { return at(n*c.f.block, "") }

// recognition checks the volume recognition sequence (ECMA-167 2/8), without which
// most systems do not look for UDF.
func (c *checker) recognition() {
	rec, place := c.f.recognition, at(c.f.start+recognitionStart, "")
	switch {
	case rec.nsr == "":
		c.Report(place, "the volume recognition sequence has no NSR02 or NSR03: most systems do not find the UDF volume")
	case !rec.end:
		c.ReportMinor(place, "the volume recognition sequence is not terminated (TEA01)")
	}
}

// anchors checks the anchor volume descriptor pointers (UDF 2.2.3).
func (c *checker) anchors() {
	f := c.f
	found := findAnchors(f.r, f.start, f.size, f.block)
	valid := func(sector int64) bool {
		return slices.ContainsFunc(found, func(a anchor) bool { return a.location == sector })
	}
	begin, last := f.start/f.block, f.size/f.block-1
	if f.anchor.location < begin { // a session that continues the volume of the first
		begin = 0
	}
	found = slices.DeleteFunc(found, func(a anchor) bool { return a.location < begin }) // of an earlier session
	first := begin + 256
	p := make([]byte, 512)
	for _, sector := range []int64{first, last - 256, last} {
		if sector < first || valid(sector) {
			continue
		}
		if n, err := f.r.ReadAt(p, sector*f.block); n < len(p) {
			c.Report(c.sector(sector), "anchor volume descriptor pointer: %v", err)
			continue
		}
		if id, version := le.Uint16(p), le.Uint16(p[2:]); id == ecma167.TagAVDP && (version == 2 || version == 3) {
			_, err := ecma167.CheckTagAt(p, uint32(sector), ecma167.TagAVDP)
			c.Report(c.sector(sector), "anchor volume descriptor pointer: %v", err)
		} else if sector == first && !valid(first+256) { // sector 512 of a disc that is not closed
			c.ReportMinor(c.sector(sector), "there is no anchor volume descriptor pointer here, only at sector %d", found[0].location)
		}
	}
	if len(found) == 1 && !c.open() {
		c.ReportMinor(c.sector(found[0].location), "this is the only anchor volume descriptor pointer; UDF requires two")
	}
	for _, a := range found {
		if a.main != f.anchor.main || a.reserve != f.anchor.reserve {
			c.ReportMinor(c.sector(a.location), "the anchor volume descriptor pointer differs from the one at sector %d", f.anchor.location)
		}
	}
}

// sequences checks both volume descriptor sequences.
func (c *checker) sequences() {
	var both [2]descriptors
	for i, s := range []struct {
		name string
		at   ecma167.ExtentAD
	}{{"main", c.f.anchor.main}, {"reserve", c.f.anchor.reserve}} {
		d := &both[i]
		d.read(c.f.medium, s.at)
		for _, fault := range d.faults {
			c.Report(c.sector(fault.sector), "%s volume descriptor sequence: %v", s.name, fault.err)
		}
		if len(d.faults) > 0 { // those explain what is missing
			continue
		}
		if missing := d.missing(); len(missing) > 0 {
			c.Report(c.sector(int64(s.at.Location)), "the %s volume descriptor sequence has no valid %s", s.name, strings.Join(missing, ", "))
		}
	}
	if a, b := both[0].logical, both[1].logical; a != nil && b != nil && string(a[20:]) != string(b[20:]) {
		c.ReportMinor(c.sector(int64(le.Uint32(b[12:]))), "the logical volume descriptor differs from that of the main sequence")
	}
}

// missing returns the names of the required descriptors that the sequence lacks.
func (d *descriptors) missing() (names []string) {
	for _, m := range []struct {
		id   uint16
		lost bool
	}{{ecma167.TagPVD, d.primary == nil}, {ecma167.TagLVD, d.logical == nil}, {ecma167.TagPD, len(d.partitions) == 0}} {
		if m.lost {
			names = append(names, ecma167.TagName(m.id))
		}
	}
	return names
}

// integrity checks the logical volume integrity descriptor.
func (c *checker) integrity() {
	e := c.f.integrity
	if e.Length == 0 {
		c.ReportMinor(c.sector(c.f.anchor.location), "the volume has no integrity descriptor")
		return
	}
	id, err := readSector(c.f.medium, make([]byte, c.f.block), int64(e.Location))
	switch {
	case errors.Is(err, ecma167.ErrNoTag):
		c.ReportMinor(c.sector(int64(e.Location)), "the volume has no integrity descriptor")
	case err != nil:
		c.Report(c.sector(int64(e.Location)), "logical volume integrity descriptor: %v", err)
	case id != ecma167.TagLVID:
		c.Report(c.sector(int64(e.Location)), "a %s is recorded where the logical volume integrity descriptor should be", ecma167.TagName(id))
	}
}

// partitions reports damaged metadata files and sparing tables.
func (c *checker) partitions() {
	for _, p := range c.f.parts {
		switch p := p.(type) {
		case *metadata:
			if p.main == nil {
				c.Report(at(p.at[0], ""), "metadata file: %v", p.damage)
			}
			if p.mirror == nil {
				c.Report(at(p.at[1], ""), "metadata mirror file: %v", p.mirrorDamage)
			}
		case *sparable:
			for _, fault := range p.faults {
				c.Report(c.sector(fault.sector), "sparing table: %v", fault.err)
			}
		}
	}
}

// fileSet checks the file set descriptor.
func (c *checker) fileSet() {
	for _, v := range c.copies {
		if _, _, err := v.readDescriptor(c.f.fileSet, ecma167.TagFSD); err != nil {
			c.Report(at(v.offset(c.f.fileSet), ""), "file set descriptor: %v", err)
		}
	}
}

// offset returns the byte of the volume where a block begins, 0 if it is not in the
// volume.
func (v reader) offset(a ecma167.LongAD) int64 {
	off, _, err := v.locate(a)
	if err != nil {
		return 0
	}
	return off
}

// links compares link counts with the names that were found. A directory has one in
// its parent, and the parent entry of each subdirectory. Nothing is compared after
// a directory could not be read.
func (c *checker) links() {
	if c.lost {
		return
	}
	list := make([]*object, 0, len(c.known))
	for _, o := range c.known {
		if !o.unknownLinks && uint32(o.links) != min(o.found, 0xFFFF) {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b *object) int { return cmp.Compare(a.off, b.off) })
	for _, o := range list {
		c.ReportMinor(at(o.off, o.path()), "the link count is %d, but the number of names is %d", o.links, o.found)
	}
}

// counts compares the numbers of files and directories with those of the
// integrity descriptor, if that is closed. Some writers count a hard-linked file
// once, others count its names.
func (c *checker) counts() {
	v := readIntegrity(c.f.medium, c.f.integrity)
	if v == nil || !v.closed || !v.counts || c.lost || c.ctx.Err() != nil {
		return
	}
	if c.open() { // the numbers are in the virtual allocation table
		return
	}
	var files, dirs uint32
	for _, o := range c.known {
		if o.dir {
			dirs++
		} else {
			files++
		}
	}
	if v.dirs != dirs || v.files != files && v.files != c.names {
		c.ReportMinor(c.sector(int64(le.Uint32(v.raw[12:]))), "the integrity descriptor records %s and %s; %d and %d were found",
			units.Count(int(v.files), "file", "files"), units.Count(int(v.dirs), "directory", "directories"), c.names, dirs)
	}
}

// open reports whether the volume is on write-once media and can be appended to.
func (c *checker) open() bool {
	return slices.ContainsFunc(c.f.parts, func(p partition) bool { _, ok := p.(*virtual); return ok })
}

// overlaps reports extents that overlap. Extents that begin at the same sector are
// allowed: some writers store equal contents once.
func (c *checker) overlaps() {
	slices.SortFunc(c.used, func(a, b use) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) })
	var last use
	for _, u := range c.used {
		if u.start < last.end && u.start != last.start {
			c.Report(at(u.start, u.o.path()), "the sector also belongs to %s", last.o.path())
		}
		if u.end > last.end {
			last = u
		}
	}
}

// occupy records which bytes of the volume a file or directory occupies.
func (c *checker) occupy(k *contents, o *object) {
	if k.inline != nil {
		return
	}
	block := k.v.block
	for off := int64(0); off < k.end; {
		e, n := k.extentAt(off)
		if e.kind != ecma167.ExtentRecorded {
			off += n
			continue
		}
		from, n, err := k.place(e, off, n)
		if err == nil && from+min(n, k.size-off) > k.v.size {
			err = k.v.errBeyond(from + n - 1)
		}
		if err != nil && off < k.size {
			c.Report(at(o.off, o.path()), "contents from byte %d: %v", off, err)
		}
		if err != nil || n <= 0 {
			return
		}
		c.use(from, from+(n+block-1)/block*block, o)
		off += n
	}
}

// use records what occupies a range of bytes of the volume.
func (c *checker) use(start, end int64, o *object) {
	if k := len(c.used) - 1; k >= 0 && c.used[k].o == o && c.used[k].end == start {
		c.used[k].end = end
		return
	}
	c.used = append(c.used, use{start, end, o})
}

// size compares the length of a file with that of its extents.
func (c *checker) size(k *contents, o *object) {
	if k.inline == nil && k.end < k.size {
		c.Report(at(o.off, o.path()), "the file has %d bytes, but its extents end at byte %d: %v", k.size, k.end, io.ErrUnexpectedEOF)
	}
}
