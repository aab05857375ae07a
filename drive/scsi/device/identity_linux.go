package device

import "path/filepath"

// Identity returns the device by which this package knows the drive that name is a
// device of, or a link to one: the block device, or the generic device of a drive
// that has no other. It does not open the drive.
func Identity(name string) string {
	path, err := filepath.EvalSymlinks(name)
	if err != nil {
		return name
	}
	if path, err = filepath.Abs(path); err != nil {
		return name
	}
	if block, _ := devices("/sys", path); block != "" {
		return block
	}
	return path
}
