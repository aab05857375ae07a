// Package ecm reads ECM files: images of CDs without sync, EDC and ECC, which can be
// computed. The format is that of the program ecm by Neill Corlett.
//
// A file begins with "ECM" and a zero. Records follow. The first byte of a record has its
// kind in bits 0 and 1 and the lowest five bits of its count in bits 2 to 6; if bit 7 is
// set, bytes with seven more bits each follow, whose highest bit has the same meaning. The count
// is stored minus one; FFFFFFFFh is the end.
//
//	kind  stored                                  contents
//	0     count bytes                             the same bytes
//	1     count times 3 bytes of the address and  sectors of mode 1, 2352 bytes
//	      2048 bytes of user data
//	2     count times 4 bytes of the sub-header   2336 bytes of mode 2 form 1 each, without
//	      and 2048 bytes of user data             sync and header
//	3     count times 4 bytes of the sub-header   2336 bytes of mode 2 form 2 each
//	      and 2324 bytes of user data
//
// The EDC of all contents follows the end.
package ecm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/packed"
	"glassmaster/mastering/sector"
)

// Format is the format of ECM files.
var Format = format.Format{Name: "ECM", Extensions: []string{".ecm"}, Unpack: unpack}

const magic = "ECM\x00"

// kind is the kind of a record.
type kind struct {
	stored, size int // bytes of a unit in the file, and of its contents
}

var kinds = [4]kind{{1, 1}, {3 + 2048, sector.Size}, {4 + 2048, sector.Mode2Size}, {4 + sector.Form2Size, sector.Mode2Size}}

// image is an ECM file.
type image struct {
	r     io.ReaderAt
	size  int64   // of the contents, in bytes
	marks []place // see mark
	limit int64   // where the records end in the file
}

// place is where a record begins.
type place struct{ in, out int64 } // in the file and in the contents

// mark is how many records there are from one place that is kept to the next. A record has
// two bytes or more, so that the places take less memory than the file has bytes.
const mark = 64

// unpack finds the records.
func unpack(ctx context.Context, f *format.Files) (*format.Files, error) {
	var p [4]byte
	if _, err := f.ReadAt(p[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(p[:]) != magic {
		return nil, format.ErrUnknown
	}
	m := &image{r: f}
	edc, err := m.scan(ctx, f.Size)
	cut := errors.Is(err, io.ErrUnexpectedEOF)
	switch {
	case cut:
		m.size = m.size / sector.Size * sector.Size
		if m.size == 0 {
			return nil, fmt.Errorf("the file is truncated before the end of its first sector")
		}
		f.Note(format.Truncated("ECM", 0, m.size))
	case err != nil:
		return nil, err
	}
	if err := packed.CheckSize(m.size); err != nil {
		return nil, err
	}
	var r io.ReaderAt = packed.NewBlocks(m, m.size)
	if !cut {
		c := packed.NewChecked(r, []packed.Sum{{Kind: "EDC", Name: "the contents of the ECM file", End: m.size, Hash: new(edcHash), Want: edc}})
		f.AddChecksums(c.Checksums)
		r = c
		if m.limit+4 < f.Size {
			f.Note(disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf("The last %d bytes of the file are not part of the ECM data and are ignored.", f.Size-m.limit-4)})
		}
	}
	return f.Unpacked(r, m.size, nil), nil
}

// record is a record.
type record struct {
	kind
	number     int   // of the kind
	in, out    int64 // where its first unit is in the file and in the contents
	next, past int64 // where the next record is
	end        bool
}

// read reads the head of the record at a place. p holds bytes of the file from it on.
func read(p []byte, at place) (record, error) {
	v, n := uint64(0), 0
	for shift := uint(0); ; n++ {
		if n == len(p) {
			return record{}, io.ErrUnexpectedEOF
		}
		b := p[n]
		if n == 0 {
			v, shift = uint64(b>>2&31), 5
		} else {
			v |= uint64(b&0x7f) << shift
			shift += 7
		}
		if b&0x80 == 0 {
			break
		}
		if n == 4 {
			return record{}, fmt.Errorf("the record at byte %d has an invalid count; the file is damaged", at.in)
		}
	}
	n++
	r := record{number: int(p[0] & 3), in: at.in + int64(n), out: at.out}
	r.kind = kinds[r.number]
	if v == 1<<32-1 {
		r.end = true
		return r, nil
	}
	if v > 1<<32-1 {
		return record{}, fmt.Errorf("the record at byte %d has an invalid count; the file is damaged", at.in)
	}
	count := int64(v) + 1
	r.next, r.past = r.in+count*int64(r.stored), r.out+count*int64(r.size)
	return r, nil
}

// scan reads the heads of all records. It returns the EDC of the contents, as it is stored. The error is
// io.ErrUnexpectedEOF if the file is truncated; the size is then that of what is there.
func (m *image) scan(ctx context.Context, size int64) ([]byte, error) {
	w := walker{r: m.r, at: place{in: int64(len(magic))}}
	for n := 0; ; n++ {
		if n%mark == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			m.marks = append(m.marks, w.at)
		}
		r, err := w.record()
		if err != nil {
			m.limit = w.at.in
			return nil, err
		}
		if r.end {
			m.limit = r.in
			var p [4]byte
			if _, err := m.r.ReadAt(p[:], r.in); err != nil {
				return nil, packed.NoEOF(err)
			}
			return p[:], nil
		}
		if r.next > size {
			m.size = r.out + (size-r.in)/int64(r.stored)*int64(r.size)
			m.limit = size
			return nil, io.ErrUnexpectedEOF
		}
		m.size = r.past
		if m.size > packed.MaxSize {
			return nil, packed.CheckSize(m.size)
		}
		w.at = place{r.next, r.past}
	}
}

// walker reads the heads of records.
type walker struct {
	r    io.ReaderAt
	at   place
	buf  [4096]byte
	from int64 // of buf in the file
	n    int
}

// record reads the head of the record at the place.
func (w *walker) record() (record, error) {
	off := w.at.in - w.from
	if off < 0 || off+5 > int64(w.n) {
		n, err := w.r.ReadAt(w.buf[:], w.at.in)
		if err != nil && !errors.Is(err, io.EOF) {
			return record{}, err
		}
		w.from, w.n, off = w.at.in, n, 0
	}
	return read(w.buf[off:w.n], w.at)
}

// find returns the record that contains a byte of the contents.
func (m *image) find(off int64) (record, error) {
	i := sort.Search(len(m.marks), func(i int) bool { return m.marks[i].out > off }) - 1
	w := walker{r: m.r, at: m.marks[i]}
	for range mark {
		r, err := w.record()
		if err != nil {
			return record{}, err
		}
		if r.end {
			break
		}
		if off < r.past {
			return r, nil
		}
		w.at = place{r.next, r.past}
	}
	return record{}, errors.New("the file was changed while it was open")
}
