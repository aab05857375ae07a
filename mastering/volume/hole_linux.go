package volume

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// nextData returns the offset of the first byte at off or behind it that is not in a
// hole of a file, -1 where all of the rest is one.
func nextData(f *os.File, off int64) (int64, error) {
	n, err := f.Seek(off, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) {
		return -1, nil
	}
	return n, err
}
