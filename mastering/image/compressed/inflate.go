package compressed

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// inflater unpacks deflate (RFC 1951). Unlike those of libraries it says where in the file
// a block begins, to the bit, and can start there with the bytes before it. That makes it
// possible to read a single stream of deflate at any place.
type inflater struct {
	in bitReader

	// buf holds unpacked bytes: those up to r were delivered, those up to w follow. Bytes
	// from base on can be referred to.
	buf        []byte
	base, r, w int

	state  state
	final  bool // the block is the last one
	stored int  // bytes that are left of a stored block
	lit    table
	dist   table
}

type state uint8

const (
	atBlock  state = iota // a block begins
	inStored              // in a stored block
	inCodes               // in a compressed block
	atEnd                 // the last block has ended
)

const (
	windowSize = 32 << 10 // RFC 1951 2: the longest distance
	maxMatch   = 258
	bufSize    = windowSize + 128<<10
)

// errCorrupt is in the chain of errors of data that cannot be unpacked.
var errCorrupt = errors.New("the compressed data is damaged")

func corrupt(what string) error { return fmt.Errorf("%w: %s", errCorrupt, what) }

// reset makes the inflater start at a bit of a file, after the bytes of window.
func (d *inflater) reset(r io.ReaderAt, bit int64, window []byte) error {
	if d.buf == nil {
		d.buf = make([]byte, bufSize)
	}
	d.in.reset(r, bit/8)
	d.base, d.w = 0, copy(d.buf, window)
	d.r = d.w
	d.state = atBlock
	_, err := d.in.take(uint(bit % 8))
	return err
}

// restart makes the inflater start with a new stream at its place in the file.
func (d *inflater) restart() { d.state, d.base = atBlock, d.w }

// window returns the bytes to which what follows can refer.
func (d *inflater) window() []byte { return d.buf[max(d.base, d.w-windowSize):d.w] }

// pending returns the bytes that were unpacked and not delivered, and delivers them.
func (d *inflater) pending() []byte {
	p := d.buf[d.r:d.w]
	d.r = d.w
	return p
}

// more unpacks until the buffer is full or a block ends. All pending bytes must have been
// delivered.
func (d *inflater) more() error {
	if len(d.buf)-d.w < windowSize {
		old := d.window()
		copy(d.buf, old)
		d.base, d.w = 0, len(old)
		d.r = d.w
	}
	switch d.state {
	case atBlock:
		return d.block()
	case inStored:
		return d.copyStored()
	case inCodes:
		return d.codes()
	}
	return io.EOF
}

// block begins a block (RFC 1951 3.2.3).
func (d *inflater) block() error {
	v, err := d.in.take(3)
	if err != nil {
		return err
	}
	d.final = v&1 != 0
	switch v >> 1 {
	case 0:
		d.in.align()
		n, err := d.in.take(16)
		if err != nil {
			return err
		}
		inverse, err := d.in.take(16)
		if err != nil {
			return err
		}
		if n^inverse != 0xffff {
			return corrupt("the length of a stored block is wrong")
		}
		d.stored, d.state = int(n), inStored
		return d.copyStored()
	case 1:
		err = d.fixed()
	case 2:
		err = d.dynamic()
	default:
		err = corrupt("unknown block type")
	}
	if err != nil {
		return err
	}
	d.state = inCodes
	return d.codes()
}

func (d *inflater) endBlock() {
	d.state = atBlock
	if d.final {
		d.state = atEnd
	}
}

func (d *inflater) copyStored() error {
	n := min(d.stored, len(d.buf)-d.w)
	k, err := d.in.bytes(d.buf[d.w : d.w+n])
	d.w += k
	d.stored -= k
	if err != nil {
		return err
	}
	if d.stored == 0 {
		d.endBlock()
	}
	return nil
}

// fixed sets the fixed codes (RFC 1951 3.2.6).
func (d *inflater) fixed() error {
	var lens [288 + 32]uint8
	for i := range 288 {
		switch {
		case i < 144:
			lens[i] = 8
		case i < 256:
			lens[i] = 9
		case i < 280:
			lens[i] = 7
		default:
			lens[i] = 8
		}
	}
	for i := range 32 {
		lens[288+i] = 5
	}
	if err := d.lit.build(lens[:288]); err != nil {
		return err
	}
	return d.dist.build(lens[288:])
}

