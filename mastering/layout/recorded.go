package layout

import (
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// Recorded is a Source whose bytes are on the disc already, such as the contents of a
// file of an earlier session. The planner of a volume refers to its extents, and does
// not lay them out again.
type Recorded struct {
	// Extents are where the bytes are on the disc that the volume is planned for, as in
	// volume.Entry.
	Extents []volume.Extent
	// Disc reads that disc from address 0. It may be nil if nothing reads the contents.
	Disc io.ReaderAt
}

// Check returns an error if these cannot be the contents of a file of size bytes, on a
// disc that will be written from sector start. The extents must be before start, have the
// same size in total, and fill whole sectors except for the last one.
func (r *Recorded) Check(size, start int64) error {
	rest := size // not a sum, which may be too large for an int64 on a damaged disc
	for i, x := range r.Extents {
		sectors := (x.Length-1)/disc.SectorSize + 1
		switch {
		case x.Start < 0 || x.Length <= 0:
			return fmt.Errorf("the extent of %d bytes at sector %d is not valid", x.Length, x.Start)
		case int64(x.Start) > start-sectors:
			return fmt.Errorf("the extent at sector %d has %d sectors, but writing begins at %d", x.Start, sectors, start)
		case i < len(r.Extents)-1 && x.Length%disc.SectorSize != 0:
			return fmt.Errorf("the extent at sector %d has %d bytes, but only the last extent may end within a sector", x.Start, x.Length)
		case x.Length > rest:
			return fmt.Errorf("the extents on the disc hold more than the %d bytes of the file", size)
		}
		rest -= x.Length
	}
	if rest != 0 {
		return fmt.Errorf("the extents on the disc hold %d bytes, the file has %d", size-rest, size)
	}
	return nil
}

func (r *Recorded) String() string {
	if len(r.Extents) == 0 {
		return "no contents"
	}
	return fmt.Sprintf("contents at sector %d of the disc", r.Extents[0].Start)
}

// Open implements Opener.
func (r *Recorded) Open() (Reader, error) {
	if r.Disc == nil {
		return nil, errors.New("the contents are on a disc that is not available")
	}
	return recordedReader{volume.ExtentReader{Disc: r.Disc, Extents: r.Extents}}, nil
}

type recordedReader struct{ volume.ExtentReader }

func (recordedReader) Close() error { return nil }
