package image_test

import (
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

// Damage in a compressed image is an error of that image, not of a format that looks for its
// signature at the end of the contents.
func TestDamagedCompressed(t *testing.T) {
	path := imagetest.Create(t, iso.Format, imagetest.Mode1(t), format.Options{}, "x.iso")
	for _, c := range []struct{ program, extension, name string }{{"zstd", ".zst", "Zstandard"}, {"xz", ".xz", "xz"}} {
		peertest.Run(t, filepath.Dir(path), c.program, "-q", "-k", path)
		packed := path + c.extension
		p, err := os.ReadFile(packed)
		if err != nil {
			t.Fatal(err)
		}
		p[len(p)/2] ^= 0x55
		if err := os.WriteFile(packed, p, 0o666); err != nil {
			t.Fatal(err)
		}
		_, _, err = image.Open(t.Context(), packed)
		if err == nil || !strings.Contains(err.Error(), "as "+c.name+": unpack") {
			t.Errorf("%s: the error is %v", c.name, err)
		}
	}
}
