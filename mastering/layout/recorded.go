package layout

import (
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// Recorded is a Source whose bytes are on the disc already: the contents of a file
// of an earlier session, or of a file that stays where it is. A planner of a volume
// refers to its extents and lays nothing out.
type Recorded struct {
	// Extents are where the bytes are, by the addresses of the disc that the volume is
	// planned for, as volume.Entry has them.
	Extents []volume.Extent
	// Disc reads that disc, from address 0 on; nil where nobody needs the bytes.
	Disc io.ReaderAt
}

// Check says why a file of size bytes on a disc that is written from sector start
// on cannot have these contents, nil when it can: its extents must be written
// already, hold all of it, and fill whole sectors but for the last one.
func (r *Recorded) Check(size, start int64) error {
	if n := (volume.ExtentReader{Extents: r.Extents}).Size(); n != size {
		return fmt.Errorf("the extents on the disc hold %d bytes, the file has %d", n, size)
	}
	for i, x := range r.Extents {
		end := int64(x.Start) + (x.Length+disc.SectorSize-1)/disc.SectorSize
		switch {
		case x.Start < 0 || x.Length <= 0:
			return fmt.Errorf("the extent of %d bytes at sector %d is none", x.Length, x.Start)
		case end > start:
			return fmt.Errorf("the extent at sector %d ends at %d, but writing begins at %d", x.Start, end, start)
		case i < len(r.Extents)-1 && x.Length%disc.SectorSize != 0:
			return fmt.Errorf("the extent at sector %d holds %d bytes, and is not the last: it must fill whole sectors", x.Start, x.Length)
		}
	}
	return nil
}

func (r *Recorded) String() string {
	if len(r.Extents) == 0 {
		return "nothing on the disc"
	}
	return fmt.Sprintf("contents at sector %d of the disc", r.Extents[0].Start)
}

// Open implements Opener.
func (r *Recorded) Open() (Reader, error) {
	if r.Disc == nil {
		return nil, errors.New("the disc that holds the contents is not there")
	}
	return recordedReader{volume.ExtentReader{Disc: r.Disc, Extents: r.Extents}}, nil
}

type recordedReader struct{ volume.ExtentReader }

func (recordedReader) Close() error { return nil }
