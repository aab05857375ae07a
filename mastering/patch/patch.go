// Package patch holds changes to an image: sectors that are overwritten, and data that is
// added after its end. The image itself is not touched. It can be read as it will be, so
// that a change can be checked before anything is written, and it can be written in two
// ways: into the image (Overwritten and Added say what), or as a new image (Layout).
//
// Whoever changes the structures of a volume writes into the same Set: the updaters of ISO
// 9660 and UDF, and that of the partition tables.
package patch

import (
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"sort"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
)

const sectorSize = disc.SectorSize

// Set is an image with changes. It is not safe for concurrent use while it is changed, and
// is safe for concurrent reads after that.
type Set struct {
	base    io.ReaderAt
	extents []layout.Extent // of the base, for Layout
	size    int64           // bytes of the base
	end     int64           // sectors of the image as it will be
	sectors map[int64]*[sectorSize]byte
	added   []layout.Extent // after the base, in the order of their addresses
}

// New returns a Set without changes to an image of size bytes. If the image does not end
// with a whole sector, zeros follow it. source is what Layout refers to for the bytes of
// the image, at the same offsets; nil for the reader itself.
func New(base io.ReaderAt, size int64, source layout.Source) *Set {
	if source == nil {
		source = &Reader{base} // a pointer, since sources are compared
	}
	return newSet(base, size, []layout.Extent{{Length: size, Source: source}})
}

// NewLayout returns a Set without changes to a planned image. It can only be written as a
// new image.
func NewLayout(l *layout.Layout) *Set { return newSet(l, l.Size(), l.Extents()) }

func newSet(base io.ReaderAt, size int64, extents []layout.Extent) *Set {
	return &Set{base: base, extents: extents, size: size, end: sectorsOf(size), sectors: map[int64]*[sectorSize]byte{}}
}

// Reader is a layout.Source that reads an open image.
type Reader struct{ io.ReaderAt }

// Open implements layout.Opener.
func (r Reader) Open() (layout.Reader, error) { return r, nil }

// Close implements layout.Reader. It does not close the image.
func (Reader) Close() error { return nil }

func (Reader) String() string { return "the image" }

// sectorsOf returns the number of sectors for n bytes.
func sectorsOf(n int64) int64 { return (n + sectorSize - 1) / sectorSize }

// BaseSize returns the size of the image without the changes, in bytes.
func (s *Set) BaseSize() int64 { return s.size }

// BaseSectors returns the size of the image without the changes, in sectors.
func (s *Set) BaseSectors() int64 { return sectorsOf(s.size) }

// Sectors returns the size of the image as it will be, in sectors.
func (s *Set) Sectors() int64 { return s.end }

// Size returns the size of the image as it will be, in bytes: that of the base if nothing
// is added.
func (s *Set) Size() int64 {
	if s.end == s.BaseSectors() {
		return s.size
	}
	return s.end * sectorSize
}

// Base reads the image without the changes.
func (s *Set) Base() io.ReaderAt { return s.base }

// Allocate adds sectors at the end of the image, which are zero until they are written, and
// returns the address of the first one. It is a multiple of align, in sectors; 0 and 1 mean
// any address.
func (s *Set) Allocate(sectors, align int64) int64 {
	if align > 1 {
		s.end = (s.end + align - 1) / align * align
	}
	at := s.end
	s.end += sectors
	return at
}

// Add adds the contents of a source of size bytes at the end of the image, and returns the
// address of its first sector.
func (s *Set) Add(source layout.Source, size int64) int64 {
	at := s.Allocate(sectorsOf(size), 1)
	if size > 0 {
		s.added = append(s.added, layout.Extent{Start: at * sectorSize, Length: size, Source: source})
	}
	return at
}

// WriteAt overwrites bytes of the image as it will be. They must be before its end. It
// implements io.WriterAt. The error is that of reading the sectors which are overwritten
// in part.
func (s *Set) WriteAt(p []byte, off int64) (n int, err error) {
	if off < 0 || off+int64(len(p)) > s.end*sectorSize {
		return 0, fmt.Errorf("bytes %d to %d are outside of the image of %d sectors", off, off+int64(len(p)), s.end)
	}
	for n < len(p) {
		at := off + int64(n)
		lba, within := at/sectorSize, int(at%sectorSize)
		sector, err := s.sector(lba, within > 0 || len(p)-n < sectorSize)
		if err != nil {
			return n, err
		}
		n += copy(sector[within:], p[n:])
	}
	return n, nil
}

// sector returns a sector of the image for overwriting. Its bytes are read only if they are
// needed.
func (s *Set) sector(lba int64, read bool) (*[sectorSize]byte, error) {
	if p := s.sectors[lba]; p != nil {
		return p, nil
	}
	p := new([sectorSize]byte)
	if read {
		if err := s.readSector(p[:], lba); err != nil {
			return nil, fmt.Errorf("read sector %d: %w", lba, err)
		}
	}
	s.sectors[lba] = p
	return p, nil
}

// readSector reads a sector, or the first bytes of one, that is not overwritten.
func (s *Set) readSector(p []byte, lba int64) error {
	clear(p)
	off := lba * sectorSize
	if off < s.size {
		p = p[:min(int64(len(p)), s.size-off)]
		if n, err := s.base.ReadAt(p, off); n < len(p) {
			return noEOF(err)
		}
		return nil
	}
	e, ok := s.find(off)
	if !ok {
		return nil
	}
	return readExtent(p, e, off)
}

