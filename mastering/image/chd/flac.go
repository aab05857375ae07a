package chd

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// Frames of FLAC as the codecs flac and cdfl use them (RFC 9639 9): two channels of 16 bits,
// and no header of a stream. The checksum of the hunk takes the place of those of the frames.

var errFLAC = errors.New("FLAC: invalid frame")

// flacDecoder decodes frames.
type flacDecoder struct {
	channels [2][]int32
	b        flacBits
}

// flacBits reads bits, the highest of each byte first. After the end it reads zeros.
type flacBits struct {
	p    []byte
	at   int    // of the next byte
	bits uint64 // the next bits, in the highest ones
	n    int    // their number
}

// fill makes at least 56 bits available.
func (b *flacBits) fill() {
	if b.at+8 <= len(b.p) {
		b.bits |= binary.BigEndian.Uint64(b.p[b.at:]) >> b.n
		b.at += (63 - b.n) / 8
		b.n |= 56
		return
	}
	for b.n <= 56 {
		if b.at < len(b.p) {
			b.bits |= uint64(b.p[b.at]) << (56 - b.n)
		}
		b.at++
		b.n += 8
	}
}

// read reads n bits, at most 32.
func (b *flacBits) read(n int) uint32 {
	if b.n < n {
		b.fill()
	}
	v := uint32(b.bits >> 32 >> (32 - n))
	b.bits <<= n
	b.n -= n
	return v
}

// signed reads a signed number of n bits, at most 32.
func (b *flacBits) signed(n int) int32 {
	return int32(b.read(n)<<(32-n)) >> (32 - n)
}

// unary returns the number of zeros before the next one.
func (b *flacBits) unary() (int, error) {
	for v := 0; ; {
		if b.n < 32 {
			b.fill()
		}
		if zeros := bits.LeadingZeros64(b.bits); zeros < b.n {
			b.bits <<= zeros + 1
			b.n -= zeros + 1
			return v + zeros, nil
		}
		v += b.n
		b.bits, b.n = 0, 0
		if b.at > len(b.p) {
			return 0, errShort
		}
	}
}

// align skips bits up to the next byte, and returns its offset.
func (b *flacBits) align() int { return b.at - b.n/8 }

// decode decodes frames until p is full, and returns the number of bytes of src that were
// read.
func (d *flacDecoder) decode(p, src []byte, bigEndian bool) (int, error) {
	at := 0
	for len(p) > 0 {
		d.b = flacBits{p: src[at:]}
		count, err := d.frame(len(p) / 4)
		if err != nil {
			return 0, err
		}
		at += d.b.align() + 2 // and the checksum
		if at > len(src) {
			return 0, errShort
		}
		left, right := d.channels[0][:count], d.channels[1][:count]
		for i, l := range left {
			q := p[4*i : 4*i+4]
			v := uint32(uint16(l))<<16 | uint32(uint16(right[i]))
			if bigEndian {
				binary.BigEndian.PutUint32(q, v)
			} else {
				binary.LittleEndian.PutUint32(q, v<<16|v>>16)
			}
		}
		p = p[4*count:]
	}
	return at, nil
}

// frame decodes a frame of at most this many samples of each channel into d.channels, and
// returns their number.
func (d *flacDecoder) frame(most int) (int, error) {
	b := &d.b
	if b.read(15) != 0x3FFE<<1 {
		return 0, errFLAC
	}
	b.read(1) // the size of blocks is not constant
	size, rate, assignment, depth := int(b.read(4)), b.read(4), b.read(4), b.read(3)
	b.read(1)
	first := byte(b.read(8)) // number of the frame, as in UTF-8
	for range max(bits.LeadingZeros8(^first)-1, 0) {
		b.read(8)
	}
	switch {
	case size == 1:
		size = 192
	case size >= 2 && size <= 5:
		size = 576 << (size - 2)
	case size == 6:
		size = int(b.read(8)) + 1
	case size == 7:
		size = int(b.read(16)) + 1
	case size >= 8:
		size = 256 << (size - 8)
	}
	switch rate {
	case 12:
		b.read(8)
	case 13, 14:
		b.read(16)
	}
	b.read(8) // checksum
	if size == 0 || size > most || depth != 0 && depth != 4 || assignment != 1 && (assignment < 8 || assignment > 10) {
		return 0, errFLAC
	}
	for i := range d.channels {
		if cap(d.channels[i]) < size {
			d.channels[i] = make([]int32, size)
		}
		d.channels[i] = d.channels[i][:size]
		width := 16
		if assignment == 9 && i == 0 || assignment != 9 && assignment != 1 && i == 1 { // the difference
			width++
		}
		if err := d.subframe(d.channels[i], width); err != nil {
			return 0, err
		}
	}
	d.correlate(assignment)
	return size, nil
}

