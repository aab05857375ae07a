package image_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/image"
	"glassmaster/mastering/image/cue"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/image/iso"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
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

// A source that becomes shorter after it was opened is an error of the conversion, and the
// image does not get its name.
func TestTruncatedMeanwhile(t *testing.T) {
	for _, c := range []struct {
		from, to     format.Format
		source, made string
	}{
		{cue.Format, iso.Format, "x.bin", "y.iso"},
		{cue.Format, cue.Format, "x.bin", "y.cue"},
		{iso.Format, cue.Format, "x.iso", "y.cue"},
		{iso.Format, iso.Format, "x.iso", "y.iso"},
	} {
		t.Run(c.source+" to "+c.made, func(t *testing.T) {
			name := strings.TrimSuffix(c.source, filepath.Ext(c.source)) + c.from.Extensions[0]
			path := imagetest.Create(t, c.from, imagetest.Mode1(t), format.Options{}, name)
			d, err := image.OpenAs(t.Context(), path, c.from)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			source := filepath.Join(filepath.Dir(path), c.source)
			info, err := os.Stat(source)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(source, info.Size()/2+100); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			out := newfile.NewSet(filepath.Join(dir, c.made))
			err = c.to.Create(t.Context(), out, d, format.Options{}, progress.Discard)
			if err == nil || !strings.Contains(err.Error(), "ends before it") {
				t.Errorf("the error is %v", err)
			}
			if _, err := os.Stat(filepath.Join(dir, c.made)); err == nil {
				t.Error("the image has its name")
			}
			out.Discard()
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("%d files are left", len(left))
			}
		})
	}
}
