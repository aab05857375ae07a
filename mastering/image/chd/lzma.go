package chd

import (
	"encoding/binary"
	"errors"
)

// LZMA as the codecs lzma and cdlz use it: the stream alone, without a header and without an
// end mark, with lc 3, lp 0 and pb 2 (specification of LZMA by I. Pavlov, 2015). A hunk is
// decompressed at once, so that it is its own dictionary.

// Numbers of the specification.
const (
	lzmaStates    = 12
	posStates     = 4     // 1 << pb
	literalCodes  = 0x300 // probabilities of a literal
	literalTables = 8     // 1 << lc
	probBits      = 11
	probStart     = 1 << (probBits - 1)
	probMove      = 5
	probLess      = 1<<probMove - 1 - 1<<probBits // what a 0 adds before probMove, so that the probability grows
	rangeTop      = 1 << 24
	minMatch      = 2
)

// prob is the probability of a 0, in 1/2048.
type prob uint16

// lzmaProbs are the probabilities that a stream adapts.
type lzmaProbs struct {
	isMatch    [lzmaStates][posStates]prob
	isRep      [lzmaStates]prob
	isRep0     [lzmaStates]prob // 0: the last distance
	isRep1     [lzmaStates]prob // 0: the one before
	isRep2     [lzmaStates]prob
	isLong     [lzmaStates][posStates]prob // 0: one byte with the last distance
	slots      [4][64]prob                 // of distances, by the length
	distances  [128]prob                   // low bits of the slots 4 to 13
	align      [16]prob                    // the lowest 4 bits of larger slots
	match, rep lzmaLengths
	literals   [literalTables][literalCodes]prob
}

// lzmaLengths are the probabilities of lengths.
type lzmaLengths struct {
	choice [2]prob
	low    [posStates][8]prob
	mid    [posStates][8]prob
	high   [256]prob
}

// reset sets all probabilities to one half.
func (l *lzmaProbs) reset() {
	half := func(p []prob) {
		for i := range p {
			p[i] = probStart
		}
	}
	for i := range l.isMatch {
		half(l.isMatch[i][:])
		half(l.isLong[i][:])
	}
	half(l.isRep[:])
	half(l.isRep0[:])
	half(l.isRep1[:])
	half(l.isRep2[:])
	for i := range l.slots {
		half(l.slots[i][:])
	}
	half(l.distances[:])
	half(l.align[:])
	for _, n := range []*lzmaLengths{&l.match, &l.rep} {
		half(n.choice[:])
		for i := range posStates {
			half(n.low[i][:])
			half(n.mid[i][:])
		}
		half(n.high[:])
	}
	for i := range l.literals {
		half(l.literals[i][:])
	}
}

// The state remembers which kinds of packets were the last ones.
func stateLiteral(s uint32) uint32 {
	switch {
	case s < 4:
		return 0
	case s < 10:
		return s - 3
	}
	return s - 6
}

// afterLiteral reports whether the last packet was a literal.
func afterLiteral(s uint32) bool { return s < 7 }

// stateAfter returns the state after a packet: afterLiteral, or otherwise, before it.
func stateAfter(s, literal, other uint32) uint32 {
	if afterLiteral(s) {
		return literal
	}
	return other
}

// lzmaDecoder decompresses streams.
type lzmaDecoder struct {
	probs lzmaProbs
	src   []byte
	at    int
	rng   uint32
	code  uint32
}

var errLZMA = errors.New("LZMA: invalid data")

// decode fills dst with what src contains.
func (d *lzmaDecoder) decode(dst, src []byte) error {
	if len(src) < 5 || src[0] != 0 {
		return errLZMA
	}
	d.probs.reset()
	d.src, d.at, d.rng, d.code = src, 5, 1<<32-1, binary.BigEndian.Uint32(src[1:])
	var state uint32
	reps := [4]int{1, 1, 1, 1}
	for n := 0; n < len(dst); {
		if d.at > len(src)+4 {
			return errShort
		}
		pos := n % posStates
		if d.bit(&d.probs.isMatch[state][pos]) == 0 {
			d.literal(dst, n, state, reps[0])
			state = stateLiteral(state)
			n++
			continue
		}
		var length int
		if d.bit(&d.probs.isRep[state]) == 0 {
			length = d.length(&d.probs.match, pos)
			state = stateAfter(state, 7, 10)
			reps = [4]int{d.distance(length), reps[0], reps[1], reps[2]}
		} else if length = d.repeat(&reps, state, pos); length == 1 {
			state = stateAfter(state, 9, 11)
		} else {
			state = stateAfter(state, 8, 11)
		}
		if reps[0] > n || length > len(dst)-n {
			return errLZMA
		}
		repeatBytes(dst[:n+length], n, reps[0])
		n += length
	}
	if d.at > len(src)+4 {
		return errShort
	}
	return nil
}

