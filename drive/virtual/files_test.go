package virtual_test

import (
	"os"

	"glassmaster/mastering/image/format"
)

// defaultOptions are those of an image.
var defaultOptions = format.Options{}

// sparse creates a file of zeros with a size in bytes.
func sparse(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Truncate(size)
}
