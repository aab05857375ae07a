package discfile_test

import (
	"testing"

	"glassmaster/mastering/image/discfile"
)

// A state that cannot be that of a disc is refused.
func TestStateChecked(t *testing.T) {
	good := func() *discfile.State {
		return &discfile.State{Sectors: 1000, Sessions: []discfile.Session{{Closed: true, LeadOut: 320, Tracks: []discfile.Track{{Size: 320, Next: 320, Closed: true}}}}}
	}
	if err := good().Valid(); err != nil {
		t.Fatal(err)
	}
	for i, spoil := range []func(*discfile.State){
		func(s *discfile.State) { s.Sessions[0].Tracks[0].Next = 1 << 40 },
		func(s *discfile.State) { s.Sessions[0].Tracks[0].Size = -1 },
		func(s *discfile.State) { s.Sessions[0].Tracks[0].Start = 900 },
		func(s *discfile.State) { s.Sessions[0].Tracks[0].RunOut = 321 },
		func(s *discfile.State) { s.Sessions[0].Tracks = nil },
		func(s *discfile.State) { s.Sessions[0].LeadOut = 1001 },
		func(s *discfile.State) { s.Sessions = append([]discfile.Session{{}}, s.Sessions...) },
		func(s *discfile.State) { s.Format.Blocks = 1001 },
		func(s *discfile.State) { s.LayerBreak = -16 },
		func(s *discfile.State) { s.CDText = make([]byte, 5) },
		func(s *discfile.State) { s.Sessions[0].Spans = []discfile.Span{{0, 1 << 30}} },
	} {
		s := good()
		if spoil(s); s.Valid() == nil {
			t.Errorf("case %d: a state that makes no sense was taken", i)
		}
	}
}
