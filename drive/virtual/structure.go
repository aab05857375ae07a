package virtual

import "encoding/binary"

// Names of the manufacturer and the type that are recorded on the disc.
const (
	makerID = "GLASSMST"
	typeID  = "001"
)

// firstPSN is the physical address of the first sector of the data area of a DVD.
const firstPSN = 0x030000

// readStructure is READ DISC STRUCTURE (MMC-6 6.22).
func (d *recorder) readStructure(r *request) (int, error) {
	format, kind := r.CDB[7], r.CDB[1]&15
	allocation := int(binary.BigEndian.Uint16(r.CDB[8:]))
	if d.medium.isCD() {
		return 0, errIncompatible()
	}
	if want := flag(d.medium.isBD(), 1); kind != want && format < 0xC0 { // the others are those of all media
		return 0, errField()
	}
	var b []byte
	if format == 0xFF {
		for _, f := range d.structures() {
			n := f.size + 2 // the data length field of the structure
			b = append(b, f.format, f.access, byte(n>>8), byte(n))
		}
	} else if b = d.structure(format); b == nil {
		return 0, errField()
	}
	head := []byte{byte((len(b) + 2) >> 8), byte(len(b) + 2), 0, 0}
	return r.reply(append(head, b...), allocation)
}

// Format codes of structures (MMC-6 6.22).
const (
	structPhysical    = 0x00
	structCopyright   = 0x01
	structMade        = 0x04 // what the manufacturer recorded in the lead-in
	structStatus      = 0x09
	structSpare       = 0x0A
	structPreRecorded = 0x0E
	structLeadIn      = 0x10 // DVD-R, DVD-RW: physical format information in the lead-in
	structADIP        = 0x11
	structBoundary    = 0x20
	structMiddle      = 0x21
	structInterval    = 0x22
	structManual      = 0x23
	structProtection  = 0xC0
)

// Access to a structure in the list of structures.
const (
	readable = 0x40
	sendable = 0x80
)

// structureEntry is an entry in the list of structures. The size is that without the header.
type structureEntry struct {
	format, access byte
	size           int
}

// structures returns the structures that the disc has.
func (d *recorder) structures() []structureEntry {
	var all []structureEntry
	for _, f := range []byte{
		structPhysical, structCopyright, structMade, structStatus, structSpare, structPreRecorded, structLeadIn, structADIP, structBoundary, structMiddle, structInterval, structManual, structProtection,
	} {
		if b := d.structure(f); b != nil {
			all = append(all, structureEntry{f, readable | flag(f >= structBoundary, sendable), len(b)})
		}
	}
	return all
}

// plus reports whether the disc is a DVD+R or DVD+RW.
func (d *recorder) plus() bool {
	return d.medium.family == plusR || d.medium.profile == profileDVDpRW
}

// structure returns the data of a format, or nil.
func (d *recorder) structure(format byte) []byte {
	bd, st := d.medium.isBD(), d.state()
	minus := d.medium.family == minusR || d.medium.profile == profileDVDRWSQ
	switch {
	case format == structPhysical && bd:
		return d.bdInformation()
	case format == structPhysical:
		return d.physical()
	case format == structCopyright && !bd:
		return make([]byte, 4) // no protection, all regions
	case format == structMade && !bd && d.medium.family == pressed:
		return make([]byte, 2048)
	case format == structStatus && (d.medium.profile == profileDVDRAM || bd):
		return d.mediumStatus()
	case format == structSpare && (d.medium.profile == profileDVDRAM || bd && st.Format.Spare):
		return d.spareArea()
	case format == structPreRecorded && minus:
		return d.preRecorded()
	case format == structLeadIn && minus:
		return d.physical()
	case format == structADIP && d.plus():
		return d.adip()
	case format == structBoundary && d.layered():
		return layerValue(st.LayerBreak > 0 || len(st.Sessions) > 0, d.layer0())
	case format >= structMiddle && format <= structManual && d.jumps():
		return d.jumpStructure(format)
	case format == structProtection && d.medium.family != pressed:
		return []byte{d.protection(), 0, 0, 0}
	}
	return nil
}

