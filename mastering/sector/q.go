package sector

import (
	"glassmaster/mastering/disc"
)

// QSize is the size of the Q sub-channel of a sector, in bytes.
const QSize = 12

// Q is what the Q sub-channel of a sector says (ECMA-130 22.3). Its bytes are: 0 control
// bits (high half) and mode, 1 to 9 data, 10 to 11 CRC.
type Q struct {
	Control byte // the four control bits; QData is that of data tracks
	Mode    byte // what the data means: QPosition, QCatalog, QISRC, or another value

	// Position (mode 1). Bytes: 1 track, 2 index, 3 to 5 relative time, 6 zero, 7 to 9
	// absolute time; in a lead-in 1 zero, 2 point, 3 to 5 time in the lead-in, 7 to 9 what
	// the point says.
	Track    int      // 1 to 99, LeadOut; 0 in a lead-in
	Index    int      // 0 to 99; in a lead-in the track of the entry, or PointFirst, PointLast, PointLeadOut
	Relative disc.MSF // distance to index 1
	Absolute disc.MSF // address of the sector; in a lead-in the value of the entry

	// Codes (modes 2 and 3). Bytes: 1 to 8 code, 9 frame of the absolute time.
	Code  string // 13 digits of the MCN, or 12 characters of an ISRC
	Frame int

	// Data is bytes 1 to 9 of any other mode.
	Data [9]byte
}

// Modes of Q.
const (
	QPosition = 1
	QCatalog  = 2
	QISRC     = 3
	QMulti    = 5 // in lead-ins: further sessions (MMC-6 table 504)
)

// QData is the control bit of a data track.
const QData = 4

// LeadOut is the track number of a lead-out.
const LeadOut = 0xAA

// Points of the entries of a lead-in that do not belong to a track.
const (
	PointFirst   = 0xA0 // minute: the first track; second: 00h CD-DA and CD-ROM, 10h CD-i, 20h XA
	PointLast    = 0xA1 // minute: the last track
	PointLeadOut = 0xA2 // address of the lead-out
)

// ControlOf returns the four control bits of a track.
func ControlOf(t disc.Track) byte {
	c := byte(t.Control)
	if t.Mode != disc.Audio {
		c |= QData
	}
	return c & 15
}

// EncodeQ writes the 12 bytes of a Q sub-channel, with its CRC.
func EncodeQ(p []byte, q Q) {
	p = p[:QSize]
	clear(p)
	p[0] = q.Control<<4 | q.Mode&15
	switch q.Mode {
	case QPosition:
		p[1], p[2] = tocNumber(q.Track), tocNumber(q.Index)
		putMSF(p[3:], q.Relative)
		putMSF(p[7:], q.Absolute)
	case QCatalog:
		putDigits(p[1:], q.Code)
		p[9] = BCD(q.Frame)
	case QISRC:
		putISRC(p[1:], q.Code)
		p[9] = BCD(q.Frame)
	default:
		copy(p[1:], q.Data[:])
	}
	CompleteQ(p)
}

// CompleteQ writes the CRC of a Q sub-channel into its last two bytes.
func CompleteQ(p []byte) {
	crc := ^crc16(p[:QSize-2])
	p[QSize-2], p[QSize-1] = byte(crc>>8), byte(crc)
}

// DecodeQ reads the 12 bytes of a Q sub-channel. It returns false if the CRC is wrong, or
// if the CRC is right but the numbers are not decimal or a code has wrong characters.
func DecodeQ(p []byte) (Q, bool) {
	q := Q{Control: p[0] >> 4, Mode: p[0] & 15}
	crc := ^crc16(p[:QSize-2])
	if p[10] != byte(crc>>8) || p[11] != byte(crc) {
		return q, false
	}
	ok := true
	switch q.Mode {
	case QPosition:
		ok = decodePosition(p, &q)
	case QCatalog:
		q.Code, ok = digits(p[1:8], 13)
		q.Frame, ok = bcd(p[9], ok)
	case QISRC:
		q.Code, ok = isrc(p[1:9])
		q.Frame, ok = bcd(p[9], ok)
	default:
		q.Data = [9]byte(p[1:])
	}
	return q, ok
}

