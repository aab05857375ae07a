package dmg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

var errLZFSE = errors.New("its LZFSE data is damaged")

// unLZFSE unpacks LZFSE as Apple's description of its reference implementation has it:
// blocks, each with a magic of four bytes, which refer to the bytes before them. No library
// is used since the known one keeps all that it unpacks, however much that is.
func unLZFSE(dst, src []byte) error {
	n := 0
	for {
		if len(src) < 4 {
			return io.ErrUnexpectedEOF
		}
		magic := string(src[:4])
		if magic == "bvx$" {
			break
		}
		if len(src) < 12 {
			return io.ErrUnexpectedEOF
		}
		length := int64(binary.LittleEndian.Uint32(src[4:]))
		if length > int64(len(dst)-n) {
			return fmt.Errorf("%w: a block is longer than the chunk", errLZFSE)
		}
		to := n + int(length)
		var used int
		var err error
		switch magic {
		case "bvx-": // stored
			if used = 8 + int(length); used > len(src) {
				return io.ErrUnexpectedEOF
			}
			copy(dst[n:to], src[8:])
		case "bvxn":
			size := int64(binary.LittleEndian.Uint32(src[8:]))
			if size > int64(len(src)-12) {
				return io.ErrUnexpectedEOF
			}
			used = 12 + int(size)
			err = unLZVN(dst[:to], n, src[12:used])
		case "bvx2":
			used, err = unFSE(dst[:to], n, src)
		default:
			err = fmt.Errorf("%w: unknown block type %q", errLZFSE, magic)
		}
		if err != nil {
			return err
		}
		n, src = to, src[used:]
	}
	if n < len(dst) {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// unLZVN unpacks a block of LZVN to dst[n:]. L bytes that are stored are followed by M bytes
// again from a distance D.
func unLZVN(dst []byte, n int, p []byte) error {
	d := 0
	for len(p) > 0 {
		op := p[0]
		l, m, used := 0, 0, 1
		b := func(i int) int { // byte i of the operation
			if i < len(p) {
				return int(p[i])
			}
			return 0
		}
		switch {
		case op == 0x06: // the end
			if n != len(dst) {
				return io.ErrUnexpectedEOF
			}
			return nil
		case op == 0x0e || op == 0x16: // nothing
			p = p[1:]
			continue
		case op&0xf0 == 0x70 || op&0xf0 == 0xd0 || op&0xc7 == 6:
			return fmt.Errorf("%w: unknown opcode %#x", errLZFSE, op)
		case op&0xf0 == 0xf0:
			if m = int(op & 15); m == 0 {
				m, used = b(1)+16, 2
			}
		case op&0xf0 == 0xe0:
			if l = int(op & 15); l == 0 {
				l, used = b(1)+16, 2
			}
		case op&0xe0 == 0xa0:
			v := b(1) | b(2)<<8
			l, m, d, used = int(op>>3&3), int(op&7)<<2|v&3, v>>2, 3
			m += 3
		default:
			l, m = int(op>>6), int(op>>3&7)+3
			switch op & 7 {
			case 6: // the distance of before
			case 7:
				d, used = b(1)|b(2)<<8, 3
			default:
				d, used = int(op&7)<<8|b(1), 2
			}
		}
		if len(p) < used+l {
			return io.ErrUnexpectedEOF
		}
		if l > len(dst)-n {
			return fmt.Errorf("%w: a block is longer than its header says", errLZFSE)
		}
		n += copy(dst[n:], p[used:used+l])
		p = p[used+l:]
		if m > 0 {
			if err := again(dst, n, m, d); err != nil {
				return fmt.Errorf("%w: %w", errLZFSE, err)
			}
			n += m
		}
	}
	return io.ErrUnexpectedEOF
}

// Values of the symbols for lengths of stored bytes (L) and of bytes again (M), and for
// distances (D): a base value, and the number of extra bits that are added to it.
var (
	lBits = [20]uint8{16: 2, 17: 3, 18: 5, 19: 8}
	lBase = [20]int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 20, 28, 60}
	mBits = [20]uint8{16: 3, 17: 5, 18: 8, 19: 11}
	mBase = [20]int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 56, 312}
)

// distance returns the value of a symbol for distances. Four each have one more bit.
func distance(symbol int) (base int32, extra uint8) {
	extra = uint8(symbol / 4)
	return (4+int32(symbol%4))<<extra - 4, extra
}

// Numbers of states and symbols.
const (
	lStates, mStates, dStates, litStates = 64, 64, 256, 1024
	lmSymbols, dSymbols, litSymbols      = 20, 64, 256
	maxMatches                           = 10000
	maxLiterals                          = 4 * maxMatches
)

