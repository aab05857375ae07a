package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// With AVX-512 and GFNI, the parity a of a codeword d(0) to d(L-1) is computed as the sum of
// d(i)*sum(L-i+1), and b-a as that of d(i). A row of the sector is multiplied by one factor.
//
// P: the bytes of row i of all codewords have the same factor. Two vectors overlap.
//
// Q: vector lane k, of 16 bits, belongs to the codewords number 25-k. At step t, from 0 to
// 67, row t%26 contains the word of column k+t-25 of each of them, or none if there is no
// such column. Its factor is
//
//	sum(44-column) = (2^(44-column)-1)/3 = (2^(69-t)*2^-k-1)/3
//
// so that a = (A*2^-k + b)/3, where A has the factors 2^(69-t), the same in all lanes. The
// products with 2^-k are those of GF2P8MULB, which needs another polynomial: the factors
// before and after it include the isomorphism.

const steps = 43 + 25 // of Q

// wide are what the functions for AVX-512 share.
type wide struct {
	p            Register // the sector
	first        Register // mask of the bytes of row 0 that count for P
	q0, q1       Register // masks of the words of row 0 that count for Q, at steps 0 and 26
	low, all     Register // masks of 26 words and of others
	reverseWords VecVirtual
	perLane      VecVirtual
	back, div3   VecVirtual
	factorsP     Mem
	factorsQ     Mem
}

func newWide(p Register, header Register) *wide {
	var listP, listQ []uint64
	for i := range rowsP {
		listP = append(listP, matrix(func(x byte) byte { return mul(x, sum(rowsP-i+1)) }))
	}
	for t := range steps {
		listQ = append(listQ, matrix(func(x byte) byte { return toAES[mul(x, power(69-t))] }))
	}
	var reversed, lane [64]byte
	for k := range pairs {
		reversed[2*k] = byte(pairs - 1 - k)
		lane[2*k] = toAES[mul(power(-k), third)]
		lane[2*k+1] = lane[2*k]
	}
	w := &wide{
		p: p, first: K(), q0: K(), q1: K(), low: K(), all: K(),
		reverseWords: ZMM(), perLane: ZMM(), back: ZMM(), div3: ZMM(),
		factorsP: shared("eccFactorsP", listP...),
		factorsQ: shared("eccFactorsQ", listQ...),
	}
	VMOVDQU64(shared("eccReverse", words(reversed[:])...), w.reverseWords)
	VMOVDQU64(shared("eccLanes", words(lane[:])...), w.perLane)
	VPBROADCASTQ(shared("eccBack", matrix(func(x byte) byte { return fromAES[x] })), w.back)
	VPBROADCASTQ(shared("eccThird", matrix(func(x byte) byte { return mul(x, third) })), w.div3)

	// header has all 64 bits set, or all but 4.
	m := GP64()
	KMOVQ(header, w.first)
	MOVQ(header, m)
	ANDQ(Imm(1), m)
	SHLQ(Imm(25), m)
	KMOVQ(m, w.q0)
	MOVQ(header, m)
	SHRQ(Imm(3), m)
	KMOVQ(m, w.q1)
	MOVQ(U32(1<<pairs-1), m)
	KMOVQ(m, w.low)
	return w
}

// accumulate adds terms two at a time.
type accumulate struct {
	sum     VecVirtual
	pending VecVirtual
	begun   bool
}

func (a *accumulate) add(v VecVirtual) {
	switch {
	case !a.begun:
		VMOVDQA64(v, a.sum)
		a.begun = true
	case a.pending == nil:
		a.pending = v
	default:
		VPTERNLOGQ(Imm(0x96), v, a.pending, a.sum)
		a.pending = nil
	}
}

func (a *accumulate) total() VecVirtual {
	if a.pending != nil {
		VPXORQ(a.pending, a.sum, a.sum)
		a.pending = nil
	}
	return a.sum
}

// parityP computes P: two vectors of each of its two rows, at columns 0 and 22.
func (w *wide) parityP() (rowA, rowB [2]VecVirtual) {
	var a, b [2]accumulate
	for v := range a {
		a[v].sum, b[v].sum = ZMM(), ZMM()
	}
	for i := range rowsP {
		for v, column := range []int{0, columns - 64} {
			m := Mem{Base: w.p}.Offset(headerAt + i*columns + column)
			d, product := ZMM(), ZMM()
			if i == 0 && column == 0 {
				VMOVDQU8_Z(m, w.first, d)
			} else {
				VMOVDQU64(m, d)
			}
			VGF2P8AFFINEQB_BCST(Imm(0), w.factorsP.Offset(8*i), d, product)
			a[v].add(product)
			b[v].add(d)
		}
	}
	for v := range a {
		rowA[v], rowB[v] = a[v].total(), b[v].total()
		VPXORQ(rowA[v], rowB[v], rowB[v])
	}
	return rowA, rowB
}

