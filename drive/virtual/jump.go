package virtual

import (
	"glassmaster/mastering/image/discfile"
)

// jumps reports whether the disc can be recorded with layer jumps: it is a DVD-R DL that is
// blank, or was recorded in this way.
func (d *recorder) jumps() bool {
	st := d.state()
	return st != nil && d.medium.profile == profileDVDRDL && (len(st.Sessions) == 0 || jumping(st))
}

// jumping reports whether the disc is recorded with layer jumps.
func jumping(st *discfile.State) bool { return st.Jump != nil && st.Jump.On }

// jumpState returns the settings of layer jump recording.
func (d *recorder) jumpState(st *discfile.State) discfile.Jump {
	if st.Jump != nil {
		return *st.Jump
	}
	l0 := st.LayerBreak
	if l0 == 0 {
		l0 = st.Sectors / 2 / d.medium.block * d.medium.block
	}
	return discfile.Jump{Layer0: l0}
}

// jumpStructure returns the formats 21h to 23h.
func (d *recorder) jumpStructure(format byte) []byte {
	st := d.state()
	j := d.jumpState(st)
	switch format {
	case structMiddle:
		return layerValue(st.LayerBreak > 0, j.Layer0)
	case structInterval:
		return layerValue(false, j.Interval)
	}
	return layerValue(false, d.nextJump(st, j))
}

// nextJump returns the address of the last sector before the next layer jump.
func (d *recorder) nextJump(st *discfile.State, j discfile.Jump) int64 {
	if j.On && st.OpenSession() != nil {
		return j.Last
	}
	at, _ := d.appendPoint(st)
	return firstJump(j, at)
}

// firstJump returns the address of the last sector before the jump of a part that begins at an
// address on layer 0.
func firstJump(j discfile.Jump, begin int64) int64 {
	switch {
	case j.Manual >= begin && j.Manual > 0:
		return j.Manual
	case j.Interval > 0:
		return min(begin+j.Interval, j.Layer0) - 1
	}
	return j.Layer0 - 1
}

// setJump sets a value of layer jump recording: where the middle area begins on a blank disc
// (21h), the interval of jumps (22h), or the next jump (23h).
func (d *recorder) setJump(st *discfile.State, format byte, v int64) error {
	j := d.jumpState(st)
	switch format {
	case structMiddle:
		if len(st.Sessions) > 0 || st.LayerBreak > 0 {
			return errSequence()
		}
		if v == 0 || v%d.medium.block != 0 || v > j.Layer0 {
			return errParameter()
		}
		st.LayerBreak, j.Layer0 = v, v
		if j.Interval > v { // what was set before no longer fits
			j.Interval = 0
		}
		if j.Manual >= v {
			j.Manual = 0
		}
	case structInterval:
		if v%d.medium.block != 0 || v > j.Layer0 {
			return errParameter()
		}
		j.Interval = v
	case structManual:
		at := d.jumpNWA(st)
		if v < at || v >= j.Layer0 || (v+1)%d.medium.block != 0 {
			return errParameter()
		}
		if j.Manual = v; j.On && st.OpenSession() != nil {
			j.Last = v
		}
	}
	st.Jump = &j
	return nil
}

// jumpNWA returns the next writable address of a disc that is recorded with layer jumps.
func (d *recorder) jumpNWA(st *discfile.State) int64 {
	if o := st.OpenSession(); o != nil && len(o.Tracks) > 0 {
		return o.Tracks[len(o.Tracks)-1].Next
	}
	at, _ := d.appendPoint(st)
	return at
}

