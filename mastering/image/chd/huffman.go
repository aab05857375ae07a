package chd

import "errors"

// bitReader reads bits, the highest of each byte first. After the end it reads zeros.
type bitReader struct {
	p    []byte
	at   int    // of the next byte
	bits uint64 // the next bits, in the highest ones
	n    int    // their number
}

// fill makes at least 32 bits available.
func (b *bitReader) fill() {
	for b.n <= 56 {
		var next uint64
		if b.at < len(b.p) {
			next = uint64(b.p[b.at])
		}
		b.at++
		b.bits |= next << (56 - b.n)
		b.n += 8
	}
}

// peek returns the next n bits, at most 32, without reading them.
func (b *bitReader) peek(n int) uint32 {
	if b.n < n {
		b.fill()
	}
	return uint32(b.bits >> 32 >> (32 - n))
}

// skip reads n bits that were returned by peek.
func (b *bitReader) skip(n int) {
	b.bits <<= n
	b.n -= n
}

// read reads n bits, at most 32.
func (b *bitReader) read(n int) uint32 {
	v := b.peek(n)
	b.skip(n)
	return v
}

// read64 reads n bits, at most 64.
func (b *bitReader) read64(n int) uint64 {
	if n <= 32 {
		return uint64(b.read(n))
	}
	high := uint64(b.read(n - 32))
	return high<<32 | uint64(b.read(32))
}

// ended reports whether more bits were read than there are.
func (b *bitReader) ended() bool { return b.at*8-b.n > len(b.p)*8 }

// huffman is a canonical Huffman code. The longest codes have the smallest values.
type huffman struct {
	lengths []byte
	most    int      // bits of the longest code that is permitted
	lookup  []uint16 // by the next most bits: symbol<<5 | length
}

var errTree = errors.New("invalid Huffman code")

// newHuffman returns a Huffman code for the given number of symbols, whose codes have at most
// most bits. The lengths of the codes are set later.
func newHuffman(symbols, most int) *huffman {
	return &huffman{lengths: make([]byte, symbols), most: most, lookup: make([]uint16, 1<<most)}
}

// assign assigns the codes by their lengths, and returns them.
func (h *huffman) assign() ([]uint32, error) {
	var starts [33]uint32
	for _, l := range h.lengths {
		if int(l) > h.most {
			return nil, errTree
		}
		starts[l]++
	}
	next := uint32(0)
	for l := 32; l > 0; l-- {
		sum := next + starts[l]
		if l != 1 && sum%2 != 0 {
			return nil, errTree
		}
		starts[l] = next
		next = sum / 2
	}
	codes := make([]uint32, len(h.lengths))
	for i, l := range h.lengths {
		if l > 0 {
			codes[i] = starts[l]
			starts[l]++
		}
	}
	return codes, nil
}

// build assigns the codes by their lengths, and makes the table for decode.
func (h *huffman) build() error {
	codes, err := h.assign()
	if err != nil {
		return err
	}
	clear(h.lookup)
	for i, l := range h.lengths {
		if l == 0 {
			continue
		}
		shift := h.most - int(l)
		first := int(codes[i]) << shift
		if first+1<<shift > len(h.lookup) {
			return errTree
		}
		for j := range 1 << shift {
			h.lookup[first+j] = uint16(i<<5) | uint16(l)
		}
	}
	return nil
}

// decode reads a symbol. Bits that are no code are one of the symbols 0 without a length.
func (h *huffman) decode(b *bitReader) int {
	v := h.lookup[b.peek(h.most)]
	b.skip(int(v & 31))
	return int(v >> 5)
}

// readRuns reads the lengths of the codes as the hunk map stores them: in numbers of
// 4 bits (for at most 8 to 15 bits; 3 bits for less, 5 bits for more), where 1 begins a run:
// a length and the number of its repetitions minus 3. A run of 1 is a single 1.
func (h *huffman) readRuns(b *bitReader) error {
	n := 3
	switch {
	case h.most >= 16:
		n = 5
	case h.most >= 8:
		n = 4
	}
	for i := 0; i < len(h.lengths); {
		l, count := b.read(n), 1
		if l == 1 {
			if l = b.read(n); l != 1 {
				count = int(b.read(n)) + 3
			}
		}
		for ; count > 0; count-- {
			if i == len(h.lengths) {
				return errTree
			}
			h.lengths[i] = byte(l)
			i++
		}
	}
	if b.ended() {
		return errTree
	}
	return h.build()
}

// readPacked reads the lengths of the codes as a compressed hunk stores them: themselves as
// symbols of a Huffman code. Symbol 0 repeats the last length.
func (h *huffman) readPacked(b *bitReader) error {
	small := newHuffman(24, 6)
	small.lengths[0] = byte(b.read(3))
	start := int(b.read(3)) + 1
	for i, end := 1, false; i < len(small.lengths); i++ {
		if i < start || end {
			continue
		}
		l := b.read(3)
		if end = l == 7; !end {
			small.lengths[i] = byte(l)
		}
	}
	if err := small.build(); err != nil {
		return err
	}
	long := 0
	for n := len(h.lengths) - 9; n > 0; n >>= 1 {
		long++
	}
	last := byte(0)
	for i := 0; i < len(h.lengths); {
		if v := small.decode(b); v != 0 {
			last = byte(v - 1)
			h.lengths[i] = last
			i++
			continue
		}
		count := int(b.read(3)) + 2
		if count == 9 {
			count += int(b.read(long))
		}
		for ; count > 0 && i < len(h.lengths); count-- {
			h.lengths[i] = last
			i++
		}
	}
	if b.ended() {
		return errTree
	}
	return h.build()
}
