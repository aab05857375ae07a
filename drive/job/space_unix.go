//go:build linux || darwin || freebsd

package job

import "golang.org/x/sys/unix"

// freeSpace returns how many bytes can be written into a folder, or false if that is
// unknown.
func freeSpace(folder string) (int64, bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true
}
