package sector

import stdsync "sync"

// Correct corrects the errors of a sector of mode 1 or of mode 2 form 1 in place, by its P
// and Q parity. The EDC decides whether the result is right. It returns false, and leaves p
// unchanged, if there are too many errors. The sync pattern is not covered by the parity and
// has to be intact, and so has the header of form 1.
func Correct(p []byte) bool {
	if string(p[:SyncSize]) != Sync {
		return false
	}
	kind := Mode1 // whose parity covers the header
	if p[HeaderAt+3] == 2 {
		kind = Form1 // whose parity covers the sub-header, which may be what is damaged
	}
	for _, s := range [...]strategy{careful, byColumns, byDiagonals} {
		c := newCorrection(p, kind)
		if c.run(s) {
			copy(p, c.p[:])
			return true
		}
	}
	return false
}

// field is the field GF(2^8) of the error correction code: the powers of 2, twice, and
// their logarithms.
type field struct {
	power [2 * 255]byte
	log   [256]uint8
}

var galois = stdsync.OnceValue(func() *field {
	var f field
	x := byte(1)
	for i := range 255 {
		f.power[i], f.power[i+255] = x, x
		f.log[x] = uint8(i)
		x = byte(double(uint64(x)))
	}
	return &f
})

// div returns a/b. b is not 0.
func (f *field) div(a, b byte) byte {
	if a == 0 {
		return 0
	}
	return f.power[255+int(f.log[a])-int(f.log[b])]
}

// mul returns a*2^n, n from 0 to 254.
func (f *field) mul(a byte, n int) byte {
	if a == 0 {
		return 0
	}
	return f.power[int(f.log[a])+n]
}

// Codewords: those of P first, then those of Q.
const (
	codewordsQ = 2 * rows
	codewords  = columns + codewordsQ
)

// code has the offsets in the sector of the bytes of each codeword, and the places of each
// byte in a codeword of P and in one of Q.
type code struct {
	at [codewords][]int16
	of [Size][2]place
}

// place is a place in a codeword. weight is the exponent of the factor of the byte there.
type place struct {
	codeword int16 // none: the byte belongs to no codeword of this kind
	weight   int16
}

const none = -1

// The elements of code.of.
const (
	inP = iota
	inQ
)

// add adds the next byte of a codeword.
func (c *code) add(which, codeword, at int) {
	length := [...]int{lengthP, lengthQ}[which]
	c.of[at][which] = place{int16(codeword), int16(length - 1 - len(c.at[codeword]))}
	c.at[codeword] = append(c.at[codeword], int16(at))
}

var product = stdsync.OnceValue(func() *code {
	var c code
	for i := range c.of {
		c.of[i] = [2]place{{codeword: none}, {codeword: none}}
	}
	for n := range columns {
		for r := range rows {
			c.add(inP, n, HeaderAt+r*columns+n)
		}
	}
	for n := range codewordsQ {
		for k := range lengthQ - 2 {
			c.add(inQ, columns+n, HeaderAt+(n/2*columns+k*stepQ)%areaSize+n%2)
		}
		c.add(inQ, columns+n, parityQAt+n)
		c.add(inQ, columns+n, parityQAt+codewordsQ+n)
	}
	return &c
})

// strategy is how errors are corrected. Two or more errors in a codeword can look like a
// single one at another place, so that a correction makes it worse; no way is the best for
// all patterns of errors.
type strategy uint8

const (
	careful     strategy = iota // the surest correction first, one after the other
	byColumns                   // all codewords of P, then all of Q
	byDiagonals                 // all codewords of Q, then all of P
)

// rounds is how often codewords are corrected at most.
const rounds = 200

// doubt is which single errors are corrected.
type doubt uint8

const (
	agreed  doubt = iota // both codewords of the byte have the same error there
	crossed              // both codewords of the byte are wrong
	every                // all
)

// correction is the state of the correction of a sector.
type correction struct {
	p    [Size]byte
	kind Kind
	gf   *field
	code *code
	// s0 and s1 are the syndromes of the codewords: the sum of the bytes, and their sum with
	// the factors 2^(length-1) to 1. Both are 0 if a codeword is right.
	s0, s1  [codewords]byte
	header  [4]byte // as it was, in form 1
	touched bool    // user data, sub-header, EDC or, in mode 1, header were changed
}

func newCorrection(p []byte, kind Kind) *correction {
	c := &correction{p: [Size]byte(p), kind: kind, gf: galois(), code: product()}
	if kind == Form1 {
		c.header = [4]byte(p[HeaderAt:])
		clear(c.p[HeaderAt:DataAt])
	}
	for n, at := range c.code.at {
		var a, b byte
		for _, i := range at {
			a = byte(double(uint64(a))) ^ c.p[i]
			b ^= c.p[i]
		}
		c.s0[n], c.s1[n] = b, a
	}
	return c
}

