package sector

import "glassmaster/mastering/disc"

// Entry is an entry of the table of contents as the Q sub-channel of a lead-in records it
// and a drive returns it (MMC-6 tables 504 and 505). The numbers are not decimal-coded.
type Entry struct {
	Session int
	Mode    byte // QPosition, QMulti
	Control byte
	Point   int      // a track, PointFirst, PointLast, PointLeadOut; in mode QMulti PointNext or PointFirstLeadIn
	Time    disc.MSF // bytes 3 to 5 of mode QMulti; in mode QPosition they are the time in the lead-in
	Zero    byte
	Value   disc.MSF // bytes 7 to 9: an address, or numbers
}

// Points of the entries about further sessions (QMulti).
const (
	PointNext        = 0xB0 // time: where the next program area begins; zero: number of these entries; value: the last possible lead-out
	PointFirstLeadIn = 0xC0 // value: where the lead-in of the first session begins
)

// What a lead-in says about the medium: where its first lead-in begins and its last
// possible lead-out, of a CD of 80 minutes. Nothing in a table of contents records them.
var (
	firstLeadIn = disc.MSF{M: 95}
	lastLeadOut = disc.MSF{M: 79, S: 59, F: 74}
)

// Entries returns the table of contents of the session with this index as its lead-in
// records it: the first track, the last one and the lead-out, then all tracks, then where
// the next session is, if there is one.
func Entries(toc disc.TOC, index int) []Entry {
	s := toc.Sessions[index]
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
		{Session: s.Number, Mode: QPosition, Control: ControlOf(first), Point: PointFirst, Value: disc.MSF{M: first.Number, S: kind}},
		{Session: s.Number, Mode: QPosition, Control: ControlOf(last), Point: PointLast, Value: disc.MSF{M: last.Number}},
		{Session: s.Number, Mode: QPosition, Control: ControlOf(last), Point: PointLeadOut, Value: last.End().MSF()},
	}
	for _, t := range s.Tracks {
		list = append(list, Entry{Session: s.Number, Mode: QPosition, Control: ControlOf(t), Point: t.Number, Value: t.Start.MSF()})
	}
	if index+1 < len(toc.Sessions) && len(toc.Sessions[index+1].Tracks) > 0 {
		next := toc.Sessions[index+1].Tracks[0].Start - disc.Pregap
		count := byte(1)
		if index == 0 {
			count = 2
		}
		list = append(list, Entry{Session: s.Number, Mode: QMulti, Control: ControlOf(first), Point: PointNext, Time: next.MSF(), Zero: count, Value: lastLeadOut})
		if index == 0 {
			list = append(list, Entry{Session: s.Number, Mode: QMulti, Control: ControlOf(first), Point: PointFirstLeadIn, Value: firstLeadIn})
		}
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
func entry(toc disc.TOC, index int, lba disc.LBA) Q {
	list := Entries(toc, index)
	time := lba.MSF()
	e := list[int(time.Sectors())/3%len(list)]
	q := Q{Control: e.Control, Mode: e.Mode}
	switch {
	case e.Mode == QMulti:
		q.Data[1], q.Data[5] = byte(e.Point), e.Zero
		putMSF(q.Data[2:], e.Time)
		putMSF(q.Data[6:], e.Value)
		return q
	case e.Point == PointFirst:
		e.Value.S, _ = FromBCD(byte(e.Value.S)) // as Q has it: EncodeQ makes 20h of 20
	}
	q.Index, q.Relative, q.Absolute = e.Point, time, e.Value
	return q
}
