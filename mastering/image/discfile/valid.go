package discfile

import (
	"errors"
	"slices"
)

// ErrState is in the chain of the error of a disc file whose state is not valid.
var ErrState = errors.New("the recorded state of the disc is not valid; the file may be damaged")

// ErrInUse is in the chain of the error of a disc file that is open in another recorder.
var ErrInUse = errors.New("the disc is in the drive of another program; close that program, or eject the disc there")

// ErrNoDiscFile is in the chain of the error of a file that has no footer.
var ErrNoDiscFile = errors.New("the file is not that of a virtual disc")

// valid checks everything that a recorder and a reader rely on. cd: the file has the
// sectors of a CD.
func (s *State) valid(cd bool) bool {
	f := s.Format
	for _, n := range []int64{f.Blocks, f.Limit, f.Reached, f.Target, s.LayerBreak} {
		if n < 0 || n > s.Sectors {
			return false
		}
	}
	if s.Overburn < 0 || s.Overburn >= max(s.Sectors, 1) || !validAreas(s.Areas, s.Sectors, cd) {
		return false
	}
	for _, at := range f.Replaced {
		if at < 0 || at >= s.Sectors {
			return false
		}
	}
	if s.Jump != nil && (cd || !s.Jump.valid(s)) {
		return false
	}
	end := int64(0)
	for _, r := range f.Written {
		if r.Start < end || r.End <= r.Start || r.End > s.Sectors {
			return false
		}
		end = r.End
	}
	if f.Background > 3 || len(s.CDText)%packBytes != 0 || f.Blocks > 0 && len(s.Sessions) > 0 {
		return false
	}
	end = -Pregap // of what is before the session
	for i := range s.Sessions {
		e := &s.Sessions[i]
		last := i+1 == len(s.Sessions)
		if !e.Closed && !last || !e.valid(s.Sectors, end, cd) {
			return false
		}
		if end = e.LeadOut; e.Closed && s.Jump != nil && e.Tracks[0].Hole != nil {
			end = e.Tracks[0].Hole.Start // the next session is between the parts of this one
		}
	}
	return true
}

// valid checks a session that begins at or after the address end, on a disc of that
// number of sectors.
func (e *Session) valid(sectors, end int64, cd bool) bool {
	for _, p := range e.Spans {
		if !slices.Contains([]int{0, userBytes, mode2Bytes, rawBytes}, p.Bytes) && !slices.Contains([]int{0, userBytes, mode2Bytes, rawBytes}, p.Bytes-subBytes) {
			return false
		}
	}
	for i := range e.Tracks {
		t := &e.Tracks[i]
		if t.Start-t.Pregap < end || !t.valid(sectors, cd) {
			return false
		}
		end = t.Start + t.Size
	}
	switch {
	case e.LeadOut < 0 || e.LeadOut > sectors || e.Next > sectors+leadOutRoom:
		return false
	case e.Closed && e.Bad != "":
		return cd && len(e.Tracks) == 0 && e.LeadOut >= end
	case e.Closed:
		return len(e.Tracks) > 0 && e.LeadOut >= end
	case e.AtOnce && e.Raw:
		return cd && len(e.Tracks) == 0 && e.Next >= LeadInStart
	case e.AtOnce:
		return len(e.Tracks) > 0 && e.Next >= LeadInStart
	}
	return true
}

// valid checks a track of a disc of that number of sectors. Only a CD has audio tracks and
// pre-gaps.
func (t *Track) valid(sectors int64, cd bool) bool {
	switch {
	case t.Start < 0 || t.Size < 0 || t.Size > sectors-t.Start || t.Next < t.Start || t.Next > sectors:
		return false
	case !t.Hole.valid(t):
		return false
	case t.RunOut < 0 || t.RunOut > t.Next-t.Start || t.Pregap < 0 || t.Pregap > sectors+Pregap:
		return false
	case !cd && (t.IsAudio() || t.Pregap > 0 || len(t.Indexes) > 0) || t.Mode2 && t.XA:
		return false
	case len(t.Indexes) > 98:
		return false
	}
	last := t.Start
	for _, at := range t.Indexes {
		if at < last || at > t.Start+t.Size {
			return false
		}
		last = at
	}
	return !t.Closed && !t.Reserved || t.Next <= t.Start+t.Size
}
