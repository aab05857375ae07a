package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// With AVX2, P is computed as in the portable code. For Q, the steps and lanes are those of
// AVX-512 (see wide.go). A is doubled from step to step, and the products with powers of 2
// at the end are looked up: 16 products of a half of a byte at a time.

// narrow are what the functions for AVX2 share.
type narrow struct {
	p          Register
	header     Register // 32 bits: ones, or zeros if the header counts as zeros
	reduce     VecVirtual
	zero       VecVirtual
	half       VecVirtual
	t, u       VecVirtual
	a, b       [3]VecVirtual
	mask       Mem
	tables     Mem
	laneBits   Mem
	reverse    Mem
	headerMask VecVirtual
}

// firstLane of the vectors of Q: the second one overlaps the first.
var firstLane = [2]int{0, 10}

// The tables of the products with 2^-1, 2^-2, 2^-4, 2^-8, 2^-16, of 4/3 and of 1/3.
const (
	tableFourThirds = 5
	tableThird      = 6
)

func newNarrow(p, header Register) *narrow {
	var tables []byte
	for _, f := range []byte{power(-1), power(-2), power(-4), power(-8), power(-16), mul(4, third), third} {
		for shift := 0; shift <= 4; shift += 4 {
			for range 2 { // for each half of a vector
				for x := range 16 {
					tables = append(tables, mul(byte(x<<shift), f))
				}
			}
		}
	}
	// A window of the mask begins 2*t bytes after its beginning: words that are in column 0
	// to 42 are kept.
	window := make([]byte, 2*(25+43+42))
	for i := 2 * 25; i < 2*(25+43); i++ {
		window[i] = 0xFF
	}
	var laneBits []byte
	for bit := range 5 {
		for _, first := range firstLane {
			for i := range 32 {
				laneBits = append(laneBits, byte(0)-byte((first+i/2)>>bit&1))
			}
		}
	}
	var reverse []byte
	for range 2 {
		for i := range 8 {
			reverse = append(reverse, byte(14-2*i), byte(15-2*i))
		}
	}
	c := &narrow{
		p: p, header: header, reduce: YMM(), zero: YMM(), half: YMM(), t: YMM(), u: YMM(), headerMask: YMM(),
		mask:     shared("eccWindow", words(window)...),
		tables:   shared("eccTables", words(tables)...),
		laneBits: shared("eccLaneBits", words(laneBits)...),
		reverse:  shared("eccReverse16", words(reverse)...),
	}
	for v := range c.a {
		c.a[v], c.b[v] = YMM(), YMM()
	}
	VPBROADCASTQ(shared("eccReduce", 0x1D1D1D1D1D1D1D1D), c.reduce)
	VPXOR(c.zero, c.zero, c.zero)
	VPBROADCASTQ(shared("eccHalf", 0x0F0F0F0F0F0F0F0F), c.half)
	return c
}

// keep makes a mask of ones but for the first 32 or 16 bits, which are those of header.
func (c *narrow) keep(wordsOnly bool) {
	VPCMPEQD(c.headerMask, c.headerMask, c.headerMask)
	x := XMM()
	if wordsOnly {
		VPINSRW(Imm(0), c.header.(GPVirtual).As32(), c.headerMask.AsX(), x)
	} else {
		VPINSRD(Imm(0), c.header.(GPVirtual).As32(), c.headerMask.AsX(), x)
	}
	VINSERTI128(Imm(0), x, c.headerMask, c.headerMask)
}

// double multiplies by 2.
func (c *narrow) double(a Register) {
	t := YMM()
	VPCMPGTB(a, c.zero, t)
	VPADDB(a, a, a)
	VPAND(c.reduce, t, t)
	VPXOR(t, a, a)
}

// parityP leaves P in a, and a+P in b.
func (c *narrow) parityP() {
	c.keep(false)
	for i := range rowsP + 1 {
		for v, column := range []int{0, 32, columns - 32} {
			m := Mem{Base: c.p}.Offset(headerAt + i*columns + column)
			switch {
			case i == 0 && column == 0:
				VPAND(m, c.headerMask, c.b[v])
				VMOVDQA(c.b[v], c.a[v])
				continue
			case i == 0:
				VMOVDQU(m, c.b[v])
				VMOVDQA(c.b[v], c.a[v])
				continue
			case i < rowsP:
				VPXOR(m, c.b[v], c.b[v])
			}
			c.double(c.a[v])
			VPXOR(c.b[v], c.a[v], c.a[v])
		}
	}
	for v := range c.b {
		VPXOR(c.a[v], c.b[v], c.b[v])
	}
}

