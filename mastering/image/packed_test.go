package image_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/cue"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/peertest"
)

// TestPackedBeside: a sheet is opened if only a compressed copy of its data file exists, and a notice
// says so.
func TestPackedBeside(t *testing.T) {
	peertest.Need(t, "gzip", "xz", "zstd", "bzip2")
	want := imagetest.Mixed(t)
	for program, name := range map[string]string{"gzip": "x.bin.gz", "xz": "x.bin.xz", "zstd": "x.bin.zst", "bzip2": "x.bin.bz2"} {
		t.Run(program, func(t *testing.T) {
			path := imagetest.Create(t, cue.Format, want, format.Options{}, "x.cue")
			dir := filepath.Dir(path)
			args := []string{"x.bin"}
			if program == "zstd" {
				args = []string{"-q", "--rm", "x.bin"}
			}
			peertest.Run(t, dir, program, args...)
			if _, err := os.Stat(filepath.Join(dir, "x.bin")); err == nil {
				t.Fatal("x.bin is still there")
			}
			d, f, err := image.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			imagetest.Same(t, want, d, f.Holds)
			if n := strings.Join(disc.Texts(disc.Notices(d)), "\n"); !strings.Contains(n, name) {
				t.Errorf("the notices do not name %s: %s", name, n)
			}
			if info, err := os.Stat(filepath.Join(dir, name)); err != nil || !disc.ReadsFile(d, info) {
				t.Errorf("the disc does not say that it reads %s", name)
			}
		})
	}
}

// TestNested: what is packed several times is opened, up to a limit.
func TestNested(t *testing.T) {
	peertest.Need(t, "gzip", "xz", "zstd", "bzip2")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x"), imagetest.Contents(300), 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, dir, "sh", "-c", "xz -c x | zstd -q | bzip2 | gzip >y; gzip -c y >z")
	d, f, err := image.Open(t.Context(), filepath.Join(dir, "y"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if f.Name != "ISO in xz in Zstandard in bzip2 in gzip" || disc.Sectors(d) != 300 {
		t.Errorf("opened as %q", f.Name)
	}
	if _, _, err := image.Open(t.Context(), filepath.Join(dir, "z")); err == nil || !strings.Contains(err.Error(), "more than 4 times") {
		t.Errorf("five times: %v", err)
	}
}
