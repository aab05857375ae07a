package virtual

import (
	"encoding/binary"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
)

// rwAddress decodes the address and the number of blocks of a READ or WRITE command.
func rwAddress(cdb []byte) (lba, blocks int64) {
	lba = int64(int32(binary.BigEndian.Uint32(cdb[2:])))
	if cdb[0] >= 0xA0 {
		return lba, int64(binary.BigEndian.Uint32(cdb[6:]))
	}
	return lba, int64(binary.BigEndian.Uint16(cdb[7:]))
}

// writeRequest is what a WRITE asks for.
type writeRequest struct {
	lba, blocks int64
	streaming   bool // WRITE(12) with the bit Streaming
	verify      bool // WRITE AND VERIFY
}

// writeRequestOf decodes a WRITE(10), WRITE(12) or WRITE AND VERIFY(10).
func writeRequestOf(cdb []byte) writeRequest {
	w := writeRequest{verify: cdb[0] == scsi.OpWriteAndVerify}
	w.lba, w.blocks = rwAddress(cdb)
	w.streaming = cdb[0] == scsi.OpWrite12 && cdb[10]&0x80 != 0
	return w
}

// streamable reports whether the bit Streaming has an effect on the disc.
func (d *recorder) streamable() bool {
	return d.medium.profile == profileDVDRAM || d.medium.isBD()
}

// admitStreaming checks a write with the bit Streaming (MMC-6 6.45): it consists of whole ECC
// blocks, so that the drive need not read what it writes only in part.
func (d *recorder) admitStreaming(w writeRequest) error {
	switch {
	case !w.streaming || !d.streamable():
		return nil
	case w.blocks%d.medium.block != 0:
		return errField()
	case w.lba%d.medium.block != 0:
		return errAddress().at(max(w.lba, 0))
	}
	return nil
}

// write is WRITE(10), WRITE(12) and WRITE AND VERIFY(10) (MMC-6 6.44 to 6.46).
func (d *recorder) write(r *request) (int, error) {
	w := writeRequestOf(r.CDB)
	if d.readOnly() || d.protected() {
		return 0, errProtected()
	}
	if f := d.faultyWrite(w.lba, w.blocks); f != nil {
		return 0, f
	}
	if d.faults.Discard {
		if r.Direction != scsi.Out || w.blocks == 0 || len(r.Data)%int(w.blocks) != 0 {
			return 0, r.misuse("%d bytes of data for %d blocks", len(r.Data), w.blocks)
		}
		d.cacheSent(w.lba, len(r.Data)/int(w.blocks), r.Data)
		return len(r.Data), nil
	}
	if err := d.admitStreaming(w); err != nil {
		return 0, err
	}
	st := d.state()
	if d.testing() {
		if d.test == nil {
			d.test = d.disc.Clone()
		}
		st = d.test
	}
	if d.medium.family == cdWrite {
		return d.writeCD(r, st, w.lba, w.blocks)
	}
	size, err := d.admit(st, w.lba, w.blocks)
	if err != nil {
		return 0, err
	}
	n := size * int(w.blocks)
	p, err := r.list(n)
	if err != nil {
		return 0, err
	}
	if w.blocks == 0 {
		return 0, nil
	}
	d.verifies = w.verify || st.Format.Spare && !w.streaming
	if d.bufferFull(n) {
		return 0, errBufferFull()
	}
	if err := d.settle(st, w); err != nil {
		return 0, err
	}
	if err := d.advance(st, w.lba, w.blocks); err != nil {
		return 0, err
	}
	if d.test != nil {
		return n, nil
	}
	return n, d.record(r.ctx, w.lba, size, p)
}

// admit checks whether a write is allowed, and returns the size of a block in bytes. It does
// not change the state.
func (d *recorder) admit(st *discfile.State, lba, blocks int64) (int, error) {
	probe := st.Clone()
	if d.random(probe) {
		return disc.SectorSize, d.admitRandom(probe, lba, blocks)
	}
	if d.overwritable() {
		return disc.SectorSize, d.admitOverwrite(probe, lba, blocks)
	}
	if d.medium.family == minusR && !d.page5.set {
		return 0, errMode()
	}
	if d.medium.family == minusR && d.page5.writeType() == writeJump || jumping(probe) {
		if d.page5.writeType() != writeJump {
			return 0, errMode()
		}
		return disc.SectorSize, d.admitJump(probe, lba, blocks)
	}
	if probe.Quick && d.page5.writeType() == writeIncremental {
		return 0, errMode() // a DVD-RW after a minimal blank can only be written disc at once
	}
	if d.pseudoOverwrite(probe, lba) {
		return disc.SectorSize, d.admitPseudo(probe, lba, blocks)
	}
	if o := probe.OpenSession(); d.medium.family == minusR && o != nil && len(o.Tracks) > 0 {
		if o.AtOnce != (d.page5.writeType() == writeAtOnce) {
			return 0, errMode()
		}
	}
	if d.medium.family == minusR && d.page5.writeType() == writeAtOnce && len(probe.Sessions) > 0 && probe.OpenSession() == nil {
		return 0, errCannotWrite() // disc at once needs a blank disc
	}
	_, err := d.target(probe, lba, blocks)
	return disc.SectorSize, err
}

