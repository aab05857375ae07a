package virtual

import (
	"encoding/binary"

	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/sector"
)

// readSubChannel is READ SUB-CHANNEL (MMC-5 6.25): the position of the sector that was read
// last (format 1), the media catalogue number (2), and the ISRC of a track (3).
func (d *recorder) readSubChannel(r *request) (int, error) {
	if !d.medium.isCD() {
		return 0, errIncompatible()
	}
	allocation := int(binary.BigEndian.Uint16(r.CDB[7:]))
	if r.CDB[2]&0x40 == 0 {
		return r.reply([]byte{0, noAudioStatus, 0, 0}, allocation)
	}
	var b []byte
	var err error
	switch r.CDB[3] {
	case 1:
		b, err = d.currentPosition(r.CDB[1]&2 != 0)
	case 2:
		b = codeReply(2, d.state().MCN)
	case 3:
		t, s := d.state().Track(int(r.CDB[6]))
		if t == nil || !d.state().Sessions[s-1].Closed {
			return 0, errField()
		}
		b = codeReply(3, t.ISRC)
		b[5], b[6] = t.Control<<4|sector.QISRC, r.CDB[6]
	default:
		err = errField()
	}
	if err != nil {
		return 0, err
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)-4))
	return r.reply(b, allocation)
}

// noAudioStatus says that the drive does not play.
const noAudioStatus = 0x15

// codeReply returns the reply of format 2 or 3: bit 7 of byte 8 is set if there is a code, which
// begins in byte 9.
func codeReply(format byte, code string) []byte {
	b := make([]byte, 24)
	b[1], b[4] = noAudioStatus, format
	if code != "" {
		b[8] = 0x80
		copy(b[9:23], code)
	}
	return b
}

// currentPosition is format 1: 5 control and mode of Q (unlike in Q, the mode is in the high half),
// 6 track, 7 index, 8 to 11 absolute address, 12 to 15 address in the track.
func (d *recorder) currentPosition(msf bool) ([]byte, error) {
	b := make([]byte, 8, 16)
	b[1], b[4] = noAudioStatus, 1
	if k, _ := d.kind(d.position); k == noSector {
		return append(b, make([]byte, 8)...), nil
	}
	in := discfile.NewReader(d.store, d.state())
	for at := d.position; at < d.position+12; at++ { // a sector may have a code instead of its position
		var p [sector.SubSize]byte
		if err := in.Sub(p[:], at); err != nil {
			return nil, readFault(err, at)
		}
		raw := sector.ReadQ(p[:])
		q, ok := sector.DecodeQ(raw[:])
		if !ok || q.Mode != sector.QPosition {
			continue
		}
		b[5], b[6], b[7] = sector.QPosition<<4|q.Control, byte(q.Track), byte(q.Index)
		relative := q.Relative.Sectors()
		if msf {
			b = address(b, d.position, true)
			return append(b, 0, byte(q.Relative.M), byte(q.Relative.S), byte(q.Relative.F)), nil
		}
		if q.Index == 0 {
			relative = -relative
		}
		return binary.BigEndian.AppendUint32(address(b, d.position, false), uint32(relative)), nil
	}
	return append(b, make([]byte, 8)...), nil
}

// packs returns the R to W sub-channels of a sector as packs: without interleaving.
func (d *recorder) packs(in *discfile.Reader, lba int64) ([]byte, error) {
	var subs [interleaveSectors * sector.SubSize]byte
	for i := range int64(interleaveSectors) {
		if k, _ := d.kind(lba + i); k == noSector || k == linkSector {
			break
		}
		if err := in.Sub(subs[i*sector.SubSize:(i+1)*sector.SubSize], lba+i); err != nil {
			return nil, err
		}
	}
	return deinterleave(subs[:]), nil
}
