package virtual

import (
	"encoding/binary"

	"glassmaster/mastering/image/discfile"
)

// profiles are those that the drive supports, the highest number first (MMC-6 5.3.1).
var profiles = []uint16{
	profileBDRE, profileBDRRRM, profileBDR, profileBDROM, profileDVDpRDL, profileDVDpR, profileDVDpRW,
	profileDVDRDLJ, profileDVDRDL, profileDVDRWSQ, profileDVDRWRO, profileDVDRAM, profileDVDR, profileDVDROM, profileCDRW, profileCDR, profileCDROM,
}

// profile returns the current profile.
func (d *recorder) profile() int {
	if d.store == nil {
		return profileNone
	}
	st := d.state()
	switch {
	case st.Format.Restricted:
		return profileDVDRWRO
	case d.random(st):
		return profileBDRRRM
	case jumping(st), d.jumps() && d.page5.set && d.page5.writeType() == writeJump:
		return profileDVDRDLJ
	}
	return d.medium.profile
}

// feature is a feature descriptor (MMC-6 5.2).
type feature struct {
	code       uint16
	version    byte
	persistent bool
	current    bool
	data       []byte
}

// getConfiguration is GET CONFIGURATION (MMC-6 6.5).
func (d *recorder) getConfiguration(r *request) (int, error) {
	rt, start := r.CDB[1]&3, binary.BigEndian.Uint16(r.CDB[2:])
	if rt == 3 {
		return 0, errField()
	}
	b := make([]byte, 8)
	binary.BigEndian.PutUint16(b[6:], uint16(d.profile()))
	for _, f := range d.features() {
		if f.code < start || rt == 1 && !f.current && !f.persistent || rt == 2 && f.code != start {
			continue
		}
		b = append(b, f.bytes()...)
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	return r.reply(b, int(binary.BigEndian.Uint16(r.CDB[7:])))
}

func (f feature) bytes() []byte {
	b := binary.BigEndian.AppendUint16(nil, f.code)
	flags := f.version << 2
	if f.persistent {
		flags |= 2
	}
	if f.current || f.persistent {
		flags |= 1
	}
	return append(append(b, flags, byte(len(f.data))), f.data...)
}

func flag(on bool, bit byte) byte {
	if on {
		return bit
	}
	return 0
}

// features returns all features in the order of their codes (MMC-6 5.3).
func (d *recorder) features() []feature {
	p, in := d.profile(), d.store != nil
	cd := in && d.medium.isCD()
	dvd := in && !d.medium.isCD() && !d.medium.isBD()
	return append([]feature{
		{0x0000, 0, true, true, d.profileList()},
		{0x0001, 2, true, true, []byte{0, 0, 0, 1, 1, 0, 0, 0}}, // SCSI family, device busy events
		{0x0002, 1, true, true, []byte{0x02, 0, 0, 0}},          // operational change events
		{0x0003, 0, true, true, d.removable()},
		d.writeProtectFeature(),
		{0x0010, 0, false, in && d.readable(), d.randomReadable()},
		{0x001D, 0, false, cd, nil},
		{0x001E, 2, false, cd, []byte{3, 0, 0, 0}}, // C2 pointers, CD-TEXT
		{0x001F, 1, false, dvd, []byte{1, 0, 1, 0}},
	}, append(d.writeFeatures(p), []feature{
		{0x0100, 0, true, true, nil},
		{0x0105, 1, true, true, []byte{0, 0, 0, 0}},
		{0x0107, 4, false, in, []byte{0x1F, 0, 0, 0}},
		{0x0108, 0, true, true, []byte(serial)},
	}...)...)
}

// removable returns feature 0003h (MMC-6 5.3.4): a tray, eject, lock, and load if set.
func (d *recorder) removable() []byte { return []byte{0x29 | flag(d.loader, 0x10), 0, 0, 0} }

func (d *recorder) profileList() []byte {
	var b []byte
	for _, p := range profiles {
		if int(p) != d.profile() && d.book.lacks(int(p)) {
			continue
		}
		b = binary.BigEndian.AppendUint16(b, p)
		b = append(b, flag(int(p) == d.profile(), 1), 0)
	}
	return b
}

// randomReadable: bytes 0-3 block size, 4-5 blocking, 6 bit 0 error recovery page.
func (d *recorder) randomReadable() []byte {
	b := []byte{0, 0, 8, 0, 0, 16, 1, 0}
	if d.store != nil {
		b[5] = byte(d.medium.block)
	}
	return b
}

// bdRead returns the classes of BD that can be read: BD-RE 1 and 2, BD-R 1, BD-ROM 1.
func bdRead() []byte {
	b := make([]byte, 28)
	b[5], b[13], b[21] = 0x06, 0x02, 0x02
	return b
}

// writeFeatures returns the features for writing, from which a host learns how to write the
// disc, and that for reading BD, whose code is among theirs.
func (d *recorder) writeFeatures(p int) []feature {
	st := d.state()
	if st == nil {
		st = &discfile.State{}
	}
	restricted := p == profileDVDRWRO
	random := d.store != nil && st.Format.Blocks > 0 && !restricted && d.overwritable()
	minus := p == profileDVDR || p == profileDVDRWSQ || p == profileDVDRDL
	cd := p == profileCDR || p == profileCDRW
	bdr := p == profileBDR || p == profileBDRRRM
	open := d.store != nil && !st.Final && !d.readOnly()
	return []feature{
		{0x0020, 1, false, random && p != profileBDRRRM, d.randomWritable()},
		{0x0021, 1, false, open && (minus && !st.Quick || p == profileBDR), []byte{1, 0, 1, 1, 16, 0, 0, 0}},
		{0x0023, 1, false, d.formattable() && !d.readOnly(), d.formattableData()},
		{0x0024, 1, false, d.store != nil && st.Format.Spare, []byte{flag(p == profileDVDRAM, 0x80), 0, 0, 0}},
		{0x0025, 0, false, open && p == profileBDRRRM, []byte{0, 0, 8, 0, 0, 32, 1, 0}},
		{0x0026, 0, false, restricted, nil},
		{0x002A, 0, false, p == profileDVDpRW, []byte{1, 0, 0, 0}},
		{0x002B, 0, false, open && p == profileDVDpR, []byte{1, 0, 0, 0}},
		{0x002C, 0, false, restricted, []byte{3, 0, 0, 0}}, // intermediate state, BLANK
		{0x002D, 2, false, open && cd, []byte{0x46, 0, 0x3F, 0x01}},
		{0x002E, 0, false, open && cd, []byte{0x7F, 0, 0x0C, 0x80}},
		{0x002F, 1, false, open && minus, []byte{0x4E, 0, 0, 0}}, // and DVD-R DL
		{0x0033, 1, false, open && d.jumps(), []byte{0, 0, 0, 1, 16, 0, 0, 0}},
		{0x0037, 0, false, p == profileCDRW, []byte{0, 0x07, 0, 0}},
		{0x0038, 0, false, open && p == profileBDR && st.Format.POW, make([]byte, 4)},
		{0x003B, 0, false, open && p == profileDVDpRDL, []byte{1, 0, 0, 0}},
		{0x0040, 0, false, d.store != nil && d.medium.isBD(), bdRead()},
		{0x0041, 0, false, open && bdr || p == profileBDRE, bdWrite()},
	}
}

// formattableData returns feature 0023h (MMC-6 5.3.13): byte 0 of a BD-RE formats without
// spare areas (bit 3), quick (1) and full (0) certification; byte 4 of a BD-R random
// recording (bit 0).
func (d *recorder) formattableData() []byte { return []byte{0x0B, 0, 0, 0, 1, 0, 0, 0} }

// randomWritable: bytes 0-3 last LBA, 4-7 block size, 8-9 blocking, 10 error recovery page.
func (d *recorder) randomWritable() []byte {
	b := []byte{0, 0, 0, 0, 0, 0, 8, 0, 0, 16, 1, 0}
	if d.store != nil {
		binary.BigEndian.PutUint32(b, uint32(max(0, d.state().Format.Blocks-1)))
		b[9] = byte(d.medium.block)
	}
	return b
}

// bdWrite returns the classes of BD that can be written: BD-RE 1 and 2, BD-R 1.
func bdWrite() []byte {
	b := make([]byte, 20)
	b[5], b[13] = 0x06, 0x02
	return b
}