// repeatBytes fills p from n on with the bytes that are distance before.
func repeatBytes(p []byte, n, distance int) {
	if distance >= len(p)-n {
		copy(p[n:], p[n-distance:])
		return
	}
	for i := n; i < len(p); i++ {
		p[i] = p[i-distance]
	}
}

// shift reads the next byte into the code when the range has become small.
func (d *lzmaDecoder) shift() {
	var b uint32
	if d.at < len(d.src) {
		b = uint32(d.src[d.at])
	}
	d.at++
	d.rng <<= 8
	d.code = d.code<<8 | b
}

// bit reads a bit.
func (d *lzmaDecoder) bit(p *prob) uint32 {
	if d.rng < rangeTop {
		d.shift()
	}
	v := uint32(*p)
	bound := d.rng >> probBits * v
	if d.code < bound {
		d.rng = bound
		*p = prob(v + (1<<probBits-v)>>probMove)
		return 0
	}
	d.rng -= bound
	d.code -= bound
	*p = prob(v - v>>probMove)
	return 1
}

// literal reads the byte n of dst. The byte that the last distance refers to is close to it
// if the packet before was not a literal.
func (d *lzmaDecoder) literal(dst []byte, n int, state uint32, distance int) {
	last := byte(0)
	if n > 0 {
		last = dst[n-1]
	}
	probs := &d.probs.literals[last>>5]
	sym, offset, matched := uint32(1), uint32(0), uint32(0)
	if !afterLiteral(state) {
		offset, matched = 0x100, uint32(dst[n-distance])
	}
	src, at, rng, code := d.src, d.at, d.rng, d.code
	for sym < 0x100 {
		matched <<= 1
		want := offset
		offset &= matched
		p := &probs[offset+want+sym]
		if rng < rangeTop {
			var b uint32
			if at < len(src) {
				b = uint32(src[at])
			}
			at++
			rng <<= 8
			code = code<<8 | b
		}
		v := uint32(*p)
		bound := rng >> probBits * v
		zero := uint32((int64(code) - int64(bound)) >> 63) // all bits: a 0 follows
		rng = bound&zero | (rng-bound)&^zero
		code -= bound &^ zero
		*p = prob(int32(v) - (int32(v)+int32(zero)&probLess)>>probMove)
		sym = sym<<1 + 1 + zero
		offset ^= want & zero
	}
	dst[n] = byte(sym)
	d.at, d.rng, d.code = at, rng, code
}

// tree reads a number of bits, the highest first.
func (d *lzmaDecoder) tree(p []prob, bits int) int {
	sym := uint32(1)
	for range bits {
		sym = sym<<1 | d.bit(&p[sym])
	}
	return int(sym) - 1<<bits
}

// reverseTree reads a number of bits, the lowest first.
func (d *lzmaDecoder) reverseTree(p []prob, bits int) int {
	sym, v := uint32(1), 0
	for i := range bits {
		b := d.bit(&p[sym])
		sym = sym<<1 | b
		v |= int(b) << i
	}
	return v
}

// direct reads a number of bits that have no probabilities.
func (d *lzmaDecoder) direct(bits int) int {
	v := 0
	for range bits {
		if d.rng < rangeTop {
			d.shift()
		}
		d.rng >>= 1
		v <<= 1
		if d.code >= d.rng {
			d.code -= d.rng
			v |= 1
		}
	}
	return v
}

// length reads a length.
func (d *lzmaDecoder) length(p *lzmaLengths, pos int) int {
	switch {
	case d.bit(&p.choice[0]) == 0:
		return minMatch + d.tree(p.low[pos][:], 3)
	case d.bit(&p.choice[1]) == 0:
		return minMatch + 8 + d.tree(p.mid[pos][:], 3)
	}
	return minMatch + 16 + d.tree(p.high[:], 8)
}

// distance reads a distance, from 1 on.
func (d *lzmaDecoder) distance(length int) int {
	slot := d.tree(d.probs.slots[min(length-minMatch, 3)][:], 6)
	if slot < 4 {
		return slot + 1
	}
	bits := slot/2 - 1
	base := (2 | slot&1) << bits
	if slot < 14 {
		return base + d.reverseTree(d.probs.distances[base-slot:], bits) + 1
	}
	return base + d.direct(bits-4)<<4 + d.reverseTree(d.probs.align[:], 4) + 1
}

// repeat reads a packet that uses one of the last four distances, and returns its length.
func (d *lzmaDecoder) repeat(reps *[4]int, state uint32, pos int) int {
	p := &d.probs
	switch {
	case d.bit(&p.isRep0[state]) == 0:
		if d.bit(&p.isLong[state][pos]) == 0 {
			return 1
		}
	case d.bit(&p.isRep1[state]) == 0:
		*reps = [4]int{reps[1], reps[0], reps[2], reps[3]}
	case d.bit(&p.isRep2[state]) == 0:
		*reps = [4]int{reps[2], reps[0], reps[1], reps[3]}
	default:
		*reps = [4]int{reps[3], reps[0], reps[1], reps[2]}
	}
	return d.length(&p.rep, pos)
}
