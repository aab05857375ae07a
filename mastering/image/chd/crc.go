package chd

import "sync"

// crcTables are the tables of the CRC-16 with the polynomial x^16+x^12+x^5+1 (CCITT), for a
// byte that has 0 to 7 bytes after it.
var crcTables = sync.OnceValue(func() *[8][256]uint16 {
	var t [8][256]uint16
	for i := range 256 {
		c := uint16(i) << 8
		for range 8 {
			c = c<<1 ^ c>>15*0x1021
		}
		t[0][i] = c
	}
	for i := range 256 {
		for n := 1; n < 8; n++ {
			c := t[n-1][i]
			t[n][i] = c<<8 ^ t[0][c>>8]
		}
	}
	return &t
})

// crcStart is the initial value of a CRC.
const crcStart = 0xFFFF

// crc16 returns the CRC of p, continued from that of what was before.
func crc16(c uint16, p []byte) uint16 {
	t := crcTables()
	for len(p) >= 8 {
		c = t[7][p[0]^byte(c>>8)] ^ t[6][p[1]^byte(c)] ^ t[5][p[2]] ^ t[4][p[3]] ^
			t[3][p[4]] ^ t[2][p[5]] ^ t[1][p[6]] ^ t[0][p[7]]
		p = p[8:]
	}
	for _, b := range p {
		c = c<<8 ^ t[0][byte(c>>8)^b]
	}
	return c
}
