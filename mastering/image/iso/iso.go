// Package iso reads and writes plain images, which hold the 2048 bytes of user data of
// each sector from address 0 on and nothing else. The usual extension is .iso.
//
// The format has no signature. Its files are recognized by the descriptors of a file
// system, which start at byte 32768: those of ISO 9660 (ECMA-119 8) or High Sierra, or the
// volume recognition sequence of UDF (ECMA-167 part 3, 3.1); or by the header of an HFS or
// HFS Plus volume. An image may be split into several
// files, which programs do for file systems with a maximum file size of 4 GiB; see parts.
package iso

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/hfs"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/volume"
	_ "glassmaster/mastering/volume/formats"
)

// Format is the format of plain images.
var Format = format.Format{Name: "ISO", Extensions: []string{".iso", ".udf"}, Open: open, Create: create, Unmarked: true, CopiesUserData: true}

// vrsStart is where volume descriptors start. vrsSectors is how many sectors are searched,
// since the recognition sequence of UDF may follow the descriptors of ISO 9660.
const (
	vrsStart   = 16 * disc.SectorSize
	vrsSectors = 16
)

// open opens a plain image.
func open(_ context.Context, f *format.Files) (disc.Disc, error) {
	known, err := recognize(f)
	if err != nil {
		return nil, err
	}
	if !known && !inLaterSession(f, f.Size) && !hfs.Recognize(f, f.Size) {
		return nil, format.ErrUnknown
	}
	all, err := parts(f)
	if err != nil {
		return nil, err
	}
	if all != nil {
		return disc.FromReaderAt(all, all.Size(), f.Close), nil
	}
	return f.Flat(), nil
}

// recognize reports whether there is a volume descriptor where there must be one.
func recognize(r io.ReaderAt) (bool, error) {
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
		if len(p) >= 14 && string(p[9:14]) == "CDROM" { // High Sierra
			return true, nil
		}
	}
	return false, nil
}

// inLaterSession reports whether the only volumes are in later sessions, as in the image
// of a CD that starts with audio tracks: create writes zeros in their place.
func inLaterSession(r io.ReaderAt, size int64) bool {
	p := make([]byte, vrsSectors*disc.SectorSize)
	n, err := r.ReadAt(p, vrsStart)
	if n < len(p) || err != nil || len(bytes.Trim(p, "\x00")) > 0 || size > format.MaxCDSectors*disc.SectorSize {
		return false
	}
	return len(volume.FindSessions(r, size, false)) > 0
}
