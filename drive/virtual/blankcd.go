package virtual

import (
	"encoding/binary"

	"glassmaster/mastering/image/discfile"
)

// Blanking types of BLANK (MMC-6 6.2).
const (
	blankDisc    = 0
	blankMinimal = 1 // what hosts see of the disc: lead-in, program memory area, first pre-gap
	blankTrack   = 2 // a track of the open session, by its number
	unreserve    = 3 // the last track of the open session
	blankTail    = 4 // the end of a track that is written in packets
	uncloseLast  = 5 // lead-in and lead-out of the last session
	eraseLast    = 6 // the last session
)

// blankCD is BLANK on a CD-RW.
func (d *recorder) blankCD(r *request) (int, error) {
	kind := r.CDB[1] & 7
	if kind > eraseLast {
		return 0, errField()
	}
	if d.faults.Discard {
		return 0, nil
	}
	st := d.disc.Clone()
	var err error
	switch kind {
	case blankDisc, blankMinimal:
		st = &discfile.State{Medium: st.Medium, Sectors: st.Sectors, Overburn: st.Overburn}
	case blankTrack:
		err = emptyTrack(st, int(binary.BigEndian.Uint32(r.CDB[2:])))
	case unreserve:
		err = unreserveTrack(st)
	case blankTail:
		err = errMode() // no track is written in packets
	case uncloseLast:
		err = unclose(st)
	case eraseLast:
		err = eraseSession(st)
	}
	if err != nil {
		return 0, err
	}
	if err := d.cache.drainData(d.store); err != nil {
		return 0, err
	}
	st.Exported = false
	d.cache, d.test, d.cue, d.disc = cache{}, nil, nil, st
	d.long(r.CDB[1]&0x10 != 0, longOther)
	if err := d.commit(); err != nil || kind != blankDisc {
		return 0, err
	}
	return 0, d.store.Erase()
}

// emptyTrack makes a track of the open session one that is reserved, and empty.
func emptyTrack(st *discfile.State, n int) error {
	t, s := st.Track(n)
	switch {
	case t == nil:
		return errField()
	case st.Sessions[s-1].Closed, st.Sessions[s-1].AtOnce:
		return errMode()
	}
	size := t.End() - t.RunOut - t.Start
	st.DropAreas(t.Start, t.End())
	*t = discfile.Track{Start: t.Start, Next: t.Start, Size: size, Reserved: true, Control: t.Control, XA: t.XA, Mode2: t.Mode2, Pregap: t.Pregap}
	return nil
}

// unreserveTrack removes the last track of the open session, which is reserved and empty.
func unreserveTrack(st *discfile.State) error {
	o := st.OpenSession()
	if o == nil || o.AtOnce || len(o.Tracks) == 0 {
		return errSequence()
	}
	last := o.Tracks[len(o.Tracks)-1]
	if !last.Reserved || last.Closed || last.Next > last.Start {
		return errMode()
	}
	if o.Tracks = o.Tracks[:len(o.Tracks)-1]; len(o.Tracks) == 0 {
		st.Sessions = st.Sessions[:len(st.Sessions)-1]
	}
	return nil
}

// unclose opens the last session again. Its tracks remain.
func unclose(st *discfile.State) error {
	n := len(st.Sessions)
	if n == 0 || !st.Sessions[n-1].Closed || len(st.Sessions[n-1].Tracks) == 0 {
		return errSequence()
	}
	s := &st.Sessions[n-1]
	*s = discfile.Session{Tracks: s.Tracks, Type: s.Type}
	if n == 1 {
		st.CDText, st.TextDone = nil, false
	}
	st.Final = false
	return nil
}

// eraseSession removes the last session.
func eraseSession(st *discfile.State) error {
	n := len(st.Sessions)
	if n == 0 {
		return errSequence()
	}
	from := int64(-discfile.Pregap)
	if n > 1 {
		from = st.Sessions[n-2].LeadOut
	}
	st.DropAreas(from, st.Sectors)
	st.Sessions, st.Final = st.Sessions[:n-1], false
	if n == 1 {
		st.CDText, st.TextDone, st.MCN = nil, false, ""
	}
	return nil
}

// reserveCD reserves a track of a CD that is written track at once (MMC-6 6.30).
func (d *recorder) reserveCD(st *discfile.State, sectors int64) error {
	switch {
	case !d.page5.set || d.page5.writeType() != writeTAO:
		return errMode()
	case sectors < minTrack:
		return errField()
	case st.OpenSession() != nil && st.OpenSession().AtOnce, st.Final:
		return errCannotWrite()
	}
	at, ok := d.appendPoint(st)
	switch {
	case !ok:
		return check(5, 0x72, 0x05) // NO MORE TRACK RESERVATIONS ALLOWED
	case at+sectors > d.end(st):
		return errTrackEnd()
	}
	o := st.EnsureOpen()
	o.Tracks = append(o.Tracks, discfile.Track{Start: at, Next: at, Size: sectors, Reserved: true, Control: d.page5.control()})
	d.startCDTrack(st, &o.Tracks[len(o.Tracks)-1])
	return nil
}
