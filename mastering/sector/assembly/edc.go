package main

import (
	"math/bits"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A message is folded: 128 bits are multiplied by x^n modulo the polynomial, where n is the
// distance in bits, and added to those that are so far away. The bits are reflected: the
// first bit of the first byte has the highest exponent.

// foldBy returns the factors of the first and the last 64 of 128 bits that are moved by n.
func foldBy(n int) []uint64 { return []uint64{factor(n + 64), factor(n)} }

// lanes returns factors for each 128 bits of 512.
func lanes(f []uint64) []uint64 {
	var list []uint64
	for range 4 {
		list = append(list, f...)
	}
	return list
}

// The remainder of 128 bits times x^32, which is the EDC.
func finish(v Register, dst Register) {
	reduce := shared("edcReduce", factor(96), factor(32), factor(64), 0,
		bits.Reverse64(inverse())>>31, bits.Reverse64(1<<32|polynomial)>>31, 1<<32-1, 0)
	a, b := XMM(), XMM()
	VPCLMULQDQ(Imm(0x00), reduce, v, a) // to 96 bits
	VPCLMULQDQ(Imm(0x11), reduce, v, b)
	VPXOR(a, b, a)
	VPCLMULQDQ(Imm(0x00), reduce.Offset(16), a, b) // to 64 bits
	VPXOR(a, b, a)
	VPSRLDQ(Imm(8), a, a)
	VPAND(reduce.Offset(48), a, b) // to 32 bits
	VPCLMULQDQ(Imm(0x00), reduce.Offset(32), b, b)
	VPAND(reduce.Offset(48), b, b)
	VPCLMULQDQ(Imm(0x10), reduce.Offset(32), b, b)
	VPXOR(a, b, a)
	VPEXTRD(Imm(1), a, dst)
}

var defined = map[string]Mem{}

// shared returns constants that several functions use.
func shared(name string, list ...uint64) Mem {
	m, ok := defined[name]
	if !ok {
		m = constant(name, list...)
		defined[name] = m
	}
	return m
}

func edcAVX2() {
	by512 := shared("edcBy512x1", foldBy(512)...)
	by128 := shared("edcBy128", foldBy(128)...)
	TEXT("edcAVX2", attr.NOSPLIT, "func(dst *uint32, p *byte, n int, blocks int)")
	Doc("edcAVX2 stores the EDC of the first blocks of 64 bytes from p on, and from the same",
		"places of the n-1 sectors after it.")
	Pragma("noescape")
	dst, p, n := Load(Param("dst"), GP64()), Load(Param("p"), GP64()), Load(Param("n"), GP64())
	blocks := Load(Param("blocks"), GP64())
	k, k1 := XMM(), XMM()
	VMOVDQU(by512, k)
	VMOVDQU(by128, k1)
	acc := []Register{XMM(), XMM(), XMM(), XMM()}
	t, u := XMM(), XMM()
	at, left, code := GP64(), GP64(), GP32()

	Label("edc2_sector")
	for i, a := range acc {
		VMOVDQU(Mem{Base: p}.Offset(16*i), a)
	}
	LEAQ(Mem{Base: p}.Offset(64), at)
	LEAQ(Mem{Base: blocks}.Offset(-1), left)
	Label("edc2_block")
	for i, a := range acc {
		VPCLMULQDQ(Imm(0x00), k, a, t)
		VPCLMULQDQ(Imm(0x11), k, a, u)
		VPXOR(Mem{Base: at}.Offset(16*i), t, a)
		VPXOR(u, a, a)
	}
	ADDQ(Imm(64), at)
	DECQ(left)
	JNZ(LabelRef("edc2_block"))
	for i := range 3 {
		VPCLMULQDQ(Imm(0x00), k1, acc[i], t)
		VPCLMULQDQ(Imm(0x11), k1, acc[i], u)
		VPXOR(t, u, t)
		VPXOR(t, acc[i+1], acc[i+1])
	}
	finish(acc[3], code)
	MOVL(code.(GPVirtual), Mem{Base: dst})
	ADDQ(Imm(4), dst)
	ADDQ(U32(sectorSize), p)
	DECQ(n)
	JNZ(LabelRef("edc2_sector"))
	RET()
}

func edcAVX512() {
	by2048 := shared("edcBy2048x4", lanes(foldBy(2048))...)
	by512 := shared("edcBy512x4", lanes(foldBy(512))...)
	join := shared("edcJoin", append(append(append(foldBy(384), foldBy(256)...), foldBy(128)...), 0, 0)...)
	TEXT("edcAVX512", attr.NOSPLIT, "func(dst *uint32, p *byte, n int, head uint64, size int, blocks int)")
	Doc("edcAVX512 stores the EDC of the size bytes from p on and of blocks of 256 bytes after",
		"them, and from the same places of the n-1 sectors after it. size is at most 64, and head",
		"is a number whose size highest bits are set.")
	Pragma("noescape")
	dst, p, n := Load(Param("dst"), GP64()), Load(Param("p"), GP64()), Load(Param("n"), GP64())
	size, blocks := Load(Param("size"), GP64()), Load(Param("blocks"), GP64())
	mask, head := K(), GP64()
	Load(Param("head"), head)
	KMOVQ(head, mask)
	k, k1, kj := ZMM(), ZMM(), ZMM()
	VMOVDQU64(by2048, k)
	VMOVDQU64(by512, k1)
	VMOVDQU64(join, kj)
	acc := []VecVirtual{ZMM(), ZMM(), ZMM(), ZMM()}
	t, u := ZMM(), ZMM()
	at, left, code := GP64(), GP64(), GP32()

	Label("edc512_sector")
	for _, a := range acc[:3] {
		VPXORQ(a, a, a)
	}
	LEAQ(Mem{Base: p, Index: size, Scale: 1}, at)
	VMOVDQU8_Z(Mem{Base: at}.Offset(-64), mask, acc[3])
	MOVQ(blocks, left)
	Label("edc512_block")
	for i, a := range acc {
		VPCLMULQDQ(Imm(0x00), k, a, t)
		VPCLMULQDQ(Imm(0x11), k, a, a)
		VPTERNLOGQ(Imm(0x96), Mem{Base: at}.Offset(64*i), t, a)
	}
	ADDQ(U32(256), at)
	DECQ(left)
	JNZ(LabelRef("edc512_block"))
	for i := range 3 {
		VPCLMULQDQ(Imm(0x00), k1, acc[i], t)
		VPCLMULQDQ(Imm(0x11), k1, acc[i], u)
		VPTERNLOGQ(Imm(0x96), t, u, acc[i+1])
	}
	a := acc[3]
	VPCLMULQDQ(Imm(0x00), kj, a, t)
	VPCLMULQDQ(Imm(0x11), kj, a, u)
	VPXORQ(t, u, t)
	x := XMM()
	VEXTRACTI32X4(Imm(3), a, x)
	y := XMM()
	for lane := range 3 {
		VEXTRACTI32X4(Imm(uint64(lane)), t, y)
		VPXOR(x, y, x)
	}
	finish(x, code)
	MOVL(code, Mem{Base: dst})
	ADDQ(Imm(4), dst)
	ADDQ(U32(sectorSize), p)
	DECQ(n)
	JNZ(LabelRef("edc512_sector"))
	VZEROUPPER()
	RET()
}
