package virtual

import (
	"encoding/binary"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
)

// Format types of FORMAT UNIT (MMC-6 6.4).
const (
	formatFull      = 0x00 // DVD-RW, DVD-RAM, BD-RE and BD-R with the default spare areas
	formatRWFull    = 0x10 // DVD-RW
	formatRWGrow    = 0x11
	formatRWQGrow   = 0x13
	formatRWQuick   = 0x15
	formatPlusRW    = 0x26
	formatBDRESpare = 0x30
	formatBDREPlain = 0x31
	formatBDRSpare  = 0x32
)

// defaultSpare returns the user area of a BD with the default spare areas of real drives, in
// sectors: 11826176 of 12219392. Those of an XL are larger.
func (m Medium) defaultSpare(sectors int64) int64 {
	if sectors == m.Sectors {
		return sectors - [...]int64{0, 393216, 786432, 1572864, 2097152}[m.layers]
	}
	return sectors - m.roundUp(sectors/32)
}

// minSpare returns the smallest user area, maxSpare the largest one with spare areas.
func (m Medium) minSpare(sectors int64) int64 { return sectors/2/m.block*m.block + m.block }
func (m Medium) maxSpare(sectors int64) int64 { return sectors - m.block }

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
	m := d.medium
	spare := func(blocks int64) uint32 { return uint32((n - blocks) / m.block) }
	switch {
	case m.profile == profileDVDpRW:
		add(n, formatPlusRW, 0)
	case m.profile == profileDVDRAM:
		add(n, formatFull, disc.SectorSize)
	case m.profile == profileDVDRWSQ:
		add(n, formatFull, disc.SectorSize)
		add(n, formatRWFull, 16)
		if d.state().Format.Restricted {
			add(n, formatRWGrow, 16)
			add(n, formatRWQGrow, 16)
		}
		add(n, formatRWQuick, 16)
	case m.profile == profileBDRE:
		add(m.defaultSpare(n), formatFull, disc.SectorSize)
		add(m.minSpare(n), formatBDRESpare, spare(m.minSpare(n)))
		add(m.defaultSpare(n), formatBDRESpare, spare(m.defaultSpare(n)))
		add(m.maxSpare(n), formatBDRESpare, spare(m.maxSpare(n)))
		add(n, formatBDREPlain, disc.SectorSize)
	case m.family == bdR:
		add(m.defaultSpare(n), formatFull, disc.SectorSize)
		add(m.maxSpare(n), formatBDRSpare, spare(m.maxSpare(n)))
		add(m.defaultSpare(n), formatBDRSpare, spare(m.defaultSpare(n)))
		add(m.minSpare(n), formatBDRSpare, spare(m.minSpare(n)))
	}
}

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
	if !d.formattable() || d.readOnly() {
		return 0, check(5, 0x30, 0x06) // CANNOT FORMAT MEDIUM - INCOMPATIBLE MEDIUM
	}
	if binary.BigEndian.Uint16(b[2:]) != 8 {
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
		err = formatDVDRAM(d.medium, st, blocks, kind)
	case d.medium.profile == profileBDRE:
		err = d.formatBDRE(st, blocks, kind)
	default:
		err = d.formatBDR(st, blocks, kind, b[8]&3)
	}
	if err != nil {
		return 0, err
	}
	d.disc, d.test = st, nil
	d.long(b[1]&2 != 0, longFormat)
	return len(b), d.commit()
}

// factoryFormat returns the format of a new disc. Only a DVD-RAM is sold formatted.
func factoryFormat(m Medium, sectors int64) discfile.Formatting {
	if m.profile != profileDVDRAM {
		return discfile.Formatting{}
	}
	return discfile.Formatting{Blocks: sectors, Reached: sectors, Spare: true}
}

func formatDVDRAM(m Medium, st *discfile.State, blocks int64, kind byte) error {
	if kind != formatFull || blocks != st.Sectors && blocks != 0xFFFFFFFF {
		return errParameter()
	}
	st.Format = factoryFormat(m, st.Sectors)
	return nil
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

// formatDVDRW formats a DVD-RW for restricted overwrite. After a quick format it is in the
// intermediate state, in which it is written from the beginning, or from the end of the
// formatted part.
func (d *recorder) formatDVDRW(st *discfile.State, blocks int64, kind byte) error {
	old := st.Format
	if blocks == 0xFFFFFFFF {
		blocks = st.Sectors
	}
	if blocks > st.Sectors || blocks%d.medium.block != 0 {
		return errParameter()
	}
	f := discfile.Formatting{Restricted: true}
	switch kind {
	case formatFull, formatRWFull:
		if blocks == 0 {
			blocks = st.Sectors
		}
		f.Blocks, f.Reached = blocks, blocks
	case formatRWQuick:
		f.Growing, f.Target = true, blocks
	case formatRWGrow, formatRWQGrow:
		if !old.Restricted {
			return errParameter()
		}
		f.Blocks, f.Reached = old.Blocks, old.Reached
		if kind == formatRWGrow {
			f.Blocks = min(old.Blocks+blocks, st.Sectors)
			f.Reached = f.Blocks
		} else {
			f.Growing = true
		}
	default:
		return errParameter()
	}
	st.Sessions, st.Final, st.Quick, st.Format = nil, false, false, f
	return nil
}

func (d *recorder) formatBDRE(st *discfile.State, blocks int64, kind byte) error {
	m, n := d.medium, st.Sectors
	switch kind {
	case formatFull:
		blocks = m.defaultSpare(n)
	case formatBDREPlain:
		blocks = n
	case formatBDRESpare:
		if blocks == 0 || blocks == 0xFFFFFFFF {
			blocks = m.defaultSpare(n)
		}
		if blocks < m.minSpare(n) || blocks > m.maxSpare(n) || blocks%m.block != 0 {
			return errParameter()
		}
	default:
		return errParameter()
	}
	st.Format = discfile.Formatting{Blocks: blocks, Spare: blocks < n, Reached: blocks}
	return nil
}

// formatBDR formats a BD-R. Sub-type 0 is sequential recording with pseudo overwrite, 1
// without, 2 random recording, which is not supported.
func (d *recorder) formatBDR(st *discfile.State, blocks int64, kind, sub byte) error {
	m, n := d.medium, st.Sectors
	switch {
	case kind == formatFull:
		blocks = m.defaultSpare(n)
	case kind != formatBDRSpare || sub > 1:
		return errParameter()
	case blocks < m.minSpare(n) || blocks > m.maxSpare(n) || blocks%m.block != 0:
		return errParameter()
	}
	st.Format = discfile.Formatting{Limit: blocks, Spare: true, POW: sub == 0}
	return nil
}

// blank is BLANK (MMC-6 6.2) of types 0 (whole disc) and 1 (minimal). A DVD-RW is then
// sequential, and after a minimal blank it can only be written disc at once.
func (d *recorder) blank(r *request) (int, error) {
	if d.readOnly() || d.medium.family != cdWrite && d.medium.family != minusR || !d.medium.rewritable {
		return 0, errIncompatible()
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
