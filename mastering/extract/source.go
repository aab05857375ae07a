package extract

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// Sizes of single reads and writes. Writes of more than 128 KiB are several times slower
// on some file systems.
const (
	pieceSize = 128 << 10
	firstRead = 4 << 10
)

// source reads the contents of files. Small files are read through a window of the image,
// which grows while files follow each other.
type source struct {
	v     fs.FS
	image io.ReaderAt // nil: files are opened
	file  *os.File    // the image, if it is a file of the host
	buf   []byte
	off   int64 // of the window
	have  []byte
	grow  int
}

func newSource(v fs.FS) source {
	s := source{v: v, buf: make([]byte, pieceSize)}
	if d, ok := v.(volume.Direct); ok {
		s.image = d.Image()
	}
	s.file, _ = disc.HostFile(s.image)
	return s
}

// window returns n bytes at off, at most pieceSize.
func (s *source) window(off int64, n int) ([]byte, error) {
	if in := off - s.off; in >= 0 && in+int64(n) <= int64(len(s.have)) {
		return s.have[in : in+int64(n)], nil
	}
	// Read ahead while files follow each other, twice as far each time.
	if gap := off - s.off - int64(len(s.have)); gap < -int64(len(s.have)) || gap > firstRead {
		s.grow = firstRead
	} else {
		s.grow = min(2*s.grow, pieceSize)
	}
	want := max(n, s.grow)
	got, err := s.image.ReadAt(s.buf[:want], off)
	if got < n && want > n { // the bad sector may belong to another file
		got, err = s.image.ReadAt(s.buf[:n], off)
	}
	s.off, s.have = off, s.buf[:got]
	if got < n {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("read sector %d: %w", (off+int64(got))/disc.SectorSize, err)
	}
	return s.have[:n], nil
}

// kernelCopier is a hostFile that the kernel can copy to.
type kernelCopier interface {
	copyFrom(src *os.File, off, n int64) (int64, error)
}

// kernelSize is the length from which on the kernel copies.
const kernelSize = 256 << 10

// extent writes one extent to w.
func (x *extraction) extent(w hostFile, off, n int64) error {
	s := &x.source
	for n > 0 {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		var done int64
		if k, ok := w.(kernelCopier); ok && s.file != nil && n >= kernelSize {
			var err error
			if done, err = k.copyFrom(s.file, off, min(n, 16<<20)); err != nil {
				return err
			}
			if done == 0 {
				s.file = nil // not possible between these file systems
			}
		}
		if done == 0 {
			p, err := s.window(off, int(min(n, pieceSize)))
			if err != nil {
				return err
			}
			if _, err := w.Write(p); err != nil {
				return err
			}
			done = int64(len(p))
		}
		off += done
		n -= done
		x.report.Bytes += done
		x.rep.Add(done)
	}
	return nil
}

// opened opens a file of the volume.
func (x *extraction) opened(f *file) (fs.File, error) {
	if o, ok := x.v.(volume.PlaceOpener); ok && f.place != 0 {
		return o.OpenPlace(f.place)
	}
	return x.v.Open(x.plan.in(f.folder, f.name))
}

// open writes the contents of a file that has to be opened.
func (x *extraction) open(w hostFile, what *file) error {
	f, err := x.opened(what)
	if err != nil {
		return err
	}
	defer f.Close()
	s := &x.source
	s.have = nil
	var done int64
	size := what.size
	for done < size {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(f, s.buf[:min(size-done, pieceSize)])
		if _, werr := w.Write(s.buf[:n]); werr != nil {
			return werr
		}
		done += int64(n)
		x.report.Bytes += int64(n)
		x.rep.Add(int64(n))
		if err != nil {
			return fmt.Errorf("only %d of %d bytes could be read: %w", done, size, err)
		}
	}
	return nil
}
