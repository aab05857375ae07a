package job

import (
	"os"

	"golang.org/x/sys/unix"
)

// dropCache makes later reads of a synchronized file read from the disk instead of the
// page cache.
func dropCache(f *os.File) { _ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) }