// run corrects the sector. It returns false if that is not possible.
func (c *correction) run(s strategy) bool {
	if c.done() {
		return true
	}
	for range rounds {
		var changed bool
		switch s {
		case careful:
			changed = c.singles(0, codewords, agreed) || c.singles(0, codewords, crossed) || c.erasures()
		case byColumns:
			changed = c.singles(0, columns, every)
			changed = c.singles(columns, codewords, every) || changed
		case byDiagonals:
			changed = c.singles(columns, codewords, every)
			changed = c.singles(0, columns, every) || changed
		}
		if c.done() {
			return true
		}
		if !changed {
			return false
		}
	}
	return false
}

// wrong reports whether a codeword is wrong.
func (c *correction) wrong(n int) bool { return c.s0[n]|c.s1[n] != 0 }

// other returns the codeword of the other kind that a byte of codeword n belongs to, or
// none.
func (c *correction) other(n, at int) int {
	if n < columns {
		return int(c.code.of[at][inQ].codeword)
	}
	return int(c.code.of[at][inP].codeword)
}

// change adds e to a byte. It returns false if the byte is known to be right.
func (c *correction) change(at int, e byte) bool {
	if at < DataAt && c.kind == Form1 {
		return false // the header is not covered
	}
	c.p[at] ^= e
	for _, o := range c.code.of[at] {
		if o.codeword != none {
			c.s0[o.codeword] ^= e
			c.s1[o.codeword] ^= c.gf.mul(e, int(o.weight))
		}
	}
	c.touched = c.touched || at < parityPAt
	return true
}

// single returns the byte that is wrong if codeword n has a single error.
func (c *correction) single(n int) (at int, ok bool) {
	if c.s0[n] == 0 || c.s1[n] == 0 {
		return 0, false
	}
	offsets := c.code.at[n]
	weight := int(c.gf.log[c.gf.div(c.s1[n], c.s0[n])])
	if weight >= len(offsets) {
		return 0, false
	}
	return int(offsets[len(offsets)-1-weight]), true
}

// singles corrects the codewords from first to before end that have a single error: all of
// them, or only one if it may be a wrong one.
func (c *correction) singles(first, end int, d doubt) bool {
	changed := false
	for n := first; n < end; n++ {
		at, ok := c.single(n)
		if !ok {
			continue
		}
		switch o := c.other(n, at); {
		case d == every:
		case o == none || !c.wrong(o):
			continue
		case d == agreed:
			if same, ok := c.single(o); !ok || same != at || c.s0[o] != c.s0[n] {
				continue
			}
		}
		changed = c.change(at, c.s0[n]) || changed
		if changed && d == crossed {
			return true
		}
	}
	return changed
}

// erasures corrects a codeword that has two errors, if exactly two of its bytes belong to
// other codewords that are wrong too.
func (c *correction) erasures() bool {
	for n := range codewords {
		if !c.wrong(n) {
			continue
		}
		var at []int
		for _, i := range c.code.at[n] {
			if o := c.other(n, int(i)); o != none && c.wrong(o) {
				at = append(at, int(i))
			}
		}
		if len(at) == 2 && c.pair(n, at[0], at[1]) {
			return true
		}
	}
	return false
}

// pair corrects two bytes of a codeword, i before j.
func (c *correction) pair(n, i, j int) bool {
	which := inP
	if n >= columns {
		which = inQ
	}
	wi, wj := int(c.code.of[i][which].weight), int(c.code.of[j][which].weight)
	e := c.gf.div(c.s1[n]^c.gf.mul(c.s0[n], wj), c.gf.power[wi]^c.gf.power[wj])
	f := c.s0[n] ^ e
	changed := e != 0 && c.change(i, e)
	return f != 0 && c.change(j, f) || changed
}

// done reports whether the sector is right now, and completes it.
func (c *correction) done() bool {
	if !hasEDC(c.p[:], c.kind) {
		return false
	}
	if c.touched && !c.plausible() {
		return false
	}
	if c.kind == Mode1 {
		clear(c.p[edcAt+4 : parityPAt])
	}
	putParities(c.p[:], true)
	if c.kind == Form1 {
		copy(c.p[HeaderAt:], c.header[:])
	}
	k, ok := Identify(c.p[:])
	return ok && k == c.kind
}

// plausible reports whether a corrected sector is not right by chance: that would be one of
// 2^32 sectors of noise. Most codewords have to be right as well. A form 1 sector of zeros
// has an EDC of zeros, so that the EDC of what was corrected to zeros says nothing.
func (c *correction) plausible() bool {
	bad := 0
	for n := range codewords {
		if c.wrong(n) {
			bad++
		}
	}
	return bad <= codewords/2 && !isZero(c.p[DataAt:parityPAt])
}