// parityQ computes Q, in the order of the codewords.
func (w *wide) parityQ() (first, second VecVirtual) {
	a, b := accumulate{sum: ZMM()}, accumulate{sum: ZMM()}
	for t := range steps {
		r := t % rows
		m := Mem{Base: w.p}.Offset(headerAt + r*columns + 2*(t-25))
		d, product := ZMM(), ZMM()
		switch {
		case t == 0:
			VMOVDQU16_Z(m, w.q0, d)
		case t == rows:
			VMOVDQU16_Z(m, w.q1, d)
		case t < 25:
			w.mask(1<<pairs - 1<<(25-t))
			VMOVDQU16_Z(m, w.all, d)
		case t > 42:
			w.mask(1<<(68-t) - 1)
			VMOVDQU16_Z(m, w.all, d)
		default:
			VMOVDQU64(m, d)
		}
		VGF2P8AFFINEQB_BCST(Imm(0), w.factorsQ.Offset(8*t), d, product)
		a.add(product)
		b.add(d)
	}
	first, second = a.total(), b.total()
	VGF2P8MULB(w.perLane, first, first)
	VGF2P8AFFINEQB(Imm(0), w.back, first, first)
	c := ZMM()
	VGF2P8AFFINEQB(Imm(0), w.div3, second, c)
	VPXORQ(c, first, first)
	VPXORQ(first, second, second)
	VPERMW(first, w.reverseWords, first)
	VPERMW(second, w.reverseWords, second)
	return first, second
}

// mask sets the mask for the next load.
func (w *wide) mask(bits uint32) {
	m := GP32()
	MOVL(U32(bits), m)
	KMOVD(m, w.all)
}

func parityAVX512() {
	TEXT("parityAVX512", attr.NOSPLIT, "func(p *byte, n int, header uint64)")
	Doc("parityAVX512 computes the parity of n sectors. header is ^0, or ^15 if the header counts",
		"as zeros.")
	Pragma("noescape")
	p, n := Load(Param("p"), GP64()), Load(Param("n"), GP64())
	w := newWide(p, Load(Param("header"), GP64()))
	Label("parity512_sector")
	rowA, rowB := w.parityP()
	for v, column := range []int{0, columns - 64} {
		VMOVDQU64(rowA[v], Mem{Base: p}.Offset(parityPAt+column))
		VMOVDQU64(rowB[v], Mem{Base: p}.Offset(parityPAt+columns+column))
	}
	first, second := w.parityQ()
	VMOVDQU16(first, w.low, Mem{Base: p}.Offset(parityQAt))
	VMOVDQU16(second, w.low, Mem{Base: p}.Offset(parityQAt+2*pairs))
	ADDQ(U32(sectorSize), p)
	DECQ(n)
	JNZ(LabelRef("parity512_sector"))
	VZEROUPPER()
	RET()
}

func checkAVX512() {
	TEXT("checkAVX512", attr.NOSPLIT, "func(bad *byte, p *byte, n int, header uint64)")
	Doc("checkAVX512 sets the bytes bad[0] to bad[n-1]: bit 0 if the parity P of the sector does not",
		"match, bit 1 if Q does not. header is that of parityAVX512.")
	Pragma("noescape")
	bad, p, n := Load(Param("bad"), GP64()), Load(Param("p"), GP64()), Load(Param("n"), GP64())
	w := newWide(p, Load(Param("header"), GP64()))
	f, g, k := GP64(), GP64(), K()
	Label("check512_sector")
	rowA, rowB := w.parityP()
	for v, column := range []int{0, columns - 64} {
		VPXORQ(Mem{Base: p}.Offset(parityPAt+column), rowA[v], rowA[v])
		VPXORQ(Mem{Base: p}.Offset(parityPAt+columns+column), rowB[v], rowB[v])
	}
	VPORQ(rowA[0], rowA[1], rowA[0])
	VPORQ(rowB[0], rowB[1], rowB[0])
	VPORQ(rowA[0], rowB[0], rowA[0])
	XORL(f.As32(), f.As32())
	VPTESTMQ(rowA[0], rowA[0], k)
	KORTESTW(k, k)
	SETNE(f.As8())
	first, second := w.parityQ()
	d := ZMM()
	VMOVDQU16_Z(Mem{Base: p}.Offset(parityQAt), w.low, d)
	VPXORQ(d, first, first)
	VMOVDQU16_Z(Mem{Base: p}.Offset(parityQAt+2*pairs), w.low, d)
	VPXORQ(d, second, second)
	VPORQ(first, second, first)
	XORL(g.As32(), g.As32())
	VPTESTMW(first, first, w.low, k)
	KORTESTD(k, k)
	SETNE(g.As8())
	LEAQ(Mem{Base: f, Index: g, Scale: 2}, f)
	MOVB(f.As8(), Mem{Base: bad})
	INCQ(bad)
	ADDQ(U32(sectorSize), p)
	DECQ(n)
	JNZ(LabelRef("check512_sector"))
	VZEROUPPER()
	RET()
}
