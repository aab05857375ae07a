package drive

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"glassmaster/drive/scsi/device"
	"glassmaster/drive/virtual"
)

// Identity returns the same name for all names of a drive: /dev/sr0 for /dev/sg1,
// /dev/cdrom and sr0, and the absolute path of the file for a virtual drive, whatever its
// options. It does not open the drive. Two names with the same identity are the same
// drive.
func Identity(name string) string {
	if path, ok := strings.CutPrefix(name, virtual.Prefix); ok {
		path, _, _ = strings.Cut(path, "?")
		return virtual.Prefix + realPath(path)
	}
	if scheme, _, ok := strings.Cut(name, ":"); ok && isScheme(scheme) {
		return name
	}
	if runtime.GOOS == "windows" {
		return strings.ToUpper(strings.TrimSuffix(strings.TrimPrefix(name, `\\.\`), `\`))
	}
	return device.Identity(devicePath(name))
}

// realPath returns the absolute path of a file, with links resolved in the part of the
// path that exists.
func realPath(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if p, err := filepath.EvalSymlinks(path); err == nil {
		return p
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(dir, filepath.Base(path))
	}
	return path
}

// devicePath completes the name of a device that was given without its folder.
func devicePath(name string) string {
	if !strings.ContainsRune(name, '/') {
		if _, err := os.Stat("/dev/" + name); err == nil {
			return "/dev/" + name
		}
	}
	return name
}
