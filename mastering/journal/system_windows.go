package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/windows"
)

const careful = 0 // Open looks for symbolic links

// lock locks a byte far after the end of the file, so that the file can still be read.
func lock(f *os.File) error {
	at := windows.Overlapped{OffsetHigh: 0x7FFFFFFF}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION):
		return ErrBusy
	default:
		return noLocks(err)
	}
}

func identify(f *os.File) identity {
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &info); err != nil {
		return identity{}
	}
	return identity{uint64(info.FileIndexHigh)<<32 | uint64(info.FileIndexLow), info.CreationTime.Nanoseconds()}
}

// syncFolder does nothing: NTFS writes names to its own journal, in their order.
func syncFolder(string) error { return nil }

// trusted allows every journal: the folder decides who may write files beside the image.
func trusted(fs.FileInfo, fs.FileInfo) bool { return true }

func adopt(*os.File, fs.FileInfo) {}

func links(f *os.File) int {
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &info); err != nil {
		return 1
	}
	return int(info.NumberOfLinks)
}

// setTime sets the time through the handle that was written to. Otherwise closing it would
// set the time again.
func setTime(f *os.File, _ string, t time.Time) error {
	when := windows.NsecToFiletime(t.UnixNano())
	return windows.SetFileTime(windows.Handle(f.Fd()), nil, nil, &when)
}

func free(f *os.File) (int64, bool) {
	folder, err := windows.UTF16PtrFromString(filepath.Dir(f.Name()))
	if err != nil {
		return 0, false
	}
	var n uint64
	if err := windows.GetDiskFreeSpaceEx(folder, &n, nil, nil); err != nil {
		return 0, false
	}
	return int64(n), true
}
