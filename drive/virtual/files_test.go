package virtual_test

import (
	"os"
	"testing"

	"glassmaster/drive/virtual"
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

// insertAgain opens another connection to a drive.
func insertAgain(t *testing.T, b *bench) *bench {
	t.Helper()
	d, err := virtual.Open(b.d.Path())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return &bench{t, d}
}
