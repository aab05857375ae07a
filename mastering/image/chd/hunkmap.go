package chd

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"sort"
)

// Kinds of hunks in the map. Those below plain are compressed with the codec of that number.
const (
	plain    = 4 // stored as it is
	same     = 5 // the same as an earlier hunk
	inParent = 6 // a part of the parent
	// The following are found in a compressed map only.
	shortRun     = 7 // repeat the last kind
	longRun      = 8
	sameAgain    = 9  // the same as the hunk that the last one was the same as
	sameNext     = 10 // the same as the one after that
	inParentHere = 11 // at the same place of the parent
	inParentSame = 12 // the part of the parent that the last one was
	inParentNext = 13 // the part after that

	kinds    = 16 // symbols of the code
	kindBits = 8  // of the longest code

	zeros = 14 // in an uncompressed map: not stored, zeros or a part of the parent
)

// place is where a hunk is. In the list of all hunks it stands for a run of hunks up to the
// next place: only hunks that repeat others have runs of more than one.
type place struct {
	first  uint32 // number of the first hunk
	length uint32 // stored bytes
	offset int64  // in the file; the number of the hunk; or the unit of the parent
	crc    uint16
	kind   byte
	step   uint32 // what each further hunk of the run adds to offset
}

// raw returns the bytes of the map of which the checksum is made: kind, 3 bytes of length, 6
// of offset, and CRC.
func (p place) raw() []byte {
	b := make([]byte, 12)
	binary.BigEndian.PutUint64(b[2:], uint64(p.offset))
	binary.BigEndian.PutUint32(b, p.length)
	b[0] = p.kind
	binary.BigEndian.PutUint16(b[10:], p.crc)
	return b
}

// places are the places of all hunks, in their order. Their memory is in proportion to the
// size of the map in the file.
type places []place

// at returns the place of a hunk.
func (s places) at(hunk int) place {
	i := sort.Search(len(s), func(i int) bool { return int(s[i].first) > hunk }) - 1
	p := s[i]
	p.offset += int64(hunk-int(p.first)) * int64(p.step)
	return p
}

// add appends the place of the hunk that is first in p, or lengthens the last run by it.
func (s places) add(p place) places {
	if len(s) > 0 && p.kind >= same {
		last := &s[len(s)-1]
		count := int64(p.first - last.first)
		step := p.offset - last.offset
		if count > 1 {
			step = int64(last.step)
		}
		if p.kind == last.kind && step >= 0 && step <= math.MaxUint32 && p.offset == last.offset+count*step {
			last.step = uint32(step)
			return s
		}
	}
	return append(s, p)
}

// readMap reads the hunk map.
func (m *image) readMap(ctx context.Context) error {
	if !m.compressed() {
		return m.readPlainMap(ctx)
	}
	// 0   4  size of the compressed map, without these 16 bytes
	// 4   6  offset of the first hunk
	// 10  2  CRC-16 of the map, with 12 bytes for each hunk
	// 12  1  bits of the compressed size of a hunk
	// 13  1  bits of the number of a hunk
	// 14  1  bits of the number of a unit of the parent
	var p [16]byte
	if _, err := m.file.ReadAt(p[:], m.mapAt); err != nil {
		return shortError("the hunk map", m.mapAt, err)
	}
	size := int64(binary.BigEndian.Uint32(p[:]))
	if size > m.fileSize-m.mapAt-16 {
		return shortError("the hunk map", m.mapAt, io.EOF)
	}
	data := make([]byte, size)
	if _, err := m.file.ReadAt(data, m.mapAt+16); err != nil {
		return shortError("the hunk map", m.mapAt, err)
	}
	r := mapReader{image: m, next: int64(binary.BigEndian.Uint64(p[2:]) & (1<<48 - 1)), lengthBits: int(p[12]), hunkBits: int(p[13]), unitBits: int(p[14])}
	if r.lengthBits > 24 || r.hunkBits > 48 || r.unitBits > 48 {
		return fmt.Errorf("offset %d: the hunk map has fields of too many bits", m.mapAt+12)
	}
	crc, err := r.read(ctx, data)
	if err != nil {
		return err
	}
	if want := binary.BigEndian.Uint16(p[10:]); crc != want {
		return fmt.Errorf("offset %d: the hunk map is damaged: its checksum is %04x instead of %04x; copy or download the image again", m.mapAt, crc, want)
	}
	return nil
}

// mapReader reads a compressed map. It contains first the kinds of all hunks, as symbols of
// a Huffman code, and then the numbers that belong to each kind.
type mapReader struct {
	*image
	next                           int64 // offset of the next hunk that is stored
	lengthBits, hunkBits, unitBits int
	lastSame, lastParent           int64
}

var errMap = errors.New("the hunk map is damaged; copy or download the image again")

