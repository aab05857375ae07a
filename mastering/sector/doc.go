// Package sector implements what is recorded on a CD below its file systems: the sectors of
// 2352 bytes with sync, header, EDC and ECC (ECMA-130 14 and annexes A and B; for mode 2
// with sub-headers the CD-ROM XA specification), the sub-channels P to W (ECMA-130 22), and
// the packs of CD-TEXT (MMC-6 annex J).
//
// [AllForms] supplies the forms of sectors that a disc does not store: whole sectors from
// user data, user data from whole sectors, and sub-channels from the table of contents.
package sector

import "glassmaster/mastering/disc"

// Offsets in a sector of 2352 bytes, and sizes, in bytes.
const (
	Size       = disc.RawSectorSize
	SyncSize   = 12
	HeaderAt   = 12 // minute, second, frame (BCD), mode
	DataAt     = 16 // user data of mode 1, 2336 bytes of mode 2
	SubheadAt  = 16 // of mode 2 form 1 and 2: file, channel, submode, coding, twice
	XADataAt   = 24 // user data of mode 2 form 1 and 2
	Form2Size  = 2324
	Mode2Size  = 2336
	edcAt      = 2064 // mode 1
	edcForm1At = 2072
	edcForm2At = 2348
	parityPAt  = 2076
	parityQAt  = 2248
)

// Form2Bit is set in the submode of a form 2 sector.
const Form2Bit = 0x20

// sync is the beginning of every data sector (ECMA-130 14.2).
const sync = "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00"

// Kind is what a data sector contains.
type Kind uint8

// Kinds of data sectors.
const (
	Mode0 Kind = iota // zeros
	Mode1             // 2048 bytes with EDC and ECC
	Mode2             // 2336 bytes without either (formless)
	Form1             // mode 2 form 1: sub-header, 2048 bytes, EDC and ECC
	Form2             // mode 2 form 2: sub-header, 2324 bytes, and EDC or zeros
)

func (k Kind) String() string {
	return [...]string{"mode 0", "mode 1", "mode 2", "mode 2 form 1", "mode 2 form 2"}[k]
}

// Identify returns the kind of a sector by its header and sub-header. It returns false if
// the sync pattern is missing or the mode is unknown, as in an audio sector.
func Identify(p []byte) (Kind, bool) {
	if string(p[:SyncSize]) != sync {
		return 0, false
	}
	switch p[HeaderAt+3] {
	case 0:
		return Mode0, true
	case 1:
		return Mode1, true
	case 2:
		switch {
		case string(p[SubheadAt:SubheadAt+4]) != string(p[SubheadAt+4:SubheadAt+8]):
			return Mode2, true
		case p[SubheadAt+2]&Form2Bit != 0:
			return Form2, true
		}
		return Form1, true
	}
	return 0, false
}

// PutHeader writes the sync pattern and the header of a sector of mode 0, 1 or 2.
func PutHeader(p []byte, lba disc.LBA, mode byte) {
	copy(p, sync)
	m := lba.MSF()
	p[HeaderAt], p[HeaderAt+1], p[HeaderAt+2], p[HeaderAt+3] = BCD(m.M), BCD(m.S), BCD(m.F), mode
}

// BCD returns a number below 100 as two decimal digits.
func BCD(n int) byte { return byte(n/10<<4 | n%10) }

// FromBCD returns the number of two decimal digits. It returns false if they are not
// decimal.
func FromBCD(b byte) (int, bool) {
	return int(b>>4)*10 + int(b&15), b>>4 < 10 && b&15 < 10
}

// Generate fills in everything around the user data of a sector of this kind at lba: sync,
// header, EDC and ECC. The user data, and the sub-header of form 1 and 2, are already in
// their places in p.
func Generate(p []byte, lba disc.LBA, k Kind) {
	switch k {
	case Mode0:
		PutHeader(p, lba, 0)
		clear(p[DataAt:])
	case Mode1:
		PutHeader(p, lba, 1)
		putEDC(p[:edcAt], p[edcAt:])
		clear(p[edcAt+4 : parityPAt])
		putParity(p)
	case Mode2:
		PutHeader(p, lba, 2)
	case Form1:
		PutHeader(p, lba, 2)
		putEDC(p[SubheadAt:edcForm1At], p[edcForm1At:])
		zeroHeader(p, putParity)
	case Form2:
		PutHeader(p, lba, 2)
		putEDC(p[SubheadAt:edcForm2At], p[edcForm2At:])
	}
}

// zeroHeader calls f with a header of zeros, of which the ECC of form 1 is computed.
func zeroHeader(p []byte, f func([]byte)) {
	header := [4]byte(p[HeaderAt:])
	clear(p[HeaderAt:DataAt])
	f(p)
	copy(p[HeaderAt:], header[:])
}

// EncodeMode1 makes sectors of mode 1 from user data: dst has 2352 bytes for each 2048 of
// src. The first sector has the address lba.
func EncodeMode1(dst, src []byte, lba disc.LBA) {
	for len(src) >= disc.SectorSize {
		copy(dst[DataAt:], src[:disc.SectorSize])
		Generate(dst[:Size], lba, Mode1)
		dst, src, lba = dst[Size:], src[disc.SectorSize:], lba+1
	}
}

// Fault is a set of things that are wrong with a data sector.
type Fault uint8

// Faults of a data sector.
const (
	BadSync      Fault = 1 << iota // no sync pattern
	BadHeader                      // another address or mode than expected
	BadSubheader                   // the two copies of the sub-header differ
	BadEDC                         // the user data, or the EDC, is damaged
	BadP                           // the P parity does not match
	BadQ                           // the Q parity does not match
	BadZeros                       // bytes that have to be zero are not
)

// Check returns what is wrong with a sector that is expected at lba. A sector without a
// sync pattern is only BadSync. The EDC of form 2 is optional: zero is not a fault.
func Check(p []byte, lba disc.LBA) Fault {
	k, ok := Identify(p)
	if !ok {
		if string(p[:SyncSize]) == sync {
			return BadHeader
		}
		return BadSync
	}
	var f Fault
	m := lba.MSF()
	if p[HeaderAt] != BCD(m.M) || p[HeaderAt+1] != BCD(m.S) || p[HeaderAt+2] != BCD(m.F) {
		f = BadHeader
	}
	switch k {
	case Mode0:
		if !isZero(p[DataAt:Size]) {
			f |= BadZeros
		}
	case Mode1:
		if !hasEDC(p[:edcAt], p[edcAt:]) {
			f |= BadEDC
		}
		if !isZero(p[edcAt+4 : parityPAt]) {
			f |= BadZeros
		}
		f |= checkParity(p)
	case Form1:
		if !hasEDC(p[SubheadAt:edcForm1At], p[edcForm1At:]) {
			f |= BadEDC
		}
		zeroed := [Size]byte(p)
		clear(zeroed[HeaderAt:DataAt])
		f |= checkParity(zeroed[:])
	case Form2:
		if !isZero(p[edcForm2At:Size]) && !hasEDC(p[SubheadAt:edcForm2At], p[edcForm2At:]) {
			f |= BadEDC
		}
	}
	return f
}

func isZero(p []byte) bool {
	for _, b := range p {
		if b != 0 {
			return false
		}
	}
	return true
}
