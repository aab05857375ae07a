package iso9660

import (
	"bytes"
	"encoding/binary"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// maxDirectories bounds how many directories of a tree are examined: path tables
// count with 16 bits, and few volumes come near that.
const maxDirectories = 1 << 20

// checkedDir is a directory that the records lead to.
type checkedDir struct {
	block  uint32
	size   uint32
	parent int // index
	path   string
	at     spot // of its record
}

// treeChecker examines the directories of one descriptor.
type treeChecker struct {
	*checker
	d         descriptor
	blockSize int64
	v         *FS // reads system use areas of this tree
	dirs      []checkedDir
	known     map[uint32]int // block of a directory -> index
	left      int64          // bytes of directories that may still be read
	w         window
}

// tree examines the directories and path tables of a descriptor.
func (c *checker) tree(d descriptor) {
	t := &treeChecker{
		checker: c, d: d, blockSize: int64(checkBlockSize(d.blockSize())), known: map[uint32]int{}, left: c.v.size + chunk,
	}
	t.v = &FS{r: c.v.r, size: c.v.size, blockSize: int(t.blockSize), ucs2: d.joliet() > 0}
	if d.kind() == typePrimary {
		dot, err := t.v.rootDot(d)
		t.v.susp = err == nil && dot != nil && dot.hasRock()
		if t.v.susp {
			t.v.skip = dot.spSkip
		}
	}
	root := dirRecord(d.root())
	t.enqueue(checkedDir{block: root.extent(), size: root.size(), path: "/", at: spot{lba: d.lba, offset: 156}})
	for i := 0; i < len(t.dirs) && t.ctx.Err() == nil; i++ {
		t.directory(i)
	}
	t.pathTables()
}

// enqueue adds a directory that is to be examined.
func (t *treeChecker) enqueue(d checkedDir) {
	if k, ok := t.known[d.block]; ok {
		t.bad(d.at, "the directory at block %d is that of %s as well", d.block, t.dirs[k].path)
		return
	}
	if int64(d.block)*t.blockSize >= t.v.size {
		t.bad(d.at, "the directory should be at block %d, behind the end of the image", d.block)
		return
	}
	if t.left -= int64(d.size); t.left < 0 || len(t.dirs) == maxDirectories {
		t.bad(d.at, "the directories claim more room than the image has; this one is not examined")
		return
	}
	if d.size == 0 || d.size%disc.SectorSize != 0 {
		t.odd(d.at, "the directory has %d bytes, which are no whole sectors", d.size)
	}
	t.known[d.block] = len(t.dirs)
	t.dirs = append(t.dirs, d)
}

// directory examines the records of a directory, sector by sector.
func (t *treeChecker) directory(i int) {
	dir := t.dirs[i]
	start := int64(dir.block) * t.blockSize
	t.occupy(start, int64(dir.size), use{what: "directory " + dir.path, at: dir.at})
	var (
		sect  [disc.SectorSize]byte
		prev  []byte
		multi bool
		index int
	)
	for off := int64(0); off < int64(dir.size); off += disc.SectorSize {
		if n, err := t.v.r.ReadAt(sect[:], start+off); n < len(sect) {
			t.bad(placeAt(start+off, dir.path), "the directory cannot be read on: %v", noEOF(err))
			return
		}
		for pos := 0; pos < len(sect); index++ {
			at := placeAt(start+off+int64(pos), dir.path)
			rec, err := checkRecord(sect[pos:])
			if err != nil {
				t.bad(at, "%v", err)
			}
			if rec == nil {
				break
			}
			pos += len(rec)
			switch index {
			case 0:
				t.special(rec, at, 0, dir.block)
			case 1:
				t.special(rec, at, 1, t.dirs[dir.parent].block)
			default:
				if bytes.Equal(prev, rec.id()) && !multi {
					t.bad(at, "the identifier %q is there twice", t.show(rec))
				} else if prev != nil && t.unsorted(prev, rec.id()) {
					t.odd(at, "the identifier %q is not in its order (ECMA-119 9.3)", t.show(rec))
				}
				prev = append(prev[:0], rec.id()...)
				multi = rec.flags()&flagMulti != 0
				t.record(rec, at, i)
			}
		}
	}
	if multi {
		t.bad(placeAt(start+int64(dir.size)-1, dir.path), "the last extent of a file is missing")
	}
	if index < 2 {
		t.bad(placeAt(start, dir.path), "the records of the directory and of its parent are missing")
	}
}

// special examines the records "." and "..".
func (t *treeChecker) special(rec dirRecord, at spot, id byte, block uint32) {
	switch {
	case !rec.isSpecial() || rec[33] != id:
		t.bad(at, "the record of the directory or of its parent is not at its place")
	case rec.extent() != block && id == 0:
		t.bad(at, "the record \".\" leads to block %d, not to %d", rec.extent(), block)
	case rec.extent() != block: // as a well-known writer makes it in Joliet trees
		t.odd(at, "the record \"..\" leads to block %d, not to %d", rec.extent(), block)
	}
	t.numbers(rec, at)
}

// numbers examines what is recorded in both byte orders, and the date.
func (t *treeChecker) numbers(rec dirRecord, at spot) {
	for _, f := range []struct {
		off, bits int
		name      string
	}{{2, 32, "extent"}, {10, 32, "size"}, {28, 16, "volume sequence number"}} {
		if le, be := bothOrders(rec[f.off:], f.bits); le != be {
			at := at
			at.offset += f.off
			t.bad(at, "the %s of %q is %d in one byte order and %d in the other", f.name, t.show(rec), le, be)
		}
	}
	if p := rec[18:25]; time7(p) == volume.NoTime && !bytes.Equal(p, make([]byte, 7)) {
		t.odd(at, "the date of %q, % x, is none", t.show(rec), p)
	}
}

// record examines the record of a file or directory.
func (t *treeChecker) record(rec dirRecord, at spot, parent int) {
	t.numbers(rec, at)
	if rec.isSpecial() {
		t.bad(at, "a record of the directory or of its parent is not at its place")
		return
	}
	name := t.show(rec)
	if t.v.susp {
		var it item
		it.reset()
		if err := t.v.readSystemUse(&it, rec.systemUse(), &t.w); err != nil {
			t.bad(at, "%s: %v", name, err)
		}
		if it.hasChild { // it stands for a directory elsewhere
			return
		}
	}
	if rec.isDir() {
		t.folder(rec, at, parent, name)
		return
	}
	if rec.size() == 0 {
		return
	}
	start := rec.start() * t.blockSize
	if end := start + int64(rec.size()); end > t.v.size {
		t.bad(at, "the contents of %q, sectors %d to %d, lie behind the end of the image", name, start/disc.SectorSize, (end-1)/disc.SectorSize)
		return
	} else if limit := int64(t.d.sectors()) * t.blockSize; end > limit {
		t.bad(at, "the contents of %q end at sector %d, the volume at %d", name, (end-1)/disc.SectorSize, limit/disc.SectorSize-1)
	}
	if rec.unit() == 0 {
		t.use(start, int64(rec.size()), name, at)
	}
}

// maxPath is the longest path of a directory that is examined. Paths are kept,
// and in a tree that is nested without end they would outgrow the image.
const maxPath = 4 << 10

// folder examines the record of a directory.
func (t *treeChecker) folder(rec dirRecord, at spot, parent int, name string) {
	path := t.dirs[parent].path
	if path != "/" {
		path += "/"
	}
	path += name
	if len(path) > maxPath {
		t.bad(at, "the path of %q is longer than %d bytes; the directory is not examined", name, maxPath)
		return
	}
	at.path = path
	t.enqueue(checkedDir{rec.extent(), rec.size(), parent, path, at})
}

// use notes what occupies n bytes at off: a file of the directory where its
// record is.
func (t *treeChecker) use(off, n int64, file string, at spot) {
	t.occupy(off, n, use{file: file, at: at})
}

func (t *treeChecker) occupy(off, n int64, u use) {
	if n > 0 {
		u.start, u.end = disc.LBA(off/disc.SectorSize), disc.LBA((off+n+disc.SectorSize-1)/disc.SectorSize)
		t.used = append(t.used, u)
	}
}

// show returns the identifier of a record for people.
func (t *treeChecker) show(rec dirRecord) string {
	switch {
	case rec.isSpecial():
		return [...]string{".", ".."}[rec[33]]
	case t.v.ucs2:
		return string(appendJolietName(nil, rec.id()))
	}
	return string(appendName(nil, rec.id()))
}

// unsorted reports whether b may not follow a. Writers of longer names compare
// bytes; the standard fills name and extension with spaces, so that an order is
// wrong only where it is wrong in both ways.
func (t *treeChecker) unsorted(a, b []byte) bool {
	return bytes.Compare(a, b) > 0 && bytes.Compare(sortKey(a), sortKey(b)) > 0
}

// sortKey returns an identifier as ECMA-119 9.3 compares it, versions aside.
func sortKey(id []byte) []byte {
	id, _, _ = bytes.Cut(id, []byte(";"))
	name, ext, _ := bytes.Cut(id, []byte("."))
	key := bytes.Repeat([]byte{' '}, 512)
	copy(key, name)
	copy(key[256:], ext)
	return key
}

// pathTables compares the path tables (ECMA-119 6.9, 9.4) with the directories.
func (t *treeChecker) pathTables() {
	size := int64(both32(t.d.data[132:]))
	if size == 0 {
		t.bad(spot{lba: t.d.lba, offset: 132}, "the path table is empty")
		return
	}
	for _, table := range []struct {
		off      int
		order    binary.ByteOrder
		name     string
		optional bool
	}{
		{140, binary.LittleEndian, "L", false},
		{144, binary.LittleEndian, "optional L", true},
		{148, binary.BigEndian, "M", false},
		{152, binary.BigEndian, "optional M", true},
	} {
		block := table.order.Uint32(t.d.data[table.off:])
		at := spot{lba: t.d.lba, offset: table.off}
		switch {
		case block == 0 && table.optional:
		case block == 0:
			t.bad(at, "there is no path table %s", table.name)
		case int64(block)*t.blockSize+size > t.v.size:
			t.bad(at, "the path table %s, %d bytes at block %d, lies behind the end of the image", table.name, size, block)
		default:
			t.pathTable(table.name, int64(block)*t.blockSize, size, table.order)
		}
	}
}

// maxTable bounds the bytes of a path table: that of a million directories has
// less.
const maxTable = 64 << 20

// pathTable examines one path table: identifier length at 0, extent at 2, number
// of the parent at 6, identifier at 8, padded to an even length.
func (t *treeChecker) pathTable(name string, off, size int64, order binary.ByteOrder) {
	at := placeAt(off, "")
	t.occupy(off, size, use{what: "path table " + name, at: at})
	if size > maxTable {
		t.bad(at, "the path table %s claims %d bytes and is not examined", name, size)
		return
	}
	p := make([]byte, size)
	if n, err := t.v.r.ReadAt(p, off); int64(n) < size {
		t.bad(at, "the path table %s cannot be read: %v", name, noEOF(err))
		return
	}
	var blocks []uint32
	found := map[uint32]bool{}
	last := uint16(1)
	for pos := int64(0); pos < size; {
		at := placeAt(off+pos, "")
		if size-pos < 9 || p[pos] == 0 || pos+8+int64(p[pos]) > size {
			t.bad(at, "record %d of the path table %s does not fit into it", len(blocks)+1, name)
			break
		}
		block, parent := order.Uint32(p[pos+2:]), order.Uint16(p[pos+6:])
		blocks = append(blocks, block)
		if k, ok := t.known[block]; !ok {
			t.bad(at, "record %d of the path table %s leads to block %d, where no directory is", len(blocks), name, block)
		} else if int(parent) <= len(blocks) && parent > 0 && blocks[parent-1] != t.dirs[t.dirs[k].parent].block {
			t.bad(at, "the path table %s has a wrong parent for %s", name, t.dirs[k].path)
		}
		if parent < last && len(blocks) <= 0xffff {
			t.bad(at, "record %d of the path table %s is not in the order of its parents", len(blocks), name)
		}
		if int(parent) > len(blocks) || parent == 0 {
			t.bad(at, "record %d of the path table %s has the parent %d", len(blocks), name, parent)
		}
		last = parent
		found[block] = true
		pos += 8 + int64(p[pos])
		pos += pos & 1
	}
	full := len(blocks) > maxParent
	parents := map[uint32]bool{} // in a full table, those that it can name
	for _, block := range blocks[:min(len(blocks), maxParent)] {
		parents[block] = true
	}
	for _, d := range t.dirs {
		if !found[d.block] && (!full || parents[t.dirs[d.parent].block]) {
			t.bad(spot{at.lba, at.offset, d.path}, "the directory at block %d is missing in the path table %s", d.block, name)
		}
	}
	if full {
		t.odd(at, "the path table %s has %d records: numbers above 65535 cannot be parents", name, len(blocks))
	}
}
