// Package sector implements what is recorded on a CD below its file systems: the sectors of
// 2352 bytes with sync, header, EDC and ECC (ECMA-130 14 and annexes A and B; for mode 2
// with sub-headers the CD-ROM XA specification), the sub-channels P to W (ECMA-130 22), and
// the packs of CD-TEXT (MMC-6 annex J).
//
// [AllForms] supplies the forms of sectors that a disc does not store: whole sectors from
// user data, user data from whole sectors, and sub-channels from the table of contents.
package sector

import (
	"encoding/binary"

	"glassmaster/mastering/disc"
)

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

// Sync is the beginning of every data sector (ECMA-130 14.2).
const Sync = "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00"

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
	if string(p[:SyncSize]) != Sync {
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
	copy(p, Sync)
	m := lba.MSF()
	p[HeaderAt], p[HeaderAt+1], p[HeaderAt+2], p[HeaderAt+3] = BCD(m.M), BCD(m.S), BCD(m.F), mode
}

// Address returns the address in the header of a whole data sector. It returns false if that
// is none. An address of 90 minutes and more is one of a long disc, not of a lead-in.
func Address(p []byte) (disc.LBA, bool) {
	m, ok := msf(p[HeaderAt:], true)
	return disc.LBA(m.Sectors()) - disc.Pregap, ok
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
		complete(p[:Size], k)
	case Mode2:
		PutHeader(p, lba, 2)
	case Form1, Form2:
		PutHeader(p, lba, 2)
		complete(p[:Size], k)
	}
}

// batch is how many sectors are worked on at a time. They fit into the first cache of a
// processor.
const batch = 16

// complete computes EDC and ECC of sectors of mode 1, form 1 or form 2.
func complete(p []byte, k Kind) {
	putEDCs(p, k)
	switch k {
	case Mode1:
		for at := 0; at < len(p); at += Size {
			clear(p[at+edcAt+4 : at+parityPAt])
		}
		putParities(p, true)
	case Form1:
		putParities(p, false)
	}
}

// EncodeMode1 makes sectors of mode 1 from user data: dst has 2352 bytes for each 2048 of
// src. The first sector has the address lba. src may be the end of dst.
func EncodeMode1(dst, src []byte, lba disc.LBA) { encode(dst, src, lba, Mode1) }

// EncodeForm1 makes sectors of mode 2 form 1 from user data, as EncodeMode1 does. Their
// sub-header says that they contain data (CD-ROM XA).
func EncodeForm1(dst, src []byte, lba disc.LBA) { encode(dst, src, lba, Form1) }

func encode(dst, src []byte, lba disc.LBA, k Kind) {
	for len(src) >= disc.SectorSize {
		n := min(len(src)/disc.SectorSize, batch)
		for i := range n {
			p, user := dst[i*Size:(i+1)*Size], src[i*disc.SectorSize:(i+1)*disc.SectorSize]
			if k == Mode1 {
				copy(p[DataAt:], user)
				PutHeader(p, lba+disc.LBA(i), 1)
				continue
			}
			copy(p[XADataAt:], user)
			copy(p[SubheadAt:], "\x00\x00\x08\x00\x00\x00\x08\x00")
			PutHeader(p, lba+disc.LBA(i), 2)
		}
		complete(dst[:n*Size], k)
		dst, src, lba = dst[n*Size:], src[n*disc.SectorSize:], lba+disc.LBA(n)
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
	var f [1]Fault
	CheckAll(f[:], p, lba)
	return f[0]
}

// CheckAll checks len(faults) sectors, the first of which is expected at lba, as Check does.
// Many sectors are checked faster together.
func CheckAll(faults []Fault, p []byte, lba disc.LBA) {
	for len(faults) > 0 {
		k, n := sameKind(p[:min(len(faults), batch)*Size])
		if n == 0 {
			faults[0], n = BadSync, 1
			if string(p[:SyncSize]) == Sync {
				faults[0] = BadHeader
			}
		} else {
			checkKind(faults[:n], p, k)
			for i := range n {
				m := (lba + disc.LBA(i)).MSF()
				if h := p[i*Size+HeaderAt:]; h[0] != BCD(m.M) || h[1] != BCD(m.S) || h[2] != BCD(m.F) {
					faults[i] |= BadHeader
				}
			}
		}
		faults, p, lba = faults[n:], p[n*Size:], lba+disc.LBA(n)
	}
}

// sameKind returns the kind of the first sector of p, and how many sectors are of the same
// kind: none if the first one has no kind.
func sameKind(p []byte) (Kind, int) {
	k, ok := Identify(p)
	n := 0
	for ok && n*Size < len(p) {
		other, known := Identify(p[n*Size:])
		if !known || other != k {
			break
		}
		n++
	}
	return k, n
}

// checkKind sets faults to what is wrong with the contents of at most batch sectors of a
// kind.
func checkKind(faults []Fault, p []byte, k Kind) {
	clear(faults)
	var bad [batch]byte
	switch k {
	case Mode0:
		for i := range faults {
			if !isZero(p[i*Size+DataAt : (i+1)*Size]) {
				faults[i] = BadZeros
			}
		}
		return
	case Mode2:
		return
	case Mode1, Form1:
		checkParities(bad[:len(faults)], p, k == Mode1)
	}
	from, to := edcRange(k)
	var codes [batch]uint32
	edcs(codes[:len(faults)], p, from, to)
	for i := range faults {
		q := p[i*Size : (i+1)*Size]
		code := binary.LittleEndian.Uint32(q[to:])
		if code != codes[i] && (k != Form2 || code != 0) {
			faults[i] |= BadEDC
		}
		if k == Mode1 && !isZero(q[edcAt+4:parityPAt]) {
			faults[i] |= BadZeros
		}
		if bad[i]&badP != 0 {
			faults[i] |= BadP
		}
		if bad[i]&badQ != 0 {
			faults[i] |= BadQ
		}
	}
}

func isZero(p []byte) bool {
	for _, b := range p {
		if b != 0 {
			return false
		}
	}
	return true
}
