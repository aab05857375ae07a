package iso9660

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
	"glassmaster/mastering/zisofs"
)

// openFile opens a file that is not a directory.
func (v *FS) openFile(f *fileInfo, path string) (fs.File, error) {
	refuse := func(why string) error {
		return &fs.PathError{Op: "open", Path: path, Err: errors.New(why)}
	}
	if !f.mode.IsRegular() {
		return nil, refuse("devices, pipes and sockets have no contents")
	}
	var r io.ReaderAt = &contents{v, f.spans}
	if f.compressed.Algorithm != "" {
		stored := int64(0)
		for _, s := range f.spans {
			stored += s.n
		}
		z, err := zisofs.Open(r, stored, f.compressed)
		if err != nil {
			return nil, &fs.PathError{Op: "open", Path: path, Err: err}
		}
		r = z
	} else if f.attributes.Unreadable != "" && !v.isShort(f) {
		return nil, refuse(f.attributes.Unreadable)
	}
	return volume.OpenFile(r, f), nil
}

// isShort reports whether a part of the file is past the end of the image. The part
// before can be read.
func (v *FS) isShort(f *fileInfo) bool {
	for _, s := range f.spans {
		if s.off+s.n > v.size {
			return true
		}
	}
	return false
}

// contents reads the spans of a file one after the other.
type contents struct {
	v     *FS
	spans []span
}

func (c *contents) ReadAt(p []byte, off int64) (n int, err error) {
	for _, s := range c.spans {
		if n == len(p) {
			return n, nil
		}
		if off >= s.n {
			off -= s.n
			continue
		}
		k := int(min(int64(len(p)-n), s.n-off))
		got, err := c.v.r.ReadAt(p[n:n+k], s.off+off)
		n += got
		if got < k {
			at := (s.off + off + int64(got)) / disc.SectorSize
			if at >= (c.v.size+disc.SectorSize-1)/disc.SectorSize {
				return n, fmt.Errorf("sector %d is past the end of the image, which is incomplete: %w", at, io.ErrUnexpectedEOF)
			}
			return n, fmt.Errorf("read sector %d: %w", at, noEOF(err))
		}
		off = 0
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
