// Package iso reads and writes plain images: 2048 bytes of user data a sector,
// from address 0 on, and nothing else. The usual extension is .iso.
//
// Such a file has no signature of its own. It is recognised by the descriptors
// of a file system where these must be: of ISO 9660 (ECMA-119 8) or of the
// volume recognition sequence of UDF (ECMA-167 part 3, 3.1), both from byte
// 32768 on. It may be split into several files, as programs do it for file systems
// that hold no file of 4 GiB: see parts.
package iso

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/volume"
	_ "glassmaster/mastering/volume/formats"
)

// Format is the format of plain images.
var Format = format.Format{Name: "ISO", Extensions: []string{".iso", ".udf"}, Open: open, Create: create}

// vrsStart is where volume descriptors begin, and vrsSectors how many sectors
// are looked at: a recognition sequence of UDF may follow that of ISO 9660.
const (
	vrsStart   = 16 * disc.SectorSize
	vrsSectors = 16
)

// open recognises a plain image.
func open(_ context.Context, f *format.Files) (disc.Disc, error) {
	known, err := recognise(f)
	if err != nil {
		return nil, err
	}
	if !known && !later(f, f.Size) {
		return nil, format.ErrUnknown
	}
	all, size, err := parts(f)
	if err != nil {
		return nil, err
	}
	if all != nil {
		return disc.FromReaderAt(all, size, f.Close), nil
	}
	return disc.FromReaderAt(f.File, f.Size, f.Close), nil
}

// recognise reports whether a volume descriptor is where it must be.
func recognise(r io.ReaderAt) (bool, error) {
	p := make([]byte, vrsSectors*disc.SectorSize)
	n, err := r.ReadAt(p, vrsStart)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read the volume descriptors: %w", err)
	}
	for p = p[:n]; len(p) >= 6; p = p[min(len(p), disc.SectorSize):] {
		switch string(p[1:6]) {
		case "CD001", "NSR02", "NSR03":
			return true, nil
		}
	}
	return false, nil
}

// mostCD is more sectors than a CD has: 99 minutes.
const mostCD = 450000

// later reports whether a volume is in a later session alone, as in the image of a CD
// that begins with audio tracks, in whose place this package writes zeros.
func later(r io.ReaderAt, size int64) bool {
	p := make([]byte, vrsSectors*disc.SectorSize)
	n, err := r.ReadAt(p, vrsStart)
	if n < len(p) || err != nil || len(bytes.Trim(p, "\x00")) > 0 || size > mostCD*disc.SectorSize {
		return false
	}
	return len(volume.FindSessions(r, size, false)) > 0
}
