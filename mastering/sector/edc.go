package sector

import (
	"encoding/binary"
	stdsync "sync"
)

// edcTable is the table of the error detection code: a reflected CRC-32 with the
// polynomial (x^16+x^15+x^2+1)(x^16+x^2+x+1), initial value 0, no final inversion
// (ECMA-130 14.3).
var edcTable = stdsync.OnceValue(func() *[256]uint32 {
	var t [256]uint32
	for i := range t {
		c := uint32(i)
		for range 8 {
			c = c>>1 ^ c&1*0xD8018001
		}
		t[i] = c
	}
	return &t
})

// edc returns the error detection code of p.
func edc(p []byte) uint32 {
	t := edcTable()
	c := uint32(0)
	for _, b := range p {
		c = c>>8 ^ t[byte(c)^b]
	}
	return c
}

func putEDC(p, dst []byte) { binary.LittleEndian.PutUint32(dst, edc(p)) }

func hasEDC(p, code []byte) bool { return binary.LittleEndian.Uint32(code) == edc(p) }
