package disc

import "io"

// limited is the beginning of a disc.
type limited struct {
	Disc
	end      LBA
	sessions []Session
}

// Limit returns a disc as far as the address end: tracks that begin there or behind it
// are left out, and one that goes over it ends there. A disc that is no longer than that
// comes back as it is. Closing it closes d.
func Limit(d Disc, end LBA) Disc {
	if LBA(Sectors(d)) <= end {
		return d
	}
	l := limited{Disc: d, end: end}
	for _, s := range d.Sessions() {
		var tracks []Track
		for _, t := range s.Tracks {
			if t.Start < end {
				t.Length = min(t.Length, int64(end-t.Start))
				tracks = append(tracks, t)
			}
		}
		if len(tracks) > 0 {
			l.sessions = append(l.sessions, Session{Number: s.Number, Tracks: tracks})
		}
	}
	return l
}

func (l limited) Sessions() []Session { return l.sessions }

func (l limited) ReadSectors(p []byte, lba LBA, f Form) (int, error) {
	if lba >= l.end {
		return 0, io.EOF
	}
	size := SectorSize
	if f == Raw || l.isAudio(lba) {
		size = RawSectorSize
	}
	if most := int64(l.end-lba) * int64(size); int64(len(p)) > most {
		n, err := l.Disc.ReadSectors(p[:most], lba, f)
		if err == nil {
			err = io.EOF
		}
		return n, err
	}
	return l.Disc.ReadSectors(p, lba, f)
}

func (l limited) isAudio(lba LBA) bool {
	for _, s := range l.sessions {
		for _, t := range s.Tracks {
			if lba >= t.Start && lba < t.End() {
				return t.Mode == Audio
			}
		}
	}
	return false
}
