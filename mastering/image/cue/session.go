package cue

import (
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/cue/sheet"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/sector"
)

// highArea is where the high-density area of a GD-ROM begins.
const highArea = 45000

// session begins a session if track i is the first of one.
func (l *layout) session(i int, mode runs.Layout) error {
	k := &l.sheet.Tracks[i]
	n := len(l.toc.Sessions)
	if n > 0 && l.toc.Sessions[n-1].Number == k.Session.Number {
		return nil
	}
	l.toc.Sessions = append(l.toc.Sessions, disc.Session{Number: k.Session.Number})
	if n == 0 {
		return nil
	}
	before := k.Pregap // of index 1
	if k.Indexes[0].Number == 0 {
		if x, y := k.Indexes[0], k.Indexes[1]; x.File == y.File {
			before += y.At - x.At
		}
	}
	start := l.sessionStart(k, n, mode, before)
	if start-disc.LBA(before) < l.at {
		return fmt.Errorf("line %d: track %d begins at address %d, but the session before it ends at %d", k.Line, k.Number, start-disc.LBA(before), l.at)
	}
	l.at, l.skipped = start-disc.LBA(before), 0
	return nil
}

// sessionStart returns the address of index 1 of the first track of a session, before which
// there are n. What the sheet says comes first, then what the sectors say. Where both say
// nothing, the gap has the length that recorders make.
//
// Redump gives the lengths of lead-out, lead-in and pre-gap in remarks. Others give the
// position of the lead-out in the file, which then contains the gap: see storedGap.
// IsoBuster gives the address of the track.
func (l *layout) sessionStart(k *sheet.Track, n int, mode runs.Layout, before int64) disc.LBA {
	s := k.Session
	switch {
	case k.HighArea:
		return highArea
	case k.MSF.Line > 0:
		return disc.LBA(k.MSF.Sectors - disc.Pregap)
	case l.skipped > 0:
		return l.at + disc.LBA(l.skipped+before)
	case s.LeadOut.Line > 0 && s.LeadIn.Line > 0:
		gap := s.LeadOut.Sectors + s.LeadIn.Sectors
		if s.Pregap.Line > 0 {
			return l.at + disc.LBA(gap+s.Pregap.Sectors)
		}
		return l.at + disc.LBA(gap+disc.Pregap)
	}
	if src, off := l.first(k, mode); off < src.size {
		if at, ok := address(src, off, mode); ok && at > l.at {
			return at
		}
	}
	return l.at + disc.SessionGap(n)
}

// storedGap returns how many sectors before index next are not on the disc: a file that
// contains a whole disc may contain the gap between two sessions. Index j of track i is
// followed by next, in the same file.
func (l *layout) storedGap(i, j int, next *sheet.Index, mode runs.Layout) (int64, error) {
	if j+1 < len(l.sheet.Tracks[i].Indexes) {
		return 0, nil
	}
	k, x := &l.sheet.Tracks[i+1], l.sheet.Tracks[i].Indexes[j]
	s := k.Session
	if s.Number == l.sheet.Tracks[i].Session.Number {
		return 0, nil
	}
	if s.LeadOut.Line > 0 && s.LeadIn.Line == 0 {
		if s.LeadOut.Sectors > x.At && s.LeadOut.Sectors <= next.At {
			return next.At - s.LeadOut.Sectors, nil
		}
		l.warn(s.LeadOut.Line, "the lead-out is not between track %d and track %d; the remark is ignored.", l.sheet.Tracks[i].Number, k.Number)
	}
	if s.LeadIn.Line > 0 || k.MSF.Line > 0 {
		return 0, nil
	}
	m, err := l.mode(k)
	if err != nil || m.Size() != mode.Size() {
		return 0, err
	}
	// The address in the sector says whether the file contains the gap.
	first := k.Index(1)
	src, off := l.first(k, m)
	at, ok := address(src, off, m)
	if !ok || at != l.at+disc.LBA(first.At-x.At) {
		return 0, nil
	}
	gap := int64(disc.SessionGap(s.Number-1)) - (first.At - next.At)
	if gap < 0 || gap >= next.At-x.At {
		return 0, nil
	}
	l.warn(k.Line, "the file contains the gap before session %d; it is assumed to have %d sectors.", s.Number, gap)
	return gap, nil
}

// address returns the address in the header of the sector at an offset, if the sectors are
// stored whole and are those of a data track.
func address(src source, off int64, m runs.Layout) (disc.LBA, bool) {
	if m.Mode == disc.Audio || m.Length != sector.Size {
		return 0, false
	}
	var p [sector.Size]byte
	if n, _ := src.ReadAt(p[:], off); n < len(p) {
		return 0, false
	}
	if _, ok := sector.Identify(p[:]); !ok {
		return 0, false
	}
	return sector.Address(p[:])
}

// standardPregap whether PREGAP of the first track means the 150 sectors before
// address 0, which every disc has.
func (l *layout) standardPregap(i int, mode runs.Layout) bool {
	k := &l.sheet.Tracks[i]
	if i > 0 || k.Pregap != disc.Pregap {
		return false
	}
	src, off := l.first(k, mode)
	if at, ok := address(src, off, mode); ok && at != 0 {
		return false
	}
	l.warn(k.Line, "PREGAP 00:02:00 of the first track is treated as the gap before address 0, which every disc has.")
	return true
}

// checkAddress reports that the sectors of a data track say another address than the sheet.
func (l *layout) checkAddress(k *sheet.Track, t disc.Track, mode runs.Layout) {
	for _, r := range l.runs {
		if r.From == nil || t.Start < r.Start || t.Start >= r.End() {
			continue
		}
		src := l.sources[k.Index(1).File]
		at, ok := address(src, r.Offset+int64(t.Start-r.Start)*int64(mode.Size()), mode)
		if ok && at != t.Start {
			l.warn(k.Line, "track %d begins at address %d according to its sectors, but at %d according to the sheet.", k.Number, at, t.Start)
		}
	}
}
