package discfile

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lockFile locks the file against other recorders until it is closed.
func lockFile(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrInUse
	}
	return nil // the file system may not support locks
}

// makeSparse does nothing: holes take no space in any file.
func makeSparse(*os.File) {}

// punchHole makes a hole of n bytes in the file.
func punchHole(f *os.File, off, n int64) error {
	return unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
}
