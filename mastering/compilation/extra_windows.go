package compilation

import (
	"os"
	"syscall"

	"glassmaster/mastering/tree"
)

// readExtra reads the times of a file, and whether it is hidden. Windows has no extended
// attributes of the kind that discs record.
func readExtra(path string, link bool, o ScanOptions) (*tree.Extra, error) {
	if !o.Stamps && !o.Attributes {
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
	x := tree.Extra{Hidden: d.FileAttributes&syscall.FILE_ATTRIBUTE_HIDDEN != 0}
	if o.Stamps {
		x.Accessed, x.Created = d.LastAccessTime.Nanoseconds(), d.CreationTime.Nanoseconds()
	}
	if !x.Hidden && !o.Stamps {
		return nil, nil
	}
	return &x, nil
}
