package chd

import (
	"math"
	"math/bits"
	"sync"
)

// Parameters of the encoder of FLAC.
const (
	blockMost    = 2352 // samples of each channel in a frame
	maxOrder     = 12   // of linear prediction
	precision    = 12   // bits of its factors
	maxPartition = 6    // 1<<6 Rice parameters of a channel
	maxRice      = 14   // bits; 15 stands for numbers that are not coded
)

// flacEncoder encodes frames, as flacDecoder decodes them.
type flacEncoder struct {
	in       [4][]int32 // left, right, average, difference
	channels [4]flacChannel
	window   []float64
	float    []float64
	w        bitWriter
}

// flacChannel is a channel of a frame, and how it is encoded.
type flacChannel struct {
	samples  []int32
	width    int // bits of a sample
	wasted   int // zeros at the end of all samples
	kind     flacKind
	order    int
	factors  [maxOrder]int32 // for the last sample first
	shift    int
	residual []int32
	trial    []int32
	parts    int // logarithm of the number of partitions
	rice     [1 << maxPartition]uint8
	bits     int
}

// flacKind is a kind of prediction.
type flacKind uint8

const (
	flacConstant flacKind = iota
	flacVerbatim
	flacFixed
	flacLinear
)

// blockSize returns the number of samples in a frame, for size bytes of CD sectors. It is the
// number that chdman chooses, whose decoder fails with smaller frames.
func blockSize(size int) int {
	n := size / 4
	for n > blockMost {
		n /= 2
	}
	return n
}

// encode appends frames with the samples of p, which has two channels of 16 bits, to b. It
// gives up when the result becomes longer than p, and returns nil.
func (e *flacEncoder) encode(b, p []byte, bigEndian bool) []byte {
	size := blockSize(len(p))
	most := len(b) + len(p)
	for number := 0; len(p) > 0; number++ {
		count := min(size, len(p)/4)
		e.load(p[:4*count], bigEndian)
		b = e.frame(b, number)
		if len(b) > most {
			return nil
		}
		p = p[4*count:]
	}
	return b
}

// load splits samples into channels.
func (e *flacEncoder) load(p []byte, bigEndian bool) {
	count := len(p) / 4
	for i := range e.in {
		if cap(e.in[i]) < count {
			e.in[i] = make([]int32, count)
		}
		e.in[i] = e.in[i][:count]
	}
	low, high := 0, 1
	if bigEndian {
		low, high = 1, 0
	}
	for i := range count {
		q := p[4*i : 4*i+4]
		l := int32(int16(uint16(q[low]) | uint16(q[high])<<8))
		r := int32(int16(uint16(q[2+low]) | uint16(q[2+high])<<8))
		e.in[0][i], e.in[1][i], e.in[2][i], e.in[3][i] = l, r, (l+r)>>1, l-r
	}
}

// frame appends a frame (RFC 9639 9.1) of the samples in e.in.
func (e *flacEncoder) frame(b []byte, number int) []byte {
	for i := range e.channels {
		width := 16
		if i == 3 {
			width++
		}
		e.analyse(&e.channels[i], e.in[i], width)
	}
	assignment, pair := 1, [2]int{0, 1}
	best := e.channels[0].bits + e.channels[1].bits
	for _, c := range []struct {
		assignment int
		pair       [2]int
	}{{8, [2]int{0, 3}}, {9, [2]int{3, 1}}, {10, [2]int{2, 3}}} {
		if n := e.channels[c.pair[0]].bits + e.channels[c.pair[1]].bits; n < best {
			best, assignment, pair = n, c.assignment, c.pair
		}
	}
	start := len(b)
	b = append(b, 0xFF, 0xF8, 7<<4|9, byte(assignment)<<4|4<<1)
	b = appendNumber(b, number)
	count := len(e.in[0])
	b = append(b, byte((count-1)>>8), byte(count-1))
	b = append(b, crc8(b[start:]))
	e.w = bitWriter{p: b}
	for _, i := range pair {
		e.channels[i].write(&e.w)
	}
	b = e.w.bytes()
	c := crcFLAC(b[start:])
	return append(b, byte(c>>8), byte(c))
}

