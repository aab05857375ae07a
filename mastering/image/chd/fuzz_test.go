package chd_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/chd"
	"glassmaster/mastering/image/format"
)

// Any file is opened and read, or refused, with memory in proportion to its size.
func FuzzOpen(f *testing.F) {
	for _, p := range small(f) {
		f.Add(p)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, p []byte) {
		path := filepath.Join(dir, "x.chd")
		if err := os.WriteFile(path, p, 0o600); err != nil {
			t.Fatal(err)
		}
		files, err := format.OpenFiles(path)
		if err != nil {
			t.Fatal(err)
		}
		defer files.Close()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d, err := chd.Format.Open(t.Context(), files)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(8<<20+400*len(p)) {
			t.Errorf("%d bytes of memory for a file of %d", used, len(p))
		}
		if err != nil {
			_ = err.Error()
			return
		}
		if n := disc.Sectors(d); n < 1 {
			t.Errorf("a disc of %d sectors", n)
		}
		q := make([]byte, 16*disc.RawSub.Size())
		for at, last := disc.LBA(0), disc.LBA(min(disc.Sectors(d), 5000)); at < last; {
			n, err := d.ReadSectors(t.Context(), q, at, disc.RawSub)
			at += disc.LBA(n)
			if err != nil {
				_ = err.Error()
				at++
			}
		}
	})
}