// fseHeader is the header of a block of the kind bvx2, of 32 bytes: its size and three
// numbers of 64 bits with these fields. The frequencies of all symbols follow.
type fseHeader struct {
	literals, literalBytes, matches int
	literalBits                     int
	state                           [4]int // for literals
	lmdBytes, lmdBits               int
	size                            int
	l, m, d                         int // states
}

func fields(p []byte) fseHeader {
	v0, v1, v2 := binary.LittleEndian.Uint64(p[8:]), binary.LittleEndian.Uint64(p[16:]), binary.LittleEndian.Uint64(p[24:])
	get := func(v uint64, at, n uint) int { return int(v >> at & (1<<n - 1)) }
	return fseHeader{
		literals: get(v0, 0, 20), literalBytes: get(v0, 20, 20), matches: get(v0, 40, 20), literalBits: get(v0, 60, 3) - 7,
		state:    [4]int{get(v1, 0, 10), get(v1, 10, 10), get(v1, 20, 10), get(v1, 30, 10)},
		lmdBytes: get(v1, 40, 20), lmdBits: get(v1, 60, 3) - 7,
		size: get(v2, 0, 32), l: get(v2, 32, 10), m: get(v2, 42, 10), d: get(v2, 52, 10),
	}
}

// unFSE unpacks a block whose symbols are coded with a finite state entropy coder to dst[n:],
// which it fills. It returns the size of the block.
func unFSE(dst []byte, n int, src []byte) (int, error) {
	if len(src) < 32 {
		return 0, io.ErrUnexpectedEOF
	}
	h := fields(src)
	used := h.size + h.literalBytes + h.lmdBytes
	if h.size < 32 || used > len(src) {
		return 0, io.ErrUnexpectedEOF
	}
	if h.literals > maxLiterals || h.literals%4 != 0 || h.matches > maxMatches || h.l >= lStates || h.m >= mStates || h.d >= dStates {
		return 0, fmt.Errorf("%w: invalid block header", errLZFSE)
	}
	freq, err := frequencies(src[32:h.size])
	if err != nil {
		return 0, err
	}
	literals, err := h.decodeLiterals(src[:h.size+h.literalBytes], freq[2*lmSymbols+dSymbols:])
	if err != nil {
		return 0, err
	}
	if err := h.decodeMatches(dst, n, src[:used], freq, literals); err != nil {
		return 0, err
	}
	return used, nil
}

// frequencies decodes the frequencies of the symbols of L, M, D and literals. Small ones
// have short codes.
func frequencies(p []byte) ([]int, error) {
	freq := make([]int, 2*lmSymbols+dSymbols+litSymbols)
	if len(p) == 0 {
		return freq, nil
	}
	v, nb := uint32(0), 0
	for i := range freq {
		for len(p) > 0 && nb+8 <= 32 {
			v |= uint32(p[0]) << nb
			p = p[1:]
			nb += 8
		}
		var n int
		switch x := v & 31; {
		case x&3 == 0:
			n, freq[i] = 2, 0
		case x&3 == 2:
			n, freq[i] = 2, 1
		case x&7 == 1:
			n, freq[i] = 3, 2
		case x&7 == 5:
			n, freq[i] = 3, 3
		case x&7 == 3:
			n, freq[i] = 5, 4+int(x>>3)
		case x&15 == 7:
			n, freq[i] = 8, 8+int(v>>4&15)
		default:
			n, freq[i] = 14, 24+int(v>>4&1023)
		}
		if n > nb {
			return nil, io.ErrUnexpectedEOF
		}
		v >>= n
		nb -= n
	}
	if nb >= 8 || len(p) > 0 {
		return nil, fmt.Errorf("%w: invalid frequency table of a block", errLZFSE)
	}
	return freq, nil
}

// fseEntry is what a state means: a symbol, and the state that follows, to which bits are
// added.
type fseEntry struct {
	symbol int
	bits   uint8 // for the next state
	delta  int
	extra  uint8 // bits for the value, after those for the state
	base   int32
}

// fseTable makes the table of the states for symbols of these frequencies.
func fseTable(states int, freq []int) ([]fseEntry, error) {
	t := make([]fseEntry, 0, states)
	zeros := bits.LeadingZeros32(uint32(states))
	for symbol, f := range freq {
		if f == 0 {
			continue
		}
		if len(t)+f > states {
			return nil, fmt.Errorf("%w: invalid frequency table of a block", errLZFSE)
		}
		k := bits.LeadingZeros32(uint32(f)) - zeros
		j0 := 2*states>>k - f
		for j := range f {
			if j < j0 {
				t = append(t, fseEntry{symbol: symbol, bits: uint8(k), delta: (f+j)<<k - states})
			} else {
				t = append(t, fseEntry{symbol: symbol, bits: uint8(k - 1), delta: (j - j0) << (k - 1)})
			}
		}
	}
	// States that no symbol has must not be reached; see step.
	return t, nil
}

