package discfile

import "errors"

// ErrState is the error of a state that cannot be that of a disc, and ErrInUse of a file
// that a recorder has.
var (
	ErrState = errors.New("the state of the disc makes no sense")
	ErrInUse = errors.New("the disc is in the drive of another program; close that one, or eject the disc there")
)

// Valid checks what a damaged file could have wrong, so that the rest of the
// recorder can rely on the state.
func (s *State) Valid() error {
	f := s.Format
	for _, n := range []int64{f.Blocks, f.Limit, f.Reached, f.Target, s.LayerBreak} {
		if n < 0 || n > s.Sectors {
			return ErrState
		}
	}
	if f.Background > 3 || len(s.CDText)%18 != 0 {
		return ErrState
	}
	at := int64(0)
	for i := range s.Sessions {
		e := &s.Sessions[i]
		if !e.Closed && i+1 < len(s.Sessions) || e.LeadOut < 0 || e.LeadOut > s.Sectors || e.Next > s.Sectors {
			return ErrState
		}
		if e.Closed && len(e.Tracks) == 0 || !e.valid() {
			return ErrState
		}
		for _, t := range e.Tracks {
			if t.Start < at || !t.valid(s.Sectors) {
				return ErrState
			}
			at = t.Start + t.Size
		}
	}
	return nil
}

func (e *Session) valid() bool {
	for _, p := range e.Spans {
		if p.Bytes != TextBytes && p.Bytes != userBytes && p.Bytes != rawBytes {
			return false
		}
	}
	return !e.AtOnce || e.Closed || e.Next >= LeadIn && len(e.Tracks) > 0
}

// valid checks a track of a disc of so many sectors.
func (t *Track) valid(sectors int64) bool {
	switch {
	case t.Size < 0 || t.Size > sectors-t.Start || t.Next < t.Start || t.Next > sectors:
		return false
	case t.RunOut < 0 || t.RunOut > t.Next-t.Start || t.Pregap < 0 || t.Pregap > t.Start+Pregap:
		return false
	}
	return !t.Closed && !t.Reserved || t.Next <= t.Start+t.Size
}
