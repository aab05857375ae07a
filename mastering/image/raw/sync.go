package raw

import (
	"sort"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

const (
	// sampleSectors is the distance of the sectors that are looked at. Where two differ, the
	// place is searched between them.
	sampleSectors = 75
	// minTrack is the length of the shortest track (ECMA-130 20.2): 4 seconds. A shorter run
	// of sectors without sync pattern among data is damage.
	minTrack = 300
	// minGap is less than there is between the sectors of two sessions: a lead-out of 2250 or
	// 6750 sectors and a lead-in of 4500.
	minGap = 6000
	// maxParts is more than the tracks of a disc and their damage.
	maxParts = 500
)

// look is what a sector says about itself.
type look struct {
	kind  disc.Mode // Audio: no sync pattern
	shift disc.LBA  // address in the header, less the number of the sector in the file
}

// look returns what a sector says. The address of an audio sector is that of other, and that
// of all if the addresses are wrong.
func (s *scanner) look(i int64, other look) look {
	p := s.head[:]
	if s.readInto(p, i) < len(p) {
		return other
	}
	k, ok := sector.Identify(p)
	if !ok {
		return look{disc.Audio, other.shift}
	}
	l := look{disc.Mode2, other.shift}
	switch k {
	case sector.Mode0:
		l.kind = other.kind
	case sector.Mode1:
		l.kind = disc.Mode1
	}
	if at, ok := sector.Address(p); ok && !s.lost {
		l.shift = at - disc.LBA(i)
	}
	return l
}

// bySync finds the tracks by the sync patterns, modes and addresses of sectors.
func (s *scanner) bySync() []part {
	now := s.first()
	parts := s.changes(now)
	if len(parts) == maxParts && !s.lost {
		s.lost = true
		s.warn("The addresses in the sector headers are wrong; the sectors are counted from the address of the first one.")
		parts = s.changes(now)
	}
	return s.join(parts)
}

// changes returns the parts of the file whose sectors say the same, at most maxParts. The
// last one reaches to the end of the file.
func (s *scanner) changes(now look) []part {
	at := int64(0)
	parts := []part{{start: now.shift, kind: now.kind, session: 1}}
	for at+1 < s.count && len(parts) < maxParts {
		next := min(at+sampleSectors, s.count-1)
		l := s.look(next, now)
		if l == now {
			at = next
			continue
		}
		change := at + 1 + int64(sort.Search(int(next-at-1), func(i int) bool { return s.look(at+1+int64(i), now) != now }))
		at, l = change, s.look(change, now)
		parts = append(parts, part{first: change, kind: l.kind, start: disc.LBA(change) + l.shift, session: 1})
		now = l
	}
	return parts
}

// first returns what the first sector says. Its address counts if the second one follows it,
// and if the volume descriptors are not where the number of the sector in the file puts them
// instead.
func (s *scanner) first() look {
	if s.stored.placed {
		return look{s.firstKind(), s.stored.start}
	}
	l := s.look(0, look{kind: disc.Mode1})
	if s.count > 1 && s.look(1, look{shift: -1 << 40}).shift != l.shift || l.shift < -disc.Pregap {
		s.warn("The addresses in the sector headers are wrong; the sectors are counted from address 0.")
		l.shift, s.lost = 0, true
	}
	if l.shift < 0 && s.volumeAt(16) && !s.volumeAt(16-int64(l.shift)) {
		s.warn("The addresses in the sector headers do not match the volume; the sectors are counted from address 0.")
		l.shift, s.lost = 0, true
	}
	return l
}

// firstKind returns what the first track is. The first sectors of it may be damaged, or may
// not have been read in full.
func (s *scanner) firstKind() disc.Mode {
	for i := range min(s.count, minTrack) {
		if l := s.look(i, look{}); l.kind != disc.Audio {
			return l.kind
		}
	}
	return s.look(0, look{kind: disc.Mode1}).kind
}

// volumeAt reports whether a whole sector has a volume descriptor.
func (s *scanner) volumeAt(i int64) bool {
	p := s.read(i)
	return p != nil && (volume(p, sector.DataAt) || volume(p, sector.XADataAt))
}

// join joins the parts that are no tracks of their own, and sets the lengths and sessions.
func (s *scanner) join(all []part) []part {
	for i := range all {
		end := s.count
		if i+1 < len(all) {
			end = all[i+1].first
		}
		all[i].count = end - all[i].first
	}
	var parts []part
	for i, p := range all {
		if len(parts) == 0 {
			parts = append(parts, p)
			continue
		}
		last := &parts[len(parts)-1]
		jump := p.start - last.start - disc.LBA(last.count)
		switch {
		case jump >= minGap && p.kind != disc.Audio: // a later session
			p.session = last.session + 1
			parts = append(parts, p)
		case p.kind == last.kind && jump == 0:
			last.count += p.count
		case p.kind == last.kind || p.count < minTrack && i+1 < len(all) || p.kind == disc.Audio && p.count < minTrack:
			if p.kind == last.kind {
				s.warn("The addresses in the sector headers from %d on are not consecutive; the sectors are counted instead.", last.start+disc.LBA(last.count))
			} else {
				s.warn("The mode of %s at address %d differs from that of the sectors around.", sectors(p.count), last.start+disc.LBA(last.count))
			}
			last.count += p.count
		default:
			p.start, p.session = last.start+disc.LBA(last.count), last.session
			parts = append(parts, p)
		}
	}
	return parts
}