// decodePosition reads a Q sub-channel of mode 1.
func decodePosition(p []byte, q *Q) bool {
	ok := true
	if q.Track = int(p[1]); p[1] != LeadOut {
		q.Track, ok = bcd(p[1], ok)
	}
	if q.Index = int(p[2]); q.Track != 0 || p[2] < 0xA0 {
		q.Index, ok = bcd(p[2], ok)
	}
	q.Relative, ok = msf(p[3:], ok)
	if p[1] == 0 && (p[2] == PointFirst || p[2] == PointLast) { // numbers, not an address
		q.Absolute.M, ok = bcd(p[7], ok)
		q.Absolute.S, ok = bcd(p[8], ok)
		q.Absolute.F, ok = bcd(p[9], ok)
		return ok
	}
	q.Absolute, ok = msf(p[7:], ok)
	return ok
}

// ReadQ returns the 12 bytes of Q of interleaved sub-channels.
func ReadQ(sub []byte) [QSize]byte {
	var q [QSize]byte
	for i, b := range sub[:SubSize] {
		q[i/8] |= b >> 6 & 1 << (7 - i%8)
	}
	return q
}

// tocNumber returns a track or index number as it is recorded: decimal, but points and the
// lead-out as they are.
func tocNumber(n int) byte {
	if n > 99 {
		return byte(n)
	}
	return BCD(n)
}

// bcd returns a decimal number, and ok if it is one.
func bcd(b byte, ok bool) (int, bool) {
	n, is := FromBCD(b)
	return n, ok && is
}

func putMSF(p []byte, m disc.MSF) { p[0], p[1], p[2] = BCD(m.M), BCD(m.S), BCD(m.F) }

func msf(p []byte, ok bool) (disc.MSF, bool) {
	var m disc.MSF
	m.M, ok = bcd(p[0], ok)
	m.S, ok = bcd(p[1], ok)
	m.F, ok = bcd(p[2], ok)
	return m, ok && m.S < 60 && m.F < 75
}

// putDigits writes digits, two in a byte.
func putDigits(p []byte, s string) {
	for i := range len(s) {
		p[i/2] |= (s[i] - '0') & 15 << (4 - i%2*4)
	}
}

// digits reads n digits.
func digits(p []byte, n int) (string, bool) {
	s := make([]byte, n)
	for i := range s {
		d := p[i/2] >> (4 - i%2*4) & 15
		if d > 9 {
			return "", false
		}
		s[i] = '0' + d
	}
	return string(s), true
}

// putISRC writes an ISRC: five characters of 6 bits, two zero bits, seven digits
// (ECMA-130 22.3.4.3).
func putISRC(p []byte, s string) {
	if !ValidISRC(s) {
		return
	}
	var v uint32
	for i := range 5 {
		c := uint32(s[i] - '0')
		if s[i] >= 'A' {
			c = uint32(s[i]-'A') + 17
		}
		v = v<<6 | c
	}
	v <<= 2
	p[0], p[1], p[2], p[3] = byte(v>>24), byte(v>>16), byte(v>>8), byte(v)
	putDigits(p[4:], s[5:])
}

// isrc reads an ISRC.
func isrc(p []byte) (string, bool) {
	v := uint32(p[0])<<24 | uint32(p[1])<<16 | uint32(p[2])<<8 | uint32(p[3])
	s := make([]byte, 5, 12)
	for i := range s {
		c := byte(v >> (26 - 6*i) & 63)
		if s[i] = c + '0'; c >= 17 {
			s[i] = c - 17 + 'A'
		}
	}
	d, ok := digits(p[4:], 7)
	code := string(s) + d
	return code, ok && ValidISRC(code)
}

// ValidISRC reports whether s is an ISRC: two letters or digits of the country, three
// letters or digits of the owner, and seven digits (ISO 3901, without hyphens). Old discs
// have digits for the country.
func ValidISRC(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		digit := s[i] >= '0' && s[i] <= '9'
		if !digit && (i >= 5 || s[i] < 'A' || s[i] > 'Z') {
			return false
		}
	}
	return true
}

// ValidCatalog reports whether s is a media catalogue number: 13 digits. The check digit of
// EAN-13 is not checked, since many discs have none.
func ValidCatalog(s string) bool {
	if len(s) != 13 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// crc16 returns the CRC of the Q sub-channel and of the packs of CD-TEXT before it is
// inverted: polynomial 1021h, initial value 0 (ECMA-130 22.3.6).
func crc16(p []byte) uint16 {
	var crc uint16
	for _, b := range p {
		crc ^= uint16(b) << 8
		for range 8 {
			crc = crc<<1 ^ crc>>15*0x1021
		}
	}
	return crc
}
