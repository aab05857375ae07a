package chd

import (
	"encoding/binary"
	"math/bits"
)

// Parameters of the search for matches.
const (
	chainDepth = 48 // positions that are tried at each position
	hashBits   = 14
)

// matchFinder finds earlier occurrences of the bytes at a position. The positions are asked
// for or skipped one after the other.
type matchFinder struct {
	src   []byte
	base  int32                // of the entries of this source in the tables
	pairs [1 << 16]int32       // the last position of two bytes
	heads [1 << hashBits]int32 // the last position of three bytes with a hash
	chain []int32              // the position before with the same hash
}

// lzmaMatch is a match: the longest one that has no larger distance.
type lzmaMatch struct{ length, distance int }

// reset begins with another source. Entries of the tables up to base are of earlier ones.
func (f *matchFinder) reset(src []byte) {
	f.base += int32(len(f.src))
	if f.base > 1<<30 || f.base == 0 {
		clear(f.pairs[:])
		clear(f.heads[:])
		f.base = 1
	}
	f.src = src
	if len(f.chain) < len(src) {
		f.chain = make([]int32, len(src))
	}
}

// insert adds a position, and returns the last ones with the same two bytes and with the same
// hash of three bytes. They are negative if there are none.
func (f *matchFinder) insert(pos int) (pair, hash int) {
	p := f.src[pos:]
	if len(p) < 3 {
		return -1, -1
	}
	at := f.base + int32(pos)
	two := &f.pairs[uint16(p[0])|uint16(p[1])<<8]
	three := uint32(p[0]) | uint32(p[1])<<8 | uint32(p[2])<<16
	head := &f.heads[three*0x9E3779B1>>(32-hashBits)]
	pair, hash = int(*two-f.base), int(*head-f.base)
	f.chain[pos] = *head - f.base
	*two, *head = at, at
	return pair, hash
}

// skip adds positions that are not asked for.
func (f *matchFinder) skip(pos, end int) {
	for ; pos < end; pos++ {
		f.insert(pos)
	}
}

// length returns how many bytes at a position are the same as those at a distance before it.
func (f *matchFinder) length(pos, distance int) int {
	if distance > pos {
		return 0
	}
	a := f.src[pos:min(pos+maxMatch, len(f.src))]
	b := f.src[pos-distance:][:len(a)]
	n := 0
	for ; n+8 <= len(a); n += 8 {
		if x := binary.LittleEndian.Uint64(a[n:]) ^ binary.LittleEndian.Uint64(b[n:]); x != 0 {
			return n + bits.TrailingZeros64(x)/8
		}
	}
	for n < len(a) && a[n] == b[n] {
		n++
	}
	return n
}

// matches appends the matches at a position to list, each one longer than the one before.
func (f *matchFinder) matches(pos int, list []lzmaMatch) []lzmaMatch {
	pair, at := f.insert(pos)
	best := minMatch - 1
	if pair >= 0 {
		best = f.length(pos, pos-pair)
		list = append(list, lzmaMatch{best, pos - pair})
	}
	for depth := chainDepth; at >= 0 && depth > 0 && pos+best < len(f.src) && best < maxMatch; depth-- {
		if f.src[at+best] == f.src[pos+best] {
			if n := f.length(pos, pos-at); n > best {
				best = n
				list = append(list, lzmaMatch{n, pos - at})
				if n >= niceLength {
					break
				}
			}
		}
		at = int(f.chain[at])
	}
	return list
}
