package record_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/discfile"
)

// TestOpenAsImage checks that a disc file opened as an image has the same sessions,
// tracks and sectors as the disc in the virtual recorder: blank, with one session, and
// with several.
func TestOpenAsImage(t *testing.T) {
	for _, m := range virtual.Media() {
		t.Run(m.Name, func(t *testing.T) {
			d := virtualtest.Blank(t, m.Name, large)
			if _, _, err := image.Open(t.Context(), d.Path()); !errors.Is(err, discfile.ErrBlank) && m.Name != "DVD-RAM" {
				t.Errorf("a blank disc: %v", err)
			}
			if _, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(500, 1)), record.Options{Appendable: true}); err != nil {
				t.Fatal(err)
			}
			sameAsImage(t, d)
			info, err := read.Media(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			if info.Status != mmc.Appendable {
				return
			}
			src := virtualtest.At(virtualtest.DiscOf(virtualtest.Noise(333, 2)), info.NextWritable)
			if _, err := burn(t, d, src, record.Options{}); err != nil {
				t.Fatal(err)
			}
			if n := sameAsImage(t, d); n != 2 {
				t.Errorf("%d sessions, want 2", n)
			}
		})
	}
}

// sameAsImage compares the disc in the recorder with its file, and returns the number of
// sessions.
func sameAsImage(t *testing.T, d *virtual.Drive) int {
	t.Helper()
	medium, err := read.Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer medium.Close()
	file, format, err := image.Open(t.Context(), d.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if format.Name != "virtual disc" {
		t.Errorf("format %s", format.Name)
	}
	sessions := medium.TOC().Sessions
	if got := file.TOC().Sessions; !reflect.DeepEqual(got, sessions) {
		t.Fatalf("sessions of the file %+v, of the disc %+v", got, sessions)
	}
	if disc.IsOverwritable(file) != disc.IsOverwritable(medium) {
		t.Errorf("overwritable: file %v, disc %v", disc.IsOverwritable(file), disc.IsOverwritable(medium))
	}
	for _, s := range sessions {
		for _, tr := range s.Tracks {
			got, want := userData(t, file, tr), userData(t, medium, tr)
			if !bytes.Equal(got, want) {
				t.Errorf("track %d of the file differs from the disc", tr.Number)
			}
		}
	}
	return len(sessions)
}

// userData reads all sectors of a data track.
func userData(t *testing.T, d disc.Disc, tr disc.Track) []byte {
	t.Helper()
	p := make([]byte, tr.Length*disc.SectorSize)
	if n, err := d.ReadSectors(t.Context(), p, tr.Start, disc.User); int64(n) != tr.Length || err != nil {
		t.Fatal(fmt.Errorf("track %d: read %d of %d sectors: %w", tr.Number, n, tr.Length, err))
	}
	return p
}
