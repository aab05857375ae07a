//go:build unix

package iso9660

import "syscall"

func mkfifo(path string) error { return syscall.Mkfifo(path, 0o644) }
