package serve

import (
	"encoding/binary"
	"fmt"

	"glassmaster/drive/scsi"
)

// Commands that concern the initiators: SPC-2 and SPC-4.
const (
	opReserve6      = 0x16
	opRelease6      = 0x17
	opModeSelect6   = 0x15
	opWriteBuffer   = 0x3B
	opLogSelect     = 0x4C
	opReserve10     = 0x56
	opRelease10     = 0x57
	opPersistentIn  = 0x5E
	opPersistentOut = 0x5F
	opReportLUNs    = 0xA0
	opSendKey       = 0xA3
	opSecurityOut   = 0xB5
)

// permitted executes a command, unless a reservation, a unit attention or the read-only
// target prevents it. The caller uses the drive.
func (t *task) permitted(c scsi.Command) outcome {
	n := t.nexus
	if n.reserved(c.CDB) {
		return outcome{status: scsi.StatusReservationConflict}
	}
	if !silent(c.CDB[0]) {
		if a := n.attention(); a != nil {
			return failed(a)
		}
	}
	if n.unit.target.ReadOnly && !harmless(c.CDB) {
		return failed(senseProtected.fixed())
	}
	if o, done := n.local(c); done {
		return o
	}
	if err := scsi.Check(c); err != nil { // the data do not match the CDB
		return failed(senseField.fixed())
	}
	o, err := n.unit.send(c)
	if err != nil {
		t.session.server.tell(t.session.event(Failed, err.Error()))
	}
	if o.status == scsi.StatusGood && c.Direction == scsi.Out {
		o.moved = len(c.Data)
	}
	n.after(c, &o)
	return o
}

// silent reports whether a command neither is refused because of a unit attention nor
// clears it (SPC-4 5.13; MMC-6 4.1.6).
func silent(op byte) bool {
	switch op {
	case scsi.OpInquiry, scsi.OpRequestSense, opReportLUNs, scsi.OpGetConfiguration, scsi.OpGetEventStatus:
		return true
	}
	return false
}

// reserved reports whether another initiator has reserved the unit and the command has to
// wait for that (SPC-2 5.5.1).
func (n *nexus) reserved(cdb []byte) bool {
	n.unit.mu.Lock()
	by := n.unit.reservedBy
	n.unit.mu.Unlock()
	if by == nil || by == n {
		return false
	}
	switch cdb[0] {
	case opRelease6, opRelease10:
		return false
	case scsi.OpPreventAllowMediumRemoval:
		return cdb[4]&3 != 0
	}
	return !silent(cdb[0])
}

// harmless reports whether a read-only target lets a command through: one that is known not
// to change the disc or the drive.
func harmless(cdb []byte) bool {
	switch cdb[0] {
	case scsi.OpStartStopUnit, scsi.OpSynchronizeCache, opReserve6, opRelease6, opReserve10, opRelease10, opReportLUNs:
		return true
	case opLogSelect, opSecurityOut:
		return false
	case opSendKey: // the region of the drive can be set only a few times
		return cdb[10]&0x3F != 6
	case scsi.OpModeSelect10, opModeSelect6: // Save Pages
		return cdb[1]&1 == 0
	}
	return scsi.Known(cdb) && !scsi.Changes(cdb)
}

// local executes a command that package serve answers itself. done is false for others.
func (n *nexus) local(c scsi.Command) (o outcome, done bool) {
	cdb := c.CDB
	switch cdb[0] {
	case opReportLUNs:
		return reportLUNs(c, len(n.unit.target.units)), true
	case scsi.OpInquiry:
		if cdb[1]&1 != 0 && cdb[2] == pageIdentification {
			return reply(c, n.unit.identification()), true
		}
	case scsi.OpRequestSense:
		if a := n.attention(); a != nil {
			return reply(c, a), true
		}
	case opReserve6, opReserve10:
		return n.reserve(cdb), true
	case opRelease6, opRelease10:
		n.release()
		return outcome{}, true
	case opPersistentIn, opPersistentOut:
		return failed(senseOpcode.fixed()), true
	case scsi.OpPreventAllowMediumRemoval:
		return n.prevent(cdb[4] & 3), true
	case opWriteBuffer:
		if mode := cdb[1] & 0x1F; mode >= 4 && mode <= 7 || mode >= 0x0D { // firmware
			return failed(senseField.fixed()), true
		}
	}
	return outcome{}, false
}

// reply copies b to the initiator, up to the length of the buffer of the command.
func reply(c scsi.Command, b []byte) outcome { return outcome{moved: copy(c.Data, b)} }

// reserve is RESERVE (SPC-2 7.21), without third parties and extents.
func (n *nexus) reserve(cdb []byte) outcome {
	if cdb[1]&0x13 != 0 {
		return failed(senseField.fixed())
	}
	n.unit.mu.Lock()
	defer n.unit.mu.Unlock()
	if n.unit.nexuses[n] { // a session that has ended would never release it
		n.unit.reservedBy = n
	}
	return outcome{}
}

