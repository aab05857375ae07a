package image_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// No other format takes a dump of scrambled sectors, which begins with 45150 empty ones, for
// its own.
func TestScrambled(t *testing.T) {
	want := imagetest.Mode1(t)
	var p bytes.Buffer
	if err := runs.Write(t.Context(), &p, want, 0, disc.LBA(disc.Sectors(want)), runs.Layout{Length: sector.Size, Scrambled: true}, progress.Discard); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.scram")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(p.Bytes(), 45150*sector.Size+24); err != nil {
		t.Fatal(err)
	}
	got, of, err := image.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	if of.Name != "raw" {
		t.Errorf("opened as %s", of.Name)
	}
	imagetest.Same(t, want, got, of.Holds)
}
