package virtual

// admitCue checks a write to a session at once: the sectors come in order, each
// of the size that the cue sheet says.
func (d *Drive) admitCue(o *session, lba, blocks int64) (int, error) {
	switch {
	case lba != o.Next:
		return 0, errAddress().at(max(lba, 0))
	case lba+blocks > o.LeadOut:
		return 0, errTrackEnd().at(o.LeadOut)
	}
	size, n := o.form(lba)
	if blocks > n {
		return 0, errMode().at(max(lba+n, 0)) // a command has blocks of one size
	}
	return size, nil
}

// form returns the size of the blocks at lba, and how many have it from there on.
func (s *session) form(lba int64) (size int, n int64) {
	for i := range s.Tracks {
		t := &s.Tracks[i]
		if lba >= t.Start+t.Size && i+1 < len(s.Tracks) {
			continue
		}
		if t.Control&4 != 0 {
			return userBytes, t.Start + t.Size - lba
		}
		return rawBytes, t.Start + t.Size - lba
	}
	return userBytes, 0
}
