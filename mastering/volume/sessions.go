package volume

import (
	"context"
	"fmt"
	"io"
	"time"

	"glassmaster/mastering/disc"
)

// Session is a session of a disc, with a volume of its own. Its addresses count from the
// start of the disc, and its volume can refer to contents in earlier sessions.
type Session struct {
	Number      int      // 1 is the oldest
	Start       disc.LBA // its first sector
	End         disc.LBA // where the next one begins, or the end of the disc
	Descriptors disc.LBA // where its volume descriptors begin: 16 sectors after Start, unless they are a copy
	Remnant     disc.LBA // address of a volume after this session that is older, and so no session; 0: none
}

// headAt returns the heads of the volumes of a session, of which there may be several.
func headAt(r io.ReaderAt, size int64, start disc.LBA) (Head, bool) {
	var all Head
	found := false
	for _, f := range registered {
		h, ok := f.Head(r, size, start)
		if !ok {
			continue
		}
		found = true
		all.End = max(all.End, h.End)
		if all.Root == 0 {
			all.Root, all.Rooted = h.Root, h.Rooted
		}
		if all.Created.IsZero() {
			all.Created = h.Created
		}
	}
	return all, found
}

const (
	// Limits of the number of sessions, which is more than any medium has, and of the
	// number of candidates that turn out to be none, each of which costs a hundred reads.
	maxSessions = 8192
	maxTries    = 1024

	descriptors = 16 // sectors before the descriptors of a session (ECMA-119 6.2.1, ECMA-167 2/8.3)
	firstCopy   = 32 // start of the first session on overwritable media, for some programs

	// How far after a volume the next session is searched for, in sectors. reachFile is
	// the size of a CD. The border zones between two sessions of a DVD are smaller than
	// reachLarge. A drive reads slowly and knows its sessions, so that only what follows
	// a volume in the same track is read.
	reachFile  = 450000
	reachLarge = 65536
	reachDrive = 512
)

// reach returns how far after a volume the next session is searched for.
func reach(sectors disc.LBA, drive bool) disc.LBA {
	switch {
	case drive:
		return reachDrive
	case sectors > reachFile:
		return reachLarge
	}
	return reachFile
}

// FindSessions returns the sessions whose descriptors are in r, size bytes long with
// offset 0 at address 0 of the disc, the oldest first. Readers show the last one. It
// searches from volume to volume and reads only what is between them, and very little of
// a disc in a drive, which reports its sessions.
//
// There are none if no file system is known.
func FindSessions(r io.ReaderAt, size int64, drive bool) []Session {
	s := search{r: r, size: size, end: disc.LBA((size + disc.SectorSize - 1) / disc.SectorSize)}
	s.reach = reach(s.end, drive)
	first, ok := headAt(r, size, 0)
	switch {
	case !ok:
		s.from(0)
	case s.copies(first):
	default:
		s.add(0, first)
		s.from(first.End)
	}
	for i := range s.list {
		s.list[i].Number = i + 1
		if i > 0 && s.list[i].Start > s.list[i-1].Start { // not for the copy at address 0
			s.list[i-1].End = s.list[i].Start
		}
	}
	return s.list
}

// orWhole returns the sessions or, if there are none, one that is the whole disc.
func orWhole(list []Session, size int64) []Session {
	if len(list) > 0 {
		return list
	}
	return []Session{{Number: 1, End: disc.LBA(size / disc.SectorSize), Descriptors: descriptors}}
}

// search is the state of one FindSessions.
type search struct {
	r     io.ReaderAt
	size  int64
	end   disc.LBA // of the disc
	reach disc.LBA
	list  []Session
	last  Head // of the last session of the list
	tries int  // number of candidates that were no session
}

func (s *search) add(start disc.LBA, h Head) {
	s.list = append(s.list, Session{Start: start, End: s.end, Descriptors: start + descriptors})
	s.last = h
}

// copies adds the sessions of an overwritable medium as libburn and libisofs write them:
// the descriptors at 16 are a copy of those of the newest session, and the sessions form
// a chain that begins at 32. It returns false if there is no such chain.
func (s *search) copies(newest Head) bool {
	first, ok := headAt(s.r, s.size, firstCopy)
	if !ok || !first.Rooted {
		return false
	}
	s.add(firstCopy, first)
	s.from(first.End)
	if last := &s.list[len(s.list)-1]; s.last.Root == newest.Root {
		last.Descriptors = descriptors // the same except for the size, which counts from address 0
	} else { // it was written by a program that does not use the chain
		s.list = append(s.list, Session{End: s.end, Descriptors: descriptors})
	}
	return true
}

// from adds the sessions that begin at an address or after it.
func (s *search) from(at disc.LBA) {
	for len(s.list) < maxSessions {
		start, h, ok := s.next(at)
		if !ok {
			return
		}
		if n := len(s.list); n > 0 && older(h, s.last) {
			s.list[n-1].Remnant = start
			return
		}
		s.add(start, h)
		at = max(h.End, start+1) // otherwise what is before it would be read for each session
	}
}

// older reports whether a volume was made before another one. A later session never is:
// such a volume is a remnant of an earlier use of the medium. Many programs record whole
// seconds, so that a volume of the same second counts as later.
func older(h, than Head) bool {
	return !h.Created.IsZero() && !than.Created.IsZero() && h.Created.Before(than.Created.Truncate(time.Second))
}

