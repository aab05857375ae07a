package virtual

import "encoding/binary"

// Names of the manufacturer and the type that are recorded on the disc.
const (
	makerID = "GLASSMST"
	typeID  = "001"
)

// readStructure is READ DISC STRUCTURE (MMC-6 6.22).
func (d *recorder) readStructure(r *request) (int, error) {
	format, kind := r.CDB[7], r.CDB[1]&15
	allocation := int(binary.BigEndian.Uint16(r.CDB[8:]))
	if d.medium.isCD() {
		return 0, errIncompatible()
	}
	if want := flag(d.medium.isBD(), 1); kind != want {
		return 0, errField()
	}
	var b []byte
	if format == 0xFF {
		for _, f := range d.structures() {
			size := len(d.structure(f))
			b = append(b, f, 0x40, byte(size>>8), byte(size))
		}
	} else if b = d.structure(format); b == nil {
		return 0, errField()
	}
	head := []byte{byte((len(b) + 2) >> 8), byte(len(b) + 2), 0, 0}
	return r.reply(append(head, b...), allocation)
}

// structures returns the formats that the disc has.
func (d *recorder) structures() []byte {
	switch {
	case d.medium.profile == profileDVDpRDL:
		return []byte{0x00, 0x11, 0x20}
	case d.medium.family == plusR || d.medium.profile == profileDVDpRW:
		return []byte{0x00, 0x11}
	case d.medium.family == minusR:
		return []byte{0x00, 0x0E}
	}
	return []byte{0x00}
}

// structure returns the data of a format, or nil.
func (d *recorder) structure(format byte) []byte {
	plus := d.medium.family == plusR || d.medium.profile == profileDVDpRW
	switch {
	case format == 0 && d.medium.isBD():
		return d.bdInformation()
	case format == 0:
		return d.physical()
	case format == 0x0E && d.medium.family == minusR:
		return preRecorded()
	case format == 0x11 && plus:
		return d.physical()[:256]
	case format == 0x20 && d.medium.profile == profileDVDpRDL:
		return d.layerBoundary()
	}
	return nil
}

// bookType returns the book type of a profile in the high nibble, and its version in the low
// one (MMC-6 6.22).
func bookType(profile int) byte {
	switch profile {
	case profileDVDROM:
		return 0x01
	case profileDVDRAM:
		return 0x16
	case profileDVDR:
		return 0x25
	case profileDVDRWSQ:
		return 0x32
	case profileDVDRDL:
		return 0x26
	case profileDVDpRW:
		return 0x92
	case profileDVDpR:
		return 0xA1
	case profileDVDpRDL:
		return 0xE1
	}
	return 0
}

// physical returns the physical format information of a DVD, 2048 bytes. The ADIP of a DVD+R
// or DVD+RW begins in the same way (MMC-6 6.22).
func (d *recorder) physical() []byte {
	const firstPSN = 0x030000
	m, st := d.medium, d.state()
	b := make([]byte, 2048)
	b[0], b[1] = bookType(m.profile), 0x0F // 120 mm, no rate given
	kind := byte(2)                        // recordable
	switch {
	case m.family == pressed:
		kind = 1
	case m.rewritable:
		kind = 4
	}
	b[2] = byte(m.layers-1)<<5 | kind
	if m.layers == 2 {
		b[2] |= 0x10 // opposite track path
	}
	end := max(d.capacity(), 1)
	if _, leadOut, err := d.tocTracks(); err == nil && st.Final {
		end = leadOut
	}
	putPSN(b[5:], firstPSN)
	if m.layers == 2 {
		l0 := d.layer0()
		putPSN(b[13:], firstPSN+l0-1)
		putPSN(b[9:], 0xFFFFFF&^(firstPSN+end-l0-1))
	} else {
		putPSN(b[9:], firstPSN+end-1)
	}
	if m.family != pressed {
		copy(b[19:27], makerID)
		copy(b[27:30], typeID)
	}
	return b
}

// preRecorded returns the pre-recorded information in the lead-in of a DVD-R or DVD-RW:
// fields of 8 bytes that begin with their number. 3 and 4 hold the name of the
// manufacturer.
func preRecorded() []byte {
	b := make([]byte, 40)
	for i := range 5 {
		b[8*i] = byte(i + 1)
	}
	copy(b[17:23], makerID)
	copy(b[25:31], makerID[6:]+typeID)
	return b
}

func putPSN(b []byte, v int64) { b[0], b[1], b[2] = byte(v>>16), byte(v>>8), byte(v) }

// layer0 returns the number of sectors of layer 0.
func (d *recorder) layer0() int64 {
	if n := d.state().LayerBreak; n > 0 {
		return n
	}
	return d.medium.roundUp(d.state().Sectors / 2)
}

// layerBoundary returns format 20h: bit 7 of byte 0 is set if the boundary is fixed; bytes
// 4-7 are the number of sectors of layer 0.
func (d *recorder) layerBoundary() []byte {
	b := make([]byte, 8)
	b[0] = flag(d.state().LayerBreak > 0 || len(d.state().Sessions) > 0, 0x80)
	binary.BigEndian.PutUint32(b[4:], uint32(d.layer0()))
	return b
}

// bdInformation returns the disc information of a BD: one unit of 112 bytes, with the fields
// that hosts use.
func (d *recorder) bdInformation() []byte {
	b := make([]byte, 4096)
	copy(b, "DI")
	b[2], b[4], b[5], b[6] = 1, byte(d.medium.layers), 0, 112
	kind := "BDR"
	switch {
	case d.medium.family == pressed:
		kind = "BDO"
	case d.medium.rewritable:
		kind = "BDW"
	}
	copy(b[8:], kind)
	copy(b[100:], "GLASSM")
	copy(b[106:], typeID)
	return b
}

// sendStructure is SEND DISC STRUCTURE (MMC-6 6.33). Only format 20h is supported, the layer
// boundary of a blank DVD+R DL.
func (d *recorder) sendStructure(r *request) (int, error) {
	n := int(binary.BigEndian.Uint16(r.CDB[8:]))
	b, err := r.list(n)
	if err != nil {
		return 0, err
	}
	st := d.disc
	switch {
	case d.medium.profile != profileDVDpRDL || r.CDB[7] != 0x20 || d.readOnly():
		return 0, errField()
	case n != 12:
		return 0, errListLength()
	case len(st.Sessions) > 0 || st.LayerBreak > 0:
		return 0, errSequence()
	}
	l0 := int64(binary.BigEndian.Uint32(b[8:]))
	if l0 == 0 || l0%16 != 0 || l0 > d.medium.roundUp(st.Sectors/2) {
		return 0, errParameter()
	}
	st.LayerBreak = l0
	return n, d.commit()
}
