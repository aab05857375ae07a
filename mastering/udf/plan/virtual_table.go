package plan

import (
	"glassmaster/mastering/layout"
	"glassmaster/mastering/udf/internal/ecma167"
)

// Sizes of the file of a virtual allocation table, in bytes: the header of UDF 2.00
// (2.2.11) is before the entries, the identifier of UDF 1.50 (2.2.10) after them.
const (
	tableHeader = 152
	tableTail   = 36
)

// noTable is the address of the former table if there is none.
const noTable = 0xFFFFFFFF

// tableStart returns the byte of the table's file where the entries begin.
func (p *VirtualPlanner) tableStart() int64 {
	if p.o.Revision >= Revision200 {
		return tableHeader
	}
	return 0
}

// tableSize returns the length of the table's file in bytes.
func (p *VirtualPlanner) tableSize() int64 {
	n := p.tableStart() + 4*int64(len(p.table))
	if p.o.Revision < Revision200 {
		n += tableTail
	}
	return n
}

// tableRoom returns the number of bytes for the table, or its allocation descriptors, in
// its ICB.
func (p *VirtualPlanner) tableRoom() int64 {
	return int64(p.room()) - int64(len(p.tableAttribute()))
}

// tableBlocks returns where the blocks of the table's file are, in blocks of the partition:
// those that did not change since the former session stay where they are, as UDF 2.2.11
// allows. written has the others, which are -1 in blocks.
func (p *VirtualPlanner) tableBlocks() (blocks []int64, written int64) {
	// Linux looks for a table in its ICB right after the fixed part, even if extended
	// attributes are there.
	if p.tableSize() <= p.tableRoom() && len(p.tableAttribute()) == 0 {
		return nil, 0
	}
	blocks = make([]int64, (p.tableSize()+sectorSize-1)/sectorSize)
	former := p.formerTable()
	for i := range blocks {
		blocks[i] = -1
		if i < len(former) {
			blocks[i] = former[i]
		}
	}
	change := func(from, to int64) {
		for i := from / sectorSize; i <= (to-1)/sectorSize; i++ {
			blocks[i] = -1
		}
	}
	if p.tableStart() > 0 {
		change(0, p.tableStart())
	} else {
		change(4*int64(len(p.table)), p.tableSize())
	}
	entry := func(i int64) { change(p.tableStart()+4*i, p.tableStart()+4*i+4) }
	for i, fresh := range p.fresh {
		if fresh {
			entry(int64(i))
		}
	}
	for _, i := range p.freed {
		entry(int64(i))
	}
	if runs := countRuns(blocks); int64(runs*ecma167.ADLength[ecma167.ADShort]) > p.tableRoom() {
		for i := range blocks {
			blocks[i] = -1
		}
	}
	for _, b := range blocks {
		if b < 0 {
			written++
		}
	}
	return blocks, written
}

// countRuns returns the number of extents of a file with these blocks.
func countRuns(blocks []int64) int {
	n := 0
	for i, b := range blocks {
		if i == 0 || b < 0 != (blocks[i-1] < 0) || b >= 0 && b != blocks[i-1]+1 {
			n++
		}
	}
	return n
}

// formerTable returns the blocks of the former table's file that have whole blocks of
// entries, if those of the new one are at the same bytes.
func (p *VirtualPlanner) formerTable() []int64 {
	g := p.v.Former
	if g == nil || g.TableStart != p.tableStart() {
		return nil
	}
	var list []int64
	for _, r := range g.TableExtents {
		for i := range r.Length / sectorSize {
			list = append(list, int64(r.Block)+i)
		}
		if r.Length%sectorSize != 0 {
			break
		}
	}
	whole := (g.TableStart + 4*int64(len(g.Table))) / sectorSize // not the end of the entries
	return list[:min(int64(len(list)), whole)]
}

// tableSectors returns the number of sectors of the table that are written before its ICB.
func (p *VirtualPlanner) tableSectors() int64 {
	_, written := p.tableBlocks()
	return written
}

