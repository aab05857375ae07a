package virtual

import "glassmaster/mastering/image/discfile"

// Lengths on a CD, in sectors (ECMA-394): the lead-out of the first session
// and of the later ones, the lead-in between sessions.
const (
	leadOutFirst = 6750
	leadOutNext  = 2250
	leadInLen    = 4500
	runOut       = 2   // behind a track written at once
	minTrack     = 300 // 4 seconds
)

// Gaps between recorded areas of DVD. Drives choose within limits that the
// standards of the media set; hosts have to ask for the next writable address.
const (
	plusRunIn       = 16   // before a further fragment of a DVD+R session
	plusSessionGap  = 2064 // closure and intro between DVD+R sessions, run-in
	minusFirstGap   = 28672
	minusSessionGap = 9216
)

// trackGap is what the drive leaves between two tracks of a session.
func (m Medium) trackGap() int64 {
	switch m.family {
	case cdWrite:
		return discfile.Pregap
	case plusR:
		return plusRunIn
	}
	return 0
}

// sessionGap is the distance from the end of session n (from 1) to the first
// sector that can be written in the next one.
func (m Medium) sessionGap(n int) int64 {
	switch m.family {
	case cdWrite:
		if n == 1 {
			return leadOutFirst + leadInLen + discfile.Pregap
		}
		return leadOutNext + leadInLen + discfile.Pregap
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

// appendPoint returns where the invisible track begins. There is none while the
// last track is open, on a finished disc, and where there is no room.
func (d *recorder) appendPoint(st *discfile.State) (int64, bool) {
	if st.Final || d.medium.family == pressed || d.random() || st.CountTracks() >= d.maxTracks() {
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
			at = last.End() + d.medium.trackGap()
		} else if k := len(st.Sessions); k > 1 {
			at = st.Sessions[k-2].LeadOut + d.medium.sessionGap(k-1)
		}
	} else if k := len(st.Sessions); k > 0 {
		at = st.Sessions[k-1].LeadOut + d.medium.sessionGap(k)
	}
	at = d.medium.up(at)
	if d.medium.family == cdWrite {
		return at, at+minTrack <= d.end(st)
	}
	return at, at < d.end(st)
}

// end returns the address behind the last sector that a host can write. On CD
// the run-out of a track written at once comes before the lead-out.
func (d *recorder) end(st *discfile.State) int64 {
	if d.medium.family == cdWrite {
		return st.Usable() - runOut
	}
	return st.Usable()
}

// target finds the track that takes a WRITE at lba, and begins it where it is
// the invisible one.
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
	o.Tracks = append(o.Tracks, discfile.Track{Start: lba, Next: lba, Control: control, XA: d.medium.isCD() && d.page5.xa(), Packet: packet})
	return &o.Tracks[len(o.Tracks)-1], nil
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

// pad fills the last ECC block of every track that is being written.
func (d *recorder) pad(st *discfile.State) {
	if o := st.OpenSession(); o != nil {
		for i := range o.Tracks {
			if t := &o.Tracks[i]; !t.Closed {
				d.padTrack(t)
			}
		}
	}
}

func (d *recorder) padTrack(t *discfile.Track) { d.zero(t, d.medium.up(t.Next)) }

// zero writes zeros up to the address end. Sectors that were never written are
// zeros in the file; those of an earlier life of the disc are not.
func (d *recorder) zero(t *discfile.Track, end int64) {
	if d.test == nil && end > t.Next {
		d.cache.zero(t.Next, end-t.Next)
	}
	t.Next = max(t.Next, end)
}

// finishTrack closes a track: a reserved one is filled with zeros.
func (d *recorder) finishTrack(t *discfile.Track) {
	if t.Closed {
		return
	}
	if d.medium.family == cdWrite {
		d.finishCDTrack(t)
		return
	}
	d.padTrack(t)
	if t.Reserved {
		d.zero(t, t.Start+t.Size)
	}
	d.shorten(t)
	t.Size, t.Closed = t.Next-t.Start, true
}

// shorten is the fault Short.
func (d *recorder) shorten(t *discfile.Track) { t.Next = max(t.Next-d.faults.Short, t.Start) }

// finishCDTrack ends a track written at once: at least 4 seconds, then the
// run-out, which cannot be read.
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
