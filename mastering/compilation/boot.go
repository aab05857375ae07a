package compilation

import (
	"path/filepath"

	"glassmaster/mastering/boot"
)

// resolveBoot returns boot options with the paths of the host passed through f.
func resolveBoot(o *boot.Options, f func(string) string) *boot.Options {
	if o == nil {
		return nil
	}
	return o.Resolve(f)
}

// absolute returns the path that names the same file from everywhere.
func absolute(path string) string {
	if a, err := filepath.Abs(path); err == nil {
		return a
	}
	return path
}
