package discfile

import (
	"slices"
	"sort"

	"glassmaster/mastering/sector"
)

// Area is a run of sectors of a CD that are stored as a whole. Of a data sector outside of
// all areas only the user data is stored; the rest is generated. Audio sectors are always
// stored as a whole.
type Area struct {
	Start int64 `json:"start"`
	End   int64 `json:"end"` // the address after the last sector

	// At is where in the sector the 2048 bytes begin that are stored in the first part of
	// the file: 0 audio, 16 mode 1 and mode 2 without sub-headers, 24 mode 2 with them.
	At  int  `json:"at,omitempty"`
	Sub bool `json:"sub,omitempty"` // the sub-channels P to W are stored too
}

// Places of the first 2048 bytes in an area.
const (
	AtAudio = 0
	AtMode1 = sector.DataAt
	AtXA    = sector.XADataAt
)

// AreaAt returns the area that contains a sector.
func (s *State) AreaAt(lba int64) (Area, bool) {
	i := sort.Search(len(s.Areas), func(i int) bool { return s.Areas[i].End > lba })
	if i == len(s.Areas) || s.Areas[i].Start > lba {
		return Area{}, false
	}
	return s.Areas[i], true
}

// AddArea adds sectors to the areas, in place of what was there. Sectors that continue the
// area before them become part of it.
func (s *State) AddArea(a Area) {
	if a.Start >= a.End {
		return
	}
	if n := len(s.Areas); n > 0 {
		if last := &s.Areas[n-1]; last.End == a.Start && last.At == a.At && last.Sub == a.Sub {
			last.End = a.End
			return
		}
	}
	s.DropAreas(a.Start, a.End)
	i := sort.Search(len(s.Areas), func(i int) bool { return s.Areas[i].Start >= a.End })
	s.Areas = slices.Insert(s.Areas, i, a)
}

// DropAreas removes the sectors from start on, and before end, from the areas.
func (s *State) DropAreas(start, end int64) {
	var kept []Area
	for _, a := range s.Areas {
		for _, part := range []Area{{a.Start, min(a.End, start), a.At, a.Sub}, {max(a.Start, end), a.End, a.At, a.Sub}} {
			if part.Start < part.End {
				kept = append(kept, part)
			}
		}
	}
	s.Areas = kept
}

// hasSub reports whether sub-channels are stored.
func (s *State) hasSub() bool {
	return slices.ContainsFunc(s.Areas, func(a Area) bool { return a.Sub })
}

// validAreas checks the areas of a disc of that number of sectors.
func validAreas(list []Area, sectors int64, cd bool) bool {
	end := int64(-Pregap)
	for _, a := range list {
		if !cd || a.Start < end || a.End <= a.Start || a.End > sectors || a.At != AtAudio && a.At != AtMode1 && a.At != AtXA {
			return false
		}
		end = a.End
	}
	return true
}
