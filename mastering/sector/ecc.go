package sector

import (
	"bytes"
	stdsync "sync"
)

// parityTables are the tables of the field GF(2^8) with the polynomial
// x^8+x^4+x^3+x^2+1: multiplication by 2, and division by 3 (ECMA-130 annex A).
var parityTables = stdsync.OnceValue(func() *[2][256]byte {
	var t [2][256]byte
	for i := range 256 {
		double := byte(i<<1) ^ byte(i>>7*0x1D)
		t[0][i] = double
		t[1][byte(i)^double] = byte(i)
	}
	return &t
})

// putParity computes the P and Q parity of a sector.
func putParity(p []byte) {
	parity(p[HeaderAt:], 86, 24, 2, 86, p[parityPAt:])
	parity(p[HeaderAt:], 52, 43, 86, 88, p[parityQAt:])
}

// parity computes count codewords of length bytes each. Codeword n begins at
// n/2*start + n%2, and its bytes are step apart, modulo the size of all of them.
func parity(data []byte, count, length, start, step int, dst []byte) {
	t := parityTables()
	size := count * length
	for n := range count {
		at := n/2*start + n&1
		var a, b byte
		for range length {
			v := data[at]
			if at += step; at >= size {
				at -= size
			}
			a = t[0][a^v]
			b ^= v
		}
		a = t[1][t[0][a]^b]
		dst[n], dst[n+count] = a, a^b
	}
}

// checkParity returns which parity does not match.
func checkParity(p []byte) Fault {
	c := [Size]byte(p)
	putParity(c[:])
	var f Fault
	if !bytes.Equal(p[parityPAt:parityQAt], c[parityPAt:parityQAt]) {
		f |= BadP
	}
	// Q covers P as it was recorded.
	copy(c[parityPAt:], p[parityPAt:parityQAt])
	parity(c[HeaderAt:], 52, 43, 86, 88, c[parityQAt:])
	if !bytes.Equal(p[parityQAt:Size], c[parityQAt:]) {
		f |= BadQ
	}
	return f
}