// parityQ leaves Q in a[0] and a[1], the codewords from 10 and from 0 on, and a+Q in b.
func (c *narrow) parityQ() {
	c.keep(true)
	for v, first := range firstLane {
		a, b := c.a[v], c.b[v]
		begun := false
		for t := range steps {
			if first+15+t-25 < 0 || first+t-25 > 42 {
				if begun {
					c.double(a)
				}
				continue
			}
			m := Mem{Base: c.p}.Offset(headerAt + t%rows*columns + 2*(first+t-25))
			window := c.mask.Offset(2 * (first + t))
			d := YMM()
			switch {
			case t == 0: // the last lane alone; there may be nothing before the sector
				word := GP32()
				MOVWLZX(Mem{Base: c.p}.Offset(headerAt), word)
				ANDL(c.header.(GPVirtual).As32(), word)
				x := XMM()
				VMOVD(word, x)
				VPSLLDQ(Imm(14), x, x)
				VPXOR(d, d, d)
				VINSERTI128(Imm(1), x, d, d)
			case t == rows && v == 0:
				VPAND(m, c.headerMask, d)
			case first+t-25 < 0 || first+15+t-25 > 42:
				VMOVDQU(m, d)
				VPAND(window, d, d)
			default:
				VMOVDQU(m, d)
			}
			if begun {
				c.double(a)
				VPXOR(d, a, a)
				VPXOR(d, b, b)
			} else {
				VMOVDQA(d, a)
				VMOVDQA(d, b)
				begun = true
			}
		}
	}
	for bit := range 5 {
		for v := range firstLane {
			d := YMM()
			c.product(c.a[v], bit, d)
			lanes := YMM()
			VMOVDQU(c.laneBits.Offset(64*bit+32*v), lanes)
			VPBLENDVB(lanes, d, c.a[v], c.a[v])
		}
	}
	for v := range firstLane {
		d, e := YMM(), YMM()
		c.product(c.a[v], tableFourThirds, d)
		c.product(c.b[v], tableThird, e)
		VPXOR(d, e, c.a[v])
		VPXOR(c.a[v], c.b[v], c.b[v])
		for _, r := range []VecVirtual{c.a[v], c.b[v]} {
			VPSHUFB(c.reverse, r, r)
			VPERMQ(Imm(0x4E), r, r)
		}
	}
}

// product multiplies by a constant factor, by its table.
func (c *narrow) product(a VecVirtual, table int, dst VecVirtual) {
	low, high, t := YMM(), YMM(), YMM()
	VMOVDQU(c.tables.Offset(64*table), low)
	VMOVDQU(c.tables.Offset(64*table+32), high)
	VPAND(c.half, a, t)
	VPSHUFB(t, low, low)
	VPSRLW(Imm(4), a, t)
	VPAND(c.half, t, t)
	VPSHUFB(t, high, high)
	VPXOR(low, high, dst)
}

func parityAVX2() {
	TEXT("parityAVX2", attr.NOSPLIT, "func(p *byte, n int, header uint32)")
	Doc("parityAVX2 computes the parity of n sectors. header is ^0, or 0 if the header counts as",
		"zeros.")
	Pragma("noescape")
	p, n := Load(Param("p"), GP64()), Load(Param("n"), GP64())
	c := newNarrow(p, Load(Param("header"), GP32()))
	Label("parity2_sector")
	c.parityP()
	for v, column := range []int{0, 32, columns - 32} {
		VMOVDQU(c.a[v], Mem{Base: p}.Offset(parityPAt+column))
		VMOVDQU(c.b[v], Mem{Base: p}.Offset(parityPAt+columns+column))
	}
	c.parityQ()
	for v, first := range firstLane {
		n := 2 * (pairs - 16 - first)
		VMOVDQU(c.a[v], Mem{Base: p}.Offset(parityQAt+n))
		VMOVDQU(c.b[v], Mem{Base: p}.Offset(parityQAt+2*pairs+n))
	}
	ADDQ(U32(sectorSize), p)
	DECQ(n)
	JNZ(LabelRef("parity2_sector"))
	VZEROUPPER()
	RET()
}

func checkAVX2() {
	TEXT("checkAVX2", attr.NOSPLIT, "func(bad *byte, p *byte, n int, header uint32)")
	Doc("checkAVX2 sets the bytes bad[0] to bad[n-1]: bit 0 if the parity P of the sector does not",
		"match, bit 1 if Q does not. header is that of parityAVX2.")
	Pragma("noescape")
	bad, p, n := Load(Param("bad"), GP64()), Load(Param("p"), GP64()), Load(Param("n"), GP64())
	c := newNarrow(p, Load(Param("header"), GP32()))
	f, g := GP64(), GP64()
	Label("check2_sector")
	c.parityP()
	for v, column := range []int{0, 32, columns - 32} {
		VPXOR(Mem{Base: p}.Offset(parityPAt+column), c.a[v], c.a[v])
		VPXOR(Mem{Base: p}.Offset(parityPAt+columns+column), c.b[v], c.b[v])
		VPOR(c.b[v], c.a[v], c.a[v])
	}
	VPOR(c.a[1], c.a[0], c.a[0])
	VPOR(c.a[2], c.a[0], c.a[0])
	XORL(f.As32(), f.As32())
	VPTEST(c.a[0], c.a[0])
	SETNE(f.As8())
	c.parityQ()
	for v, first := range firstLane {
		n := 2 * (pairs - 16 - first)
		VPXOR(Mem{Base: p}.Offset(parityQAt+n), c.a[v], c.a[v])
		VPXOR(Mem{Base: p}.Offset(parityQAt+2*pairs+n), c.b[v], c.b[v])
		VPOR(c.b[v], c.a[v], c.a[v])
	}
	VPOR(c.a[1], c.a[0], c.a[0])
	XORL(g.As32(), g.As32())
	VPTEST(c.a[0], c.a[0])
	SETNE(g.As8())
	LEAQ(Mem{Base: f, Index: g, Scale: 2}, f)
	MOVB(f.As8(), Mem{Base: bad})
	INCQ(bad)
	ADDQ(U32(sectorSize), p)
	DECQ(n)
	JNZ(LabelRef("check2_sector"))
	VZEROUPPER()
	RET()
}
