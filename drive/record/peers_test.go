package record_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/volume"
)

// genisoimage makes two sessions, the second for the next writable address. Both are
// burned, and the file system of the second shows the files of both.
func TestGrowingDisc(t *testing.T) {
	ctx := context.Background()
	for _, medium := range []string{"cd-r", "cd-rw", "dvd-r", "dvd+r", "bd-r"} {
		t.Run(medium, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range []string{"one", "two"} {
				if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, name, name+".bin"), virtualtest.Noise(400, name[0]), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			peertest.Run(t, dir, "genisoimage", "-quiet", "-r", "-o", "one.iso", "one")
			d := virtualtest.Blank(t, medium, large)
			if _, err := burn(t, d, imageOf(t, dir, "one.iso", 0), record.Options{Appendable: true}); err != nil {
				t.Fatal(err)
			}
			m, err := read.Media(ctx, d)
			if err != nil {
				t.Fatal(err)
			}
			next := m.NextWritable
			peertest.Run(t, dir, "genisoimage", "-quiet", "-r", "-M", "one.iso", "-C", fmt.Sprintf("0,%d", next), "-o", "two.iso", "two")
			r, err := burn(t, d, imageOf(t, dir, "two.iso", next), record.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Notices) > 0 {
				t.Errorf("warnings: %q", r.Notices)
			}
			both, err := read.Open(ctx, d)
			if err != nil {
				t.Fatal(err)
			}
			defer both.Close()
			v, err := volume.OpenDisc(context.Background(), both, volume.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"one", "two"} {
				got, err := fs.ReadFile(v, name+".bin")
				if err != nil || !bytes.Equal(got, virtualtest.Noise(400, name[0])) {
					t.Errorf("%s.bin on the disc: %d bytes, %v", name, len(got), err)
				}
			}
			// xorriso sees the same on the file that is the disc.
			peertest.Run(t, dir, "xorriso", "-load", "sbsector", fmt.Sprint(next), "-indev", d.Path(), "-osirrox", "on", "-extract", "/", "out")
			for _, name := range []string{"one", "two"} {
				got, err := os.ReadFile(filepath.Join(dir, "out", name+".bin"))
				if err != nil || !bytes.Equal(got, virtualtest.Noise(400, name[0])) {
					t.Errorf("%s.bin for xorriso: %d bytes, %v", name, len(got), err)
				}
			}
		})
	}
}

// imageOf returns the image in a file as a source for that address.
func imageOf(t *testing.T, dir, name string, start disc.LBA) disc.Disc {
	t.Helper()
	p, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return virtualtest.At(virtualtest.DiscOf(p), start)
}
