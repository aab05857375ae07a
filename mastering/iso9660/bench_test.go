package iso9660

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/volume"
)

// manyFiles makes an image of empty files, with inFolder files in each folder.
func manyFiles(t testing.TB, count, inFolder int) string {
	t.Helper()
	top := t.TempDir()
	for i := range count {
		dir := filepath.Join(top, fmt.Sprintf("folder %04d", i/inFolder))
		if i%inFolder == 0 {
			isotest.Must(t, os.Mkdir(dir, 0o755))
		}
		name := fmt.Sprintf("%06d a name of the usual length données.txt", i)
		isotest.Must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
	}
	return isotest.Xorriso(t, top, "-R", "-J", "-joliet-long")
}

// TestLargeFolder finds every file of a large folder by its name.
func TestLargeFolder(t *testing.T) {
	v := open(t, manyFiles(t, 2000, 2000), "")
	list, err := v.ReadDir("folder 0000")
	isotest.Must(t, err)
	if len(list) != 2000 {
		t.Fatalf("%d entries", len(list))
	}
	for _, d := range list {
		info, err := v.Stat("folder 0000/" + d.Name())
		isotest.Must(t, err)
		want, err := d.Info()
		isotest.Must(t, err)
		if info.Name() != d.Name() || info.(*fileInfo).at != want.(*fileInfo).at {
			t.Fatalf("%s: found %s", d.Name(), info.Name())
		}
	}
	if _, err := v.Stat("folder 0000/none"); err == nil || !strings.Contains(err.Error(), fs.ErrNotExist.Error()) {
		t.Errorf("error %v", err)
	}
}

func BenchmarkWalk(b *testing.B) {
	image := manyFiles(b, 5000, 50)
	for _, view := range []string{ViewRockRidge, ViewJoliet, ViewPlain} {
		b.Run(view, func(b *testing.B) {
			v := open(b, image, view)
			entries := 0
			b.ReportAllocs()
			for b.Loop() {
				isotest.Must(b, v.Walk(".", func(*volume.Entry) error { entries++; return nil }))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(entries), "ns/entry")
		})
	}
}

// BenchmarkOpen opens an image and finds one file in it.
func BenchmarkOpen(b *testing.B) {
	image := manyFiles(b, 5000, 50)
	f, err := os.Open(image)
	isotest.Must(b, err)
	defer f.Close()
	info, err := f.Stat()
	isotest.Must(b, err)
	for b.Loop() {
		v, err := Open(f, info.Size(), volume.Options{})
		isotest.Must(b, err)
		_, err = v.Stat("folder 0077/003877 a name of the usual length données.txt")
		isotest.Must(b, err)
	}
}
