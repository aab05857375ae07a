// Package chd reads and writes the compressed disc images of MAME (CHD, "Compressed Hunks of
// Data"), version 5: CDs, GD-ROMs and DVDs. There is no standard. The format is what MAME's
// program chdman writes and reads.
//
// The contents of an image are cut into hunks of equal size, which are compressed one by
// one. All numbers are big-endian. The file begins with a header:
//
//	 0   8  "MComprHD"
//	 8   4  size of the header, 124
//	12   4  version, 5
//	16  16  up to four codecs, by codes of four letters; zero: none
//	32   8  size of the contents, in bytes
//	40   8  offset of the hunk map
//	48   8  offset of the first metadata; 0: there are none
//	56   4  size of a hunk, in bytes
//	60   4  size of a unit, in bytes: 2448 for a CD, 2048 for a DVD
//	64  20  SHA-1 of the contents
//	84  20  SHA-1 of that and of the metadata
//	104 20  SHA-1 of the parent; zero: there is none
//
// A unit of a CD is a sector: 2352 bytes and 96 bytes of sub-channels. What the type of the
// track does not store is zero. Each track begins at a multiple of four units. Audio samples
// are big-endian.
//
// The map says where each hunk is and how it is compressed. A hunk can also refer to
// an earlier one, or to a part of another CHD, the parent. Metadata is a linked list; that of
// a disc describes its tracks.
package chd

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
)

// Format is the CHD format.
var Format = format.Format{
	Name:       "CHD",
	Extensions: []string{".chd"},
	Holds:      format.Audio | format.Tracks | format.Sessions | format.Raw | format.Pregaps | format.Sub,
	Open:       open,
	Create:     create,
}

// open opens a CHD as a disc.
func open(ctx context.Context, f *format.Files) (disc.Disc, error) {
	m, err := openImage(ctx, f, f.ReaderAt, f.Size, 0)
	if err != nil {
		return nil, err
	}
	list, err := m.metadata()
	if err != nil {
		return nil, err
	}
	d, err := m.disc(f, list)
	if err == nil {
		m.addChecksums(f, list)
	}
	return d, err
}

// Sizes and limits.
const (
	signature  = "MComprHD"
	headerSize = 124
	version    = 5
	minHunk    = 16
	maxHunk    = 1 << 20 // bytes; chdman makes no larger ones
	maxHunks   = 1 << 26 // 128 GiB in hunks of 2048 bytes
	cdUnit     = disc.RawSectorSize + 96
	maxParents = 8
)

// sum is an SHA-1.
type sum [20]byte

// header is the header of the file.
type header struct {
	codecs        [4]codec
	size          int64 // of the contents
	mapAt, metaAt int64
	hunk, unit    int // sizes
	raw           sum // of the contents
	all           sum // of the contents and the metadata
	parent        sum
}

// parseHeader parses the header of a file of the given size.
func parseHeader(r io.ReaderAt, size int64) (header, error) {
	var p [headerSize]byte
	n, err := r.ReadAt(p[:], 0)
	if n < len(signature) || string(p[:len(signature)]) != signature {
		if err != nil && !errors.Is(err, io.EOF) {
			return header{}, err
		}
		return header{}, format.ErrUnknown
	}
	v := binary.BigEndian.Uint32(p[12:])
	switch {
	case n >= 16 && v >= 1 && v < version:
		return header{}, fmt.Errorf("it is a CHD of version %d, which is not supported; convert it to version 5 with chdman (chdman copy)", v)
	case n >= 16 && v != version:
		return header{}, fmt.Errorf("it is a CHD of unknown version %d; version 5 is supported", v)
	case n < headerSize:
		return header{}, errors.New("the file is truncated within the header; copy or download the image again")
	}
	if l := binary.BigEndian.Uint32(p[8:]); l != headerSize {
		return header{}, fmt.Errorf("offset 8: the header has %d bytes instead of %d", l, headerSize)
	}
	var h header
	for i := range h.codecs {
		h.codecs[i] = codec(p[16+4*i : 20+4*i])
	}
	length, mapAt, metaAt := binary.BigEndian.Uint64(p[32:]), binary.BigEndian.Uint64(p[40:]), binary.BigEndian.Uint64(p[48:])
	hunk, unit := binary.BigEndian.Uint32(p[56:]), binary.BigEndian.Uint32(p[60:])
	h.raw, h.all, h.parent = sum(p[64:84]), sum(p[84:104]), sum(p[104:124])
	switch {
	case hunk < minHunk || hunk > maxHunk:
		return h, fmt.Errorf("offset 56: hunks of %d bytes; from %d to %d are permitted", hunk, minHunk, maxHunk)
	case unit == 0 || unit > hunk || hunk%unit != 0:
		return h, fmt.Errorf("offset 60: the size of a unit, %d bytes, does not divide that of a hunk, %d bytes", unit, hunk)
	case length == 0:
		return h, errors.New("offset 32: the image is empty")
	case length > uint64(hunk)*maxHunks:
		return h, fmt.Errorf("offset 32: the image has %d bytes, which is more than a disc can have", length)
	case mapAt == 0:
		return h, errors.New("offset 40: the image has no hunk map: it was not completed; create it again")
	case mapAt >= uint64(size):
		return h, fmt.Errorf("the hunk map begins at byte %d, but the file has only %d bytes: the file is truncated; copy or download the image again", mapAt, size)
	case metaAt >= uint64(size):
		return h, fmt.Errorf("the metadata begins at byte %d, but the file has only %d bytes: the file is truncated; copy or download the image again", metaAt, size)
	}
	h.size, h.mapAt, h.metaAt, h.hunk, h.unit = int64(length), int64(mapAt), int64(metaAt), int(hunk), int(unit)
	return h, nil
}

// hunks returns the number of hunks.
func (h header) hunks() int { return int((h.size + int64(h.hunk) - 1) / int64(h.hunk)) }

// compressed reports whether the image has codecs, and a map that is compressed too.
func (h header) compressed() bool { return h.codecs[0] != codec{} }
