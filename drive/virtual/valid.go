package virtual

import "errors"

var (
	errState = errors.New("the state of the disc makes no sense")
	errInUse = errors.New("the disc is in the drive of another program; close that one, or eject the disc there")
)

// valid checks what a damaged file could have wrong, so that the rest of the
// recorder can rely on the state.
func (s *state) valid() error {
	f := s.Format
	for _, n := range []int64{f.Blocks, f.Limit, f.Reached, f.Target, s.LayerBreak} {
		if n < 0 || n > s.Sectors {
			return errState
		}
	}
	if f.Background > 3 || len(s.CDText)%18 != 0 {
		return errState
	}
	at := int64(0)
	for i := range s.Sessions {
		e := &s.Sessions[i]
		if !e.Closed && i+1 < len(s.Sessions) || e.LeadOut < 0 || e.LeadOut > s.Sectors || e.Next > s.Sectors {
			return errState
		}
		if e.Closed && len(e.Tracks) == 0 || !e.valid() {
			return errState
		}
		for _, t := range e.Tracks {
			if t.Start < at || !t.valid(s.Sectors) {
				return errState
			}
			at = t.Start + t.Size
		}
	}
	return nil
}

func (e *session) valid() bool {
	for _, p := range e.Spans {
		if p.Bytes != textBytes && p.Bytes != userBytes && p.Bytes != rawBytes {
			return false
		}
	}
	return !e.AtOnce || e.Closed || e.Next >= atipLeadIn && len(e.Tracks) > 0
}

// valid checks a track of a disc of so many sectors.
func (t *track) valid(sectors int64) bool {
	switch {
	case t.Size < 0 || t.Size > sectors-t.Start || t.Next < t.Start || t.Next > sectors:
		return false
	case t.RunOut < 0 || t.RunOut > t.Next-t.Start || t.Pregap < 0 || t.Pregap > t.Start+pregapLen:
		return false
	}
	return !t.Closed && !t.Reserved || t.Next <= t.Start+t.Size
}
