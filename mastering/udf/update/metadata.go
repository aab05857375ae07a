package update

import (
	"slices"

	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/internal/ecma167"
)

// metadata is the space of a metadata partition (UDF 2.2.10).
type metadata struct {
	u         *Updater
	reference uint16
	files     []*object // the file entries of the main file and, if it has its own blocks, the mirror
	twin      *object   // that of a mirror which shares the blocks of the main file; may be nil
	unit      int64     // blocks that are allocated at once
	align     int64     // of the blocks of the partition
	bitmap    *bitmap   // nil: it has none
	next, end int64     // blocks that are known to be free, without a bitmap
	expected  int64     // blocks that are probably needed
	changed   bool
}

const noBitmap = 0xFFFFFFFF

// openMetadata prepares the metadata partition, if the directories are in one.
func (u *Updater) openMetadata() error {
	p := &u.parts[u.s.Root.Partition]
	if p.Kind != udf.Metadata {
		return nil
	}
	raw, err := u.partitionMap(u.s.Root.Partition)
	if err != nil {
		return err
	}
	m := &metadata{u: u, reference: u.s.Root.Partition}
	m.unit, m.align = max(1, int64(le.Uint32(raw[52:]))), max(1, int64(le.Uint16(raw[56:])))
	if m.unit > maxUnit || m.align > maxUnit {
		return unsafe("its metadata partition has allocation units of %d blocks", m.unit)
	}
	for i := range 2 {
		o, err := u.load(ecma167.LongAD{Length: blockSize, Block: le.Uint32(raw[40+4*i:]), Partition: p.Holder})
		if err != nil {
			return unsafe("metadata file: %v", err)
		}
		m.files = append(m.files, o)
	}
	if slices.Equal(p.Files[0], p.Files[1]) {
		m.twin, m.files = m.files[1], m.files[:1]
	} else if length(p.Files[0]) != length(p.Files[1]) {
		return unsafe("the metadata file and its mirror differ in length")
	}
	u.meta = m
	if at := le.Uint32(raw[48:]); at != noBitmap {
		return m.openBitmap(ecma167.LongAD{Length: blockSize, Block: at, Partition: p.Holder})
	}
	return m.findBlank()
}

// maxUnit is the largest allocation unit of a metadata partition that is supported.
const maxUnit = 1 << 16

// findBlank finds the blocks at the end of the main file that were never used.
// Without a bitmap nothing lists them, but a descriptor is not zero.
func (m *metadata) findBlank() error {
	m.end = length(m.u.parts[m.reference].Files[0])
	m.next = m.end
	for m.next > 0 {
		b, err := m.u.read(ecma167.LongAD{Block: uint32(m.next - 1), Partition: m.reference})
		if err != nil {
			return unsafe("metadata file: %v", err)
		}
		if slices.ContainsFunc(b, func(c byte) bool { return c != 0 }) {
			break
		}
		m.next--
	}
	return nil
}

// allocate returns the first one of n contiguous blocks of the partition.
func (m *metadata) allocate(n int64) (int64, error) {
	if m.bitmap != nil {
		if at, ok := m.bitmap.take(n, 1); ok {
			return at, nil
		}
	}
	if m.end-m.next < n {
		if err := m.extend(n - (m.end - m.next)); err != nil {
			return 0, err
		}
	}
	if m.bitmap != nil {
		if at, ok := m.bitmap.take(n, 1); ok {
			return at, nil
		}
		return 0, unsafe("the bitmap of the metadata partition has no room for more blocks")
	}
	m.next += n
	return m.next - n, nil
}

// extend makes both files longer by at least n blocks.
func (m *metadata) extend(n int64) error {
	n = max(n, m.expected)
	m.expected = n // the next extension is as large, so that there are few
	n += m.end / 16
	n = (n + m.unit - 1) / m.unit * m.unit
	p := &m.u.parts[m.reference]
	for i := range m.files {
		if i == 0 && len(p.Files[0]) == 1 && m.end <= maxMoved {
			if err := m.move(n); err != nil {
				return err
			}
			continue
		}
		block, err := m.u.space.allocateAligned(n, m.align)
		if err != nil {
			return err
		}
		p.Files[i] = joinRuns(p.Files[i], udf.Run{Block: block, Blocks: n})
	}
	if m.twin != nil {
		p.Files[1] = p.Files[0]
	}
	m.changed = true
	if m.bitmap != nil {
		m.end += n
		return m.bitmap.grow(m.end)
	}
	m.end += n
	return nil
}