// sendStructure is SEND DISC STRUCTURE (MMC-6 6.33): the formats 20h to 23h of discs with two
// layers, and write protection.
func (d *recorder) sendStructure(r *request) (int, error) {
	n := int(binary.BigEndian.Uint16(r.CDB[8:]))
	b, err := r.list(n)
	if err != nil {
		return 0, err
	}
	format := r.CDB[7]
	size := 12
	switch {
	case d.readOnly(), d.medium.isCD():
		return 0, errField()
	case format == structProtection:
		size = 8
	case format == structBoundary && d.layered():
	case format > structBoundary && format <= structManual && d.jumps():
	default:
		return 0, errField()
	}
	if n != size {
		return 0, errListLength()
	}
	if int(binary.BigEndian.Uint16(b)) != n-2 {
		return 0, errParameter()
	}
	if d.faults.Discard {
		return n, nil
	}
	if format == structProtection {
		return n, d.protect(b[4])
	}
	if d.protected() {
		return 0, errProtected()
	}
	if err := d.setLayers(d.disc, format, int64(binary.BigEndian.Uint32(b[8:]))); err != nil {
		return 0, err
	}
	return n, d.commit()
}

// spareArea is format 0Ah: of a DVD-RAM, the free sectors of the primary and the supplementary
// spare area, and all of the latter; of a BD, free and all clusters.
func (d *recorder) spareArea() []byte {
	all, free := d.spares(d.state())
	b := make([]byte, 12)
	be := binary.BigEndian
	if !d.medium.isBD() {
		primary := max(free-all, 0)
		be.PutUint32(b, uint32(primary*d.medium.block))
		free, all = (free-primary)*d.medium.block, all*d.medium.block
	}
	be.PutUint32(b[4:], uint32(free))
	be.PutUint32(b[8:], uint32(all))
	return b
}

// bookType returns the book type of a profile in the high nibble, and its version in the low
// one (MMC-6 6.22).
func bookType(profile int) byte {
	switch profile {
	case profileDVDROM:
		return bookROM
	case profileDVDRAM:
		return 0x16
	case profileDVDR:
		return 0x25
	case profileDVDRWSQ:
		return 0x32
	case profileDVDRDL:
		return 0x26
	case profileDVDpRW:
		return bookPlusRW
	case profileDVDpR:
		return bookPlusR
	case profileDVDpRDL:
		return bookPlusRDL
	}
	return 0
}

// physical returns the physical format information of a DVD, 2048 bytes. The ADIP of a DVD+R
// or DVD+RW begins in the same way (MMC-6 6.22).
func (d *recorder) physical() []byte {
	m, st := d.medium, d.state()
	b := make([]byte, 2048)
	b[0], b[1] = bookType(m.profile), 0x0F // 120 mm, no rate given
	if st.ROM {
		b[0] = bookROM
	}
	kind := byte(2) // recordable
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
		putPSN(b[9:], 0xFFFFFF&^(firstPSN+l0-1)+max(end-l0, 1)-1) // layer 1 begins below the end of layer 0
	} else {
		putPSN(b[9:], firstPSN+end-1)
	}
	if m.family != pressed {
		copy(b[19:27], makerID)
		copy(b[27:30], typeID)
	}
	return b
}

// adip returns the address in pre-groove of a DVD+R or DVD+RW. It begins as the physical
// format information, with the book type of the blank disc.
func (d *recorder) adip() []byte {
	b := d.physical()[:256]
	b[0] = bookType(d.medium.profile)
	return b
}

// preRecorded returns the pre-recorded information in the lead-in of a DVD-R or DVD-RW:
// fields of 8 bytes that begin with their number. 1 has the last physical address at byte 3,
// 3 and 4 hold the name of the manufacturer.
func (d *recorder) preRecorded() []byte {
	b := make([]byte, 40)
	for i := range 5 {
		b[8*i] = byte(i + 1)
	}
	putPSN(b[3:], firstPSN+d.state().Sectors/int64(d.medium.layers)-1)
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

// bdInformation returns the disc information of a BD: one unit of 112 bytes, with the fields
// that hosts use.
func (d *recorder) bdInformation() []byte {
	b := make([]byte, 4096)
	copy(b, "DI")
	b[2], b[3], b[6] = 1, 1, 112 // format, units, length
	b[11], b[12] = 1, byte(d.medium.layers)<<4
	if d.medium.layers <= 2 {
		b[13] = 1 // channel bit length for 25 GB in a layer
	}
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
