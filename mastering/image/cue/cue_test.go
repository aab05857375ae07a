package cue_test

import (
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/cue"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
)

// A written image is read again, in one file and in a file for each track.
func TestRoundTrip(t *testing.T) {
	for name, sample := range map[string]func(testing.TB) disc.Disc{
		"audio": imagetest.Audio, "mixed": imagetest.Mixed, "sessions": imagetest.Sessions,
		"XA": imagetest.XA, "mode 1": imagetest.Mode1,
	} {
		for _, split := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				d := sample(t)
				path := imagetest.Create(t, cue.Format, d, format.Options{FilePerTrack: split}, "disc.cue")
				imagetest.Same(t, d, imagetest.Open(t, cue.Format, path), cue.Format.Holds)
			})
		}
	}
}
