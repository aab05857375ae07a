package raw

import (
	"sort"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/sector"
)

// positionSectors is how many sectors are searched for one whose Q says a position. Others
// have a code, or are damaged.
const positionSectors = 12

// q returns the Q sub-channel of a sector of the file, false if it is damaged.
func (s *scanner) q(i int64) (sector.Q, bool) {
	p := s.read(i)
	if len(p) < s.stored.stride {
		return sector.Q{}, false
	}
	sub := p[sector.Size:]
	switch s.stored.Sub {
	case runs.Planar:
		return sector.DecodeQ(sub[sector.QSize:])
	case runs.PQ:
		return sector.DecodeQ(sub)
	}
	q := sector.ReadQ(sub)
	return sector.DecodeQ(q[:])
}

// position returns the next position from sector i on, and before end, and its sector.
func (s *scanner) position(i, end int64) (sector.Q, int64, bool) {
	for at := i; at < min(end, i+positionSectors); at++ {
		if q, ok := s.q(at); ok && q.Mode == sector.QPosition && q.Track > 0 {
			return q, at, true
		}
	}
	return sector.Q{}, 0, false
}

// byQ finds the tracks by the Q sub-channel. It returns none if that is damaged where a
// track begins.
func (s *scanner) byQ() []part {
	var parts []part
	session := 1
	for first := int64(0); first < s.count; {
		q, at, ok := s.position(first, s.count)
		if !ok {
			s.warn("The sub-channels from sector %d of the file on do not identify the tracks, which are derived from the sectors alone.", first)
			return s.bySync()
		}
		end := s.end(first, func(x sector.Q) bool { return x.Track != q.Track })
		if q.Track == sector.LeadOut {
			first = end
			continue
		}
		p := part{first: first, count: end - first, session: session, track: disc.Track{Number: q.Track, Control: disc.Control(q.Control &^ sector.QData)}}
		p.start = disc.LBA(q.Absolute.Sectors()) - disc.Pregap - disc.LBA(at-first) // also beyond 90 minutes
		if n := len(parts); n > 0 {
			before := parts[n-1]
			if q.Track != before.track.Number+1 || p.start < before.start+disc.LBA(before.count) {
				s.warn("The sub-channels from sector %d of the file on do not continue those before; the tracks are derived from the sectors alone.", first)
				return s.bySync()
			}
			if p.start-before.start-disc.LBA(before.count) >= minGap {
				session++
				p.session = session
			}
		}
		if q.Index == 0 {
			p.track.Pregap = s.end(first, func(x sector.Q) bool { return x.Track != q.Track || x.Index > 0 }) - first
			p.track.Pregap = min(p.track.Pregap, p.count-1)
		}
		p.kind = s.look(first+p.track.Pregap, look{kind: disc.Mode1}).kind
		parts = append(parts, p)
		first = end
	}
	return parts
}

// end returns the first sector from first on whose position is as wanted. Those after it, as
// far as the search goes, are so too.
func (s *scanner) end(first int64, wanted func(sector.Q) bool) int64 {
	n := sort.Search(int(s.count-first), func(i int) bool {
		q, _, ok := s.position(first+int64(i), s.count)
		return ok && wanted(q)
	})
	// A sector with a code, before the wanted one, was skipped by position.
	for i := first + int64(n); i < min(s.count, first+int64(n)+positionSectors); i++ {
		if q, ok := s.q(i); ok && q.Mode == sector.QPosition && wanted(q) {
			return i
		}
	}
	return first + int64(n)
}
