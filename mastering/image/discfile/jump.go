package discfile

import "glassmaster/mastering/disc"

// Jump is layer jump recording of a DVD-R DL, which changes between the layers while a session
// is recorded. The sectors of layer 0 have the addresses 0 to Layer0-1; the sector below the
// one with address x has the address 2*Layer0-1-x on layer 1. So what is recorded of a
// session has two runs of addresses, one on each layer, with a hole between them in which
// the following sessions are.
type Jump struct {
	Layer0   int64 `json:"layer0"`             // sectors of layer 0
	Interval int64 `json:"interval,omitempty"` // sectors of layer 0 between jumps; 0: jumps at the end of layer 0
	Manual   int64 `json:"manual,omitempty"`   // address of the last sector before the next jump, as set by the host; 0: none
	On       bool  `json:"on,omitempty"`       // the disc is recorded in this way
	Begin    int64 `json:"begin,omitempty"`    // first address on layer 0 of the part that is being recorded
	Last     int64 `json:"last,omitempty"`     // its last address on layer 0
}

// Below returns the address of the sector on layer 1 below the one with an address on layer
// 0, or the other way round.
func (j *Jump) Below(lba int64) int64 { return 2*j.Layer0 - 1 - lba }

// valid reports whether the addresses are within the disc, and the tracks begin on layer 0.
func (j *Jump) valid(s *State) bool {
	for _, n := range []int64{j.Interval, j.Manual, j.Begin, j.Last} {
		if n < 0 || n > j.Layer0 {
			return false
		}
	}
	if j.Layer0 <= 0 || 2*j.Layer0 > s.Sectors {
		return false
	}
	for i := range s.Sessions {
		for _, t := range s.Sessions[i].Tracks {
			if j.On && (t.Start >= j.Layer0 || !t.Closed && (j.Begin < t.Start || j.Last < j.Begin && j.Begin < j.Layer0)) {
				return false
			}
		}
	}
	return true
}

// valid reports whether the hole of a track on such a disc is inside of it.
func (r *Run) valid(t *Track) bool {
	return r == nil || r.Start >= t.Start && r.Start <= r.End && r.End <= t.Start+t.Size
}

// jumpTOC returns the contents of a disc that is recorded with layer jumps: all of its
// addresses, since its sessions are not one after the other. What is not recorded is zero.
func (s *State) jumpTOC() disc.TOC {
	if len(s.Sessions) == 0 || !s.Sessions[0].Closed {
		return disc.TOC{}
	}
	t := disc.Track{Number: 1, Mode: disc.Mode1, Length: 2 * s.Jump.Layer0}
	return disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{t}}}}
}
