// Package cdi reads the images of DiscJuggler (.cdi), versions 2 to 4: the sectors of all
// tracks one after the other, with the pre-gaps, and a descriptor at the end of the file.
// Most images of Dreamcast discs have this format.
//
// The format is not published. This package follows the work of others: cdirip by Dext,
// on which the readers of emulators are based, and the parsers of libMirage (CDemu) and Aaru,
// which know versions 3.5 and 4 only. They agree in the fields that are used here. All
// numbers are little-endian.
//
// The last eight bytes are the version (2: 80000004h, 3: 80000005h, 3.5 and 4: 80000006h) and
// the offset of the descriptor, from the end of the file in the last case.
package cdi

import (
	"context"
	"encoding/binary"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
)

// Format is the format of images of DiscJuggler.
var Format = format.Format{
	Name: "DiscJuggler", Extensions: []string{".cdi"},
	Holds: format.Audio | format.Tracks | format.Sessions | format.Raw | format.Indexes | format.Codes | format.Text | format.Sub,
	Open:  open,
}

// Versions of the descriptor.
const (
	version2  = 0x80000004
	version3  = 0x80000005
	version35 = 0x80000006
)

// maxDescriptor is the largest size of a descriptor, in bytes: 99 tracks with names and
// texts of the largest size are smaller.
const maxDescriptor = 4 << 20

func open(_ context.Context, f *format.Files) (disc.Disc, error) {
	var tail [8]byte
	if n, _ := f.ReadAt(tail[:], f.Size-int64(len(tail))); f.Size < 16 || n < len(tail) {
		return nil, format.ErrUnknown
	}
	version, at := binary.LittleEndian.Uint32(tail[:]), int64(binary.LittleEndian.Uint32(tail[4:]))
	switch version {
	case version2, version3:
	case version35:
		at = f.Size - at
	default:
		return nil, format.ErrUnknown
	}
	size := f.Size - int64(len(tail)) - at
	if at <= 0 || size < 16 {
		return nil, format.ErrUnknown
	}
	if size > maxDescriptor {
		return nil, fmt.Errorf("the descriptor begins at byte %d and has %d bytes; a descriptor has at most %d", at, size, maxDescriptor)
	}
	p := make([]byte, size)
	if n, err := f.ReadAt(p, at); n < len(p) {
		return nil, fmt.Errorf("read the descriptor: %w", err)
	}
	if n := binary.LittleEndian.Uint16(p); n == 0 || n > 99 {
		return nil, format.ErrUnknown
	}
	b := &builder{files: f, data: at}
	if err := b.disc(&cursor{p: p, base: at, version: version}); err != nil {
		return nil, err
	}
	return runs.New(f, runs.Codes(b.toc, b.list), b.list, b.notices...)
}
