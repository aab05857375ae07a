package compact

import (
	"context"
	"fmt"
	"io"

	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/volume"
)

// Types of volume descriptors (ECMA-119 8.1.1).
const (
	typePrimary       = 1
	typeSupplementary = 2
	typeTerminator    = 255

	systemArea     = format.SystemArea
	maxDescriptors = 64
	maxChain       = 256 // continuation areas of a record
)

func unsafef(text string, args ...any) error {
	return &patch.UnsafeError{Why: fmt.Sprintf(text, args...)}
}

// NewSurvey returns a survey of an image of size bytes. Nothing but its system area is used.
func NewSurvey(r io.ReaderAt, size int64) *Survey {
	s := &Survey{r: r, size: size}
	s.Fix(0, systemArea)
	return s
}

// AddVolume surveys the ISO 9660 volume of the image: descriptors, path tables, directories,
// and the contents of files. What boot structures and UDF refer to is added by the caller. An
// image with several sessions, or whose volume is damaged, gives a *patch.UnsafeError.
func (s *Survey) AddVolume(ctx context.Context) error {
	r, size := s.r, s.size
	o, err := volume.Options{}.ChooseSession(r, size)
	if err != nil {
		return err
	}
	if len(o.Sessions) > 1 {
		return unsafef("it has %d sessions, which refer to each other", len(o.Sessions))
	}
	v, err := iso9660.Open(r, size, volume.Options{})
	if err != nil {
		return unsafef("%v", err)
	}
	w := &walker{s: s, ctx: ctx, use: v.SystemUse(), seen: map[int64]bool{}}
	if err := w.set(0); err != nil {
		return err
	}
	if at := int64(v.PartitionOffset()); at != 0 {
		s.Fix(at, systemArea)
		if err := w.set(at); err != nil {
			return err
		}
	}
	return nil
}

// walker visits the directories of a volume.
type walker struct {
	s    *Survey
	ctx  context.Context
	use  iso9660.SystemUse
	rock bool  // the tree has Rock Ridge
	base int64 // sector from which addresses count
	root int64 // sector of the root directory of the tree
	seen map[int64]bool
}

// set visits the volume descriptor set of a volume that begins at a sector, and the trees of
// its descriptors.
func (w *walker) set(start int64) error {
	w.base = start
	var b [sectorSize]byte
	for i := int64(0); i < maxDescriptors; i++ {
		at := start + systemArea + i
		if n, err := w.s.r.ReadAt(b[:], at*sectorSize); n < len(b) {
			return unsafef("the volume descriptor at sector %d cannot be read: %v", at, err)
		}
		if string(b[1:6]) != "CD001" {
			return unsafef("sector %d should be a volume descriptor", at)
		}
		w.s.Fix(at, 1)
		switch b[0] {
		case typeTerminator:
			return nil
		case typePrimary, typeSupplementary:
			if err := w.descriptor(at, b[:]); err != nil {
				return err
			}
		}
	}
	return unsafef("the volume descriptor set has no end")
}

// descriptor visits the path tables and the tree of a descriptor (ECMA-119 8.4).
func (w *walker) descriptor(at int64, b []byte) error {
	if n := format.Both16(b[128:]); n != sectorSize {
		return unsafef("its logical blocks have %d bytes", n)
	}
	w.s.ends = append(w.s.ends, volumeSize{at*sectorSize + 80, w.base})
	size := int64(format.Both32(b[132:]))
	for _, t := range []struct {
		off int
		encoding
	}{{140, little32}, {144, little32}, {148, big32}, {152, big32}} {
		lba := int64(address(b[t.off:], t.encoding))
		if lba == 0 {
			continue
		}
		w.s.refer(at*sectorSize+int64(t.off), w.base, t.encoding)
		w.s.Use(w.base+lba, sectorsOf(size), 0)
		if err := w.table(w.base+lba, size, t.encoding); err != nil {
			return err
		}
	}
	root := b[156:190]
	w.rock = b[0] == typePrimary && w.use.RockRidge
	w.root = w.base + int64(format.Both32(root[2:]))
	w.s.refer(at*sectorSize+156+2, w.base, both32)
	return w.directory(w.root, int64(format.Both32(root[10:])))
}

// table adds the addresses of a path table (ECMA-119 9.4).
func (w *walker) table(lba, size int64, e encoding) error {
	if size > w.s.size {
		return unsafef("the path table should have %d bytes", size)
	}
	b := make([]byte, size)
	if n, err := w.s.r.ReadAt(b, lba*sectorSize); n < len(b) {
		return unsafef("the path table at sector %d cannot be read: %v", lba, err)
	}
	for at := 0; at+8 <= len(b); {
		n := int(b[at])
		if n == 0 {
			return nil
		}
		w.s.refer(lba*sectorSize+int64(at)+2, w.base, e)
		at += 8 + n + n%2
	}
	return nil
}

func sectorsOf(n int64) int64 { return (n + sectorSize - 1) / sectorSize }

