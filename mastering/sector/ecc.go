package sector

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// The error correction code is a product of two Reed-Solomon codes over GF(2^8) with the
// polynomial x^8+x^4+x^3+x^2+1 (ECMA-130 annex A). It covers the bytes from the header on
// as 26 rows of 43 words of 16 bits. The low and the high bytes of the words are coded
// separately, in the same way.
//
//   - P: a codeword is a column, 24 bytes and 2 of parity, which are the rows 24 and 25.
//   - Q: a codeword is a diagonal that begins in column 0 and goes on in the next row and
//     column, from the last row to the first: 43 bytes and 2 of parity, which follow.
//
// The parity of bytes d(0) to d(L-1) is a, b: the sum of all L+2 bytes is 0, and so is their
// sum with the factors 2^(L+1), ..., 2, 1. Since 2+1 is a divisor of 2^k+1, that is
//
//	s(i) = d(0)+...+d(i)    a = s(L-1) + 2(s(L-1) + 2(s(L-2) + ... + 2 s(0)))    b = a + s(L-1)
//
// where the innermost factors belong to the first bytes. Eight codewords are computed at a
// time, since their bytes are next to each other.
const (
	columns  = 86 // bytes of a row; P has as many codewords
	rows     = 26 // Q has twice as many codewords
	rowsP    = 24
	lengthP  = rows
	lengthQ  = 45
	areaSize = rows * columns
	stepQ    = columns + 2 // from one byte of a codeword of Q to the next, in bytes
)

// double multiplies 8 elements of the field by 2.
func double(a uint64) uint64 {
	high := a & 0x8080808080808080
	return (a^high)<<1 ^ high>>7*0x1D
}

// parityP computes the parity P of a sector.
func parityP(p *[Size]byte, dst *[2 * columns]byte) {
	for _, c := range [...]int{0, 32, columns - 32} {
		q := (*[23*columns + 32]byte)(p[HeaderAt+c:])
		var a0, a1, a2, a3, b0, b1, b2, b3 uint64
		for r := 0; r <= 23*columns; r += columns {
			d := (*[32]byte)(q[r:])
			b0 ^= binary.LittleEndian.Uint64(d[:])
			b1 ^= binary.LittleEndian.Uint64(d[8:])
			b2 ^= binary.LittleEndian.Uint64(d[16:])
			b3 ^= binary.LittleEndian.Uint64(d[24:])
			a0, a1, a2, a3 = double(a0)^b0, double(a1)^b1, double(a2)^b2, double(a3)^b3
		}
		a0, a1, a2, a3 = double(a0)^b0, double(a1)^b1, double(a2)^b2, double(a3)^b3
		for i, a := range [4]uint64{a0, a1, a2, a3} {
			binary.LittleEndian.PutUint64(dst[c+8*i:], a)
			binary.LittleEndian.PutUint64(dst[columns+c+8*i:], a^[4]uint64{b0, b1, b2, b3}[i])
		}
	}
}

// parityQ computes the parity Q of a sector, which covers P.
func parityQ(p *[Size]byte, dst *[4 * rows]byte) {
	quarterQ(p, dst, 22, 18)
	quarterQ(p, dst, 14, 10)
	quarterQ(p, dst, 6, 2)
	quarterQ(p, dst, 2, 0)
}

// quarterQ computes the pairs of codewords m to m+3 and n to n+3 of Q. In memory the words
// of four pairs stand in the opposite order: the word of m+3 in column k is followed by that
// of m+2 in column k+1.
func quarterQ(p *[Size]byte, dst *[4 * rows]byte, m, n int) {
	const early, late = 3, lengthQ - 2
	atA, atB := HeaderAt+m*columns-2*early, HeaderAt+n*columns-2*early
	var a0, a1, b0, b1 uint64
	mask := uint64(0xFFFF << 48) // words that are in column 0 or later
	for range early {
		b0 ^= binary.LittleEndian.Uint64(p[atA:]) & mask
		b1 ^= binary.LittleEndian.Uint64(p[atB:]) & mask
		a0, a1 = double(a0)^b0, double(a1)^b1
		atA, atB, mask = next(atA), next(atB), mask>>16|mask
	}
	for range late - early {
		b0 ^= binary.LittleEndian.Uint64(p[atA:])
		b1 ^= binary.LittleEndian.Uint64(p[atB:])
		a0, a1 = double(a0)^b0, double(a1)^b1
		atA, atB = next(atA), next(atB)
	}
	mask = uint64(1<<48 - 1) // words that are in column 42 or before
	for range early {
		b0 ^= binary.LittleEndian.Uint64(p[atA:]) & mask
		b1 ^= binary.LittleEndian.Uint64(p[atB:]) & mask
		a0 = (double(a0)^b0)&mask | a0&^mask
		a1 = (double(a1)^b1)&mask | a1&^mask
		atA, atB, mask = next(atA), next(atB), mask>>16
	}
	a0, a1 = double(a0)^b0, double(a1)^b1
	binary.LittleEndian.PutUint64(dst[2*m:], reverse(a0))
	binary.LittleEndian.PutUint64(dst[2*n:], reverse(a1))
	binary.LittleEndian.PutUint64(dst[2*(rows+m):], reverse(a0^b0))
	binary.LittleEndian.PutUint64(dst[2*(rows+n):], reverse(a1^b1))
}

// next returns the offset in the sector of the next word of a codeword of Q.
func next(at int) int {
	if at += stepQ; at >= HeaderAt+areaSize {
		at -= areaSize
	}
	return at
}

// reverse returns four words of 16 bits in the opposite order.
func reverse(a uint64) uint64 {
	a = bits.RotateLeft64(a, 32)
	return a>>16&0x0000FFFF0000FFFF | a&0x0000FFFF0000FFFF<<16
}

// What checkParities says of a sector.
const (
	badP = 1 << iota
	badQ
)

// putParitiesPortable is putParities.
func putParitiesPortable(p []byte, header bool) {
	for ; len(p) >= Size; p = p[Size:] {
		s := (*[Size]byte)(p)
		was := [4]byte(s[HeaderAt:])
		if !header {
			clear(s[HeaderAt:DataAt])
		}
		parityP(s, (*[2 * columns]byte)(p[parityPAt:]))
		parityQ(s, (*[4 * rows]byte)(p[parityQAt:]))
		copy(s[HeaderAt:], was[:])
	}
}

// checkParitiesPortable is checkParities. Q covers P as it was recorded.
func checkParitiesPortable(bad, p []byte, header bool) {
	for i := range bad {
		s := (*[Size]byte)(p[i*Size:])
		if !header {
			zeroed := *s
			clear(zeroed[HeaderAt:DataAt])
			s = &zeroed
		}
		bad[i] = 0
		var parity [2 * columns]byte
		if parityP(s, &parity); !bytes.Equal(s[parityPAt:parityQAt], parity[:]) {
			bad[i] |= badP
		}
		q := (*[4 * rows]byte)(parity[:])
		if parityQ(s, q); !bytes.Equal(s[parityQAt:], q[:]) {
			bad[i] |= badQ
		}
	}
}