// readExtent reads bytes of an extent that begins at or before off.
func readExtent(p []byte, e layout.Extent, off int64) error {
	p = p[:min(int64(len(p)), e.End()-off)]
	r, err := layout.OpenSource(e.Source, e.Length)
	if err != nil {
		return err
	}
	defer r.Close()
	if n, err := r.ReadAt(p, e.Offset+off-e.Start); n < len(p) {
		return noEOF(err)
	}
	return nil
}

func noEOF(err error) error {
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// find returns the added extent that has the byte at off.
func (s *Set) find(off int64) (layout.Extent, bool) {
	i := sort.Search(len(s.added), func(i int) bool { return s.added[i].End() > off })
	if i == len(s.added) || s.added[i].Start > off {
		return layout.Extent{}, false
	}
	return s.added[i], true
}

// ReadAt reads the image as it will be. It implements io.ReaderAt.
func (s *Set) ReadAt(p []byte, off int64) (n int, err error) {
	size := s.end * sectorSize
	if off < 0 {
		return 0, fmt.Errorf("read at negative offset %d", off)
	}
	for n < len(p) {
		at := off + int64(n)
		if at >= size {
			return n, io.EOF
		}
		k, err := s.readRun(p[n:], at)
		n += k
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// readRun reads up to the end of a sector that is overwritten, of the base, or of what was
// added.
func (s *Set) readRun(p []byte, at int64) (int, error) {
	lba, within := at/sectorSize, int(at%sectorSize)
	if sector := s.sectors[lba]; sector != nil {
		return copy(p, sector[within:]), nil
	}
	if e, ok := s.find(at); ok {
		return s.readAdded(p, at, e)
	}
	if at >= s.size || at+int64(len(p)) > s.size {
		var sector [sectorSize]byte
		if err := s.readSector(sector[:], lba); err != nil {
			return 0, err
		}
		return copy(p, sector[within:]), nil
	}
	end := lba + 1
	for end*sectorSize < at+int64(len(p)) && s.sectors[end] == nil {
		end++
	}
	k := int(min(int64(len(p)), end*sectorSize-at))
	n, err := s.base.ReadAt(p[:k], at)
	if n < k {
		return n, noEOF(err)
	}
	return k, nil
}

// readAdded reads an added extent up to its end or the next sector that is overwritten.
func (s *Set) readAdded(p []byte, at int64, e layout.Extent) (int, error) {
	end := at/sectorSize + 1
	for end*sectorSize < at+int64(len(p)) && s.sectors[end] == nil {
		end++
	}
	p = p[:min(int64(len(p)), end*sectorSize-at, e.End()-at)]
	if err := readExtent(p, e, at); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Overwritten returns the runs of sectors of the base that are overwritten, in the order of
// their addresses: the offset and the new bytes. The last one can end after the base, if
// that does not end with a whole sector.
func (s *Set) Overwritten() iter.Seq2[int64, []byte] {
	return s.runs(0, s.BaseSectors()*sectorSize)
}

// Added returns what is added after the base, as extents in the order of their addresses.
// What is between them is zero.
func (s *Set) Added() []layout.Extent {
	return s.list(s.BaseSectors()*sectorSize, s.end*sectorSize)
}

// Layout returns the image as it will be, as a layout.
func (s *Set) Layout() (*layout.Layout, error) {
	return layout.New(s.list(0, s.end*sectorSize), s.Size())
}

// list returns the extents of a range of the image as it will be, given in bytes of
// whole sectors.
func (s *Set) list(from, to int64) []layout.Extent {
	var list []layout.Extent
	at := from
	for off, b := range s.runs(from, to) {
		list = s.unchanged(list, at, off)
		list = append(list, layout.Extent{Start: off, Length: int64(len(b)), Source: layout.Bytes(b)})
		at = off + int64(len(b))
	}
	list = s.unchanged(list, at, to)
	if n := len(list); n > 0 && list[n-1].End() > s.Size() {
		list[n-1].Length = s.Size() - list[n-1].Start
	}
	return list
}

// runs returns the runs of overwritten sectors in a range of bytes, which begins and ends
// with a sector: their offsets and bytes.
func (s *Set) runs(from, to int64) iter.Seq2[int64, []byte] {
	return func(yield func(int64, []byte) bool) {
		var run []byte
		start := int64(0)
		for _, lba := range slices.Sorted(maps.Keys(s.sectors)) {
			off := lba * sectorSize
			if off < from || off >= to {
				continue
			}
			if run != nil && off != start+int64(len(run)) {
				if !yield(start, run) {
					return
				}
				run = nil
			}
			if run == nil {
				start = off
			}
			run = append(run, s.sectors[lba][:]...)
		}
		if run != nil {
			yield(start, run)
		}
	}
}

// unchanged appends the extents of a range in which no sector is overwritten.
func (s *Set) unchanged(list []layout.Extent, from, to int64) []layout.Extent {
	for _, all := range [][]layout.Extent{s.extents, s.added} {
		first := sort.Search(len(all), func(i int) bool { return all[i].End() > from })
		for _, e := range all[first:] {
			start, end := max(e.Start, from), min(e.End(), to)
			if e.Start >= to {
				break
			}
			if start >= end {
				continue
			}
			list = append(list, layout.Extent{Start: start, Length: end - start, Offset: e.Offset + start - e.Start, Source: e.Source})
		}
	}
	return list
}
