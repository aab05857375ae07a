package iso9660

import (
	"errors"
	"fmt"
	"io"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// Session is a session of which the volume descriptors were found.
type Session struct {
	Number  int      // 1 is the oldest
	Start   disc.LBA // its first sector; the descriptors begin 16 behind it
	Label   string
	Created time.Time
	Sectors int64 // that its volume claims

	set []descriptor
}

// Sessions of an image file. Addresses count from the start of the image in all
// of them, and a later session refers to what it takes over from earlier ones.
const (
	maxSessions  = 256
	firstCopy    = 32    // where a writer of overwritable media keeps its first session
	sessionAlign = 32    // and to what it aligns the others
	maxGap       = 12000 // sectors of lead-out, lead-in and pre-gap between sessions of a CD
	padding      = 300   // sectors behind a volume that are nothing but padding
)

// findSessions returns the sessions whose descriptors are in the image, the
// oldest first. The last is the one that a reader shows.
func findSessions(r io.ReaderAt, size int64, start disc.LBA) ([]Session, error) {
	newest, err := sessionAt(r, start)
	if errors.Is(err, volume.ErrUnknown) && start != 0 {
		newest, err = sessionAt(r, 0)
	}
	if err != nil {
		return nil, err
	}
	if newest.Start != 0 {
		newest.Number = 1
		return []Session{newest}, nil
	}
	// On a medium that can be written over, the descriptors at 16 are those of the
	// newest session, and all sessions form a chain that begins at 32.
	if first, err := sessionAt(r, firstCopy); err == nil && first.follows(firstCopy) {
		list := chainFrom(r, size, first)
		if last := &list[len(list)-1]; last.rootBlock() == newest.rootBlock() {
			last.set = newest.set // the same, but for a size that counts from address 0
		} else {
			newest.Number = len(list) + 1
			list = append(list, newest)
		}
		return list, nil
	}
	newest.Number = 1
	return chainFrom(r, size, newest), nil
}

// sessionAt reads the descriptors of a session.
func sessionAt(r io.ReaderAt, start disc.LBA) (Session, error) {
	set, err := readDescriptors(r, start+16)
	if err != nil {
		return Session{}, err
	}
	d, _ := find(set, func(d descriptor) bool { return d.kind() == typePrimary })
	bs := int64(checkBlockSize(d.blockSize()))
	return Session{
		Start: start, Label: d.text(40, 72), Created: d.time17(813), Sectors: int64(d.sectors()) * bs / disc.SectorSize, set: set,
	}, nil
}

// rootBlock returns where the root directory is.
func (s Session) rootBlock() uint32 {
	d, _ := find(s.set, func(d descriptor) bool { return d.kind() == typePrimary })
	return both32(d.root()[2:])
}

// follows reports whether the session can be one that begins at start: its own
// root is behind it. That of an image within the image is not.
func (s Session) follows(start disc.LBA) bool { return disc.LBA(s.rootBlock()) > start }

// chainFrom returns the session and those behind it.
func chainFrom(r io.ReaderAt, size int64, s Session) []Session {
	list := []Session{s}
	for len(list) < maxSessions {
		s := list[len(list)-1]
		// The size counts from the start of the session, or from address 0.
		next, ok := nextSession(r, size, s.Start, s.Start+disc.LBA(s.Sectors))
		if !ok {
			next, ok = nextSession(r, size, s.Start, disc.LBA(s.Sectors))
		}
		if !ok {
			break
		}
		list = append(list, next)
	}
	for i := range list {
		list[i].Number = i + 1
	}
	return list
}

// nextSession finds the session that begins at or soon behind end.
func nextSession(r io.ReaderAt, size int64, start, end disc.LBA) (Session, bool) {
	if end <= start {
		return Session{}, false
	}
	aligned := (end + sessionAlign - 1) / sessionAlign * sessionAlign
	if s, err := sessionAt(r, aligned); err == nil && s.follows(aligned) {
		return s, true
	}
	if size/disc.SectorSize-int64(end) < padding {
		return Session{}, false
	}
	const step = 32
	p := make([]byte, step*disc.SectorSize)
	for at := end; at < end+maxGap; at += step {
		n, _ := r.ReadAt(p, int64(at)*disc.SectorSize)
		for i := 0; i+6 <= n; i += disc.SectorSize {
			if string(p[i:i+6]) != "\x01CD001" {
				continue
			}
			begin := at + disc.LBA(i/disc.SectorSize) - 16
			if s, err := sessionAt(r, begin); err == nil && begin >= end-16 && begin > start && s.follows(begin) {
				return s, true
			}
		}
		if n < len(p) {
			break
		}
	}
	return Session{}, false
}

// Sessions returns the sessions that were found in the image, the oldest first.
// On a disc whose sessions are known there is one: that which is shown.
func (v *FS) Sessions() []Session { return append([]Session(nil), v.sessions...) }

// chooseSession returns the session that the options name.
func chooseSession(list []Session, number int) (Session, error) {
	if number == 0 {
		return list[len(list)-1], nil
	}
	for _, s := range list {
		if s.Number == number {
			return s, nil
		}
	}
	return Session{}, fmt.Errorf("the image has no session %d; the newest is %d", number, len(list))
}
