package chd

// rangeCoder writes the bits of LZMA.
type rangeCoder struct {
	out     []byte
	low     uint64
	rng     uint32
	cache   byte // the last byte, and
	pending int  // the number of bytes that a carry can change: it, and FFh after it
}

// reset begins a stream that is appended to b.
func (c *rangeCoder) reset(b []byte) { *c = rangeCoder{out: b, rng: 1<<32 - 1, pending: 1} }

// finish writes the rest, and returns the stream.
func (c *rangeCoder) finish() []byte {
	for range 5 {
		c.shift()
	}
	return c.out
}

// shift writes the highest byte of low, or keeps it while a carry can change it.
func (c *rangeCoder) shift() {
	if c.low < 0xFF000000 || c.low >= 1<<32 {
		carry := byte(c.low >> 32)
		b := c.cache
		for ; c.pending > 0; c.pending-- {
			c.out = append(c.out, b+carry)
			b = 0xFF
		}
		c.cache = byte(c.low >> 24)
	}
	c.pending++
	c.low = c.low & 0xFFFFFF << 8
}

// bit writes a bit.
func (c *rangeCoder) bit(p *prob, bit uint32) {
	v := uint32(*p)
	bound := c.rng >> probBits * v
	if bit == 0 {
		c.rng = bound
		*p = prob(v + (1<<probBits-v)>>probMove)
	} else {
		c.low += uint64(bound)
		c.rng -= bound
		*p = prob(v - v>>probMove)
	}
	if c.rng < rangeTop {
		c.rng <<= 8
		c.shift()
	}
}

// tree writes n bits, the highest first.
func (c *rangeCoder) tree(p []prob, n, v int) {
	sym := 1
	for n--; n >= 0; n-- {
		b := v >> n & 1
		c.bit(&p[sym], uint32(b))
		sym = sym<<1 | b
	}
}

// reverseTree writes n bits, the lowest first.
func (c *rangeCoder) reverseTree(p []prob, n, v int) {
	sym := 1
	for range n {
		b := v & 1
		c.bit(&p[sym], uint32(b))
		sym = sym<<1 | b
		v >>= 1
	}
}

// direct writes n bits that have no probabilities.
func (c *rangeCoder) direct(v, n int) {
	for n--; n >= 0; n-- {
		c.rng >>= 1
		if v>>n&1 != 0 {
			c.low += uint64(c.rng)
		}
		if c.rng < rangeTop {
			c.rng <<= 8
			c.shift()
		}
	}
}

// length writes a length.
func (c *rangeCoder) length(p *lzmaLengths, n, ps int) {
	switch n -= minMatch; {
	case n < 8:
		c.bit(&p.choice[0], 0)
		c.tree(p.low[ps][:], 3, n)
	case n < 16:
		c.bit(&p.choice[0], 1)
		c.bit(&p.choice[1], 0)
		c.tree(p.mid[ps][:], 3, n-8)
	default:
		c.bit(&p.choice[0], 1)
		c.bit(&p.choice[1], 1)
		c.tree(p.high[:], 8, n-16)
	}
}