// directory visits the records of a directory and everything below it.
func (w *walker) directory(lba, size int64) error {
	type place struct{ lba, size int64 }
	list := []place{{lba, size}}
	for len(list) > 0 {
		d := list[len(list)-1]
		list = list[:len(list)-1]
		if w.seen[d.lba] {
			continue
		}
		w.seen[d.lba] = true
		if err := w.ctx.Err(); err != nil {
			return context.Cause(w.ctx)
		}
		if d.lba < 0 || d.size < 0 || d.size%sectorSize != 0 || d.lba*sectorSize+d.size > w.s.size {
			return unsafef("the directory at sector %d has %d bytes, which are not whole sectors of the image", d.lba, d.size)
		}
		w.s.Use(d.lba, d.size/sectorSize, 0)
		b := make([]byte, d.size)
		if n, err := w.s.r.ReadAt(b, d.lba*sectorSize); n < len(b) {
			return unsafef("the directory at sector %d cannot be read: %v", d.lba, err)
		}
		err := w.records(d.lba, b, func(lba, size int64) { list = append(list, place{lba, size}) })
		if err != nil {
			return err
		}
	}
	return nil
}

// records visits the records of a directory (ECMA-119 9.1) that begins at a sector.
func (w *walker) records(lba int64, b []byte, sub func(lba, size int64)) error {
	for at := 0; at < len(b); {
		n := int(b[at])
		if n == 0 {
			at = (at/sectorSize + 1) * sectorSize
			continue
		}
		if n < format.RecordHead+1 || at%sectorSize+n > sectorSize || format.RecordHead+int(b[at+32]) > n {
			return unsafef("a record of the directory at sector %d is damaged", lba)
		}
		rec := b[at : at+n]
		off := lba*sectorSize + int64(at)
		start, size := w.base+int64(format.Both32(rec[2:])), int64(format.Both32(rec[10:]))
		directory := rec[25]&format.FlagDirectory != 0
		special := rec[32] == 1 && rec[33] <= 1
		switch {
		case directory && !special:
			w.s.refer(off+2, w.base, both32)
			sub(start, size)
		case directory:
			w.s.refer(off+2, w.base, both32)
		case size > 0:
			if rec[26] != 0 { // ECMA-119 6.4.3: its sectors are among those of other files
				return unsafef("a file of the directory at sector %d is interleaved", lba)
			}
			w.s.refer(off+2, w.base, both32)
			w.s.Use(start, int64(rec[1])+sectorsOf(size), 0)
			w.s.files = append(w.s.files, run{start: start, end: start + int64(rec[1]) + sectorsOf(size)})
		}
		if w.rock {
			skip := w.use.Skip
			if special && lba == w.root && rec[33] == 0 {
				skip = w.use.RootSkip
			}
			if err := w.systemUse(off, rec, skip); err != nil {
				return err
			}
		}
		at += n
	}
	return nil
}

// systemUse visits the system use area of a record (P1281 4).
func (w *walker) systemUse(off int64, rec []byte, skip int) error {
	from := format.RecordHead + int(rec[32])
	from += from%2 + skip
	if from >= len(rec) {
		return nil
	}
	area, at := rec[from:], off+int64(from)
	for range maxChain {
		next, n, err := w.fields(area, at)
		if err != nil || n == 0 {
			return err
		}
		area, at = make([]byte, n), next
		if k, err := w.s.r.ReadAt(area, at); k < len(area) {
			return unsafef("the continuation area at sector %d cannot be read: %v", at/sectorSize, err)
		}
	}
	return unsafef("a chain of continuation areas has no end")
}

// fields visits the fields of one area, and returns where the next one is.
func (w *walker) fields(area []byte, at int64) (next, size int64, err error) {
	for len(area) >= 4 && area[0] != 0 {
		n := int(area[2])
		if n < 4 || n > len(area) {
			return 0, 0, unsafef("a system use field at sector %d is damaged", at/sectorSize)
		}
		f := area[:n]
		switch sig := string(f[:2]); {
		case sig == "ST":
			return next, size, nil
		case sig == "CE" && n >= 28: // P1281 5.1: block at 4, offset at 12, length at 20
			w.s.refer(at+4, w.base, both32)
			block := w.base + int64(format.Both32(f[4:]))
			off := int64(format.Both32(f[12:]))
			size = int64(format.Both32(f[20:]))
			if size > 64<<10 || off > 64<<10 {
				return 0, 0, unsafef("a continuation area should have %d bytes", size)
			}
			w.s.Use(block, sectorsOf(off+size), 0)
			next = block*sectorSize + off
		case (sig == "CL" || sig == "PL") && n >= 12: // P1282 4.1.5: block at 4
			w.s.refer(at+4, w.base, both32)
		}
		area, at = area[n:], at+int64(n)
	}
	return next, size, nil
}

// address reads an address.
func address(b []byte, e encoding) uint32 {
	if e == big32 {
		return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	}
	return uint32(b[3])<<24 | uint32(b[2])<<16 | uint32(b[1])<<8 | uint32(b[0])
}
