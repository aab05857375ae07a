package plan

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"strings"

	"glassmaster/mastering/udf/internal/ecma167"
)

var le = binary.LittleEndian

// putDomain writes the domain identifier (UDF 2.1.5.3).
func (p *Planner) putDomain(b []byte) {
	ecma167.PutEntity(b, "*OSTA UDF Compliant", byte(p.o.Revision), byte(p.o.Revision>>8))
}

// putUDF writes an identifier that UDF defines (UDF 2.1.5.3).
func (p *Planner) putUDF(b []byte, id string) {
	ecma167.PutEntity(b, id, byte(p.o.Revision), byte(p.o.Revision>>8))
}

// putCharset writes a character set specification (UDF 2.1.2).
func putCharset(p []byte) {
	clear(p[:64])
	copy(p[1:64], "OSTA Compressed Unicode")
}

// recognition returns the volume recognition sequence (ECMA-167 2/8.3).
func (p *Planner) recognition() []byte {
	b := make([]byte, recognitionSectors*sectorSize)
	for i, id := range []string{"BEA01", fmt.Sprintf("NSR%02d", p.version()), "TEA01"} {
		copy(b[i*sectorSize+1:], id)
		b[i*sectorSize+6] = 1
	}
	return b
}

// anchor returns the anchor volume descriptor pointer (ECMA-167 3/10.2) for a
// sector.
func (p *Planner) anchor(sector int64) []byte {
	b := make([]byte, 512)
	putExtentAD(b[16:], p.at.Start+mainSequence, sequenceLength)
	putExtentAD(b[24:], p.at.End-TailSectors+1, sequenceLength)
	ecma167.SealTag(b, ecma167.TagAVDP, p.version(), uint32(sector))
	return b
}

// putExtentAD writes an extent of whole sectors (ECMA-167 3/7.1).
func putExtentAD(p []byte, start, sectors int64) {
	le.PutUint32(p, uint32(sectors*sectorSize))
	le.PutUint32(p[4:], uint32(start))
}

// sequence returns a volume descriptor sequence that begins at a sector.
func (p *Planner) sequence(sector int64) []byte {
	b := make([]byte, sequenceLength*sectorSize)
	for i, put := range []func(b []byte) (uint16, int){
		p.primary, p.implementationUse, p.partition, p.logical, p.unallocated, p.terminator,
	} {
		d := b[i*sectorSize : (i+1)*sectorSize]
		le.PutUint32(d[16:], uint32(i))
		id, n := put(d)
		ecma167.SealTag(d[:n], id, p.version(), uint32(sector+int64(i)))
	}
	return b
}

// primary writes the primary volume descriptor (ECMA-167 3/10.1).
func (p *Planner) primary(b []byte) (uint16, int) {
	ecma167.PutDString(b[24:56], p.o.Label)
	le.PutUint16(b[56:], 1) // volume sequence number
	le.PutUint16(b[58:], 1) // maximum volume sequence number
	le.PutUint16(b[60:], 2) // interchange level: a single volume (UDF 2.2.2.1)
	le.PutUint16(b[62:], 3) // maximum interchange level (UDF 2.2.2.2)
	le.PutUint32(b[64:], 1) // character sets: CS0
	le.PutUint32(b[68:], 1)
	ecma167.PutDString(b[72:200], p.setIdentifier())
	putCharset(b[200:])
	putCharset(b[264:])
	if p.o.Application != "" {
		ecma167.PutEntity(b[344:], "*"+strings.Map(ascii, p.o.Application))
	}
	ecma167.PutTime(b[376:], p.o.Time)
	ecma167.PutImplementation(b[388:])
	return ecma167.TagPVD, 512
}

// ascii replaces characters that are not printable ASCII.
func ascii(r rune) rune {
	if r < ' ' || r > '~' {
		return '_'
	}
	return r
}

// setIdentifier returns the volume set identifier. Its first 16 characters are unique
// (UDF 2.2.2.5): the time in seconds, as usual, and a hash of properties of the
// volume, in hexadecimal digits.
func (p *Planner) setIdentifier() string {
	h := fnv.New32a()
	fmt.Fprintln(h, p.o.Label, p.o.Set, p.o.Revision, p.o.Time.UnixNano(), p.names, p.blocks, p.data+p.o.Gaps)
	return fmt.Sprintf("%08X%08X%s", uint32(p.o.Time.Unix()), h.Sum32(), p.o.Set)
}

