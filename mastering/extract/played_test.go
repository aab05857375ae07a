package extract_test

import (
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/extract"
	"glassmaster/mastering/image/imagetest"
)

// A copied audio track has the pre-gap of the audio track after it, so that the copies of all
// tracks are the whole disc from the first track on. A data track has none.
func TestPlayed(t *testing.T) {
	joined := 0
	for _, src := range []disc.Disc{imagetest.Audio(t), imagetest.Mixed(t)} {
		tracks := src.TOC().Sessions[0].Tracks
		for i, k := range tracks[:len(tracks)-1] {
			p, next := extract.Played(src, k), tracks[i+1]
			want := k.End()
			if k.Mode == disc.Audio && next.Mode == disc.Audio {
				want = next.Start
			}
			if p.End() != want || p.Start != k.Start {
				t.Errorf("track %d is copied up to %d, want %d", k.Number, p.End(), want)
			}
			if want != k.End() {
				joined++
			}
		}
	}
	if joined == 0 {
		t.Error("no sample has a pre-gap")
	}
}
