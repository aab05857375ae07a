package main

import (
	"math/bits"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
)

// times multiplies in GF(2^8) with a polynomial: 0x11D is that of the ECC, 0x11B the one that
// the instruction GF2P8MULB knows.
func times(polynomial int, a, b byte) byte {
	x, product := int(a), 0
	for ; b > 0; b >>= 1 {
		if b&1 != 0 {
			product ^= x
		}
		if x <<= 1; x > 255 {
			x ^= polynomial
		}
	}
	return byte(product)
}

func mul(a, b byte) byte { return times(0x11D, a, b) }

// power returns 2^n in the field of the ECC; n may be negative.
func power(n int) byte {
	x := byte(1)
	for range (n%255 + 255) % 255 {
		x = mul(x, 2)
	}
	return x
}

// third is 1/3.
var third = func() byte {
	for x := 1; ; x++ {
		if mul(byte(x), 3) == 1 {
			return byte(x)
		}
	}
}()

// sum returns 1+2+4+...+2^(n-1) in the field of the ECC.
func sum(n int) byte { return mul(power(n)^1, third) }

// matrix returns the operand of GF2P8AFFINEQB that computes a linear function of bytes.
func matrix(f func(byte) byte) uint64 {
	var m uint64
	for in := range 8 {
		y := f(1 << in)
		for out := range 8 {
			if y>>out&1 != 0 {
				m |= 1 << (8*(7-out) + in)
			}
		}
	}
	return m
}

// toAES and fromAES are an isomorphism from the field of the ECC to that of GF2P8MULB, and
// its inverse.
var toAES, fromAES = func() (to, from [256]byte) {
	for root := 2; ; root++ {
		r := byte(root)
		r2 := times(0x11B, r, r)
		r3, r4 := times(0x11B, r2, r), times(0x11B, r2, r2)
		if times(0x11B, r4, r4)^r4^r3^r2^1 != 0 {
			continue
		}
		for x := range 256 {
			y, p := byte(0), byte(1)
			for i := range 8 {
				if x>>i&1 != 0 {
					y ^= p
				}
				p = times(0x11B, p, r)
			}
			to[x], from[y] = y, byte(x)
		}
		return to, from
	}
}()

// polynomial is that of the EDC. The highest exponent is left out.
const polynomial = 0x8001801B

// remainder returns x^n modulo the polynomial of the EDC.
func remainder(n int) uint32 {
	c := uint32(1)
	for range n {
		c = c<<1 ^ c>>31*polynomial
	}
	return c
}

// factor returns the factor that multiplies by x^n in a carry-less multiplication of
// reflected numbers, which itself multiplies by x.
func factor(n int) uint64 { return bits.Reverse64(uint64(remainder(n - 1))) }

// inverse returns x^64 divided by the polynomial of the EDC, 33 bits.
func inverse() uint64 {
	q, r := uint64(0), uint64(1) // r: the remainder so far
	for i := 64; i >= 0; i-- {
		// r is x^64 shifted down by i.
		if i != 64 {
			r <<= 1
		}
		q <<= 1
		if r>>32 != 0 {
			r ^= 1<<32 | polynomial
			q |= 1
		}
	}
	return q
}

// constant adds read-only data.
func constant(name string, words ...uint64) operand.Mem {
	m := build.GLOBL(name, attr.RODATA|attr.NOPTR)
	for i, w := range words {
		build.DATA(8*i, operand.U64(w))
	}
	return m
}

// repeat returns a word n times.
func repeat(w uint64, n int) []uint64 {
	list := make([]uint64, n)
	for i := range list {
		list[i] = w
	}
	return list
}

// words packs bytes.
func words(p []byte) []uint64 {
	list := make([]uint64, (len(p)+7)/8)
	for i, b := range p {
		list[i/8] |= uint64(b) << (i % 8 * 8)
	}
	return list
}