// dynamic reads the codes of a block (RFC 1951 3.2.7).
func (d *inflater) dynamic() error {
	v, err := d.in.take(14)
	if err != nil {
		return err
	}
	nlit, ndist, nlen := int(v&31)+257, int(v>>5&31)+1, int(v>>10)+4
	if nlit > 286 || ndist > 30 {
		return corrupt("there are too many codes")
	}
	var lens [286 + 30]uint8
	order := [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	for _, i := range order[:nlen] {
		v, err := d.in.take(3)
		if err != nil {
			return err
		}
		lens[i] = uint8(v)
	}
	if err := d.lit.build(lens[:19]); err != nil {
		return err
	}
	clear(lens[:19])
	for i := 0; i < nlit+ndist; {
		sym, err := d.lit.next(&d.in)
		if err != nil {
			return err
		}
		if sym < 16 {
			lens[i] = uint8(sym)
			i++
			continue
		}
		repeat := [3]struct {
			bits uint
			add  int
		}{{2, 3}, {3, 3}, {7, 11}}[sym-16]
		v, err := d.in.take(repeat.bits)
		if err != nil {
			return err
		}
		n := int(v) + repeat.add
		if i+n > nlit+ndist || sym == 16 && i == 0 {
			return corrupt("invalid repeated code length")
		}
		for range n {
			if sym == 16 {
				lens[i] = lens[i-1]
			}
			i++
		}
	}
	if lens[256] == 0 {
		return corrupt("a block has no end")
	}
	if err := d.lit.build(lens[:nlit]); err != nil {
		return err
	}
	return d.dist.build(lens[nlit : nlit+ndist])
}

// Lengths and distances (RFC 1951 3.2.5).
var (
	lengthBase  = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase    = [30]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distExtra   = [30]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

// codes unpacks a compressed block up to its end, or until the buffer is full.
func (d *inflater) codes() error {
	w, err := d.symbols(d.w)
	d.w = w
	return err
}

// symbols is codes. It unpacks to w and returns where the bytes end.
func (d *inflater) symbols(w int) (int, error) {
	in, buf := &d.in, d.buf
	for limit := len(buf) - maxMatch; w < limit; {
		in.fill() // at least 56 bits, if the file has them; a length and a distance take 48
		e := d.lit.entry(in.bits)
		if e == 0 || !in.drop(uint(e&15)) {
			return w, in.end(e)
		}
		sym := e >> 4
		if sym < 256 {
			buf[w] = byte(sym)
			w++
			continue
		}
		if sym == 256 {
			d.endBlock()
			return w, nil
		}
		if sym -= 257; sym >= 29 {
			return w, corrupt("invalid length code")
		}
		extra := uint(lengthExtra[sym])
		length := int(lengthBase[sym]) + int(in.bits&(1<<extra-1))
		ok := in.drop(extra)
		e = d.dist.entry(in.bits)
		if !ok || e == 0 || !in.drop(uint(e&15)) {
			return w, in.end(e)
		}
		if sym = e >> 4; sym >= 30 {
			return w, corrupt("invalid distance code")
		}
		extra = uint(distExtra[sym])
		from := w - int(distBase[sym]) - int(in.bits&(1<<extra-1))
		if !in.drop(extra) {
			return w, in.end(1)
		}
		if from < d.base {
			return w, corrupt("a distance points before the start of the data")
		}
		if from+length <= w {
			copy(buf[w:w+length], buf[from:])
		} else {
			for i := range length {
				buf[w+i] = buf[from+i]
			}
		}
		w += length
	}
	return w, nil
}

// primary is how many bits of a code are looked up first.
const primary = 10

// table is a code. An entry is a symbol << 4 and the length of its code; or, if its highest
// bit is set, for codes of more than primary bits, the index of a second table << 4 and
// the number of bits to look up there. 0 means that there is no such code.
type table []uint32

const second = 1 << 31

// build makes the table of a code with these lengths (RFC 1951 3.2.2). A code with one
// symbol, or none, need not be complete.
func (t *table) build(lens []uint8) error {
	var count, next [16]int
	for _, n := range lens {
		count[n]++
	}
	longest, used := 0, 0
	left := 1
	code := 0
	for n := 1; n < 16; n++ {
		left = left<<1 - count[n]
		if left < 0 {
			return corrupt("a Huffman code is oversubscribed")
		}
		next[n] = code
		code = (code + count[n]) << 1
		if count[n] > 0 {
			longest = n
			used += count[n]
		}
	}
	if left > 0 && (used > 1 || used == 1 && longest > 1) {
		return corrupt("a Huffman code is incomplete")
	}
	if cap(*t) < 1<<primary {
		*t = make(table, 1<<primary, 4<<primary)
	}
	*t = (*t)[:1<<primary]
	clear(*t)
	for sym, n := range lens {
		if n == 0 {
			continue
		}
		c := int(bits.Reverse16(uint16(next[n])) >> (16 - n))
		next[n]++
		e := uint32(sym)<<4 | uint32(n)
		if n <= primary {
			for ; c < 1<<primary; c += 1 << n {
				(*t)[c] = e
			}
			continue
		}
		more := uint(longest - primary)
		first := c & (1<<primary - 1)
		if (*t)[first] == 0 {
			(*t)[first] = second | uint32(len(*t))<<4 | uint32(more)
			*t = append(*t, make([]uint32, 1<<more)...)
		}
		at := int((*t)[first] &^ second >> 4)
		for c >>= primary; c < 1<<more; c += 1 << (n - primary) {
			(*t)[at+c] = e
		}
	}
	return nil
}

// entry returns the entry of the code with which v begins, or 0.
func (t table) entry(v uint64) uint32 {
	e := t[v&(1<<primary-1)]
	if e&second != 0 {
		e = t[uint64(e&^second>>4)+v>>primary&(1<<(e&15)-1)]
	}
	return e
}

// next reads a symbol.
func (t table) next(in *bitReader) (uint32, error) {
	in.fill()
	e := t.entry(in.bits)
	if e == 0 || !in.drop(uint(e&15)) {
		return 0, in.end(e)
	}
	return e >> 4, nil
}

// bitReader reads a file from the lowest bit of each byte on.
type bitReader struct {
	src  io.ReaderAt
	off  int64 // in the file, of the byte after buf
	buf  []byte
	p, n int // bytes p to n of buf follow those in bits
	bits uint64
	nb   uint  // how many bits are valid; those above are the next ones of buf, or zero
	err  error // of reading the file
}

func (b *bitReader) reset(r io.ReaderAt, off int64) {
	if b.buf == nil {
		b.buf = make([]byte, 64<<10)
	}
	b.src, b.off, b.p, b.n, b.bits, b.nb, b.err = r, off, 0, 0, 0, 0, nil
}

// position returns the number of the next bit in the file.
func (b *bitReader) position() int64 { return (b.off-int64(b.n-b.p))*8 - int64(b.nb) }

// fill makes at least 56 bits valid, or those that are left of the file.
func (b *bitReader) fill() {
	if b.n-b.p >= 8 {
		b.bits |= binary.LittleEndian.Uint64(b.buf[b.p:]) << b.nb
		b.p += int(63-b.nb) >> 3
		b.nb |= 56
		return
	}
	for b.nb < 56 && (b.p < b.n || b.load()) {
		b.bits |= uint64(b.buf[b.p]) << b.nb
		b.p++
		b.nb += 8
	}
}

// load reads more of the file. It returns false at its end, or if that fails.
func (b *bitReader) load() bool {
	if b.err != nil {
		return false
	}
	n, err := b.src.ReadAt(b.buf, b.off)
	if n == 0 {
		if b.err = err; err == nil || errors.Is(err, io.EOF) {
			b.err = io.ErrUnexpectedEOF
		}
		return false
	}
	b.p, b.n = 0, n
	b.off += int64(n)
	return true
}

// drop removes n bits. It returns false if there are none, or fewer.
func (b *bitReader) drop(n uint) bool {
	if n > b.nb {
		return false
	}
	b.bits >>= n
	b.nb -= n
	return true
}

// end returns the error after an entry of a table that could not be used.
func (b *bitReader) end(e uint32) error {
	if e == 0 && b.nb >= 15 {
		return corrupt("unknown Huffman code")
	}
	if b.err != nil {
		return b.err
	}
	return io.ErrUnexpectedEOF
}

// take reads up to 16 bits.
func (b *bitReader) take(n uint) (uint32, error) {
	b.fill()
	v := uint32(b.bits & (1<<n - 1))
	if !b.drop(n) {
		return 0, b.end(1)
	}
	return v, nil
}

// align goes to the next byte.
func (b *bitReader) align() { b.drop(b.nb % 8) }

// bytes reads bytes. The reader is at the beginning of one.
func (b *bitReader) bytes(p []byte) (int, error) {
	b.p -= int(b.nb / 8) // back to where the bits are from; load keeps no byte that is in them
	if b.p < 0 {
		b.off -= int64(b.n - b.p)
		b.p, b.n, b.err = 0, 0, nil
	}
	b.bits, b.nb = 0, 0
	n := 0
	for n < len(p) {
		if b.p == b.n && !b.load() {
			return n, b.err
		}
		k := copy(p[n:], b.buf[b.p:b.n])
		b.p += k
		n += k
	}
	return n, nil
}
