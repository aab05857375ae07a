// Package packed reads contents that an image stores in packed units, as all compressed image
// formats do. A format says where its units are and how one of them is
// unpacked; a [Reader] delivers the contents at any offset. Nothing is unpacked to a
// temporary file, and what is kept in memory is bounded.
//
// [Blocks] are units that are unpacked in memory as a whole. [Streams] are units of
// any size that have to be unpacked from their beginning.
package packed

import (
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
)

// MaxSize is the most that the contents of an image may have, in bytes. It is more than any
// disc holds; a small file that claims to contain more is not an image.
const MaxSize = disc.MaxSectors * disc.SectorSize

// CheckSize returns an error if contents of this size, in bytes, cannot be those of a disc.
func CheckSize(size int64) error {
	if size > MaxSize || size < 0 {
		return fmt.Errorf("it claims to contain %d bytes, more than any disc holds", uint64(size))
	}
	if size == 0 {
		return fmt.Errorf("it has no contents")
	}
	return nil
}

// NoEOF returns io.ErrUnexpectedEOF instead of io.EOF: packed bytes end before their contents
// do.
func NoEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// window cuts p to what of it is within contents of this size. The error is io.EOF if that
// is not all of p.
func window(p []byte, off, size int64) ([]byte, error) {
	switch {
	case off < 0:
		return nil, fmt.Errorf("read at negative offset %d", off)
	case off >= size:
		return nil, io.EOF
	case int64(len(p)) > size-off:
		return p[:size-off], io.EOF
	}
	return p, nil
}