// implementationUse writes the implementation use volume descriptor with the
// logical volume information (UDF 2.2.7).
func (p *Planner) implementationUse(b []byte) (uint16, int) {
	p.putUDF(b[20:], "*UDF LV Info")
	putCharset(b[52:])
	ecma167.PutDString(b[116:244], p.o.Label)
	ecma167.PutDString(b[244:280], p.o.Owner)
	ecma167.PutDString(b[280:316], p.o.Publisher)
	ecma167.PutDString(b[316:352], p.o.Contact)
	ecma167.PutImplementation(b[352:])
	return ecma167.TagIUVD, 512
}

// Access types of partitions (ECMA-167 3/10.5.7).
const (
	accessReadOnly  = 1
	accessWriteOnce = 2
)

// partition writes the partition descriptor (ECMA-167 3/10.5).
func (p *Planner) partition(b []byte) (uint16, int) {
	le.PutUint16(b[20:], 1) // the space is allocated
	ecma167.PutEntity(b[24:], fmt.Sprintf("+NSR%02d", p.version()))
	le.PutUint32(b[184:], accessReadOnly)
	if p.virtual {
		le.PutUint32(b[184:], accessWriteOnce)
	}
	le.PutUint32(b[188:], uint32(p.begin))
	le.PutUint32(b[192:], uint32(p.partitionLength()))
	ecma167.PutImplementation(b[196:])
	return ecma167.TagPD, 512
}

// logical writes the logical volume descriptor (ECMA-167 3/10.6) with the
// partition maps: one of type 1 and, for a virtual partition or a metadata partition, one
// of type 2 (UDF 2.2.8, 2.2.10).
func (p *Planner) logical(b []byte) (uint16, int) {
	putCharset(b[20:])
	ecma167.PutDString(b[84:212], p.o.Label)
	le.PutUint32(b[212:], sectorSize)
	p.putDomain(b[216:])
	ecma167.PutLongAD(b[248:], ecma167.LongAD{Length: 2 * sectorSize, Block: p.fileSetAddress(), Partition: p.metadataReference()})
	le.PutUint32(b[264:], 6)
	le.PutUint32(b[268:], 1)
	ecma167.PutImplementation(b[272:])
	putExtentAD(b[432:], p.at.Start+integrityStart, integrityLength)
	b[440], b[441] = 1, 6
	le.PutUint16(b[442:], 1)
	if !p.hasMetadata() && !p.virtual {
		return ecma167.TagLVD, 446
	}
	le.PutUint32(b[264:], 6+64)
	le.PutUint32(b[268:], 2)
	m := b[446:]
	m[0], m[1] = 2, 64
	le.PutUint16(m[36:], 1)
	if p.virtual {
		p.putUDF(m[4:], "*UDF Virtual Partition")
		return ecma167.TagLVD, 446 + 64
	}
	p.putUDF(m[4:], "*UDF Metadata Partition")
	le.PutUint32(m[40:], uint32(p.metadataEntry()))
	le.PutUint32(m[44:], uint32(p.mirrorEntry()))
	le.PutUint32(m[48:], 0xFFFFFFFF) // no bitmap, because no block is free
	le.PutUint32(m[52:], metadataUnit)
	le.PutUint16(m[56:], metadataUnit)
	m[58] = 1 // the mirror is a copy
	return ecma167.TagLVD, 446 + 64
}

// unallocated writes the unallocated space descriptor (ECMA-167 3/10.8), which lists
// no extents.
func (p *Planner) unallocated([]byte) (uint16, int) { return ecma167.TagUSD, 24 }

// terminator writes the terminating descriptor (ECMA-167 3/10.9).
func (p *Planner) terminator(b []byte) (uint16, int) {
	le.PutUint32(b[16:], 0) // it has no sequence number
	return ecma167.TagTD, 512
}

// integrity is what a logical volume integrity descriptor says.
type integrity struct {
	open           bool
	nextID         uint64
	files, folders uint32
	free, sizes    []uint32 // blocks of each partition
}

