package udf

import (
	"errors"
	"io"
	"sync"

	"glassmaster/mastering/volume"
)

// SetCorrections implements volume.Correctable. A place is that of an ICB.
func (f *FS) SetCorrections(find func() map[uint64]volume.Correction) {
	f.corrections = sync.OnceValue(find)
}

// lengthen takes the size of a file from another view that has more of its contents.
func (f *FS) lengthen(e *fileEntry) {
	if f.corrections == nil || !e.mode().IsRegular() {
		return
	}
	if l, ok := f.corrections()[e.inode()]; ok {
		e.longer, e.size = &l, uint64(l.Size)
	}
}

// elsewhere returns the contents of a file according to another view.
func (f *FS) elsewhere(e *fileEntry) *contents {
	return &contents{v: f.reader, size: int64(e.size), end: int64(e.size), outside: e.longer.Extents}
}

// readOutside reads contents that are in extents of the disc rather than of a
// partition.
func (c *contents) readOutside(p []byte, off int64) (int, error) {
	n, err := volume.ExtentReader{Disc: c.v.r, Extents: c.outside}.ReadAt(p, off)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
