package volume

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// nextData returns the offset of the first byte at off or after it that is not in a hole
// of the file, or -1 if the rest of the file is a hole.
func nextData(f *os.File, off int64) (int64, error) {
	n, err := f.Seek(off, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) {
		return -1, nil
	}
	return n, err
}
