package job

import (
	"os"

	"golang.org/x/sys/unix"
)

// dropCache makes reads of a file that was synchronized read the disk, and not what the
// kernel keeps of it in memory.
func dropCache(f *os.File) { _ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) }
