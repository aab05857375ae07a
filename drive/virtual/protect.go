package virtual

// Write protection (MMC-6 6.22, format C0h), as the bits of the structure.
const (
	protectUntilReset = 0x01
	protectPersistent = 0x02
	protectTab        = 0x04
)

// protection returns why the disc is write protected, 0 if it is not.
func (d *recorder) protection() byte {
	if d.store == nil || d.disc == nil {
		return 0
	}
	return flag(d.untilReset, protectUntilReset) | flag(d.disc.Protected, protectPersistent) |
		flag(d.faults.Tab && d.cartridge(), protectTab)
}

// protected reports whether the disc is write protected.
func (d *recorder) protected() bool { return d.protection() != 0 }

// cartridge reports whether the disc can be in a cartridge with a tab.
func (d *recorder) cartridge() bool { return d.medium.profile == profileDVDRAM }

// writeProtectFeature is feature 0004h: write protection until power off, and on DVD-RAM a
// persistent one (MMC-6 5.3.5).
func (d *recorder) writeProtectFeature() feature {
	in := d.store != nil && d.medium.family != pressed && !d.medium.isCD()
	return feature{0x0004, 2, false, in, []byte{0x03, 0, 0, 0}}
}

// mediumStatus is format 09h: byte 0 bit 7 cartridge, 2 tab, 1 persistent protection.
func (d *recorder) mediumStatus() []byte {
	b := make([]byte, 4)
	b[0] = flag(d.faults.Tab && d.cartridge(), 0x80) | d.protection()&(protectTab|protectPersistent)
	return b
}

// protect is SEND DISC STRUCTURE of format C0h. Only a DVD-RAM can be protected persistently.
func (d *recorder) protect(bits byte) error {
	if bits&^(protectUntilReset|protectPersistent) != 0 || bits&protectPersistent != 0 && d.medium.profile != profileDVDRAM {
		return errParameter()
	}
	d.untilReset = bits&protectUntilReset != 0
	d.disc.Protected = bits&protectPersistent != 0
	return d.commit()
}
