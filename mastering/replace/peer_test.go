package replace_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/replace"
)

// Other programs find the new contents in an image that was edited, and the audio tracks after
// them.
func TestPeers(t *testing.T) {
	for _, c := range []struct {
		format  string
		sample  func(testing.TB) disc.Disc
		program []string
		track   string // file with the user data of track 1
		audio   string // file with the samples of track 3, after a header; empty: none
	}{
		{"CUE", imagetest.Mixed, []string{"bchunk", "-w", "disc.bin", "disc.cue", "out"}, "out01.iso", "out03.wav"},
		{"CloneCD", imagetest.Mode1, []string{"ccd2iso", "disc.img", "out.iso"}, "out.iso", ""},
		{"Alcohol", imagetest.Mode1, []string{"mdf2iso", "disc.mdf", "out.iso"}, "out.iso", ""},
	} {
		t.Run(c.format, func(t *testing.T) {
			peertest.Need(t, c.program[0])
			f, _ := image.ByName(c.format)
			path := imagetest.Create(t, f, c.sample(t), format.Options{}, "disc"+f.Extensions[0])
			d := imagetest.Open(t, f, path)
			e := edit(t, d, 1, 120, 16, 300)
			got, err := replace.Track(t.Context(), d, 1, e, e.sectors)
			isotest.Must(t, err)
			save(t, f, got, format.Options{}, path)
			peertest.Run(t, filepath.Dir(path), c.program[0], c.program[1:]...)

			want := make([]byte, e.sectors*disc.SectorSize)
			_, err = e.ReadAt(want, 0)
			isotest.Must(t, err)
			same(t, filepath.Join(filepath.Dir(path), c.track), 0, want)
			if c.audio != "" {
				k := trackOf(t, d, 3)
				samples := make([]byte, k.Length*disc.RawSectorSize)
				_, err = d.ReadSectors(t.Context(), samples, k.Start, disc.Raw)
				isotest.Must(t, err)
				same(t, filepath.Join(filepath.Dir(path), c.audio), 44, samples)
			}
		})
	}
}

// same compares a file after some bytes with what it has to contain.
func same(t *testing.T, path string, skip int, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	isotest.Must(t, err)
	if !bytes.Equal(got[min(skip, len(got)):], want) {
		t.Errorf("%s: %d bytes differ from the %d that it has to contain", filepath.Base(path), len(got)-skip, len(want))
	}
}
