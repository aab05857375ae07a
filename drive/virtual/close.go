package virtual

import (
	"encoding/binary"

	"glassmaster/mastering/image/discfile"
)

// closeTrack is CLOSE TRACK/SESSION (MMC-6 6.3). The functions, by medium:
//
//	0  stop background formatting                DVD+RW
//	1  close a track                             CD, DVD-R, DVD+R, BD-R
//	2  close the session; finalize the disc if
//	   page 05h says so (CD, DVD-R); stop the
//	   formatting and make the disc readable in
//	   DVD-ROM drives (DVD+RW)                   CD, DVD-R, DVD+R, BD-R, DVD+RW, DVD-RW
//	3  finalize the disc                         DVD-R
//	5  finalize the disc with a minimal radius   DVD+R
//	6  finalize the disc                         DVD+R, BD-R
func (d *recorder) closeTrack(r *request) (int, error) {
	if d.readOnly() {
		return 0, errIncompatible()
	}
	if d.protected() {
		return 0, errProtected()
	}
	if d.faults.Discard || d.test != nil || d.testing() {
		d.test = nil // the test write ends; nothing is closed
		return 0, nil
	}
	function, n := r.CDB[2]&7, int(binary.BigEndian.Uint16(r.CDB[4:]))
	st := d.disc
	var err error
	if d.overwritable() {
		err = d.closeRandom(st, function)
	} else {
		err = d.closeFunction(st, function, n)
	}
	if err != nil {
		return 0, err
	}
	d.long(r.CDB[1]&1 != 0, longOther)
	return 0, d.commit()
}

func (d *recorder) closeFunction(st *discfile.State, function byte, n int) error {
	f := d.medium.family
	switch {
	case function == 1:
		return d.closeOne(st, n)
	case function == 2:
		return d.closeSession(st, f == cdWrite && !d.page5.multi() || f == minusR && d.page5.set && !d.page5.multi())
	case function == 3 && f == minusR, function == 5 && f == plusR, function == 6 && (f == plusR || f == bdR):
		if st.Final {
			return errSequence()
		}
		if st.OpenSession() == nil && len(st.Sessions) > 0 {
			st.Final = true
			return nil
		}
		return d.closeSession(st, true)
	}
	return errField()
}

// closeOne closes track n. It succeeds if the track is closed already.
func (d *recorder) closeOne(st *discfile.State, n int) error {
	t, s := st.Track(n)
	if t == nil {
		if n == st.CountTracks()+1 {
			return errSequence() // the invisible track
		}
		return errField()
	}
	if st.Sessions[s-1].AtOnce && !t.Closed {
		return errSequence() // it is closed when all of the session is written
	}
	d.finishTrack(t)
	return nil
}

// closeSession closes the open session, whose tracks must be complete (MMC-6 6.3.3). It
// finalizes the disc if final is set, or no session can follow.
func (d *recorder) closeSession(st *discfile.State, final bool) error {
	o := st.OpenSession()
	if o == nil || len(o.Tracks) == 0 {
		return errSequence()
	}
	if o.AtOnce && d.medium.family == cdWrite {
		return errSequence() // it is closed when all sectors of the cue sheet are written
	}
	for i := range o.Tracks {
		switch t := &o.Tracks[i]; {
		case t.Complete():
		case t.Reserved:
			return check(5, 0x72, 0x04) // EMPTY OR PARTIALLY WRITTEN RESERVED TRACK
		default:
			return check(5, 0x72, 0x03) // INCOMPLETE TRACK IN SESSION
		}
	}
	d.finishSession(st)
	if d.medium.family == cdWrite {
		o.Type, o.NoNext = d.page5.b[8], final && d.page5.b[3]>>6 == multiClosed
	}
	// A DVD-R DL has one session, unless it is recorded with layer jumps.
	st.Final = final || o.AtOnce || d.medium.profile == profileDVDRDL && !jumping(st)
	if _, ok := d.appendPoint(st); !ok {
		st.Final = true // there is no space for another session
	}
	return nil
}
