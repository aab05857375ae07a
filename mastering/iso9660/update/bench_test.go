package update_test

import (
	"bytes"
	"fmt"
	"testing"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/tree"
)

// many makes an image of 100,000 files in a hundred folders of ten folders each.
func many(t testing.TB) []byte {
	t.Helper()
	root := tree.NewFolder("", when)
	for i := range 100 {
		d := tree.NewFolder(fmt.Sprintf("folder %02d", i), when)
		root.Append(d)
		for j := range 10 {
			k := tree.NewFolder(fmt.Sprintf("subfolder %d", j), when)
			d.Append(k)
			for n := range 100 {
				k.Append(tree.NewFile(fmt.Sprintf("file number %03d.dat", n), 10, when, layout.Bytes("0123456789")))
			}
		}
	}
	l, _, err := master.Plan(root, master.Options{Label: "MANY", Time: when})
	must(t, err)
	b := make([]byte, l.Size())
	if n, err := l.ReadAt(b, 0); n < len(b) {
		t.Fatal(err)
	}
	return b
}

// addTo adds a file to a folder of an image.
func addTo(t testing.TB, b []byte, folder string) *image {
	m := edit(t, bytes.NewReader(b), int64(len(b)), "")
	d := m.root.Lookup(folder)
	d.Append(m.file("added.cfg", "a few bytes"))
	_, err := m.update()
	must(t, err)
	return m
}

// TestManyFiles adds a file to an image of 100,000 files: the image grows by little.
func TestManyFiles(t *testing.T) {
	b := many(t)
	for _, folder := range []string{"folder 50/subfolder 5", "folder 50", ""} {
		m := addTo(t, b, folder)
		if grown := (m.set.Sectors() - m.set.BaseSectors()) * 2048; grown > 256<<10 {
			t.Errorf("%q: it grows by %d bytes", folder, grown)
		}
		written := 0
		for _, p := range m.set.Overwritten() {
			written += len(p)
		}
		if written > 64<<10 {
			t.Errorf("%q: %d bytes are overwritten", folder, written)
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	image := many(b)
	for _, folder := range []string{"folder 50/subfolder 5", "folder 50", ""} {
		b.Run(folder, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				addTo(b, image, folder)
			}
		})
	}
}
