package sector

import "glassmaster/mastering/disc"

// Entry is an entry of the table of contents as the Q sub-channel of a lead-in records it
// and a drive returns it (MMC-6 tables 504 and 505). The numbers are not decimal-coded.
type Entry struct {
	Session int
	Mode    byte // QPosition, QMulti
	Control byte
	Point   int      // a track, PointFirst, PointLast, PointLeadOut, ..., or 0B0h and above in mode QMulti
	Time    disc.MSF // bytes 3 to 5; mode QPosition: the time in the lead-in, which is not recorded here
	Zero    byte
	Value   disc.MSF // bytes 7 to 9: an address, or numbers
}

// Entries returns the table of contents of a session as its lead-in records it: the first
// track, the last one and the lead-out, then all tracks.
func Entries(s disc.Session) []Entry {
	if len(s.Tracks) == 0 {
		return nil
	}
	first, last := s.Tracks[0], s.Tracks[len(s.Tracks)-1]
	kind := 0
	switch {
	case s.CDI:
		kind = 0x10
	case hasXA(s):
		kind = 0x20
	}
	list := []Entry{
		{s.Number, QPosition, ControlOf(first), PointFirst, disc.MSF{}, 0, disc.MSF{M: first.Number, S: kind}},
		{s.Number, QPosition, ControlOf(last), PointLast, disc.MSF{}, 0, disc.MSF{M: last.Number}},
		{s.Number, QPosition, ControlOf(last), PointLeadOut, disc.MSF{}, 0, last.End().MSF()},
	}
	for _, t := range s.Tracks {
		list = append(list, Entry{s.Number, QPosition, ControlOf(t), t.Number, disc.MSF{}, 0, t.Start.MSF()})
	}
	return list
}

func hasXA(s disc.Session) bool {
	for _, t := range s.Tracks {
		if t.Mode == disc.XA {
			return true
		}
	}
	return false
}

// entry returns Q of a sector in the lead-in of a session. Each entry is in three sectors
// after each other, and the list repeats (ECMA-130 22.3.3.1).
func entry(s disc.Session, lba disc.LBA) Q {
	list := Entries(s)
	time := lba.MSF()
	e := list[(time.M*60*75+time.S*75+time.F)/3%len(list)]
	if e.Point == PointFirst {
		e.Value.S, _ = FromBCD(byte(e.Value.S)) // as Q has it: EncodeQ makes 20h of 20
	}
	return Q{Control: e.Control, Mode: e.Mode, Index: e.Point, Relative: time, Absolute: e.Value}
}
