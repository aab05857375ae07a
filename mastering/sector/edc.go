package sector

import (
	"encoding/binary"
	stdsync "sync"
)

// The error detection code is a reflected CRC-32 with the polynomial
// P = (x^16+x^15+x^2+1)(x^16+x^2+x+1), initial value 0, no final inversion (ECMA-130 14.3).
//
// P has another factorization that makes it fast without tables:
//
//	P = (x+1)(x^31+x^15+x^3+1)
//
// Over GF(2), P^64 has the same terms with exponents that are 64 times larger. So a message
// is reduced modulo P^64 with four exclusive ors for each word of 64 bits, at distances of
// 16, 28 and 31 words, and modulo P^32 in the same way with words of 32 bits. P divides
// both, so the remainder, which is short, has the same code as the message.

// foldWords is the number of words of the remainder of fold64 and fold32.
const foldWords = 32

// maxWords is the number of words of the longest message, form 2.
const maxWords = (edcForm2At - SubheadAt + 7) / 8

// edcTables are tables for the code of 8 bytes at a time.
var edcTables = stdsync.OnceValue(func() *[8][256]uint32 {
	var t [8][256]uint32
	for i := range t[0] {
		c := uint32(i)
		for range 8 {
			c = c>>1 ^ c&1*0xD8018001
		}
		t[0][i] = c
	}
	for k := 1; k < len(t); k++ {
		for i, c := range t[k-1] {
			t[k][i] = c>>8 ^ t[0][byte(c)]
		}
	}
	return &t
})

// edc returns the error detection code of p, of at most 2332 bytes.
func edc(p []byte) uint32 {
	if len(p) >= foldWords*8 {
		var a [foldWords]uint64
		fold64(&a, p)
		var b [foldWords]uint32
		fold32(&b, &a)
		var q [foldWords * 4]byte
		for i, w := range b {
			binary.LittleEndian.PutUint32(q[i*4:], w)
		}
		return edcTable(q[:], 0)
	}
	return edcTable(p, 0)
}

// edcTable returns the code of p by tables. c is the code of what is before p.
func edcTable(p []byte, c uint32) uint32 {
	t := edcTables()
	for ; len(p) >= 8; p = p[8:] {
		w := binary.LittleEndian.Uint64(p) ^ uint64(c)
		c = t[7][byte(w)] ^ t[6][byte(w>>8)] ^ t[5][byte(w>>16)] ^ t[4][byte(w>>24)] ^
			t[3][byte(w>>32)] ^ t[2][byte(w>>40)] ^ t[1][byte(w>>48)] ^ t[0][byte(w>>56)]
	}
	for _, b := range p {
		c = c>>8 ^ t[0][byte(c)^b]
	}
	return c
}

// fold64 sets r to the remainder of p modulo P^64. The first byte has the highest exponents.
func fold64(r *[foldWords]uint64, p []byte) {
	// q[i+31] is word i of the quotient by the factor x^31+x^15+x^3+1. The 31 words before
	// them are zeros, and so are those after the last one.
	var q [31 + maxWords]uint64
	if k := len(p) % 8; k > 0 { // zeros before the first byte change nothing
		var head [8]byte
		copy(head[8-k:], p)
		q[31] = binary.LittleEndian.Uint64(head[:])
	}
	words := (len(p) + 7) / 8
	i := (len(p)%8 + 7) / 8 // of words that are in q already
	sum := q[31]
	p = p[len(p)%8:]
	for ; i+4 <= words-foldWords; i += 4 {
		w, m := (*[35]uint64)(q[i:]), (*[32]byte)(p)
		a := binary.LittleEndian.Uint64(m[:]) ^ w[15] ^ w[3] ^ w[0]
		b := binary.LittleEndian.Uint64(m[8:]) ^ w[16] ^ w[4] ^ w[1]
		c := binary.LittleEndian.Uint64(m[16:]) ^ w[17] ^ w[5] ^ w[2]
		d := binary.LittleEndian.Uint64(m[24:]) ^ w[18] ^ w[6] ^ w[3]
		w[31], w[32], w[33], w[34] = a, b, c, d
		sum ^= a ^ b ^ c ^ d
		p = p[32:]
	}
	for ; i < words-foldWords; i++ {
		w := (*[32]uint64)(q[i:])
		w[31] = binary.LittleEndian.Uint64(p) ^ w[15] ^ w[3] ^ w[0]
		sum ^= w[31]
		p = p[8:]
	}
	// The quotient is a multiple of the other factor, x+1, so its words have the sum 0.
	q[i+31] = sum
	w, m := (*[31 + foldWords]uint64)(q[i:]), (*[foldWords * 8]byte)(p)
	for k := range r {
		r[k] = binary.LittleEndian.Uint64(m[k*8:]) ^ w[k+31] ^ w[k+15] ^ w[k+3] ^ w[k]
	}
}

// fold32 sets r to the remainder of a modulo P^32.
func fold32(r *[foldWords]uint32, a *[foldWords]uint64) {
	var q [31 + 2*foldWords]uint32
	sum := uint32(0)
	for i, m := range a[:foldWords/2] {
		w := (*[33]uint32)(q[2*i:])
		b := uint32(m) ^ w[15] ^ w[3] ^ w[0]
		c := uint32(m>>32) ^ w[16] ^ w[4] ^ w[1]
		w[31], w[32] = b, c
		sum ^= b ^ c
	}
	q[31+foldWords] = sum
	w := (*[31 + foldWords]uint32)(q[foldWords:])
	for i, m := range a[foldWords/2:] {
		k := 2 * i
		r[k] = uint32(m) ^ w[k+31] ^ w[k+15] ^ w[k+3] ^ w[k]
		r[k+1] = uint32(m>>32) ^ w[k+32] ^ w[k+16] ^ w[k+4] ^ w[k+1]
	}
}

// edcsPortable is edcs.
func edcsPortable(dst []uint32, p []byte, from, to int) {
	for i := range dst {
		dst[i] = edc(p[i*Size+from : i*Size+to])
	}
}

// edcRange returns the bytes that the EDC of a sector covers. The EDC follows them.
func edcRange(k Kind) (from, to int) {
	switch k {
	case Form1:
		return SubheadAt, edcForm1At
	case Form2:
		return SubheadAt, edcForm2At
	}
	return 0, edcAt
}

// hasEDC reports whether the EDC of a sector of mode 1, form 1 or form 2 matches.
func hasEDC(p []byte, k Kind) bool {
	from, to := edcRange(k)
	var c [1]uint32
	edcs(c[:], p, from, to)
	return binary.LittleEndian.Uint32(p[to:]) == c[0]
}

// putEDCs stores the EDC of sectors of mode 1, form 1 or form 2.
func putEDCs(p []byte, k Kind) {
	from, to := edcRange(k)
	var codes [batch]uint32
	for len(p) >= Size {
		c := codes[:min(len(p)/Size, batch)]
		edcs(c, p, from, to)
		for _, code := range c {
			binary.LittleEndian.PutUint32(p[to:], code)
			p = p[Size:]
		}
	}
}
