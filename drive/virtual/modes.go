package virtual

import "encoding/binary"

// Write types of mode page 05h (MMC-6 7.5).
const (
	writeIncremental = 0 // packet
	writeTAO         = 1
	writeAtOnce      = 2
	writeRaw         = 3
	writeJump        = 4 // DVD-R DL, layer jump recording
)

// writePage is the Write Parameters mode page 05h (MMC-6 7.5), 52 bytes.
type writePage struct {
	b   [52]byte
	set bool // the host has set it since the disc was inserted
}

func (p *writePage) writeType() byte { return p.b[2] & 15 }
func (p *writePage) test() bool      { return p.b[2]&0x10 != 0 }
func (p *writePage) multi() bool     { return p.b[3]>>6 == multiOpen }
func (p *writePage) control() byte   { return p.b[3] & 15 }
func (p *writePage) block() byte     { return p.b[4] & 15 }

// defaultPage returns the page after a disc was inserted.
func defaultPage(m Medium) writePage {
	p := writePage{}
	p.b[0], p.b[1] = 5, 50
	p.b[2], p.b[3], p.b[4] = 0x41, 4, 8 // BUFE, track at once, mode 1
	if !m.isCD() {
		p.b[2], p.b[3] = 0x62, 5 // BUFE, link size valid, disc at once
		p.b[5], p.b[13] = 16, 16
	}
	p.b[15] = 150 // audio pause length
	return p
}

// modeSense is MODE SENSE(10) (SPC-3 6.10).
func (d *recorder) modeSense(r *request) (int, error) {
	control, code := r.CDB[2]>>6, r.CDB[2]&0x3F
	if control == 3 {
		return 0, check(5, 0x39, 0x00) // SAVING PARAMETERS NOT SUPPORTED
	}
	if r.CDB[3] != 0 && r.CDB[3] != 0xFF {
		return 0, errField()
	}
	b := make([]byte, 8)
	found := false
	for _, p := range d.pages() {
		if code != 0x3F && code != p[0] {
			continue
		}
		found = true
		switch control {
		case 1:
			p = changeable(p)
		case 2:
			if p[0] == 5 {
				def := defaultPage(d.medium)
				p = def.b[:]
			}
		}
		b = append(b, p...)
	}
	if !found {
		return 0, errField()
	}
	binary.BigEndian.PutUint16(b, uint16(len(b)-2))
	return r.reply(b, int(binary.BigEndian.Uint16(r.CDB[7:])))
}

// changeable returns the mask of the bits that MODE SELECT can change.
func changeable(page []byte) []byte {
	m := make([]byte, len(page))
	m[0], m[1] = page[0], page[1]
	if page[0] == 5 {
		for i, v := range []byte{0x7F, 0xFF, 0x0F, 0xFF} {
			m[2+i] = v
		}
		for i := 7; i < len(m); i++ {
			m[i] = 0xFF
		}
	}
	return m
}

// pages returns the current values of all mode pages: 01h read/write error
// recovery, 05h write parameters, 08h caching, 2Ah capabilities.
func (d *recorder) pages() [][]byte {
	page5 := d.page5.b
	all := [][]byte{
		{0x01, 10, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0},
		page5[:],
		{0x08, 10, 0x04, 0, 0, 0, 0, 0, 0, 0, 0, 0}, // write cache on
		d.capabilities(),
	}
	if d.book.vendor == "ricoh" {
		all = append(all, []byte{ricohPageCode, 2, 0, 0})
	}
	return all
}

// capabilities returns the page 2Ah of MMC-3 5.5.10, which is obsolete but still used by
// hosts.
func (d *recorder) capabilities() []byte {
	speeds := d.medium.speeds
	if d.store == nil {
		speeds = nil
	}
	b := make([]byte, 32+4*len(speeds))
	b[0], b[1] = 0x2A, byte(len(b)-2)
	b[2], b[3] = 0x1B, 0x17 // reads CD-R/RW, DVD-ROM, DVD-R; writes CD-R/RW, DVD-R, test write
	b[4] = 0xF0             // buffer under-run free, multi-session, mode 2 form 2, mode 2 form 1
	b[5] = 0x7F             // UPC, ISRC, C2 pointers, R to W in packs and raw, accurate stream, CD-DA commands
	b[6] = 0x29 | flag(d.locked, 2)
	be := binary.BigEndian
	be.PutUint16(b[8:], uint16(min(d.maxRead(), 65535)))
	be.PutUint16(b[12:], bufferSize>>10)
	be.PutUint16(b[14:], uint16(min(d.maxRead(), 65535)))
	if len(speeds) > 0 {
		be.PutUint16(b[18:], uint16(min(speeds[0], 65535)))
		be.PutUint16(b[20:], uint16(min(d.writeSpeed(), 65535)))
		be.PutUint16(b[28:], uint16(min(d.writeSpeed(), 65535)))
	}
	be.PutUint16(b[30:], uint16(len(speeds)))
	for i, v := range speeds {
		be.PutUint16(b[32+4*i+2:], uint16(min(v, 65535)))
	}
	return b
}

// modeSelect is MODE SELECT(10) (SPC-3 6.8).
func (d *recorder) modeSelect(r *request) (int, error) {
	n := int(binary.BigEndian.Uint16(r.CDB[7:]))
	b, err := r.list(n)
	if err != nil || n == 0 {
		return 0, err
	}
	if r.CDB[1]&0x10 == 0 || r.CDB[1]&1 != 0 { // page format is required, saving pages is not supported
		return 0, errField()
	}
	if n < 8 {
		return 0, errListLength()
	}
	if binary.BigEndian.Uint16(b[6:]) != 0 {
		return 0, errParameter() // block descriptors are not supported
	}
	before := d.page5
	for b = b[8:]; len(b) > 0; {
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return 0, errListLength()
		}
		page, offset := b[:2+int(b[1])], n-len(b)
		b = b[len(page):]
		if err := d.selectPage(page, offset); err != nil {
			return 0, err
		}
	}
	if d.page5 != before {
		d.attend(check(6, 0x2A, 0x01), r.from) // MODE PARAMETERS CHANGED
	}
	return n, nil
}

func (d *recorder) selectPage(page []byte, offset int) error {
	switch page[0] & 0x3F {
	case 0x05:
		return d.selectWritePage(page, offset)
	case 0x01, 0x08:
		if len(page) != 12 {
			return errParameter()
		}
		return nil // accepted without effect
	}
	return errParameter()
}

// selectWritePage sets the Write Parameters page if the medium supports it (MMC-6 7.5). offset is
// that of the page in the parameter list.
func (d *recorder) selectWritePage(page []byte, offset int) error {
	if len(page) != 52 {
		return errParameter()
	}
	p := writePage{set: true}
	copy(p.b[:], page)
	p.b[0] &= 0x3F
	switch d.medium.family {
	case cdWrite:
		if i := p.wrongCD(); i >= 0 {
			return parameterAt(offset + i)
		}
	case minusR:
		if t := p.writeType(); t != writeIncremental && t != writeAtOnce && (t != writeJump || !d.jumps()) || p.block() != 8 {
			return errParameter()
		}
	}
	d.cue = nil // a cue sheet is valid only with the parameters that were set before it
	if d.test != nil && !p.test() {
		d.test = nil
	}
	d.page5 = p
	return nil
}
