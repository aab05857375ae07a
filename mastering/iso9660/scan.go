package iso9660

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/volume"
)

// chunk is the number of bytes of a directory that are read at a time.
const chunk = 64 << 10

// scan reads the entries of a directory one after another.
type scan struct {
	v     *FS
	room  [2]span
	spans []span // what is still to be read
	buf   []byte // the current chunk
	off   int64  // offset of buf in the image
	pos   int    // in buf
	raw   []byte // memory of buf
	err   error  // the first defect; the scan continued after it
	begun bool   // the record "." was read, or found to be missing
	skip  int    // bytes of the first sector to skip
	w     *window
	held  dirRecord // read ahead, but not part of the previous entry
	at    int64     // its offset
	id    []byte    // of a file with several extents
	names nameSet   // names so far
	alone bool      // a single entry is read, so that names are not compared
}

// start begins the scan of a directory.
func (s *scan) start(v *FS, spans []span, w *window) {
	s.v, s.spans, s.buf, s.pos, s.err, s.w = v, append(s.room[:0], spans...), nil, 0, nil, w
	s.begun, s.skip, s.held = len(spans) == 0, 0, nil
	s.names.reset(bytesOf(v, spans))
}

// bytesOf returns the number of bytes of a directory that are within the image.
func bytesOf(v *FS, spans []span) (n int64) {
	for _, s := range spans {
		n += min(s.n, max(v.size-s.off, 0))
	}
	return n
}

// maxBad is the maximum number of unreadable sectors of a directory that are skipped.
const maxBad = 16

// fill reads the next chunk, and returns false at the end of the directory. Sectors
// that cannot be read are skipped and noted.
func (s *scan) fill() bool {
	for bad := 0; bad <= maxBad; {
		for len(s.spans) > 0 && s.spans[0].n <= 0 {
			s.spans = s.spans[1:]
		}
		if len(s.spans) == 0 {
			return false
		}
		d := &s.spans[0]
		if have := s.v.size - d.off; d.n > have {
			s.note(fmt.Errorf("the directory at sector %d extends past the end of the image", d.off/disc.SectorSize))
			d.n = have
			continue
		}
		n := int(min(d.n, chunk))
		if cap(s.raw) < n {
			s.raw = make([]byte, (n+disc.SectorSize-1)/disc.SectorSize*disc.SectorSize)
		}
		got, err := s.v.r.ReadAt(s.raw[:n], d.off)
		if got < disc.SectorSize && n > disc.SectorSize { // a read may fail completely because of one bad sector
			n = disc.SectorSize
			got, err = s.v.r.ReadAt(s.raw[:n], d.off)
		}
		done := n
		if got < n {
			s.note(fmt.Errorf("read the directory at sector %d: %w", (d.off+int64(got))/disc.SectorSize, noEOF(err)))
			got -= got % disc.SectorSize
			done = got
			if got == 0 {
				done = disc.SectorSize
				bad++
			}
		}
		s.buf, s.off, s.pos = s.raw[:got], d.off, s.skip
		s.skip = 0
		d.off += int64(done)
		d.n -= int64(done)
		if got > 0 {
			return true
		}
	}
	return false
}

func noEOF(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (s *scan) note(err error) {
	if s.err == nil {
		s.err = err
	}
}

// record returns the next record and its offset in the image, nil at the end.
func (s *scan) record() (dirRecord, int64) {
	if rec := s.held; rec != nil {
		s.held = nil
		return rec, s.at
	}
	for {
		if s.pos >= len(s.buf) && !s.fill() {
			return nil, 0
		}
		end := min((s.pos/disc.SectorSize+1)*disc.SectorSize, len(s.buf))
		rec, err := s.v.record(s.buf[s.pos:end])
		if err != nil {
			if rec = s.crossing(); rec == nil {
				s.note(fmt.Errorf("sector %d, byte %d: %w", (s.off+int64(s.pos))/disc.SectorSize, s.pos%disc.SectorSize, err))
			}
		}
		if rec == nil {
			s.pos = end // the rest of the sector is empty or damaged
			continue
		}
		at := s.off + int64(s.pos)
		s.pos += len(rec)
		s.skip = max(s.pos-len(s.buf), 0)
		return rec, at
	}
}

// crossing returns the next record if it continues in the next sector and is within the
// directory, otherwise nil.
func (s *scan) crossing() dirRecord {
	n := int(s.buf[s.pos])
	if rest := int64(n - len(s.buf) + s.pos); rest > 0 {
		for len(s.spans) > 0 && s.spans[0].n <= 0 {
			s.spans = s.spans[1:]
		}
		if len(s.spans) == 0 || s.spans[0].n < rest || s.spans[0].off != s.off+int64(len(s.buf)) {
			return nil
		}
	}
	return s.v.crossing(s.off+int64(s.pos), n)
}

// next decodes the next entry to show, and returns false at the end.
func (s *scan) next(it *item) bool {
	for {
		rec, at := s.record()
		if !s.begun {
			s.begun = true
			if rec == nil || !rec.isSpecial() {
				s.note(errors.New("it does not start with the record of the directory itself"))
			}
		}
		if rec == nil {
			return false
		}
		if rec.isSpecial() || rec.flags()&format.FlagAssociated != 0 {
			continue
		}
		s.v.take(it, rec, at, s.w)
		if rec.flags()&format.FlagMulti != 0 {
			s.id = append(s.id[:0], rec.id()...)
			s.extents(it)
		}
		if it.relocated {
			continue
		}
		if it.hasChild {
			if err := s.v.follow(it, s.w); err != nil {
				s.note(err)
				continue
			}
		}
		if !s.alone && !s.names.add(it.name) {
			it.record(it.name)
			it.name = s.names.another(it.name)
		}
		s.v.finish(it)
		return true
	}
}

// extents adds the further extents of a file: the records that follow and have its
// identifier (ECMA-119 9.1.6).
func (s *scan) extents(it *item) {
	for more := true; more; {
		rec, at := s.record()
		if rec == nil || !bytes.Equal(rec.id(), s.id) {
			s.note(fmt.Errorf("the last extent of %q is missing", it.name))
			s.held, s.at = rec, at
			return
		}
		s.v.addSpan(it, rec)
		more = rec.flags()&format.FlagMulti != 0
	}
}

// follow replaces an entry with CL by the relocated directory. The size and attributes
// are in the record "." of that directory (P1282 4.1.5.1).
func (v *FS) follow(it *item, w *window) error {
	at := int64(it.child) * int64(v.blockSize)
	p, err := w.read(v.r, at, format.RecordHead+1)
	if err == nil {
		p, err = w.read(v.r, at, max(int(p[0]), format.RecordHead+1))
	}
	if err != nil {
		return fmt.Errorf("read the relocated directory %q at sector %d: %w", it.name, at/disc.SectorSize, noEOF(err))
	}
	rec, err := v.record(p)
	if err == nil && (rec == nil || !rec.isSpecial()) {
		err = errors.New("no directory begins there")
	}
	if err != nil {
		return fmt.Errorf("the relocated directory %q at sector %d: %w", it.name, at/disc.SectorSize, err)
	}
	own := append(dirRecord(nil), rec...) // reading a continuation area overwrites the window
	name := string(it.name)
	place := it.at
	v.take(it, own, place, w)
	it.name = append(it.name[:0], name...)
	it.spans = append(it.spans[:0], span{at, v.extent(own).n})
	it.flags |= format.FlagDirectory
	it.Mode = fs.ModeDir | it.Mode.Perm()
	it.hasChild = false
	return nil
}

var _ volume.Direct = (*FS)(nil)