// admitJump checks a write with layer jumps: it begins at the next writable address and does
// not cross a jump.
func (d *recorder) admitJump(st *discfile.State, lba, blocks int64) error {
	if st.Final || !d.jumps() {
		return errCannotWrite().at(max(lba, 0))
	}
	j := d.jumpState(st)
	o := st.OpenSession()
	begun := o != nil && len(o.Tracks) > 0
	switch {
	case begun && o.Tracks[0].Closed:
		return errCannotWrite().at(max(lba, 0)) // a session has one track
	case lba < 0 || lba >= 2*j.Layer0:
		return errRange().at(max(lba, 0))
	case lba != d.jumpNWA(st):
		return errAddress().at(lba)
	}
	if !begun {
		if _, ok := d.appendPoint(st); !ok {
			return errCannotWrite().at(lba)
		}
		j.Begin = lba
		j.Last = firstJump(j, lba)
	}
	if j.Begin >= j.Layer0 {
		return errTrackEnd().at(lba) // both layers are full
	}
	end := j.Last + 1 // of the part on this layer
	if lba > j.Last {
		end = j.Below(j.Begin) + 1
	}
	if lba+blocks > end {
		return check(5, 0x21, 0x03).at(end) // INVALID WRITE CROSSING LAYER JUMP
	}
	return nil
}

// advanceJump moves the next writable address after the blocks of an admitted write.
func (d *recorder) advanceJump(st *discfile.State, lba, blocks int64) {
	j := d.jumpState(st)
	o := st.EnsureOpen()
	if len(o.Tracks) == 0 {
		j.On, j.Begin, j.Last = true, lba, firstJump(j, lba)
		o.Tracks = append(o.Tracks, discfile.Track{Start: lba, Next: lba, Control: 5, Packet: true})
	}
	st.Jump = &j
	t := &o.Tracks[0]
	t.Next = lba + blocks
	d.turn(st, t)
}

// turn changes to the other layer when the part on one is complete.
func (d *recorder) turn(st *discfile.State, t *discfile.Track) {
	j := st.Jump
	switch t.Next {
	case j.Last + 1:
		t.Next = j.Below(j.Last)
	case j.Below(j.Begin) + 1:
		if j.Begin = j.Last + 1; j.Manual < j.Begin {
			j.Manual = 0
		}
		j.Last = firstJump(*j, j.Begin)
		t.Next = j.Begin
	}
}

// finishJump closes the track of a session with layer jumps. The drive fills the part on the
// other layer below what is recorded.
func (d *recorder) finishJump(st *discfile.State, t *discfile.Track) {
	j := st.Jump
	d.padTrack(t)
	end := t.Next // of what is recorded on layer 0
	if t.Next > j.Last {
		d.zero(t, j.Below(j.Begin)+1)
		end = j.Last + 1
	} else if t.Next > j.Begin {
		t.Next = j.Below(t.Next - 1)
		d.zero(t, j.Below(j.Begin)+1)
	}
	t.Size = j.Below(t.Start) + 1 - t.Start
	t.Next, t.Closed = t.Start+t.Size, true
	t.Hole = &discfile.Run{Start: end, End: max(j.Below(end-1), end)}
	j.Manual = 0
}

// jumpTrack describes a track of a disc that is recorded with layer jumps.
func (d *recorder) jumpTrack(st *discfile.State, t *discfile.Track, session int) trackInfo {
	j := st.Jump
	i := trackInfo{session: session, start: t.Start, size: j.Below(t.Start) + 1 - t.Start, control: t.Control, packet: true, last: -1}
	i.jump = jumpManual
	if j.Interval > 0 {
		i.jump = jumpRegular
	}
	if t.Closed {
		return i
	}
	done := 2 * (j.Begin - t.Start)
	if t.Next > j.Last {
		done += j.Last + 1 - j.Begin + t.Next - j.Below(j.Last)
	} else {
		done += t.Next - j.Begin
	}
	i.free = i.size - done
	i.nwa, i.nwaValid, i.blank = t.Next, i.free > 0, done == 0
	i.nextJump = j.Last
	if j.Begin > t.Start {
		i.lastJump = j.Begin - 1
	}
	if t.Next > t.Start && !i.blank {
		i.last = t.Next - 1
	}
	return i
}

// Layer jump recording status of a track (MMC-6 6.26).
const (
	jumpUnset   = 1 // no jump is set
	jumpManual  = 2
	jumpRegular = 3
)
