package discfile

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// lockFile locks the file against other recorders until it is closed. The lock is on a
// byte far after the end of the file, so that the file can still be read.
func lockFile(f *os.File) error {
	at := windows.Overlapped{OffsetHigh: 0x7FFFFFFF}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrInUse
	}
	return nil // the file system may not support locks
}

// makeSparse sets that holes of the file take no space. If the file system does not
// support that, the file is as large as the disc.
func makeSparse(f *os.File) {
	var n uint32
	_ = windows.DeviceIoControl(windows.Handle(f.Fd()), windows.FSCTL_SET_SPARSE, nil, 0, nil, 0, &n, nil)
}

// punchHole makes a hole of n bytes in the file.
func punchHole(f *os.File, off, n int64) error {
	area := struct{ from, to int64 }{off, off + n} // FILE_ZERO_DATA_INFORMATION
	var got uint32
	return windows.DeviceIoControl(windows.Handle(f.Fd()), windows.FSCTL_SET_ZERO_DATA,
		(*byte)(unsafe.Pointer(&area)), uint32(unsafe.Sizeof(area)), nil, 0, &got, nil)
}
