package volume

import (
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
)

// ExtentReader reads the contents of extents of a disc as one sequence of bytes.
type ExtentReader struct {
	Disc    io.ReaderAt // from address 0
	Extents []Extent
}

// Size returns the total size of the extents in bytes.
func (r ExtentReader) Size() int64 {
	var n int64
	for _, x := range r.Extents {
		n += x.Length
	}
	return n
}

// ReadAt implements io.ReaderAt. The error is io.ErrUnexpectedEOF if the disc ends within
// an extent.
func (r ExtentReader) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("read at negative offset %d", off)
	}
	for _, x := range r.Extents {
		if off >= x.Length {
			off -= x.Length
			continue
		}
		k := int(min(int64(len(p)-n), x.Length-off))
		got, err := r.Disc.ReadAt(p[n:n+k], int64(x.Start)*disc.SectorSize+off)
		n += got
		if got < k {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return n, err
		}
		if off = 0; n == len(p) {
			return n, nil
		}
	}
	return n, io.EOF
}