// next finds the first session that begins at an address or after it, by its
// descriptors, whatever the distance is. Of consecutive descriptors only the first can
// be the first one of a session, since the system area is before them.
func (s *search) next(at disc.LBA) (disc.LBA, Head, bool) {
	const step = 32
	var before disc.LBA // the last session begins before this
	if n := len(s.list); n > 0 {
		before = s.list[n-1].Start + 1
	}
	p := make([]byte, step*disc.SectorSize)
	inRun := false // the sector before is a descriptor
	for from := max(at, 0); from < min(s.end, at+s.reach); from += step {
		if from = s.data(from); from >= min(s.end, at+s.reach) {
			break
		}
		n, err := s.r.ReadAt(p[:min(step, int64(s.end-from))*disc.SectorSize], int64(from)*disc.SectorSize)
		for i := 0; i+14 <= n; i += disc.SectorSize {
			first := !inRun
			inRun = recognised(p[i:])
			if !inRun || !first {
				continue
			}
			start := from + disc.LBA(i/disc.SectorSize) - descriptors
			if start < before {
				continue
			}
			if h, ok := headAt(s.r, s.size, start); ok {
				return start, h, true
			}
			if s.tries++; s.tries == maxTries {
				return 0, Head{}, false
			}
		}
		if err != nil && n == 0 {
			break
		}
	}
	return 0, Head{}, false
}

// data returns the first sector at an address or after it that is not in a hole of the
// image file, as far as the system knows.
func (s *search) data(at disc.LBA) disc.LBA {
	f, ok := disc.HostFile(s.r)
	if !ok {
		return at
	}
	off, err := nextData(f, int64(at)*disc.SectorSize)
	if err != nil {
		return at
	}
	if off < 0 {
		return s.end
	}
	return max(at, disc.LBA(off/disc.SectorSize))
}

// recognised reports whether a sector is a descriptor that can be the first volume
// descriptor of a session (ECMA-119 8.1.2, ECMA-167 2/9.1.2).
func recognised(p []byte) bool {
	switch string(p[1:6]) {
	case "CD001", "BEA01", "NSR02", "NSR03":
		return true
	}
	return string(p[9:14]) == "CDROM" // High Sierra
}

// Marked reports whether there are descriptors of a file system at the beginning of the
// newest data track of a disc, even if the file system cannot be opened.
func Marked(ctx context.Context, d disc.Disc) bool {
	r, size, o, err := track(ctx, d, Options{})
	if err != nil {
		return false
	}
	if o, err = o.ChooseSession(r, size); err != nil {
		return false
	}
	return marked(r, o.Chosen().Start)
}

// marked reports whether there are descriptors of a file system where a session begins.
func marked(r io.ReaderAt, start disc.LBA) bool {
	const look = 8 // sectors, the first of which may be damaged
	p := make([]byte, look*disc.SectorSize)
	n, _ := r.ReadAt(p, int64(start+descriptors)*disc.SectorSize)
	for i := 0; i+14 <= n; i += disc.SectorSize {
		if recognised(p[i:]) {
			return true
		}
	}
	return false
}

// ChooseSession completes the options with the sessions of the disc, which it searches
// for in r unless they are known, and with the start of the chosen session. If that
// begins without a volume, as on discs written in packets, the volume of the first
// session is used.
func (o Options) ChooseSession(r io.ReaderAt, size int64) (Options, error) {
	if o.chosen != nil {
		return o, nil
	}
	if o.Sessions == nil && o.Start != 0 {
		o.Sessions = []Session{{Number: 1, Start: o.Start, End: disc.LBA(size / disc.SectorSize), Descriptors: o.Start + descriptors}}
	}
	if o.Sessions == nil {
		o.Sessions = FindSessions(r, size, o.Drive)
	}
	o.Sessions = orWhole(o.Sessions, size)
	for i, s := range o.Sessions {
		if s.Number == o.Session || o.Session == 0 && i == len(o.Sessions)-1 {
			return o.choose(r, size, s), nil
		}
	}
	newest := o.Sessions[len(o.Sessions)-1].Number
	return o, fmt.Errorf("there is no session %d; the newest one is %d", o.Session, newest)
}

func (o Options) choose(r io.ReaderAt, size int64, s Session) Options {
	if s.Start != 0 {
		if _, ok := headAt(r, size, s.Start); !ok {
			s.Start, s.Descriptors = 0, descriptors
		}
	}
	o.chosen, o.Start = &s, s.Start
	return o
}

// Chosen returns the session that ChooseSession chose.
func (o Options) Chosen() Session {
	if o.chosen == nil {
		return Session{Number: 1, Start: o.Start, Descriptors: o.Start + descriptors}
	}
	return *o.chosen
}

// SessionProperty returns which session is shown. It is empty if there is only one.
func (o Options) SessionProperty() Property {
	s := o.Chosen()
	if len(o.Sessions) < 2 {
		return Property{}
	}
	return Property{"Session", fmt.Sprintf("%d of %d, from sector %d", s.Number, len(o.Sessions), s.Start)}
}