// advance moves the next writable address after the blocks of an admitted write.
func (d *recorder) advance(st *discfile.State, lba, blocks int64) error {
	switch {
	case d.random(st):
		d.advanceRandom(st, lba, blocks)
		return nil
	case d.overwritable():
		d.advanceOverwrite(st, lba, blocks)
		return nil
	case d.pseudoOverwrite(st, lba):
		return nil
	}
	if d.medium.family == minusR && d.page5.writeType() == writeJump {
		d.advanceJump(st, lba, blocks)
		return nil
	}
	if len(st.Sessions) == 0 {
		d.brand(st)
	}
	t, err := d.target(st, lba, blocks)
	if err != nil {
		return err
	}
	t.Next = lba + blocks
	if d.medium.family == minusR && d.page5.writeType() == writeAtOnce {
		st.OpenSession().AtOnce = true
	}
	return nil
}

// readOnly reports whether the disc is pressed, or its file cannot be written.
func (d *recorder) readOnly() bool { return d.store.ReadOnly() }

// testing reports whether writes are test writes: page 05h requests it, and the medium
// supports it (MMC-6 7.5).
func (d *recorder) testing() bool {
	return d.page5.test() && (d.medium.family == cdWrite || d.medium.family == minusR && !d.overwritable())
}

// syncCache is SYNCHRONIZE CACHE(10) (MMC-6 6.40). It fills the last ECC block. On CD it
// closes a track that is written track at once, and at the end of a cue sheet the session.
// A DVD-R that is written disc at once is finalized.
func (d *recorder) syncCache(r *request) (int, error) {
	if d.readOnly() || d.faults.Discard {
		return 0, nil
	}
	st := d.state()
	o := st.OpenSession()
	switch {
	case d.overwritable() || o == nil:
	case d.medium.family == cdWrite:
		if err := d.syncCD(st, o); err != nil {
			return 0, err
		}
	case o.AtOnce && d.medium.family == minusR:
		d.pad(st)
		if t := &o.Tracks[0]; !t.Reserved || t.Complete() {
			d.finishSession(st)
			st.Final = true
		}
	default:
		d.pad(st)
	}
	d.long(r.CDB[1]&2 != 0, longSync)
	if d.test != nil {
		if d.medium.family == cdWrite || st.Final {
			d.test = nil
		}
		return 0, nil
	}
	if rate := d.paceRate(); rate > 0 {
		if r.CDB[1]&2 == 0 {
			d.pace.drain(r.ctx, rate)
		} else {
			d.pace.update(rate)
			d.pace.from = d.pace.level
		}
	}
	return 0, d.commit()
}

// reserveTrack is RESERVE TRACK (MMC-6 6.30). ARSV and RMZ must be zero, so that the command
// has a size in blocks.
func (d *recorder) reserveTrack(r *request) (int, error) {
	if d.readOnly() || d.protected() {
		return 0, errProtected()
	}
	if d.faults.Discard {
		return 0, nil
	}
	n := int64(binary.BigEndian.Uint32(r.CDB[5:]))
	if r.CDB[1]&3 != 0 || n == 0 {
		return 0, errField()
	}
	if d.overwritable() {
		return 0, errField()
	}
	st := d.state()
	if d.testing() {
		d.test = d.disc.Clone()
		st = d.test
	}
	reserve := d.reserve
	if d.medium.family == cdWrite {
		reserve = d.reserveCD
	}
	if err := reserve(st, n); err != nil || d.test != nil {
		return 0, err
	}
	return 0, d.commit()
}

// reserve reserves a track of a DVD or BD.
func (d *recorder) reserve(st *discfile.State, n int64) error {
	if st.Final {
		return errCannotWrite()
	}
	at, ok := d.appendPoint(st)
	if !ok {
		return check(5, 0x72, 0x05) // NO MORE TRACK RESERVATIONS ALLOWED
	}
	n = d.medium.roundUp(n)
	atOnce := false
	if d.medium.family == minusR {
		if !d.page5.set {
			return errMode()
		}
		if d.page5.writeType() == writeJump || jumping(st) {
			return errSequence() // a session with layer jumps has one track
		}
		if atOnce = d.page5.writeType() == writeAtOnce; atOnce && len(st.Sessions) > 0 {
			return errCannotWrite()
		}
	}
	if at+n > st.Usable() {
		return errTrackEnd()
	}
	if len(st.Sessions) == 0 {
		d.brand(st)
	}
	o := st.EnsureOpen()
	control, packet := d.writeControl()
	o.AtOnce = atOnce
	o.Tracks = append(o.Tracks, discfile.Track{Start: at, Next: at, Size: n, Reserved: true, Control: control, Packet: packet})
	return nil
}

// sendOPC is SEND OPC INFORMATION (MMC-6 6.35). The features of CD, DVD-R and DVD-RW include
// it; for other media it is not needed.
func (d *recorder) sendOPC(r *request) (int, error) {
	if d.medium.family != cdWrite && d.medium.family != minusR {
		return 0, check(5, 0x30, 0x02) // CANNOT READ MEDIUM - INCOMPATIBLE FORMAT
	}
	if d.readOnly() || d.state().Final {
		return 0, errCannotWrite()
	}
	if r.CDB[1]&1 == 0 && binary.BigEndian.Uint16(r.CDB[7:]) != 0 {
		return 0, errField() // calibration values from the host are not supported
	}
	return 0, nil
}
