package verify

import "glassmaster/mastering/disc"

// parts is a disc reduced to parts of its tracks.
type parts struct {
	disc.Disc
	list []disc.Session
}

func (p parts) TOC() disc.TOC { return disc.TOC{Sessions: p.list} }

// span is a run of sectors of one kind.
type span struct {
	start, end disc.LBA
	audio      bool
}

// overlap returns the parts of tracks of a that are also in tracks of b of the same kind.
func overlap(a, b []disc.Session) []disc.Session {
	var list []disc.Session
	for _, s := range a {
		var tracks []disc.Track
		for _, t := range s.Tracks {
			for _, o := range spans(b) {
				start, end := max(t.Start, o.start), min(t.End(), o.end)
				if start < end && o.audio == (t.Mode == disc.Audio) {
					tracks = append(tracks, disc.Track{Number: t.Number, Mode: t.Mode, Start: start, Length: int64(end - start)})
				}
			}
		}
		if len(tracks) > 0 {
			list = append(list, disc.Session{Number: s.Number, Tracks: tracks})
		}
	}
	return list
}

// without returns the parts of tracks of a, up to the address end, that are in no track
// of b of the same kind.
func without(a, b []disc.Session, end disc.LBA) []span {
	var rest []span
	for _, t := range spans(a) {
		if t.end = min(t.end, end); t.start >= t.end {
			continue
		}
		for _, o := range spans(b) {
			if o.audio != t.audio || o.end <= t.start {
				continue
			}
			if o.start > t.start {
				rest = append(rest, span{t.start, min(t.end, o.start), t.audio})
			}
			t.start = max(t.start, o.end)
			if t.start >= t.end {
				break
			}
		}
		if t.start < t.end {
			rest = append(rest, t)
		}
	}
	return rest
}

// spans returns the tracks of all sessions in the order of their addresses.
func spans(all []disc.Session) []span {
	var list []span
	for _, s := range all {
		for _, t := range s.Tracks {
			list = append(list, span{t.Start, t.End(), t.Mode == disc.Audio})
		}
	}
	return list
}
