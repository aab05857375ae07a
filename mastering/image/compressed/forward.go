package compressed

import (
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/image/format"
)

// maxUnits is more than the blocks or frames of any file, of which each takes memory.
const maxUnits = 1 << 19

// checkUnits returns an error if there are too many units.
func checkUnits(n int) error {
	if n > maxUnits {
		return fmt.Errorf("it consists of more than %d units; unpack it first", maxUnits)
	}
	return nil
}

// forward reads small pieces of a file, most of them one after the other, through a buffer.
type forward struct {
	r   io.ReaderAt
	buf []byte
	at  int64 // of buf in the file
}

func newForward(r io.ReaderAt) *forward { return &forward{r: r, buf: make([]byte, 0, 64<<10)} }

// ReadAt implements io.ReaderAt.
func (f *forward) ReadAt(p []byte, off int64) (int, error) {
	if len(p) > cap(f.buf) {
		return f.r.ReadAt(p, off)
	}
	if off < f.at || off+int64(len(p)) > f.at+int64(len(f.buf)) {
		n, err := f.r.ReadAt(f.buf[:cap(f.buf)], off)
		f.buf, f.at = f.buf[:n], off
		if err != nil && !errors.Is(err, io.EOF) {
			f.buf = f.buf[:0]
			return 0, err
		}
	}
	n := copy(p, f.buf[off-f.at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// skipZeros returns the offset after the last group of four bytes before end that is not
// zero: xz pads streams with groups of zeros.
func skipZeros(f *format.Files, end int64) (int64, error) {
	p := make([]byte, 64<<10)
	for end >= 4 {
		n := min(int64(len(p)), end/4*4)
		if _, err := f.ReadAt(p[:n], end-n); err != nil {
			return 0, err
		}
		for ; n >= 4; n, end = n-4, end-4 {
			if string(p[n-4:n]) != "\x00\x00\x00\x00" {
				return end, nil
			}
		}
	}
	return end, nil
}
