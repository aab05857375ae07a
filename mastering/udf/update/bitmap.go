package update

import (
	"fmt"
	"math/bits"

	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/internal/ecma167"
)

// bitmap is a space bitmap descriptor (ECMA-167 4/14.12): the number of bits at BP 16, that
// of bytes at BP 20, and from BP 24 a bit for each block, which is 1 if the block is free.
type bitmap struct {
	u     *Updater
	at    []ecma167.LongAD // its blocks
	b     []byte           // all of their bytes
	bits  int64
	next  int64                  // where the search begins
	avoid func(block int64) bool // blocks that are not used although they are free; may be nil
}

const bitmapHead = 24

// readBitmap reads the bitmap that is recorded in extents.
func (u *Updater) readBitmap(extents []extent) (*bitmap, error) {
	m := &bitmap{u: u}
	for _, e := range extents {
		if e.kind != ecma167.ExtentRecorded {
			return nil, fmt.Errorf("the space bitmap has an extent that is not recorded")
		}
		for i := range blocks(e.length) {
			a := ecma167.LongAD{Block: e.block + uint32(i), Partition: e.partition}
			p, err := u.read(a)
			if err != nil {
				return nil, fmt.Errorf("space bitmap: %w", err)
			}
			m.at = append(m.at, a)
			m.b = append(m.b, p...)
		}
	}
	if len(m.at) == 0 {
		return nil, fmt.Errorf("the space bitmap is empty")
	}
	if _, err := ecma167.CheckTagAt(m.b, m.at[0].Block, ecma167.TagSBD); err != nil {
		return nil, fmt.Errorf("space bitmap: %w", err)
	}
	m.bits = int64(le.Uint32(m.b[16:]))
	if n := int64(le.Uint32(m.b[20:])); m.bits > 8*n || bitmapHead+n > int64(len(m.b)) {
		return nil, fmt.Errorf("the space bitmap of %d bits has only %d bytes", m.bits, min(n, int64(len(m.b))-bitmapHead))
	}
	return m, nil
}

func (m *bitmap) isFree(n int64) bool {
	return m.b[bitmapHead+n/8]>>(n%8)&1 != 0 && (m.avoid == nil || !m.avoid(n))
}

func (m *bitmap) set(n int64, free bool) {
	if p := &m.b[bitmapHead+n/8]; free {
		*p |= 1 << (n % 8)
	} else {
		*p &^= 1 << (n % 8)
	}
}

// take marks n contiguous blocks as used, from a multiple of align, and returns the first.
func (m *bitmap) take(n, align int64) (int64, bool) {
	for _, from := range []int64{m.next, 0} {
		if at, k := m.run(from, n, align); k == n {
			m.use(at, n)
			return at, true
		}
	}
	return 0, false
}

func (m *bitmap) use(at, n int64) {
	for i := range n {
		m.set(at+i, false)
	}
	m.next = at + n
}

// run returns the first run of n free blocks from a block on or, if there is none, the
// longest one.
func (m *bitmap) run(from, n, align int64) (at, k int64) {
	for i := (from + align - 1) / align * align; i < m.bits; {
		if i%8 == 0 && m.b[bitmapHead+i/8] == 0 {
			i = (i + 8 + align - 1) / align * align
			continue
		}
		j := i
		for j < m.bits && j-i < n && m.isFree(j) {
			j++
		}
		if j-i > k {
			if at, k = i, j-i; k == n {
				return at, k
			}
		}
		i = (max(j, i+1) + align - 1) / align * align
	}
	return at, k
}

func (m *bitmap) count() uint32 {
	n := 0
	for _, b := range m.b[bitmapHead : bitmapHead+m.bits/8] {
		n += bits.OnesCount8(b)
	}
	for i := m.bits / 8 * 8; i < m.bits; i++ {
		n += int(m.b[bitmapHead+i/8] >> (i % 8) & 1)
	}
	return uint32(n)
}

// store writes the blocks of the bitmap that changed. The CRC covers as many bytes as
// before, because it cannot cover a large bitmap.
func (m *bitmap) store() error {
	ecma167.Reseal(m.b[:ecma167.TagLength+int(le.Uint16(m.b[10:]))])
	for i, a := range m.at {
		if err := m.u.write(a, m.b[i*blockSize:(i+1)*blockSize]); err != nil {
			return err
		}
	}
	return nil
}

// The methods of space, for the bitmap of the partition with the contents of files.

func (m *bitmap) allocate(n int64) (int64, error) { return m.allocateAligned(n, 1) }

func (m *bitmap) allocateAligned(n, align int64) (int64, error) {
	at, ok := m.take(n, align)
	if !ok {
		return 0, errFull(n, m.count())
	}
	return at, nil
}

func (m *bitmap) allocateSome(n int64) (int64, int64) {
	for _, from := range []int64{m.next, 0} {
		if at, k := m.run(from, n, 1); k == n || from == 0 && k > 0 {
			m.use(at, k)
			return at, k
		}
	}
	return 0, 0
}

func (m *bitmap) reuses() bool { return true }

func (m *bitmap) finish(released []udf.Run) error {
	for _, r := range released {
		for i := r.Block; i < min(r.Block+r.Blocks, m.bits); i++ {
			m.set(i, true)
		}
	}
	return m.store()
}

func errFull(n int64, free uint32) error {
	return unsafe("the volume has no room for %d more blocks of %d bytes in one piece; %d are free", n, blockSize, free)
}

// grow gives the bitmap more bits, for blocks that are free.
func (m *bitmap) grow(bits int64) error {
	if bitmapHead+(bits+7)/8 > int64(len(m.b)) {
		return unsafe("the bitmap of the metadata partition has no room for more blocks")
	}
	for i := m.bits; i < bits; i++ {
		m.set(i, true)
	}
	m.bits = bits
	le.PutUint32(m.b[16:], uint32(bits))
	le.PutUint32(m.b[20:], uint32((bits+7)/8))
	return nil
}
