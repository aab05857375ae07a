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
	"glassmaster/mastering/volume"
)

// Check examines what is recorded twice, in both copies, and what reading alone
// does not show: anchors, volume descriptor sequences, the integrity descriptor,
// the copies of the metadata partition, the numbers of names, and extents that
// lie over others; and what cannot be read, which [FS.Walk] reports too. It does
// not read the contents of files. The error is that of ctx.
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
	names  uint32 // of what is no directory
	lost   bool   // directories cannot be read to their end, or have two names: numbers of names do not fit
	used   []use

	climbed int // steps made from directories to those above them
}

// use is a run of bytes of the volume that something occupies.
type use struct {
	start, end int64
	o          *object
}

// at returns the place of a byte of the volume.
func at(off int64, path string) disc.Notice {
	return disc.Notice{LBA: disc.LBA(off / disc.SectorSize), Offset: int(off % disc.SectorSize), Path: path}
}

// sector returns the place of a sector of the volume.
func (c *checker) sector(n int64) disc.Notice { return at(n*c.f.block, "") }

// recognition examines the volume recognition sequence (ECMA-167 2/8), without
// which most systems do not look for UDF.
func (c *checker) recognition() {
	rec, place := c.f.recognition, at(c.f.start+recognitionStart, "")
	switch {
	case rec.nsr == "":
		c.Bad(place, "the volume recognition sequence holds no NSR02 or NSR03: most systems see no UDF here")
	case !rec.end:
		c.Odd(place, "the volume recognition sequence has no end (TEA01)")
	}
}

// anchors examines the anchor volume descriptor pointers (UDF 2.2.3).
func (c *checker) anchors() {
	f := c.f
	found := findAnchors(f.r, f.start, f.size, f.block)
	sound := func(sector int64) bool {
		return slices.ContainsFunc(found, func(a anchor) bool { return a.location == sector })
	}
	begin, last := f.start/f.block, f.size/f.block-1
	if f.anchor.location < begin { // a session that goes on with the volume of the first
		begin = 0
	}
	first := begin + 256
	p := make([]byte, 512)
	for _, sector := range []int64{first, last - 256, last} {
		if sector < first || sound(sector) {
			continue
		}
		if n, err := f.r.ReadAt(p, sector*f.block); n < len(p) {
			c.Bad(c.sector(sector), "anchor volume descriptor pointer: %v", err)
			continue
		}
		if id, version := le.Uint16(p), le.Uint16(p[2:]); id == ecma167.TagAVDP && (version == 2 || version == 3) {
			_, err := ecma167.CheckTagAt(p, uint32(sector), ecma167.TagAVDP)
			c.Bad(c.sector(sector), "anchor volume descriptor pointer: %v", err)
		} else if sector == first && !sound(first+256) { // where an open disc has it
			c.Odd(c.sector(sector), "there is no anchor volume descriptor pointer, only at sector %d", found[0].location)
		}
	}
	if len(found) == 1 && !c.open() {
		c.Odd(c.sector(found[0].location), "this is the only anchor volume descriptor pointer, UDF asks for two")
	}
	for _, a := range found {
		if a.main != f.anchor.main || a.reserve != f.anchor.reserve {
			c.Odd(c.sector(a.location), "the anchor volume descriptor pointer leads elsewhere than that at sector %d", f.anchor.location)
		}
	}
}

// sequences examines both volume descriptor sequences.
func (c *checker) sequences() {
	var both [2]descriptors
	for i, s := range []struct {
		name string
		at   ecma167.ExtentAD
	}{{"main", c.f.anchor.main}, {"reserve", c.f.anchor.reserve}} {
		d := &both[i]
		d.read(c.f.medium, s.at)
		for _, fault := range d.faults {
			c.Bad(c.sector(fault.sector), "%s volume descriptor sequence: %v", s.name, fault.err)
		}
		if len(d.faults) > 0 { // what is missing was in them
			continue
		}
		if missing := d.missing(); len(missing) > 0 {
			c.Bad(c.sector(int64(s.at.Location)), "the %s volume descriptor sequence holds no sound %s", s.name, strings.Join(missing, ", "))
		}
	}
	if a, b := both[0].logical, both[1].logical; a != nil && b != nil && string(a[20:]) != string(b[20:]) {
		c.Odd(c.sector(int64(le.Uint32(b[12:]))), "the logical volume descriptor is not that of the main sequence")
	}
}

// missing names the descriptors that every volume has to have, and which the
// sequence has not.
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