// allocationTable appends the virtual allocation table, with its ICB in the last sector,
// and before it the second anchor of a volume that is final.
func (p *VirtualPlanner) allocationTable(list []layout.Extent) []layout.Extent {
	last := p.at.End - 1
	blocks, written := p.tableBlocks()
	file := p.tableFile()
	e := ecma167.Entry{
		Block: uint32(last - p.begin), Kind: ecma167.TypeVAT, UID: ecma167.NoID, GID: ecma167.NoID, Links: 1,
		Size: int64(len(file)), Recorded: int64(len(blocks)), Time: p.o.Time, Unique: p.nextID, Attributes: p.tableAttribute(),
	}
	if p.o.Revision < Revision200 {
		e.Kind = ecma167.TypeUnspecified
	}
	b := make([]byte, sectorSize)
	at := b[int(p.head())+len(e.Attributes):]
	if p.v.Final {
		list = add(list, last-anchorSector, p.anchor(last-anchorSector))
	}
	if blocks == nil {
		e.Flags |= ecma167.ADInline
		e.ADs = copy(at, file)
	} else {
		next := last - written
		for i := range blocks {
			if blocks[i] < 0 {
				list = add(list, next, file[i*sectorSize:min((i+1)*sectorSize, len(file))])
				blocks[i] = next - p.begin
				next++
			}
		}
		e.ADs = putTableExtents(at, blocks, int64(len(file)))
	}
	e.Put(b, p.version())
	return add(list, last, b)
}

// putTableExtents writes the short allocation descriptors of a file with these blocks, and
// returns their length in bytes.
func putTableExtents(b []byte, blocks []int64, size int64) int {
	n := 0
	for i := 0; i < len(blocks); {
		k := i + 1
		for k < len(blocks) && blocks[k] == blocks[k-1]+1 && int64(k-i+1)*sectorSize <= maxExtent {
			k++
		}
		le.PutUint32(b[n:], uint32(min(int64(k-i)*sectorSize, size-int64(i)*sectorSize)))
		le.PutUint32(b[n+4:], uint32(blocks[i]))
		n += ecma167.ADLength[ecma167.ADShort]
		i = k
	}
	return n
}

// tableFile returns the file of the table. The header of UDF 2.00 has its length at BP 0,
// the label at BP 4, the former ICB at BP 132, the number of files at BP 136, that of
// directories at BP 140, and the revisions for reading and writing at BP 144. UDF 1.50 has
// an identifier after the entries, and then the former ICB.
func (p *VirtualPlanner) tableFile() []byte {
	b := make([]byte, p.tableSize())
	former := uint32(noTable)
	if p.v.Former != nil {
		former = p.v.Former.TableICB
	}
	start := p.tableStart()
	for i, block := range p.table {
		le.PutUint32(b[start+4*int64(i):], block)
	}
	if p.o.Revision < Revision200 {
		tail := b[len(b)-tableTail:]
		p.putUDF(tail, "*UDF Virtual Alloc Tbl")
		le.PutUint32(tail[32:], former)
		return b
	}
	le.PutUint16(b, tableHeader)
	ecma167.PutDString(b[4:132], p.o.Label)
	le.PutUint32(b[132:], former)
	le.PutUint32(b[136:], p.count.files)
	le.PutUint32(b[140:], p.count.folders)
	for at := 144; at <= 148; at += 2 {
		le.PutUint16(b[at:], uint16(p.o.Revision))
	}
	return b
}

// tableAttribute returns the extended attributes of the table's ICB in UDF 1.50: the
// header (ECMA-167 4/14.10.1) and, as the errata define it (DCN-5003), the logical volume
// extended information, which later revisions have in the table. It has the length at BP 8
// and an identifier at BP 16; from BP 48 on come a checksum of the bytes before, the
// unique identifier of the ICB, the numbers of files and directories, and the label.
func (p *VirtualPlanner) tableAttribute() []byte {
	if p.o.Revision >= Revision200 {
		return nil
	}
	const use = 2 + 8 + 4 + 4 + 128
	b := make([]byte, 24+(48+use+3)&^3)
	le.PutUint32(b[16:], 24) // implementation attributes follow the header
	le.PutUint32(b[20:], uint32(len(b)))
	a := b[24:]
	le.PutUint32(a, 2048) // implementation use
	a[4] = 1
	le.PutUint32(a[8:], uint32(len(a)))
	le.PutUint32(a[12:], use)
	p.putUDF(a[16:], "*UDF VAT LVExtension")
	le.PutUint64(a[50:], p.nextID)
	le.PutUint32(a[58:], p.count.files)
	le.PutUint32(a[62:], p.count.folders)
	ecma167.PutDString(a[66:194], p.o.Label)
	sum := uint16(0)
	for _, c := range a[:48] {
		sum += uint16(c)
	}
	le.PutUint16(a[48:], sum)
	ecma167.SealTag(b[:24], ecma167.TagEAHD, p.version(), uint32(p.at.End-1-p.begin))
	return b
}