// read reads the map into m.places, and returns its checksum. The kinds are read twice
// because the numbers follow the last one.
func (r *mapReader) read(ctx context.Context, data []byte) (uint16, error) {
	kindsAt := &bitReader{p: data}
	code := newHuffman(kinds, kindBits)
	if err := code.readRuns(kindsAt); err != nil {
		return 0, fmt.Errorf("%w: %w", errMap, err)
	}
	numbers := *kindsAt
	skip := kindReader{bits: &numbers, code: code}
	for range r.hunks() {
		skip.next()
		if numbers.ended() {
			return 0, errMap
		}
	}
	list := kindReader{bits: kindsAt, code: code}
	crc := uint16(crcStart)
	for i := range r.hunks() {
		if i%(1<<16) == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
		p, err := r.place(i, list.next(), &numbers)
		if err == nil && numbers.ended() {
			err = errMap
		}
		if err != nil {
			return 0, err
		}
		crc = crc16(crc, p.raw())
		if err := r.valid(i, p); err != nil {
			return 0, err
		}
		r.places = r.places.add(p)
	}
	return crc, nil
}

// kindReader reads the kinds of the hunks one after the other.
type kindReader struct {
	bits   *bitReader
	code   *huffman
	last   int
	repeat int
}

func (k *kindReader) next() int {
	if k.repeat > 0 {
		k.repeat--
		return k.last
	}
	switch v := k.code.decode(k.bits); v {
	case shortRun:
		k.repeat = 2 + k.code.decode(k.bits)
	case longRun:
		high := k.code.decode(k.bits)
		k.repeat = 2 + 16 + high<<4 + k.code.decode(k.bits)
	default:
		k.last = v
	}
	return k.last
}

// place reads the numbers that belong to a hunk of a kind.
func (r *mapReader) place(hunk, kind int, b *bitReader) (place, error) {
	p := place{first: uint32(hunk), kind: byte(kind)}
	switch kind {
	case 0, 1, 2, 3:
		p.length = b.read(r.lengthBits)
		p.crc = uint16(b.read(16))
		p.offset = r.next
		r.next += int64(p.length)
	case plain:
		p.length = uint32(r.hunk)
		p.crc = uint16(b.read(16))
		p.offset = r.next
		r.next += int64(p.length)
	case same:
		r.lastSame = int64(b.read64(r.hunkBits))
		p.offset = r.lastSame
	case sameNext:
		r.lastSame++
		p.kind, p.offset = same, r.lastSame
	case sameAgain:
		p.kind, p.offset = same, r.lastSame
	case inParent:
		r.lastParent = int64(b.read64(r.unitBits))
		p.offset = r.lastParent
	case inParentHere:
		r.lastParent = int64(hunk) * int64(r.hunk/r.unit)
		p.kind, p.offset = inParent, r.lastParent
	case inParentNext:
		r.lastParent += int64(r.hunk / r.unit)
		p.kind, p.offset = inParent, r.lastParent
	case inParentSame:
		p.kind, p.offset = inParent, r.lastParent
	default:
		return p, fmt.Errorf("%w: hunk %d has the unknown type %d", errMap, hunk, kind)
	}
	return p, nil
}

// valid returns an error if a hunk cannot be at a place.
func (m *image) valid(hunk int, p place) error {
	switch {
	case p.kind == same:
		if p.offset >= int64(hunk) {
			return fmt.Errorf("%w: hunk %d refers to a later hunk", errMap, hunk)
		}
	case p.kind == inParent:
		if m.parentSum() == (sum{}) {
			return fmt.Errorf("%w: hunk %d refers to a parent, but the image has none", errMap, hunk)
		}
		if p.offset > maxHunks*int64(m.hunk)/int64(m.unit) {
			return fmt.Errorf("%w: hunk %d refers to data beyond the end of the parent", errMap, hunk)
		}
	case p.kind < plain && m.codecs[p.kind] == (codec{}):
		return fmt.Errorf("%w: hunk %d is compressed with a codec that the header does not name", errMap, hunk)
	case p.offset+int64(p.length) > m.fileSize:
		return fmt.Errorf("hunk %d of %d is beyond the end of the file: the file is truncated; copy or download the image again", hunk, m.hunks())
	}
	return nil
}

func (m *image) parentSum() sum { return m.header.parent }

// readPlainMap reads the map of an image that is not compressed: the offset of each hunk in
// 4 bytes, as a multiple of the size of a hunk. Zero means that the hunk is not stored.
func (m *image) readPlainMap(ctx context.Context) error {
	count := m.hunks()
	if int64(count)*4 > m.fileSize-m.mapAt {
		return shortError("the hunk map", m.mapAt, io.EOF)
	}
	data := make([]byte, min(count, 1<<14)*4)
	for i := 0; i < count; {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := data[:min(len(data), (count-i)*4)]
		if _, err := m.file.ReadAt(part, m.mapAt+int64(i)*4); err != nil {
			return shortError("the hunk map", m.mapAt, err)
		}
		for ; len(part) > 0; part, i = part[4:], i+1 {
			p := place{first: uint32(i), kind: plain, length: uint32(m.hunk), offset: int64(binary.BigEndian.Uint32(part)) * int64(m.hunk)}
			switch {
			case p.offset == 0 && m.parentSum() != sum{}:
				p = place{first: uint32(i), kind: inParent, offset: int64(i) * int64(m.hunk/m.unit)}
			case p.offset == 0:
				p = place{first: uint32(i), kind: zeros}
			case p.offset+int64(m.hunk) > m.fileSize:
				return fmt.Errorf("hunk %d of %d is beyond the end of the file: the file is truncated; copy or download the image again", i, count)
			}
			m.places = m.places.add(p)
		}
	}
	return nil
}