// integrity examines the logical volume integrity descriptor.
func (c *checker) integrity() {
	e := c.f.integrity
	if e.Length == 0 {
		c.Odd(c.sector(c.f.anchor.location), "the volume has no integrity descriptor")
		return
	}
	id, err := readSector(c.f.medium, make([]byte, c.f.block), int64(e.Location))
	switch {
	case errors.Is(err, ecma167.ErrNoTag):
		c.Odd(c.sector(int64(e.Location)), "the volume has no integrity descriptor")
	case err != nil:
		c.Bad(c.sector(int64(e.Location)), "logical volume integrity descriptor: %v", err)
	case id != ecma167.TagLVID:
		c.Bad(c.sector(int64(e.Location)), "a %s is recorded where the logical volume integrity descriptor should be", ecma167.TagName(id))
	}
}

// partitions tells of metadata files and sparing tables that are damaged.
func (c *checker) partitions() {
	for _, p := range c.f.parts {
		switch p := p.(type) {
		case *metadata:
			if p.main == nil {
				c.Bad(at(p.at[0], ""), "metadata file: %v", p.damage)
			}
			if p.mirror == nil {
				c.Bad(at(p.at[1], ""), "metadata mirror file: %v", p.mirrorDamage)
			}
		case *sparable:
			for _, fault := range p.faults {
				c.Bad(c.sector(fault.sector), "sparing table: %v", fault.err)
			}
		}
	}
}

// fileSet examines the file set descriptor.
func (c *checker) fileSet() {
	for _, v := range c.copies {
		if _, _, err := v.readDescriptor(c.f.fileSet, ecma167.TagFSD); err != nil {
			c.Bad(at(v.offset(c.f.fileSet), ""), "file set descriptor: %v", err)
		}
	}
}

// offset returns the byte of the volume where a block is, 0 when it is nowhere.
func (v reader) offset(a ecma167.LongAD) int64 {
	off, _, err := v.locate(a)
	if err != nil {
		return 0
	}
	return off
}

// links compares the numbers of names with those that are recorded. A directory
// has one in its parent, and that of the parent in each sub-directory. Names that
// were lost are not told once more.
func (c *checker) links() {
	if c.lost {
		return
	}
	list := make([]*object, 0, len(c.known))
	for _, o := range c.known {
		if !o.odd && uint32(o.links) != min(o.found, 0xFFFF) {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b *object) int { return cmp.Compare(a.off, b.off) })
	for _, o := range list {
		c.Odd(at(o.off, o.path()), "%d names are recorded, %d were found", o.links, o.found)
	}
}

// counts compares the numbers of files and directories with those of the
// integrity descriptor, where that was closed. Some writers count a file with
// several names once.
func (c *checker) counts() {
	v := readIntegrity(c.f.medium, c.f.integrity)
	if v == nil || !v.closed || !v.counts || c.lost || c.ctx.Err() != nil {
		return
	}
	if c.open() { // the table of the last session has the numbers
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
		c.Odd(c.sector(int64(le.Uint32(v.raw[12:]))), "the integrity descriptor counts %d files and %d directories, there are %d and %d", v.files, v.dirs, c.names, dirs)
	}
}

// open reports whether the volume is on a medium that is written once, and can go
// on.
func (c *checker) open() bool {
	return slices.ContainsFunc(c.f.parts, func(p partition) bool { _, ok := p.(*virtual); return ok })
}

// overlaps tells of extents that lie over others. Two files may share all of an
// extent: some writers store the same contents once.
func (c *checker) overlaps() {
	slices.SortFunc(c.used, func(a, b use) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) })
	var last use
	for _, u := range c.used {
		if u.start < last.end && u.start != last.start {
			c.Bad(at(u.start, u.o.path()), "the sector belongs to %s too", last.o.path())
		}
		if u.end > last.end {
			last = u
		}
	}
}

// occupy notes the extents of a file or directory.
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
			err = k.v.behind(from + n - 1)
		}
		if err != nil && off < k.size {
			c.Bad(at(o.off, o.path()), "contents from byte %d on: %v", off, err)
		}
		if err != nil || n <= 0 {
			return
		}
		c.use(from, from+(n+block-1)/block*block, o)
		off += n
	}
}

// use notes what occupies a run of bytes of the volume.
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
		c.Bad(at(o.off, o.path()), "the file has %d bytes, its extents end at byte %d: %v", k.size, k.end, io.ErrUnexpectedEOF)
	}
}
