//go:build unix

package isotest

import "syscall"

func mkfifo(path string) error { return syscall.Mkfifo(path, 0o644) }
