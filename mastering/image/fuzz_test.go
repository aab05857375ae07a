package image_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
)

// A file of any contents is opened, or the error says what it is.
func FuzzOpen(f *testing.F) {
	for _, s := range []string{"", "\x00", "BM\x00\x00\x00\x00", "MZ", "<!-- ", "{", strings.Repeat("\x00", 32769) + "CD001\x01", strings.Repeat("\x00", 4096) + "NERO\x00\x00\x00\x00"} {
		f.Add([]byte(s))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, p []byte) {
		path := filepath.Join(dir, "file")
		if err := os.WriteFile(path, p, 0o600); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d, _, err := image.Open(t.Context(), path)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(8<<20+100*len(p)) {
			t.Errorf("%d bytes of memory for a file of %d", used, len(p))
		}
		if err != nil {
			_ = err.Error()
			return
		}
		defer d.Close()
		if n := disc.Sectors(d); n < 1 {
			t.Errorf("a disc of %d sectors", n)
		}
	})
}
