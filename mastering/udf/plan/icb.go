package plan

import (
	"io/fs"
	"time"

	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/internal/ecma167"
)

// maxExtent is the length of the longest extent of whole blocks, in bytes.
const maxExtent = 1<<30 - sectorSize

// icb is the content of a file entry.
type icb struct {
	block       uint32
	kind        byte
	flags       uint16 // including the kind of allocation descriptors
	uid, gid    uint32
	permissions uint32
	links       uint32
	size        int64
	recorded    int64 // number of blocks
	time        time.Time
	unique      uint64
	attributes  []byte
	ads         int // length of the allocation descriptors or contents, written by the caller
}

// put writes the file entry into the block b, which has the allocation descriptors or
// contents already.
func (p *Planner) put(b []byte, e icb) {
	head := p.head()
	clear(b[:head])
	le.PutUint16(b[20:], 4) // strategy
	le.PutUint16(b[24:], 1) // entries of the ICB
	b[27] = e.kind
	le.PutUint16(b[34:], e.flags)
	le.PutUint32(b[36:], e.uid)
	le.PutUint32(b[40:], e.gid)
	le.PutUint32(b[44:], e.permissions)
	le.PutUint16(b[48:], uint16(min(e.links, 0xFFFF)))
	le.PutUint64(b[56:], uint64(e.size))
	id := uint16(ecma167.TagFE)
	if head == ecma167.EFELength {
		id = ecma167.TagEFE
		le.PutUint64(b[64:], uint64(e.size)) // including streams
		le.PutUint64(b[72:], uint64(e.recorded))
		for at := 80; at <= 116; at += ecma167.TimestampLength {
			ecma167.PutTime(b[at:], e.time)
		}
		le.PutUint32(b[128:], 1)
		putImplementation(b[168:])
		le.PutUint64(b[200:], e.unique)
	} else {
		le.PutUint64(b[64:], uint64(e.recorded))
		for at := 72; at <= 96; at += ecma167.TimestampLength {
			ecma167.PutTime(b[at:], e.time)
		}
		le.PutUint32(b[108:], 1)
		putImplementation(b[128:])
		le.PutUint64(b[160:], e.unique)
	}
	le.PutUint32(b[head-8:], uint32(len(e.attributes)))
	le.PutUint32(b[head-4:], uint32(e.ads))
	copy(b[head:], e.attributes)
	end := int(head) + len(e.attributes) + e.ads
	clear(b[end:sectorSize])
	ecma167.SealTag(b[:end], id, p.version(), e.block)
}

// version returns the descriptor version: 2 of NSR02, 3 of NSR03.
func (p *Planner) version() uint16 {
	if p.o.Revision >= Revision200 {
		return 3
	}
	return 2
}

// permissions converts a Unix mode to permissions. An owner with write permission may
// also change attributes and delete the file.
func permissions(m fs.FileMode) uint32 {
	var bits uint32
	for class := range 3 {
		bits |= uint32(m>>(3*class)&7) << (5 * class)
	}
	if m&0o200 != 0 {
		bits |= (1<<3 | 1<<4) << 10
	}
	return bits
}

// modeFlags returns the part of a Unix mode that is in the flags of an ICB.
func modeFlags(m fs.FileMode) uint16 {
	var flags uint16
	if m&fs.ModeSetuid != 0 {
		flags |= ecma167.FlagSetuid
	}
	if m&fs.ModeSetgid != 0 {
		flags |= ecma167.FlagSetgid
	}
	if m&fs.ModeSticky != 0 {
		flags |= ecma167.FlagSticky
	}
	return flags
}

// fileType returns the file type of an ICB.
func fileType(m fs.FileMode) byte {
	switch {
	case m.IsDir():
		return ecma167.TypeDirectory
	case m&fs.ModeSymlink != 0:
		return ecma167.TypeSymlink
	case m&fs.ModeCharDevice != 0:
		return ecma167.TypeCharacter
	case m&fs.ModeDevice != 0:
		return ecma167.TypeBlock
	case m&fs.ModeNamedPipe != 0:
		return ecma167.TypeFIFO
	case m&fs.ModeSocket != 0:
		return ecma167.TypeSocket
	}
	return ecma167.TypeFile
}

// deviceAttribute returns the extended attributes of a device: the header
// (ECMA-167 4/14.10.1) and the device specification (4/14.10.7).
func (p *Planner) deviceAttribute(device uint64, block uint32) []byte {
	b := make([]byte, 24+56)
	le.PutUint32(b[16:], 0xFFFFFFFF) // no implementation attributes
	le.PutUint32(b[20:], 0xFFFFFFFF) // no application attributes
	a := b[24:]
	le.PutUint32(a, 12)
	a[4] = 1
	le.PutUint32(a[8:], 56)
	le.PutUint32(a[12:], 32)
	le.PutUint32(a[16:], uint32(device>>32))
	le.PutUint32(a[20:], uint32(device))
	putImplementation(a[24:])
	ecma167.SealTag(b[:24], ecma167.TagEAHD, p.version(), block)
	return b
}

// adKind returns the kind of allocation descriptors of files: long ones if contents
// and file entries are in different partitions.
func (p *Planner) adKind() int {
	if p.hasMetadata() {
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
			put(current[at:], ecma167.ExtentContinues<<30|sectorSize, block, p.metadataReference())
			at += length
			first = p.closeExtents(current, first, used(begin), block-1)
			b = b[sectorSize:]
			current, begin, at = b, ecma167.AEDLength, ecma167.AEDLength
			continue
		}
		n := min(r.size, maxExtent)
		put(current[at:], uint32(n), r.block, 0)
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
	if p.hasMetadata() {
		return 1
	}
	return 0
}
