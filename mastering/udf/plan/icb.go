package plan

import (
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/internal/ecma167"
)

// maxExtent is the length of the longest extent of whole blocks, in bytes.
const maxExtent = 1<<30 - sectorSize

// version returns the descriptor version: 2 of NSR02, 3 of NSR03.
func (p *Planner) version() uint16 {
	if p.o.Revision >= Revision200 {
		return 3
	}
	return 2
}

// adKind returns the kind of allocation descriptors of files: long ones if contents
// and file entries are in different partitions.
func (p *Planner) adKind() int {
	if p.hasMetadata() || p.virtual {
		return ecma167.ADLong
	}
	return ecma167.ADShort
}

// descriptors returns the number of allocation descriptors for a run of size bytes.
func descriptors(size int64) int64 { return (size + maxExtent - 1) / maxExtent }

// continuations returns the number of blocks with more allocation descriptors that a
// file needs.
func (p *Planner) continuations(f *tree.Node) uint32 {
	n := descriptors(f.Size)
	if r := f.Recorded(); r != nil {
		n = 0
		for _, x := range r.Extents {
			n += descriptors(x.Length)
		}
	}
	length := int64(ecma167.ADLength[p.adKind()])
	first := int64(p.room()) / length
	if n <= first {
		return 0
	}
	n -= first - 1 // the last one points to the next block
	each := (sectorSize-ecma167.AEDLength)/length - 1
	return uint32(max(1, (n-1+each-1)/each))
}

// putExtents writes the allocation descriptors of a file after the fixed part of its
// file entry, which is in the given block, and into the blocks after it. It returns
// the length of those in the file entry, in bytes.
func (p *Planner) putExtents(b []byte, block uint32, runs []run) int {
	kind := p.adKind()
	length := ecma167.ADLength[kind]
	put := func(at []byte, bytes, block uint32, partition uint16) {
		le.PutUint32(at, bytes)
		le.PutUint32(at[4:], block)
		if kind == ecma167.ADLong {
			ecma167.PutLongAD(at, ecma167.LongAD{Length: bytes, Block: block, Partition: partition})
		}
	}
	first, at, end := 0, int(p.head()), sectorSize
	used := func(begin int) int { return at - begin }
	begin, current := at, b
	for i := 0; i < len(runs); {
		r := &runs[i]
		if at+2*length > end && (r.size > maxExtent || i+1 < len(runs)) { // more than one left, but room for one
			block++
			put(current[at:], ecma167.ExtentContinues<<30|sectorSize, block, p.continuationReference())
			at += length
			first = p.closeExtents(current, first, used(begin), block-1)
			b = b[sectorSize:]
			current, begin, at = b, ecma167.AEDLength, ecma167.AEDLength
			continue
		}
		n := min(r.size, maxExtent)
		put(current[at:], uint32(n), r.block, p.physical)
		r.block += uint32(n / sectorSize)
		if r.size -= n; r.size == 0 {
			i++
		}
		at += length
	}
	return p.closeExtents(current, first, used(begin), block)
}

// closeExtents completes a block with n bytes of allocation descriptors, and returns
// the length of those in the file entry: n if first is 0, because the block is the
// file entry, otherwise first. Other blocks get an allocation extent descriptor.
func (p *Planner) closeExtents(b []byte, first, n int, block uint32) int {
	if first == 0 {
		return n
	}
	clear(b[:ecma167.AEDLength])
	le.PutUint32(b[20:], uint32(n))
	clear(b[ecma167.AEDLength+n : sectorSize])
	ecma167.SealTag(b[:ecma167.AEDLength+n], ecma167.TagAED, p.version(), block)
	return first
}

// metadataReference returns the partition reference number of the metadata.
func (p *Planner) metadataReference() uint16 {
	switch {
	case p.virtual:
		return 1 - p.physical
	case p.hasMetadata():
		return 1
	}
	return 0
}

// continuationReference returns the partition reference number of the blocks with more
// allocation descriptors.
func (p *Planner) continuationReference() uint16 {
	if p.virtual {
		return p.physical
	}
	return p.metadataReference()
}