// backward reads bits from the end of bytes to their beginning.
type backward struct {
	p  []byte // the bytes that are left
	v  uint64
	nb int
	ok bool
}

// newBackward starts at the end of p. n is how many bits its last byte has less than all,
// as a number from -7 to 0.
func newBackward(p []byte, n int) *backward {
	b := &backward{p: p, ok: true}
	if len(p) < 8 {
		b.ok = false
		return b
	}
	k := 8
	if n == 0 {
		k = 7
	}
	b.v = binary.LittleEndian.Uint64(p[len(p)-8:]) >> (64 - 8*k)
	b.p, b.nb = p[:len(p)-k], 8*k+n
	b.ok = b.v>>b.nb == 0
	return b
}

// fill makes at least 56 bits valid.
func (b *backward) fill() {
	n := (63 - b.nb) / 8
	if n == 0 {
		return
	}
	if n > len(b.p) {
		b.ok = false
		return
	}
	for range n {
		b.v = b.v<<8 | uint64(b.p[len(b.p)-1])
		b.p = b.p[:len(b.p)-1]
	}
	b.nb += 8 * n
}

// pull reads n bits.
func (b *backward) pull(n uint8) uint64 {
	if int(n) > b.nb {
		b.ok = false
		return 0
	}
	b.nb -= int(n)
	v := b.v >> b.nb
	b.v &= 1<<b.nb - 1
	return v
}

// step decodes a symbol, and goes to the next state.
func (b *backward) step(t []fseEntry, state *int) (symbol int, value int32) {
	if *state >= len(t) {
		b.ok = false
		return 0, 0
	}
	e := t[*state]
	v := b.pull(e.bits + e.extra)
	*state = e.delta + int(v>>e.extra)
	return e.symbol, e.base + int32(v&(1<<e.extra-1))
}

// decodeLiterals decodes the bytes of a block that are stored. p ends where they end; what
// is before them may be read, but is not used.
func (h fseHeader) decodeLiterals(p []byte, freq []int) ([]byte, error) {
	t, err := fseTable(litStates, freq)
	if err != nil {
		return nil, err
	}
	b := newBackward(p, h.literalBits)
	out := make([]byte, h.literals)
	for i := 0; i < len(out) && b.ok; i += 4 {
		b.fill()
		for j := range 4 {
			s, _ := b.step(t, &h.state[j])
			out[i+j] = byte(s)
		}
	}
	if !b.ok {
		return nil, fmt.Errorf("%w: invalid literals of a block", errLZFSE)
	}
	return out, nil
}

// decodeMatches decodes what is stored and what is repeated, and fills dst[n:].
func (h fseHeader) decodeMatches(dst []byte, n int, p []byte, freq []int, literals []byte) error {
	l, err1 := fseTable(lStates, freq[:lmSymbols])
	m, err2 := fseTable(mStates, freq[lmSymbols:2*lmSymbols])
	d, err3 := fseTable(dStates, freq[2*lmSymbols:2*lmSymbols+dSymbols])
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	for i := range l {
		l[i].base, l[i].extra = lBase[l[i].symbol], lBits[l[i].symbol]
	}
	for i := range m {
		m[i].base, m[i].extra = mBase[m[i].symbol], mBits[m[i].symbol]
	}
	for i := range d {
		d[i].base, d[i].extra = distance(d[i].symbol)
	}
	b := newBackward(p, h.lmdBits)
	dist := int32(0)
	for range h.matches {
		b.fill()
		_, length := b.step(l, &h.l)
		_, repeat := b.step(m, &h.m)
		if _, x := b.step(d, &h.d); x != 0 {
			dist = x
		}
		if !b.ok || int(length) > len(literals) || int(length) > len(dst)-n {
			return fmt.Errorf("%w: invalid matches of a block", errLZFSE)
		}
		n += copy(dst[n:], literals[:length])
		literals = literals[length:]
		if repeat > 0 {
			if err := again(dst, n, int(repeat), int(dist)); err != nil {
				return fmt.Errorf("%w: %w", errLZFSE, err)
			}
			n += int(repeat)
		}
	}
	if n != len(dst) {
		return fmt.Errorf("%w: a block has fewer bytes than its header says", errLZFSE)
	}
	return nil
}
