package virtual

import (
	"encoding/binary"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
)

// Format types of FORMAT UNIT (MMC-6 6.4).
const (
	formatFull      = 0x00 // DVD-RW, DVD-RAM, BD-RE and BD-R with the default spare areas
	formatRAMSpare  = 0x01 // DVD-RAM, enlarges the supplementary spare area
	formatRWFull    = 0x10 // DVD-RW
	formatRWGrow    = 0x11
	formatRWQGrow   = 0x13
	formatRWQuick   = 0x15
	formatPlusRW    = 0x26
	formatBDRESpare = 0x30
	formatBDREPlain = 0x31
	formatBDRSpare  = 0x32
)

// readFormatCapacities is READ FORMAT CAPACITIES (MMC-6 6.23): the current or largest
// capacity, then the formats that FORMAT UNIT supports.
func (d *recorder) readFormatCapacities(r *request) (int, error) {
	var list []byte
	add := func(blocks int64, kind byte, parameter uint32) {
		list = binary.BigEndian.AppendUint32(list, uint32(blocks))
		list = binary.BigEndian.AppendUint32(list, uint32(kind)<<24|parameter)
	}
	if d.store == nil {
		add(0, 3, disc.SectorSize)
	} else {
		blocks, kind := d.currentFormat()
		add(blocks, kind, disc.SectorSize)
		if d.formattable() {
			d.formats(func(blocks int64, kind byte, parameter uint32) { add(blocks, kind<<2, parameter) })
		}
	}
	return r.reply(append([]byte{0, 0, 0, byte(len(list))}, list...), int(binary.BigEndian.Uint16(r.CDB[7:])))
}

// currentFormat returns the capacity and its type: 1 largest capacity of an unformatted
// disc, 2 current capacity, 3 no complete session.
func (d *recorder) currentFormat() (blocks int64, kind byte) {
	st := d.state()
	switch {
	case d.medium.family == pressed:
		return st.Sectors, 2
	case d.overwritable() && st.Format.Growing:
		return st.Format.Blocks, 3
	case d.overwritable() && st.Format.Blocks > 0:
		return st.Format.End(), 2
	case d.medium.family == bdR && (st.Format.Limit > 0 || len(st.Sessions) > 0):
		return d.capacity(), 2
	case len(st.Sessions) > 0:
		_, end, err := d.tocTracks()
		if err != nil {
			return d.capacity(), 3
		}
		return end, 2
	}
	return d.capacity(), 1
}

// formats calls add for each format that the disc can get.
func (d *recorder) formats(add func(blocks int64, kind byte, parameter uint32)) {
	n := d.state().Sectors
	if d.faults.Capacity > 0 {
		n = d.faults.Capacity
	}
	switch d.medium.profile {
	case profileDVDpRW:
		add(n, formatPlusRW, 0)
	case profileDVDRAM:
		d.ramFormats(n, add)
	case profileDVDRWSQ:
		d.rwFormats(n, add)
	case profileBDRE, profileBDR:
		d.bdFormats(n, add)
	}
}

// Flags in the header of the parameter list of FORMAT UNIT (MMC-6 6.4).
const (
	formatImmed   = 0x02
	formatOptions = 0x7C // DPRY, DCRT, STPF, IP and Try-out, valid with FOV
	formatNoCheck = 0x20 // DCRT: no certification
	formatFOV     = 0x80
)

// formatUnit is FORMAT UNIT (MMC-6 6.4). Its parameter list has a header with flags, and one
// descriptor with blocks, type and parameter.
func (d *recorder) formatUnit(r *request) (int, error) {
	if r.CDB[1]&0x17 != 0x11 { // FmtData, format code 001b
		return 0, errField()
	}
	b, err := r.list(12)
	if err != nil {
		return 0, err
	}
	if d.protected() {
		return 0, errProtected()
	}
	if !d.formattable() || d.readOnly() {
		return 0, check(5, 0x30, 0x06) // CANNOT FORMAT MEDIUM - INCOMPATIBLE MEDIUM
	}
	if binary.BigEndian.Uint16(b[2:]) != 8 || b[1]&formatFOV == 0 && b[1]&formatOptions != 0 {
		return 0, errParameter()
	}
	if d.faults.Discard {
		return len(b), nil
	}
	st := d.disc.Clone()
	blocks, kind := int64(binary.BigEndian.Uint32(b[4:])), b[8]>>2
	switch {
	case d.medium.profile == profileDVDpRW:
		err = formatDVDPlusRW(st, blocks, kind, b[11])
	case d.medium.profile == profileDVDRWSQ:
		err = d.formatDVDRW(st, blocks, kind)
	case d.medium.profile == profileDVDRAM:
		err = d.formatDVDRAM(st, blocks, kind, b[1]&formatNoCheck == 0)
	case d.medium.profile == profileBDRE:
		err = d.formatBDRE(st, blocks, kind, b[8]&3)
	default:
		err = d.formatBDR(st, blocks, kind, b[8]&3)
	}
	if err != nil {
		return 0, err
	}
	d.brand(st)
	d.disc, d.test = st, nil
	d.long(b[1]&formatImmed != 0, longFormat)
	return len(b), d.commit()
}

// formatDVDPlusRW starts background formatting, during which the disc can be written. Bit 0
// of the last byte resumes a formatting that was stopped.
func formatDVDPlusRW(st *discfile.State, blocks int64, kind, parameter byte) error {
	if kind != formatPlusRW || blocks != 0xFFFFFFFF && blocks != st.Sectors {
		return errParameter()
	}
	if parameter&1 != 0 {
		if st.Format.Background != 1 {
			return errParameter()
		}
		st.Format.Background = 2
		return nil
	}
	st.Format = discfile.Formatting{Blocks: st.Sectors, Background: 2}
	return nil
}

// blank is BLANK (MMC-6 6.2) of types 0 (whole disc) and 1 (minimal). A DVD-RW is then
// sequential, and after a minimal blank it can only be written disc at once.
func (d *recorder) blank(r *request) (int, error) {
	if d.readOnly() || d.medium.family != cdWrite && d.medium.family != minusR || !d.medium.rewritable {
		return 0, errIncompatible()
	}
	if d.protected() {
		return 0, errProtected()
	}
	if d.medium.family == cdWrite {
		return d.blankCD(r)
	}
	kind := r.CDB[1] & 7
	if kind > 1 {
		return 0, errField()
	}
	if d.faults.Discard {
		return 0, nil
	}
	d.cache, d.test, d.cue = cache{}, nil, nil
	d.disc = &discfile.State{Medium: d.disc.Medium, Sectors: d.disc.Sectors, Quick: kind == 1 && d.medium.family == minusR}
	d.long(r.CDB[1]&0x10 != 0, longOther)
	if err := d.commit(); err != nil || kind == 1 {
		return 0, err
	}
	return 0, d.store.Erase()
}