// maxMoved is the length in blocks of the longest main file that is moved when it grows.
const maxMoved = 2048

// move moves the main file to blocks where it is longer by n blocks. Other programs, such as
// 7-Zip and players, read it only if it is in one extent.
func (m *metadata) move(n int64) error {
	p := &m.u.parts[m.reference]
	old := p.Files[0][0]
	block, err := m.u.space.allocateAligned(old.Blocks+n, m.align)
	if err != nil {
		return err
	}
	b := make([]byte, blockSize)
	at := func(block int64) (int64, error) {
		return sector(m.u.parts, ecma167.LongAD{Block: uint32(block), Partition: p.Holder}, false)
	}
	for i := range old.Blocks {
		from, err := at(old.Block + i)
		if err != nil {
			return err
		}
		to, err := at(block + i)
		if err != nil {
			return err
		}
		if k, err := m.u.set.ReadAt(b, from*blockSize); k < len(b) {
			return err
		}
		if err := m.u.writeSector(to, b); err != nil {
			return err
		}
	}
	p.Files[0] = []udf.Run{{Block: block, Blocks: old.Blocks + n}}
	m.u.freed = append(m.u.freed, old)
	return nil
}

func joinRuns(list []udf.Run, r udf.Run) []udf.Run {
	list = slices.Clone(list)
	if k := len(list) - 1; k >= 0 && list[k].Block+list[k].Blocks == r.Block {
		list[k].Blocks += r.Blocks
		return list
	}
	return append(list, r)
}

// store records the new extents of the files in their file entries.
func (m *metadata) store() error {
	if !m.changed {
		return nil
	}
	p := &m.u.parts[m.reference]
	list := m.files
	if m.twin != nil {
		list = append(slices.Clone(list), m.twin)
	}
	for i, o := range list {
		var all []extent
		for _, r := range p.Files[i] {
			all = append(all, extent{ecma167.ExtentRecorded, p.Holder, uint32(r.Block), r.Blocks * blockSize})
		}
		size := length(p.Files[i]) * blockSize
		kind := o.adKind()
		if b := descriptorsOfUnits(all, kind, m.unit); len(b) <= o.room() {
			o.setADs(kind, b)
			o.setSize(size, size/blockSize)
			continue
		}
		return unsafe("the metadata file has more parts than its file entry has room for")
	}
	return nil
}

// descriptorsOfUnits returns allocation descriptors whose extents are whole allocation
// units.
func descriptorsOfUnits(list []extent, kind int, unit int64) []byte {
	var parts []extent
	most := max(1, maxExtent/blockSize/unit) * unit * blockSize
	for _, e := range list {
		for e.length > 0 {
			k := e
			k.length = min(e.length, most)
			parts = append(parts, k)
			e.block += uint32(k.length / blockSize)
			e.length -= k.length
		}
	}
	return descriptors(parts, kind)
}

// freeBlocks returns how many blocks are free, if that is recorded.
func (m *metadata) freeBlocks() (uint32, bool) {
	if m.bitmap == nil {
		return 0, false
	}
	return m.bitmap.count(), true
}

// openBitmap reads the bitmap of the partition, which is a file (UDF 2.2.13.2).
func (m *metadata) openBitmap(icb ecma167.LongAD) error {
	o, err := m.u.load(icb)
	if err != nil {
		return unsafe("metadata bitmap file: %v", err)
	}
	list, _, err := m.u.extents(o)
	if err != nil {
		return unsafe("metadata bitmap file: %v", err)
	}
	if m.bitmap, err = m.u.readBitmap(list); err != nil {
		return unsafe("metadata bitmap file: %v", err)
	}
	m.end = length(m.u.parts[m.reference].Files[0])
	m.next = m.end
	m.bitmap.bits = min(m.bitmap.bits, m.end)
	return nil
}
