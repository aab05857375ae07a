package update

import (
	"math"

	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/internal/ecma167"
)

// space allocates blocks of the partition with the contents of files.
type space interface {
	// allocate returns the first one of n contiguous blocks.
	allocate(n int64) (int64, error)
	// allocateAligned is like allocate, for a block that is a multiple of align.
	allocateAligned(n, align int64) (int64, error)
	// reuses reports whether blocks that become free are used again, and so must be
	// recorded.
	reuses() bool
	// finish records which blocks are free, including those that were released.
	finish(released []udf.Run) error
	// count returns how many blocks are free.
	count() uint32
}

// growing is the space of a partition without a list of free blocks: it grows to the end of
// the image.
type growing struct {
	u *Updater
}

func (g growing) allocate(n int64) (int64, error) {
	p := &g.u.parts[g.u.data]
	at := g.u.set.Allocate(n, 1)
	return at - p.Start, g.u.grown()
}

func (g growing) allocateAligned(n, align int64) (int64, error) {
	p := &g.u.parts[g.u.data]
	if rest := (g.u.set.Sectors() - p.Start) % align; rest != 0 {
		g.u.set.Allocate(align-rest, 1)
	}
	return g.allocate(n)
}

func (growing) reuses() bool           { return false }
func (growing) finish([]udf.Run) error { return nil }
func (growing) count() uint32          { return 0 }

// grown makes the partition as long as the image, if it grows.
func (u *Updater) grown() error {
	if _, ok := u.space.(growing); !ok {
		return nil
	}
	end := u.set.Sectors()
	if end > math.MaxUint32 {
		return unsafe("the image would end at sector %d, but the last one that UDF can address is %d (8 TiB)", end, uint32(math.MaxUint32))
	}
	if u.virtual || end <= u.set.BaseSectors() {
		return nil
	}
	for i := range u.parts {
		if p := &u.parts[i]; p.Kind != udf.Metadata {
			p.Blocks = max(p.Blocks, end-p.Start)
		}
	}
	return nil
}

// appending is the space of write-once media: the blocks after the end of the image.
type appending struct {
	growing
}

func (a appending) allocate(n int64) (int64, error) { return a.allocateAligned(n, 1) }

func (a appending) allocateAligned(n, align int64) (int64, error) {
	p := &a.u.parts[a.u.data]
	if rest := (a.u.set.Sectors() - p.Start) % align; rest != 0 {
		a.u.set.Allocate(align-rest, 1)
	}
	at := a.u.set.Allocate(n, 1) - p.Start
	if at+n > p.Blocks {
		return 0, unsafe("the partition of %d blocks is full", p.Blocks)
	}
	return at, nil
}

// Where the lists of free blocks are: short allocation descriptors in the partition header
// descriptor (ECMA-167 4/14.3), which is at BP 56 of the partition descriptor.
const (
	headerTable     = 56      // unallocated space table
	headerBitmap    = 56 + 8  // unallocated space bitmap
	headerIntegrity = 56 + 16 // partition integrity table
	headerFreed     = 56 + 24 // freed space table
	headerFreedMap  = 56 + 32 // freed space bitmap
)

// openSpace finds out where new blocks come from.
func (u *Updater) openSpace() error {
	if u.virtual {
		u.space = appending{growing{u}}
		return nil
	}
	b, err := u.partitionDescriptor()
	if err != nil {
		return err
	}
	at := func(field int) (ecma167.LongAD, bool) {
		a := ecma167.LongAD{Length: le.Uint32(b[field:]), Block: le.Uint32(b[field+4:]), Partition: u.data}
		return a, a.Length&ecma167.LengthMask != 0
	}
	if _, ok := at(headerIntegrity); ok {
		return unsafe("it has a partition integrity table")
	}
	for _, field := range []int{headerBitmap, headerFreedMap, headerTable, headerFreed} {
		a, ok := at(field)
		if !ok {
			continue
		}
		if !u.lvid.closed() {
			return unsafe("it was not closed after its last change, so that its list of free blocks may be wrong")
		}
		if field == headerTable || field == headerFreed {
			u.space, err = u.readTable(a)
		} else {
			u.space, err = u.readSpaceBitmap(a)
		}
		if err != nil {
			return unsafe("%v", err)
		}
		return nil
	}
	if u.parts[u.data].Kind == udf.Sparable {
		return unsafe("its sparable partition has no list of free blocks")
	}
	u.space = growing{u}
	return nil
}

// readSpaceBitmap reads the space bitmap of the partition. Packets that are replaced are not
// used.
func (u *Updater) readSpaceBitmap(a ecma167.LongAD) (*bitmap, error) {
	p := &u.parts[u.data]
	m, err := u.readBitmap([]extent{{partition: u.data, block: a.Block, length: int64(a.Length & ecma167.LengthMask)}})
	if err != nil {
		return nil, err
	}
	m.bits = min(m.bits, p.Blocks)
	if len(p.Moved) > 0 {
		m.avoid = func(block int64) bool {
			_, moved := p.Moved[uint32(block)-uint32(block)%p.Packet]
			return moved
		}
	}
	return m, nil
}