// integrity returns the logical volume integrity sequence that begins at a sector: a
// closed descriptor and the terminator.
func (p *Planner) integrity(sector int64) []byte {
	i := integrity{
		nextID: firstID + uint64(p.names), files: p.files, folders: uint32(len(p.dirs)),
		free: []uint32{0}, sizes: []uint32{uint32(p.partitionLength())},
	}
	if p.hasMetadata() {
		i.free, i.sizes = append(i.free, 0), append(i.sizes, uint32(p.metadataBlocks()))
	}
	return p.integritySequence(sector, i)
}

// integritySequence returns a logical volume integrity sequence (ECMA-167 3/10.10, UDF
// 2.2.6) that begins at a sector: a descriptor and the terminator.
func (p *Planner) integritySequence(sector int64, i integrity) []byte {
	b := make([]byte, 2*sectorSize)
	ecma167.PutTime(b[16:], p.o.Time)
	if !i.open {
		le.PutUint32(b[28:], 1)
	}
	le.PutUint64(b[40:], i.nextID)
	le.PutUint32(b[72:], uint32(len(i.sizes)))
	le.PutUint32(b[76:], 46)
	use := b[80+8*len(i.sizes):] // after the tables of free space and of sizes
	for n, size := range i.sizes {
		le.PutUint32(b[80+4*n:], i.free[n])
		le.PutUint32(b[80+4*(len(i.sizes)+n):], size)
	}
	ecma167.PutImplementation(use)
	le.PutUint32(use[32:], i.files)
	le.PutUint32(use[36:], i.folders)
	revision := uint16(p.o.Revision)
	le.PutUint16(use[40:], min(revision, uint16(Revision250))) // reading 2.60 requires no more than 2.50
	le.PutUint16(use[42:], revision)
	le.PutUint16(use[44:], revision)
	ecma167.SealTag(b[:80+8*len(i.sizes)+46], ecma167.TagLVID, p.version(), uint32(sector))
	ecma167.SealTag(b[sectorSize:sectorSize+512], ecma167.TagTD, p.version(), uint32(sector+1))
	return b
}

// fileSetAddress returns the block of the file set descriptor in its partition.
func (p *Planner) fileSetAddress() uint32 {
	if p.virtual {
		return virtualFileSet
	}
	return p.base + fileSetBlock
}

// fileSet returns the file set descriptor sequence (ECMA-167 4/14.1): the
// descriptor and the terminator.
func (p *Planner) fileSet() []byte {
	b := make([]byte, 2*sectorSize)
	ecma167.PutTime(b[16:], p.o.Time)
	le.PutUint16(b[28:], 3) // interchange level (UDF 2.3.2.1)
	le.PutUint16(b[30:], 3)
	le.PutUint32(b[32:], 1) // character sets: CS0
	le.PutUint32(b[36:], 1)
	putCharset(b[48:])
	ecma167.PutDString(b[112:240], p.o.Label)
	putCharset(b[240:])
	ecma167.PutDString(b[304:336], p.o.Label)
	ecma167.PutLongAD(b[400:], p.address(rootBlock))
	p.putDomain(b[416:])
	ecma167.SealTag(b[:512], ecma167.TagFSD, p.version(), p.fileSetAddress())
	ecma167.SealTag(b[sectorSize:sectorSize+512], ecma167.TagTD, p.version(), p.fileSetAddress()+1)
	return b
}

// metadataFile returns the file entry of a metadata file (UDF 2.2.13.1). block is the
// block of the partition for the file entry, start the first one of the contents.
func (p *Planner) metadataFile(kind byte, block, start int64) []byte {
	b := make([]byte, sectorSize)
	size := p.metadataBlocks() * sectorSize
	e := ecma167.Entry{
		Block: uint32(block), Kind: kind, Flags: ecma167.ADShort, UID: ecma167.NoID, GID: ecma167.NoID,
		Size: size, Recorded: p.metadataBlocks(), Time: p.o.Time,
	}
	at := b[p.head():]
	for size > 0 {
		n := min(size, maxExtent/metadataUnit/sectorSize*metadataUnit*sectorSize)
		le.PutUint32(at[e.ADs:], uint32(n))
		le.PutUint32(at[e.ADs+4:], uint32(start))
		e.ADs += ecma167.ADLength[ecma167.ADShort]
		start += n / sectorSize
		size -= n
	}
	e.Put(b, p.version())
	return b
}
