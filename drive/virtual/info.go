package virtual

import (
	"encoding/binary"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
)

// Disc status and state of the last session (MMC-6 6.21).
const (
	statusBlank      = 0
	statusAppendable = 1
	statusComplete   = 2
	statusOther      = 3
)

// status returns the disc status and the state of the last session.
func (d *recorder) status(st *discfile.State) (disc, last byte) {
	if d.overwritable() {
		switch {
		case d.random(st) && !st.Final:
			return statusOther, 0
		case d.medium.profile == profileDVDRAM:
			return statusOther, 3
		case st.Format.Blocks == 0:
			return statusBlank, 0
		}
		return statusComplete, 3
	}
	switch {
	case st.Final:
		return statusComplete, 3
	case len(st.Sessions) == 0:
		return statusBlank, 0
	case st.OpenSession() == nil:
		return statusAppendable, 0
	}
	return statusAppendable, 1
}

// overwritable reports whether the disc is overwritten in place: it has one track, which is
// written at random addresses.
func (d *recorder) overwritable() bool {
	return d.medium.family == overwrite || d.state().Format.Restricted || d.random(d.state())
}

// discInformation is READ DISC INFORMATION (MMC-6 6.21).
func (d *recorder) discInformation(r *request) (int, error) {
	allocation := int(binary.BigEndian.Uint16(r.CDB[7:]))
	switch r.CDB[1] & 7 {
	case 0:
		return r.reply(d.standardInformation(), allocation)
	case 1:
		return r.reply(d.trackResources(), allocation)
	}
	return 0, errField()
}

func (d *recorder) standardInformation() []byte {
	st := d.state()
	status, last := d.status(st)
	b := make([]byte, 34)
	b[1] = 32
	b[2] = flag(d.medium.rewritable, 0x10) | last<<2 | status
	b[3] = 1
	sessions, first, final := d.lastSession(st)
	b[4], b[9] = byte(sessions), byte(sessions>>8)
	b[5], b[10] = byte(first), byte(first>>8)
	b[6], b[11] = byte(final), byte(final>>8)
	b[7] = 0x20 | st.Format.Background // unrestricted use
	if d.medium.family == plusR {
		d.plusAddresses(b, st)
	}
	if !d.medium.isCD() {
		return b
	}
	b[8] = 0xFF
	if n := len(st.Sessions); n > 0 && status != statusBlank {
		b[8] = st.Sessions[0].Type
	}
	for i := 16; i < 24; i++ {
		b[i] = 0xFF
	}
	if at, ok := d.appendPoint(st); ok && status != statusComplete {
		leadIn := int64(discfile.LeadInStart)
		if at > 0 {
			leadIn = at - discfile.Pregap - disc.LeadIn
		}
		putMSF(b[17:], leadIn)
		putMSF(b[21:], d.capacity())
		b[16], b[20] = 0, 0
	}
	return b
}

// plusAddresses sets, for a DVD+R, where the next session begins and where the last possible
// lead-out does, in the disc information. They are FFFFFFFFh on a finalized disc.
func (d *recorder) plusAddresses(b []byte, st *discfile.State) {
	be := binary.BigEndian
	if st.Final {
		be.PutUint32(b[16:], 0xFFFFFFFF)
		be.PutUint32(b[20:], 0xFFFFFFFF)
		return
	}
	if at, ok := d.appendPoint(st); ok && st.OpenSession() == nil {
		be.PutUint32(b[16:], uint32(at))
	}
	be.PutUint32(b[20:], uint32(d.capacity()))
}

// lastSession returns the number of sessions, and the first and the last track of the last
// one, which may be empty.
func (d *recorder) lastSession(st *discfile.State) (sessions, first, last int) {
	n := st.CountTracks()
	if d.overwritable() || st.Final {
		if k := len(st.Sessions); k > 0 {
			return k, n - len(st.Sessions[k-1].Tracks) + 1, n
		}
		return 1, 1, 1
	}
	o := st.OpenSession()
	if o == nil {
		return len(st.Sessions) + 1, n + 1, n + 1
	}
	first, last = n-len(o.Tracks)+1, n
	if _, ok := d.appendPoint(st); ok {
		last++
	}
	return len(st.Sessions), first, max(first, last)
}

// trackResources returns the reply of data type 001b (MMC-6 6.21).
func (d *recorder) trackResources() []byte {
	most := d.maxTracks()
	b := make([]byte, 12)
	b[1], b[2] = 10, 1<<5
	n := d.state().CountTracks()
	be := binary.BigEndian
	be.PutUint16(b[4:], uint16(most))
	be.PutUint16(b[6:], uint16(n))
	be.PutUint16(b[8:], uint16(most-n))
	be.PutUint16(b[10:], uint16(most-n))
	return b
}

// maxTracks returns the largest number of tracks of a disc of this kind.
func (d *recorder) maxTracks() int {
	switch d.medium.family {
	case cdWrite:
		return 99
	case plusR:
		return 153
	case minusR:
		return 2302
	case bdR:
		return 7927
	}
	return 1
}

// trackInfo is the information that READ TRACK INFORMATION returns.
type trackInfo struct {
	number, session   int
	start, size, free int64
	nwa               int64
	nwaValid          bool
	blank, reserved   bool
	packet, fixed     bool
	control           byte
	xa                bool
	jump              byte  // layer jump recording status
	nextJump          int64 // address of the last sector before the next layer jump
	lastJump          int64 // before the last one
	last              int64 // last recorded address; -1: none
}

