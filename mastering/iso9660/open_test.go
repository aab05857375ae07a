package iso9660

import (
	"os"
	"testing"

	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/volume"
)

// open opens an image file with the given view.
func open(t testing.TB, path, view string) *FS {
	t.Helper()
	return openWith(t, path, volume.Options{View: view})
}

func openWith(t testing.TB, path string, o volume.Options) *FS {
	t.Helper()
	f, err := os.Open(path)
	isotest.Must(t, err)
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	isotest.Must(t, err)
	v, err := Open(f, info.Size(), o)
	isotest.Must(t, err)
	return v
}
