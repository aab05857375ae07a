package virtual

import (
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
)

// Lengths on a CD, in sectors (ECMA-394).
const (
	runOut   = 2   // after a track that is written track at once
	minTrack = 300 // 4 seconds
)

// Gaps between recorded areas of DVD, in sectors. Drives can choose them within the limits of
// the standards, so hosts must ask for the next writable address.
const (
	plusRunIn       = 16   // between fragments of a DVD+R session
	plusSessionGap  = 2064 // closure, intro and run-in between DVD+R sessions
	minusFirstGap   = 28672
	minusSessionGap = 9216
)

// trackGap returns the gap between two tracks of a session.
func (m Medium) trackGap() int64 {
	switch m.family {
	case cdWrite:
		return discfile.Pregap
	case plusR:
		return plusRunIn
	}
	return 0
}

// sessionGap returns the distance from the end of session n (from 1) to the first sector
// that can be written in the next one.
func (m Medium) sessionGap(n int) int64 {
	switch m.family {
	case cdWrite:
		return int64(disc.SessionGap(n))
	case plusR:
		return plusSessionGap
	case minusR:
		if n == 1 {
			return minusFirstGap
		}
		return minusSessionGap
	}
	return 0
}

// appendPoint returns where the invisible track starts. There is none if the last track is
// open, the disc is finalized, or there is no space.
func (d *recorder) appendPoint(st *discfile.State) (int64, bool) {
	if st.Final || d.medium.family == pressed || d.overwritable() || st.CountTracks() >= d.maxTracks() {
		return 0, false
	}
	at := int64(0)
	if o := st.OpenSession(); o != nil {
		if o.AtOnce {
			return 0, false
		}
		if n := len(o.Tracks); n > 0 {
			last := &o.Tracks[n-1]
			if !last.Closed && !last.Reserved {
				return 0, false
			}
			at = last.End() + d.gapBefore(last)
			if d.medium.family == cdWrite && !last.Closed {
				at += runOut // which the reserved track gets when it is complete
			}
		} else if k := len(st.Sessions); k > 1 {
			at = st.Sessions[k-2].LeadOut + d.medium.sessionGap(k-1)
		}
	} else if k := len(st.Sessions); k > 0 {
		if len(st.Sessions[k-1].Tracks) == 0 {
			return 0, false // it was written raw, and cannot be read
		}
		at = st.Sessions[k-1].LeadOut + d.medium.sessionGap(k)
		if hole := st.Sessions[k-1].Tracks[0].Hole; jumping(st) && hole != nil {
			at = hole.Start + d.medium.sessionGap(k)
		}
	}
	at = d.medium.roundUp(at)
	if jumping(st) {
		return at, at < st.Jump.Layer0
	}
	if d.medium.family == cdWrite {
		return at, at+minTrack <= d.end(st)
	}
	return at, at < d.end(st)
}

// end returns the address after the last sector that a host can write. On CD there must be
// space for the run-out before the lead-out.
func (d *recorder) end(st *discfile.State) int64 {
	if d.medium.family == cdWrite {
		return st.Usable() + st.Overburn - runOut
	}
	return st.Usable()
}

// target returns the track to which a WRITE at lba belongs. If that is the invisible track,
// it begins the track.
func (d *recorder) target(st *discfile.State, lba, blocks int64) (*discfile.Track, error) {
	if st.Final {
		return nil, errCannotWrite().at(lba)
	}
	if lba < 0 || lba >= d.end(st) {
		return nil, errRange().at(max(lba, 0))
	}
	if o := st.OpenSession(); o != nil {
		for i := range o.Tracks {
			t := &o.Tracks[i]
			if t.Complete() || t.Next != lba {
				continue
			}
			if t.Reserved && lba+blocks > t.Start+t.Size {
				return nil, errTrackEnd().at(t.Start + t.Size)
			}
			return t, d.room(st, lba, blocks)
		}
	}
	at, ok := d.appendPoint(st)
	if !ok || at != lba {
		return nil, d.badAddress(st, lba)
	}
	if err := d.room(st, lba, blocks); err != nil {
		return nil, err
	}
	o := st.EnsureOpen()
	control, packet := d.writeControl()
	o.Tracks = append(o.Tracks, discfile.Track{Start: lba, Next: lba, Control: control, Packet: packet})
	t := &o.Tracks[len(o.Tracks)-1]
	if d.medium.isCD() {
		d.startCDTrack(st, t)
	}
	return t, nil
}

// badAddress tells a full track from a wrong address.
func (d *recorder) badAddress(st *discfile.State, lba int64) error {
	if o := st.OpenSession(); o != nil {
		for _, t := range o.Tracks {
			if t.Reserved && lba == t.Start+t.Size && t.Complete() {
				return errTrackEnd().at(lba)
			}
		}
	}
	return errAddress().at(lba)
}

func (d *recorder) room(st *discfile.State, lba, blocks int64) error {
	if end := d.end(st); lba+blocks > end {
		return errTrackEnd().at(end)
	}
	return nil
}

// pad fills the last ECC block of every open track.
func (d *recorder) pad(st *discfile.State) {
	if o := st.OpenSession(); o != nil {
		for i := range o.Tracks {
			if t := &o.Tracks[i]; !t.Closed {
				d.padTrack(t)
				if jumping(st) {
					d.turn(st, t)
				}
			}
		}
	}
}

func (d *recorder) padTrack(t *discfile.Track) { d.zero(t, d.medium.roundUp(t.Next)) }

// zero writes zeros to a track up to the address end. Sectors that were never written are
// zeros already, but the file may contain sectors from before the disc was blanked.
func (d *recorder) zero(t *discfile.Track, end int64) {
	if d.test == nil && end > t.Next {
		d.cache.zero(t.Next, end-t.Next)
	}
	t.Next = max(t.Next, end)
}

// finishTrack closes a track. It fills a reserved track with zeros.
func (d *recorder) finishTrack(t *discfile.Track) {
	if t.Closed {
		return
	}
	if d.medium.family == cdWrite {
		d.finishCDTrack(t)
		return
	}
	if st := d.state(); jumping(st) {
		d.finishJump(st, t)
		return
	}
	d.padTrack(t)
	if t.Reserved {
		d.zero(t, t.Start+t.Size)
	}
	d.shorten(t)
	t.Size, t.Closed = t.Next-t.Start, true
}

// shorten applies the fault Short.
func (d *recorder) shorten(t *discfile.Track) { t.Next = max(t.Next-d.faults.Short, t.Start) }

// finishCDTrack closes a track that is written track at once. It has at least 4 seconds, and
// a run-out, which cannot be read.
func (d *recorder) finishCDTrack(t *discfile.Track) {
	d.zero(t, t.Start+minTrack)
	if t.Reserved {
		d.zero(t, t.Start+t.Size)
	}
	d.shorten(t)
	t.RunOut = runOut
	t.Next += runOut
	t.Size, t.Closed = t.Next-t.Start, true
}

// finishSession closes the open session.
func (d *recorder) finishSession(st *discfile.State) {
	o := st.OpenSession()
	if o == nil {
		return
	}
	for i := range o.Tracks {
		d.finishTrack(&o.Tracks[i])
	}
	o.Closed = true
	if n := len(o.Tracks); n > 0 {
		o.LeadOut = o.Tracks[n-1].End()
	}
}