// appendNumber appends a number of at most 16 bits as in UTF-8.
func appendNumber(b []byte, n int) []byte {
	switch {
	case n < 0x80:
		return append(b, byte(n))
	case n < 0x800:
		return append(b, 0xC0|byte(n>>6), 0x80|byte(n&63))
	}
	return append(b, 0xE0|byte(n>>12), 0x80|byte(n>>6&63), 0x80|byte(n&63))
}

// analyse chooses how a channel is encoded.
func (e *flacEncoder) analyse(c *flacChannel, s []int32, width int) {
	c.samples, c.width, c.wasted = s, width, 0
	var all int32
	same := true
	for _, v := range s {
		all |= v
		same = same && v == s[0]
	}
	if same {
		c.kind, c.order, c.bits = flacConstant, 0, 8+width
		return
	}
	if c.wasted = bits.TrailingZeros32(uint32(all)); c.wasted > 0 {
		for i := range s {
			s[i] >>= c.wasted
		}
		c.width -= c.wasted
	}
	c.kind, c.order, c.bits = flacVerbatim, 0, 8+c.wasted+c.width*len(s)
	c.tryFixed()
	e.tryLinear(c)
}

// tryFixed tries the polynomials of the orders 0 to 4 as predictors.
func (c *flacChannel) tryFixed() {
	s := c.samples
	var sums [5]int64
	var d [4]int64 // the last differences of the orders 0 to 3
	for i, v := range s {
		e := int64(v)
		for o := range 4 {
			if i >= 4 {
				sums[o] += max(e, -e)
			}
			e, d[o] = e-d[o], e
		}
		if i >= 4 {
			sums[4] += max(e, -e)
		}
	}
	order := 0
	for o, n := range sums {
		if n < sums[order] {
			order = o
		}
	}
	order = min(order, len(s)-1)
	r := c.buffer()
	copy(r, s)
	for range order { // differences of differences
		for i := len(r) - 1; i > 0; i-- {
			r[i] -= r[i-1]
		}
	}
	c.consider(flacFixed, order, 8+order*c.width)
}

// buffer returns memory for residuals.
func (c *flacChannel) buffer() []int32 {
	if cap(c.trial) < len(c.samples) {
		c.trial = make([]int32, len(c.samples))
	}
	c.trial = c.trial[:len(c.samples)]
	return c.trial
}

// consider takes a kind of prediction, whose residuals are in c.trial from the index order
// on, if it is shorter than what there was. head is the number of bits before the residuals.
func (c *flacChannel) consider(kind flacKind, order, head int) bool {
	parts, rice, n := partition(c.trial, order)
	n += head + c.wasted
	if n >= c.bits {
		return false
	}
	c.kind, c.order, c.bits, c.parts, c.rice = kind, order, n, parts, rice
	c.residual, c.trial = c.trial, c.residual
	return true
}

// partition chooses the number of partitions, and the Rice parameter of each one. It returns
// the number of bits of the residuals.
func partition(r []int32, order int) (int, [1 << maxPartition]uint8, int) {
	most := min(bits.TrailingZeros(uint(len(r))), maxPartition)
	for most > 0 && len(r)>>most <= order {
		most--
	}
	var sums [1 << maxPartition]uint64
	size := len(r) >> most
	for i := range 1 << most {
		var sum uint64
		for _, v := range r[max(i*size, order) : (i+1)*size] {
			sum += uint64(uint32(v<<1) ^ uint32(v>>31))
		}
		sums[i] = sum
	}
	var best [1 << maxPartition]uint8
	bestParts, bestBits := 0, math.MaxInt
	for parts := most; parts >= 0; parts-- {
		var rice [1 << maxPartition]uint8
		total := 6
		for i := range 1 << parts {
			count := len(r) >> parts
			if i == 0 {
				count -= order
			}
			k, n := riceOf(sums[i], count)
			rice[i] = k
			total += 4 + n
		}
		if total < bestBits {
			bestParts, bestBits, best = parts, total, rice
		}
		for i := range 1 << parts / 2 {
			sums[i] = sums[2*i] + sums[2*i+1]
		}
	}
	return bestParts, best, bestBits
}