// correlate makes left and right of what the frame stores: 8 left and difference, 9
// difference and right, 10 average and difference.
func (d *flacDecoder) correlate(assignment uint32) {
	first, second := d.channels[0], d.channels[1]
	second = second[:len(first)]
	switch assignment {
	case 8:
		for i, l := range first {
			second[i] = l - second[i]
		}
	case 9:
		for i, r := range second {
			first[i] += r
		}
	case 10:
		for i, side := range second {
			sum := first[i]<<1 | side&1
			first[i], second[i] = (sum+side)>>1, (sum-side)>>1
		}
	}
}

// subframe decodes the samples of a channel. width is the size of a sample in bits.
func (d *flacDecoder) subframe(s []int32, width int) error {
	b := &d.b
	kind := int(b.read(7))
	wasted := 0
	if b.read(1) == 1 {
		n, err := b.unary()
		if err != nil {
			return err
		}
		if wasted = n + 1; wasted >= width {
			return errFLAC
		}
		width -= wasted
	}
	var err error
	switch {
	case kind == 0:
		v := b.signed(width)
		for i := range s {
			s[i] = v
		}
	case kind == 1:
		for i := range s {
			s[i] = b.signed(width)
		}
	case kind >= 8 && kind <= 12:
		err = d.fixed(s, width, kind-8)
	case kind >= 32 && kind < 64:
		err = d.linear(s, width, kind-31)
	default:
		err = errFLAC
	}
	if err == nil && b.at-b.n/8 > len(b.p) {
		err = errShort
	}
	for i := 0; wasted > 0 && i < len(s); i++ {
		s[i] <<= wasted
	}
	return err
}

// warmUp reads the samples before the first one that is predicted, and the residuals of the
// others.
func (d *flacDecoder) warmUp(s []int32, width, order int) error {
	if order > len(s) {
		return errFLAC
	}
	for i := range order {
		s[i] = d.b.signed(width)
	}
	return nil
}

// fixed decodes a channel whose predictor is a polynomial.
func (d *flacDecoder) fixed(s []int32, width, order int) error {
	if err := d.warmUp(s, width, order); err != nil {
		return err
	}
	if err := d.residuals(s, order); err != nil {
		return err
	}
	switch order {
	case 1:
		for i := 1; i < len(s); i++ {
			s[i] += s[i-1]
		}
	case 2:
		for i := 2; i < len(s); i++ {
			s[i] += 2*s[i-1] - s[i-2]
		}
	case 3:
		for i := 3; i < len(s); i++ {
			s[i] += 3*s[i-1] - 3*s[i-2] + s[i-3]
		}
	case 4:
		for i := 4; i < len(s); i++ {
			s[i] += 4*s[i-1] - 6*s[i-2] + 4*s[i-3] - s[i-4]
		}
	}
	return nil
}

// linear decodes a channel whose predictor is a sum of the last samples with factors.
func (d *flacDecoder) linear(s []int32, width, order int) error {
	if err := d.warmUp(s, width, order); err != nil {
		return err
	}
	precision := int(d.b.read(4)) + 1
	shift := int(d.b.signed(5))
	if precision == 16 || shift < 0 {
		return errFLAC
	}
	var factors [32]int64 // those of the oldest samples first
	for i := range order {
		factors[order-1-i] = int64(d.b.signed(precision))
	}
	if err := d.residuals(s, order); err != nil {
		return err
	}
	f := factors[:order]
	for i := order; i < len(s); i++ {
		var sum int64
		for j, v := range s[i-order : i : i] {
			sum += f[j] * int64(v)
		}
		s[i] += int32(sum >> shift)
	}
	return nil
}

// residuals reads the differences to what is predicted into s, from the index order on.
func (d *flacDecoder) residuals(s []int32, order int) error {
	b := &d.b
	method := b.read(2)
	if method > 1 {
		return errFLAC
	}
	parts := 1 << b.read(4)
	size := len(s) / parts
	if size*parts != len(s) || size < order {
		return errFLAC
	}
	paramBits := 4 + int(method)
	for i := range parts {
		part := s[max(i*size, order) : (i+1)*size]
		k := int(b.read(paramBits))
		if k == 1<<paramBits-1 {
			n := int(b.read(5))
			for j := range part {
				part[j] = b.signed(n)
			}
			continue
		}
		if err := b.rice(part, k); err != nil {
			return err
		}
		if b.at-b.n/8 > len(b.p) {
			return errShort
		}
	}
	return nil
}

// rice reads numbers in a Rice code: the high bits in unary, and k low bits.
func (b *flacBits) rice(s []int32, k int) error {
	for i := range s {
		if b.n < 48 {
			b.fill()
		}
		high := bits.LeadingZeros64(b.bits)
		if high+1+k <= b.n {
			rest := b.bits << (high + 1)
			v := uint32(high)<<k | uint32(rest>>32>>(32-k))
			b.bits = rest << k
			b.n -= high + 1 + k
			s[i] = int32(v>>1) ^ -int32(v&1)
			continue
		}
		high, err := b.unary()
		if err != nil {
			return err
		}
		v := uint32(high)<<k | b.read(k)
		s[i] = int32(v>>1) ^ -int32(v&1)
	}
	return nil
}
