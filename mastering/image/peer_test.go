package image_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/image"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/image/iso"
	"glassmaster/mastering/peertest"
)

// An ISO image of another program comes back byte for byte from every format, and iso-info
// of libcdio lists its files.
func TestISOThroughFormats(t *testing.T) {
	dir := t.TempDir()
	src := filepath.Join(dir, "src")
	if err := os.Mkdir(src, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(src, "file.bin"), bytes.Repeat([]byte("0123456789"), 70000), 0o666); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, dir, "genisoimage", "-quiet", "-r", "-V", "SAMPLE", "-o", "x.iso", "src")
	want, err := os.ReadFile(filepath.Join(dir, "x.iso"))
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := image.Open(t.Context(), filepath.Join(dir, "x.iso"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, f := range writable(t) {
		t.Run(f.Name, func(t *testing.T) {
			path := imagetest.Create(t, f, d, format.Options{}, "y"+f.Extensions[0])
			got, _, err := image.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer got.Close()
			back := imagetest.Create(t, iso.Format, got, format.Options{}, "z.iso")
			p, err := os.ReadFile(back)
			if err != nil || !bytes.Equal(p, want) {
				t.Errorf("the ISO image has %d bytes and differs from the first one, which has %d: %v", len(p), len(want), err)
			}
			list := peertest.Run(t, dir, "iso-info", "--no-header", "-l", "-i", back)
			if !strings.Contains(list, "SAMPLE") || !strings.Contains(list, "700000") {
				t.Errorf("iso-info shows\n%s", list)
			}
		})
	}
}
