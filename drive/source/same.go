package source

import (
	"os"
	"strings"

	"glassmaster/drive"
	"glassmaster/drive/virtual"
)

// isFile reports whether the disc of that name is in this file: an image file, a saved
// compilation, or the file of a virtual disc.
func isFile(name, path string) bool {
	if rest, ok := strings.CutPrefix(name, virtual.Prefix); ok {
		name, _, _ = strings.Cut(rest, "?")
	}
	a, err := os.Stat(path)
	if err != nil || !a.Mode().IsRegular() {
		return false
	}
	b, err := os.Stat(name)
	return err == nil && os.SameFile(a, b)
}

// InDrive reports whether the disc of that name is the one in this drive, which cannot be
// burned onto itself.
func InDrive(name, inDrive string) bool {
	if path, ok := strings.CutPrefix(inDrive, virtual.Prefix); ok {
		path, _, _ = strings.Cut(path, "?")
		return isFile(name, path)
	}
	return drive.IsName(name) && drive.Identity(name) == drive.Identity(inDrive)
}