// release is RELEASE (SPC-2 7.16). That of an initiator without the reservation does
// nothing.
func (n *nexus) release() {
	n.unit.mu.Lock()
	defer n.unit.mu.Unlock()
	if n.unit.reservedBy == n {
		n.unit.reservedBy = nil
	}
}

// prevent is PREVENT ALLOW MEDIUM REMOVAL (MMC-6 6.13). The drive allows the removal when
// all initiators do.
func (n *nexus) prevent(bits byte) outcome {
	u := n.unit
	u.mu.Lock()
	before := n.prevents
	n.prevents = bits
	u.mu.Unlock()
	want, _ := u.wanted()
	o, _ := u.send(preventAllow(want)) // the outcome says what is wrong
	u.mu.Lock()
	defer u.mu.Unlock()
	if o.status != scsi.StatusGood {
		n.prevents = before
	} else {
		u.prevented = want
	}
	return o
}

// after handles what a command means for the other initiators.
func (n *nexus) after(c scsi.Command, o *outcome) {
	switch {
	case o.status == scsi.StatusCheckCondition:
		if s := scsi.DecodeSense(o.sense); s.Key == scsi.KeyUnitAttention && !s.Deferred {
			n.unit.tellOthers(n, o.sense)
		}
	case o.status != scsi.StatusGood:
	case c.CDB[0] == scsi.OpModeSelect10 || c.CDB[0] == opModeSelect6:
		n.unit.tellOthers(n, senseModeChanged.fixed())
	case c.CDB[0] == scsi.OpGetEventStatus:
		n.mediaEvent(c, o)
	case c.CDB[0] == scsi.OpInquiry && c.CDB[1]&1 != 0 && c.CDB[2] == 0:
		addPage(c.Data, o)
	}
}

// mediaEvent reports each media event to all initiators: the drive reports it once (MMC-6
// 6.6, class in byte 2, event code in byte 4).
func (n *nexus) mediaEvent(c scsi.Command, o *outcome) {
	b := c.Data[:o.moved]
	if len(b) < 6 || b[2]&7 != 4 || b[2]&0x80 != 0 {
		return
	}
	n.unit.mu.Lock()
	defer n.unit.mu.Unlock()
	if code := b[4] & 0xF; code != 0 {
		for other := range n.unit.nexuses {
			other.media = code
		}
	}
	b[4] |= n.media
	n.media = 0
}

const pageIdentification = 0x83

// addPage adds the page 83h to the list of supported pages (SPC-4 7.8.15).
func addPage(data []byte, o *outcome) {
	if o.moved < 4 {
		return
	}
	n := 4 + int(binary.BigEndian.Uint16(data[2:]))
	if n > o.moved || data[n-1] >= pageIdentification {
		return
	}
	binary.BigEndian.PutUint16(data[2:], uint16(n-4+1))
	if n < len(data) {
		data[n] = pageIdentification
		o.moved = n + 1
	}
}

// identification returns the device identification page (SPC-4 7.8.6): a name of the unit
// that no other has, and the name of the target. So systems with several drives of one
// model keep them apart.
func (u *unit) identification() []byte {
	b := []byte{5, pageIdentification, 0, 0}
	add := func(set, kind byte, text string) {
		for len(text)%4 != 0 { // names end with zeros
			text += "\x00"
		}
		text = text[:min(len(text), 252)]
		b = append(b, set, kind, 0, byte(len(text)))
		b = append(b, text...)
	}
	add(2, 1, fmt.Sprintf("GLASSMST%s,%d", u.target.Name, u.lun)) // ASCII; T10 vendor ID, of the unit
	add(3|5<<4, 0x80|0x20|8, u.target.Name)                       // UTF-8, iSCSI; SCSI name string, of the target
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)-4))
	return b
}

// reportLUNs is REPORT LUNS (SPC-4 6.33).
func reportLUNs(c scsi.Command, units int) outcome {
	if c.CDB[2] > 2 {
		return failed(senseField.fixed())
	}
	if c.CDB[2] == 1 { // well known units, of which there are none
		units = 0
	}
	b := make([]byte, 8+8*units)
	binary.BigEndian.PutUint32(b, uint32(8*units))
	for i := range units {
		b[8+8*i+1] = byte(i)
	}
	return reply(c, b)
}

// answerNoUnit answers a command to a unit that does not exist (SPC-4 6.6.2, 5.11).
func (t *task) answerNoUnit() {
	cdb := t.trimmed()
	size, _, _ := scsi.TransferLength(cdb)
	c := scsi.Command{CDB: cdb, Data: make([]byte, min(max(size, 0), 4096))}
	o := failed(senseNoUnit.fixed())
	switch {
	case t.sense != nil:
		o = failed(t.sense)
	case cdb[0] == scsi.OpInquiry:
		b := make([]byte, 36)
		b[0], b[2], b[3], b[4] = 0x7F, 6, 2, byte(len(b)-5) // no device here
		o = reply(c, b)
	case cdb[0] == scsi.OpRequestSense:
		o = reply(c, senseNoUnit.fixed())
	case cdb[0] == opReportLUNs:
		o = reportLUNs(c, len(t.session.target.units))
	}
	t.got = 0
	t.sendData(c.Data[:o.moved], o)
	t.finish()
}
