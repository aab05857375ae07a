package update

import (
	"bytes"
	"slices"

	"glassmaster/mastering/udf/internal/ecma167"
)

// table20 is the length of the header of a virtual allocation table since UDF 2.00 (2.2.11):
// the label at BP 4, the sector of the former ICB at BP 132, the numbers of files and
// directories at BP 136 and 140. In UDF 1.50, the identifier and the former ICB are in the
// last 36 bytes, after the entries.
const (
	tableLabel  = 4
	tableFormer = 132
	tableFiles  = 136
	tableDirs   = 140
	tableTail   = 36
)

// allocationTable is the virtual allocation table of a volume on write-once media.
type allocationTable struct {
	icb   *object
	file  []byte // the former table
	first int64  // byte where its entries begin
	count int    // of its entries
}

// openTable reads the virtual allocation table, if file entries are in a virtual partition.
func (u *Updater) openTable() error {
	if !u.virtual {
		return nil
	}
	p := &u.parts[u.s.Root.Partition]
	if p.Number != u.parts[u.data].Number {
		return unsafe("its virtual partition is not in the partition with the contents of files")
	}
	block := p.TableSector - p.Start
	o, err := u.load(ecma167.LongAD{Length: blockSize, Block: uint32(block), Partition: u.data})
	if err != nil {
		return unsafe("virtual allocation table: %v", err)
	}
	t := &allocationTable{icb: o, count: len(p.Table)}
	if t.file, err = u.contents(o); err != nil {
		return unsafe("virtual allocation table: %v", err)
	}
	if o.kind() == ecma167.TypeVAT {
		if len(t.file) < tableDirs+4 {
			return unsafe("its virtual allocation table has %d bytes", len(t.file))
		}
		t.first = int64(le.Uint16(t.file))
	} else if len(t.file) < tableTail {
		return unsafe("its virtual allocation table has %d bytes", len(t.file))
	}
	p.Table = slices.Clone(p.Table)
	u.table = t
	u.lvid.unique = max(u.lvid.unique, o.unique())
	return nil
}

// storeTable writes the new table: the blocks of it that differ from those of the former
// one, and its ICB in the last sector of the image.
func (u *Updater) storeTable() error {
	t, p := u.table, &u.parts[u.s.Root.Partition]
	file := t.changed(u, p.Table)
	o := &object{b: slices.Clone(t.icb.b), head: t.icb.head, fresh: true}
	o.at = ecma167.LongAD{Partition: u.data}
	if len(file) <= o.room() && o.lengthEA() == 0 { // Linux takes extended attributes for entries
		o.setADs(ecma167.ADInline, file)
		o.setSize(int64(len(file)), 0)
	} else if err := u.storeTableBlocks(o, file); err != nil {
		return err
	}
	block, err := u.space.allocate(1)
	if err != nil {
		return err
	}
	o.at.Block = uint32(block)
	ecma167.SetLocation(o.b, o.at.Block)
	extended := false
	if ea := o.b[o.head:][:o.lengthEA()]; len(ea) >= ecma167.TagLength && le.Uint16(ea) == ecma167.TagEAHD {
		ecma167.SetLocation(ea, o.at.Block)
		extended = u.storeExtension(ea)
	}
	if u.e.Label != nil && t.first == 0 && !extended {
		return unsafe("its virtual allocation table (UDF 1.50) has no place for another label")
	}
	o.setUnique(u.lvid.unique)
	_, modified, changed, _ := o.times()
	ecma167.PutTime(o.b[modified:], u.e.Time)
	ecma167.PutTime(o.b[changed:], u.e.Time)
	o.seal()
	return u.write(o.at, o.b)
}

// changed returns the file of the table with other entries.
func (t *allocationTable) changed(u *Updater, entries []uint32) []byte {
	end := t.first + 4*int64(t.count)
	file := slices.Clone(t.file[:end])
	for i, e := range entries {
		if i >= t.count {
			file = append(file, 0, 0, 0, 0)
		}
		le.PutUint32(file[t.first+4*int64(i):], e)
	}
	file = append(file, t.file[end:]...)
	former := t.icb.at.Block
	if t.first == 0 {
		le.PutUint32(file[len(file)-4:], former)
		return file
	}
	if u.e.Label != nil {
		ecma167.PutDString(file[tableLabel:tableFormer], *u.e.Label)
	}
	le.PutUint32(file[tableFormer:], former)
	addTo(file[tableFiles:], u.lvid.files())
	addTo(file[tableDirs:], u.lvid.dirs)
	return file
}

// storeTableBlocks writes the table into blocks. Blocks that do not change are shared with
// the former table (UDF 2.2.11).
func (u *Updater) storeTableBlocks(o *object, file []byte) error {
	size := int64(len(file))
	var former []int64
	if !u.table.icb.inline() {
		list, _, err := u.extents(u.table.icb)
		if err != nil {
			return err
		}
		for _, e := range list {
			for i := range blocks(e.length) {
				former = append(former, int64(e.block)+i)
			}
			if e.length%blockSize != 0 {
				break
			}
		}
	}
	same := func(i int64) bool {
		from, end := i*blockSize, (i+1)*blockSize
		return i < int64(len(former)) && end <= min(size, int64(len(u.table.file))) && bytes.Equal(file[from:end], u.table.file[from:end])
	}
	for _, share := range []bool{true, false} {
		var list []extent
		var fresh []int64
		for i := range blocks(size) {
			e := extent{ecma167.ExtentRecorded, u.data, 0, min(size-i*blockSize, blockSize)}
			if share && same(i) {
				e.block = uint32(former[i])
			} else {
				e.block = uint32(u.set.Sectors() - u.parts[u.data].Start + int64(len(fresh)))
				fresh = append(fresh, i)
			}
			list = join(list, e)
		}
		ads := descriptors(list, ecma167.ADShort)
		if len(ads) > o.room() {
			continue
		}
		for _, i := range fresh {
			b := make([]byte, blockSize)
			copy(b, file[i*blockSize:])
			block, err := u.space.allocate(1)
			if err != nil {
				return err
			}
			if err := u.write(ecma167.LongAD{Block: uint32(block), Partition: u.data}, b); err != nil {
				return err
			}
		}
		o.setADs(ecma167.ADShort, ads)
		o.setSize(size, blocks(size))
		if len(list) > 1 {
			o.setFlags(ecma167.FlagContiguous, 0)
		}
		return nil
	}
	return unsafe("the file entry of the virtual allocation table has no room for its extents")
}

// storeExtension updates the logical volume extended information in the extended attributes
// of the table's ICB (DCN-5003 for UDF 1.50): from BP 48 of the attribute on, a checksum, the
// unique identifier, the numbers of files and directories, and the label. It reports whether
// there is such an attribute.
func (u *Updater) storeExtension(ea []byte) (found bool) {
	const headLength, use = 24, 194
	for p := ea[min(len(ea), headLength):]; len(p) >= 12; {
		n := int64(le.Uint32(p[8:]))
		if n < 12 || n > int64(len(p)) {
			return found
		}
		if n >= use && le.Uint32(p) == 2048 && ecma167.EntityID(p[16:]) == "*UDF VAT LVExtension" {
			le.PutUint64(p[50:], u.lvid.unique)
			addTo(p[58:], u.lvid.files())
			addTo(p[62:], u.lvid.dirs)
			if u.e.Label != nil {
				ecma167.PutDString(p[66:use], *u.e.Label)
			}
			found = true
		}
		p = p[n:]
	}
	return found
}