// trackInformation is READ TRACK INFORMATION (MMC-6 6.26).
func (d *recorder) trackInformation(r *request) (int, error) {
	n := int64(int32(binary.BigEndian.Uint32(r.CDB[2:])))
	all := d.trackInfos()
	var t *trackInfo
	for i := range all {
		c := &all[i]
		match := false
		switch r.CDB[1] & 3 {
		case 0:
			match = n >= c.start && n < c.start+c.size || n < 0 && n >= -discfile.Pregap && i == 0 && d.medium.isCD()
		case 1:
			match = int64(c.number) == n
			if n == 0xFF && d.medium.family != minusR && d.medium.family != pressed {
				match = c.nwaValid && !c.reserved || d.overwritable()
			}
		case 2:
			match = int64(c.session) == n
		}
		if match {
			t = c
			break
		}
	}
	if t == nil {
		if r.CDB[1]&3 == 0 {
			return 0, errRange()
		}
		return 0, errField()
	}
	return r.reply(t.bytes(d.medium, d.faults.NWA), int(binary.BigEndian.Uint16(r.CDB[7:])))
}

// bytes returns the reply. offset is added to the next writable address.
func (t *trackInfo) bytes(m Medium, offset int64) []byte {
	b := make([]byte, 48)
	b[1] = 46
	b[2], b[32] = byte(t.number), byte(t.number>>8)
	b[3], b[33] = byte(t.session), byte(t.session>>8)
	b[5] = t.jump<<6 | t.control
	b[6] = flag(t.reserved, 0x80) | flag(t.blank, 0x40) | flag(t.packet, 0x20) | flag(t.fixed, 0x10) | 1
	switch {
	case t.control&4 == 0:
		b[6] |= 0x0F // no data mode
	case t.xa:
		b[6] ^= 3 // mode 2
	}
	be := binary.BigEndian
	be.PutUint32(b[8:], uint32(t.start))
	if t.nwaValid {
		b[7] |= 1
		be.PutUint32(b[12:], uint32(t.nwa+offset))
	}
	be.PutUint32(b[16:], uint32(t.free))
	if m.block > 1 {
		be.PutUint32(b[20:], uint32(m.block))
	}
	be.PutUint32(b[24:], uint32(t.size))
	be.PutUint32(b[40:], uint32(t.nextJump))
	be.PutUint32(b[44:], uint32(t.lastJump))
	if t.last >= 0 {
		b[7] |= 2
		be.PutUint32(b[28:], uint32(t.last))
	}
	return b
}

// trackInfos returns all tracks, including the invisible one.
func (d *recorder) trackInfos() []trackInfo {
	st := d.state()
	if d.overwritable() {
		return []trackInfo{d.overwriteTrack(st)}
	}
	var all []trackInfo
	for i := range st.Sessions {
		for j := range st.Sessions[i].Tracks {
			t := d.visible(st, i, j)
			if jumping(st) {
				t = d.jumpTrack(st, &st.Sessions[i].Tracks[j], i+1)
			}
			t.number = len(all) + 1
			all = append(all, t)
		}
	}
	if at, ok := d.appendPoint(st); ok {
		session := len(st.Sessions)
		if st.OpenSession() == nil {
			session++
		}
		room := d.capacity() - at
		if d.medium.isCD() && d.page5.writeType() != writeAtOnce && d.page5.writeType() != writeRaw {
			room -= runOut
		}
		t := trackInfo{number: len(all) + 1, session: session, start: at, size: room, free: room, nwa: at, nwaValid: true, blank: true, last: -1}
		t.control, t.packet = d.writeControl()
		if d.profile() == profileDVDRDLJ {
			j := d.jumpState(st)
			t.size = j.Below(at) + 1 - at
			t.free, t.packet, t.jump, t.nextJump = t.size, true, jumpUnset, firstJump(j, at)
		}
		// The pre-gap comes first, on a blank disc. After other sessions the address is that of the
		// track: cdrskin -msinfo asks with this write type for tracks that it writes at once.
		if d.medium.isCD() && d.page5.writeType() == writeAtOnce && len(st.Sessions) == 0 {
			t.nwa = at - discfile.Pregap
		}
		if d.medium.isCD() && d.page5.writeType() == writeRaw {
			t.nwa = leadInStart(st, len(st.Sessions))
		}
		all = append(all, t)
	}
	return all
}

// visible describes track j of session i.
func (d *recorder) visible(st *discfile.State, i, j int) trackInfo {
	s := &st.Sessions[i]
	k := &s.Tracks[j]
	t := trackInfo{session: i + 1, start: k.Start, size: k.End() - k.Start, control: k.Control, xa: k.XA || k.Mode2, packet: k.Packet, reserved: k.Reserved && !k.Closed, last: -1}
	if k.Next > k.Start && !k.Closed {
		t.last = k.Next - 1
	}
	switch {
	case s.AtOnce && d.medium.isCD() && !s.Closed:
		t.nwa, t.nwaValid = s.Next, j == 0
	case !k.Complete():
		end := d.capacity()
		if d.medium.isCD() {
			end -= runOut
		}
		if k.Reserved {
			end = k.Start + k.Size
		}
		t.size = end - k.Start
		t.nwa, t.nwaValid, t.free = k.Next, true, end-k.Next
		t.blank = k.Next == k.Start
	}
	return t
}

// writeControl returns the control field of the next track, and whether it is written
// incrementally.
func (d *recorder) writeControl() (control byte, packet bool) {
	switch d.medium.family {
	case cdWrite:
		return d.page5.control(), false
	case minusR:
		return 5, d.page5.writeType() == writeIncremental
	}
	return 7, false
}

// capacity returns the capacity that the drive reports.
func (d *recorder) capacity() int64 {
	if d.faults.Capacity > 0 {
		return d.faults.Capacity
	}
	if d.medium.profile == profileDVDRAM {
		return d.state().Format.Blocks
	}
	return d.state().Usable()
}