// riceOf returns the Rice parameter for count numbers with a sum, and about how many bits
// they have then.
func riceOf(sum uint64, count int) (uint8, int) {
	k := 0
	if sum > uint64(count) {
		k = min(bits.Len64(sum/uint64(max(count, 1)))-1, maxRice)
	}
	cost := func(k int) int { return count*(k+1) + int((sum-min(sum, uint64(count)<<k>>1))>>k) }
	n := cost(k)
	for _, other := range []int{k - 1, k + 1} {
		if other >= 0 && other <= maxRice {
			if m := cost(other); m < n {
				k, n = other, m
			}
		}
	}
	return uint8(k), n
}

// write writes a channel (RFC 9639 9.2).
func (c *flacChannel) write(w *bitWriter) {
	kind := 0
	switch c.kind {
	case flacVerbatim:
		kind = 1
	case flacFixed:
		kind = 8 + c.order
	case flacLinear:
		kind = 31 + c.order
	}
	if c.wasted > 0 {
		w.write(uint64(kind)<<1|1, 8)
		w.write(1, c.wasted)
	} else {
		w.write(uint64(kind)<<1, 8)
	}
	stored := c.order
	switch c.kind {
	case flacConstant:
		stored = 1
	case flacVerbatim:
		stored = len(c.samples)
	}
	for _, v := range c.samples[:stored] {
		w.signed(v, c.width)
	}
	if c.kind == flacLinear {
		w.write(precision-1, 4)
		w.write(uint64(c.shift), 5)
		for _, v := range c.factors[:c.order] {
			w.signed(v, precision)
		}
	}
	if c.kind == flacFixed || c.kind == flacLinear {
		c.writeResidual(w)
	}
}

// writeResidual writes the residuals.
func (c *flacChannel) writeResidual(w *bitWriter) {
	w.write(uint64(c.parts), 6) // method 0 in two bits, and the order of the partitions
	size := len(c.residual) >> c.parts
	for i := range 1 << c.parts {
		k := int(c.rice[i])
		w.write(uint64(k), 4)
		for _, v := range c.residual[max(i*size, c.order) : (i+1)*size] {
			n := uint64(uint32(v<<1) ^ uint32(v>>31))
			high := int(n >> k)
			for ; high > 31; high -= 32 {
				w.write(0, 32)
			}
			w.write(1<<k|n&(1<<k-1), high+1+k)
		}
	}
}

// signed writes a signed number of n bits.
func (w *bitWriter) signed(v int32, n int) { w.write(uint64(v)&(1<<n-1), n) }

// crcFLACTables are the tables of the checksums of FLAC: x^8+x^2+x+1 and x^16+x^15+x^2+1.
var crcFLACTables = sync.OnceValue(func() *struct {
	byte [256]uint8
	word [256]uint16
} {
	var t struct {
		byte [256]uint8
		word [256]uint16
	}
	for i := range 256 {
		b, c := uint8(i), uint16(i)<<8
		for range 8 {
			b = b<<1 ^ b>>7*0x07
			c = c<<1 ^ c>>15*0x8005
		}
		t.byte[i], t.word[i] = b, c
	}
	return &t
})

func crc8(p []byte) uint8 {
	t := crcFLACTables()
	c := uint8(0)
	for _, b := range p {
		c = t.byte[c^b]
	}
	return c
}

func crcFLAC(p []byte) uint16 {
	t := crcFLACTables()
	c := uint16(0)
	for _, b := range p {
		c = c<<8 ^ t.word[byte(c>>8)^b]
	}
	return c
}
