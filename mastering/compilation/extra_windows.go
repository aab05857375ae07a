package compilation

import (
	"os"
	"syscall"

	"glassmaster/mastering/tree"
)

// readExtra reads the times of a file. Windows has no extended attributes of the kind that
// discs record.
func readExtra(path string, link bool, o ScanOptions) (*tree.Extra, error) {
	if !o.Stamps {
		return nil, nil
	}
	get := os.Stat
	if link {
		get = os.Lstat
	}
	info, err := get(path)
	if err != nil {
		return nil, err
	}
	d, ok := info.Sys().(*syscall.Win32FileAttributeData)
	if !ok {
		return nil, nil
	}
	return &tree.Extra{Accessed: d.LastAccessTime.Nanoseconds(), Created: d.CreationTime.Nanoseconds()}, nil
}
