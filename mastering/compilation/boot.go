package compilation

import (
	"path/filepath"

	"glassmaster/mastering/boot"
)

// resolveBoot returns boot options with f applied to the paths of the host.
func resolveBoot(o *boot.Options, f func(string) string) *boot.Options {
	if o == nil {
		return nil
	}
	return o.Resolve(f)
}

// absolute returns the absolute path of a file, if possible.
func absolute(path string) string {
	if a, err := filepath.Abs(path); err == nil {
		return a
	}
	return path
}
