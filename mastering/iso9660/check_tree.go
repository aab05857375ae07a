package iso9660

import (
	"bytes"
	"encoding/binary"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/volume"
)

// maxDirectories is the maximum number of directories of a tree that are checked.
// Path tables have 16-bit numbers, and few volumes come near that.
const maxDirectories = 1 << 20

// checkedDir is a directory that a record points to.
type checkedDir struct {
	block  uint32
	ahead  int64 // blocks of an extended attribute record before it
	size   int64
	parent int // index
	id     []byte
	path   string
	at     place // of its record
}

// treeChecker checks the directories of one descriptor.
type treeChecker struct {
	*checker
	d         descriptor
	blockSize int64
	v         *FS // reads system use areas of this tree
	dirs      []checkedDir
	known     map[uint32]int // block of a directory -> index
	left      int64          // bytes of directories that may still be read
	climbed   int            // steps from directories to their parents
	w         window
	it        item    // the current entry
	names     nameSet // in the current directory
	reach     use     // the one that ends last
}

// tree checks the directories and path tables of a descriptor.
func (c *checker) tree(d descriptor) {
	t := &treeChecker{
		checker: c, d: d, blockSize: int64(checkBlockSize(d.blockSize())), known: map[uint32]int{}, left: c.v.size + chunk,
	}
	t.v = &FS{r: c.v.r, size: c.v.size, blockSize: int(t.blockSize), highSierra: c.v.highSierra, ucs2: d.joliet() > 0, free: d.enhanced()}
	if d.kind() == typePrimary {
		dot, err := t.v.rootDot(d)
		t.v.susp = err == nil && dot != nil && dot.hasRock()
		if t.v.susp {
			t.v.skip, t.v.rootSkip = dot.spSkip, dot.spAt
		}
	}
	t.enqueue(d.root(), checkedDir{id: []byte{0}, path: "/", at: place{lba: d.lba, offset: 156}})
	for i := 0; i < len(t.dirs) && t.ctx.Err() == nil; i++ {
		t.directory(i)
	}
	if end := c.v.start() + disc.LBA(int64(d.sectors())*t.blockSize/disc.SectorSize); t.reach.end > end {
		report := t.report
		if c.v.tracks { // the descriptors of a Video CD count only its first track
			report = t.reportMinor
		}
		report(place{lba: d.lba, offset: 80}, "the volume space size ends the volume before sector %d, but its contents extend further: %v", end, t.reach)
	}
	t.pathTables()
}

// enqueue adds the directory of a record to those that will be checked.
func (t *treeChecker) enqueue(rec dirRecord, d checkedDir) {
	where := t.v.extent(rec)
	d.ahead, d.size = int64(rec[1]), where.n
	d.block = uint32(where.off/t.blockSize - d.ahead)
	if k, ok := t.known[d.block]; ok {
		if t.contains(k, d.parent) {
			t.report(d.at, "the directory at block %d is that of %s, which contains it: it contains itself", d.block, t.dirs[k].path)
		} else { // some writers that follow symbolic links do this
			t.reportMinor(d.at, "the directory at block %d is also that of %s", d.block, t.dirs[k].path)
		}
		return
	}
	if where.off >= t.v.size {
		t.report(d.at, "the directory is recorded at block %d, past the end of the image", d.block)
		return
	}
	if t.left -= d.size; t.left < 0 || len(t.dirs) == maxDirectories {
		t.report(d.at, "the directories are larger than the image; this one is not checked")
		return
	}
	if d.size == 0 || d.size%disc.SectorSize != 0 {
		t.reportMinor(d.at, "the directory has %d bytes, which is not a whole number of sectors", d.size)
	}
	t.known[d.block] = len(t.dirs)
	t.dirs = append(t.dirs, d)
}

// maxClimb is the maximum number of steps from directories to their parents.
const maxClimb = 1 << 24

// contains reports whether directory k is i or contains it. After too many steps, it
// reports true.
func (t *treeChecker) contains(k, i int) bool {
	for ; i > k; i = t.dirs[i].parent { // parents come first
		if t.climbed++; t.climbed > maxClimb {
			return true
		}
	}
	return i == k
}

// examined is the state of checking one directory.
type examined struct {
	dir   int // index
	count int // of its records so far
	prev  []byte
	multi bool  // of the previous record: not the last extent of its file
	at    place // of that record
}

// directory checks the records of a directory, sector by sector.
func (t *treeChecker) directory(i int) {
	dir := t.dirs[i]
	start := (int64(dir.block) + dir.ahead) * t.blockSize
	t.use(start, dir.size, "directory", dir.path, dir.at)
	t.names.reset(dir.size)
	l := examined{dir: i}
	var sect [disc.SectorSize]byte
	pos := 0
	for off := int64(0); off < dir.size; off += disc.SectorSize {
		if n, err := t.v.r.ReadAt(sect[:], start+off); n < len(sect) {
			t.report(placeAt(start+off, dir.path), "the rest of the directory cannot be read: %v", noEOF(err))
			return
		}
		for pos < len(sect) {
			rec := t.recordAt(sect[pos:], start+off+int64(pos), off+disc.SectorSize < dir.size, dir.path)
			if rec == nil {
				pos = len(sect)
				break
			}
			t.listed(&l, rec, placeAt(start+off+int64(pos), dir.path))
			pos += len(rec)
		}
		pos -= len(sect)
	}
	if l.multi {
		t.report(l.at, "the last extent of %q is missing", t.show(l.prev))
	}
	if l.count < 2 {
		t.report(placeAt(start, dir.path), "the records of the directory itself and of its parent are missing")
	}
}

// recordAt returns the record at the start of p, the rest of a sector, at offset off. A
// record that continues in the next sector of the directory is reported and returned.
func (t *treeChecker) recordAt(p []byte, off int64, more bool, path string) dirRecord {
	rec, err := t.v.record(p)
	if err == nil {
		return rec
	}
	t.report(placeAt(off, path), "%v", err)
	if int(p[0]) <= len(p) || !more {
		return nil
	}
	return t.v.crossing(off, int(p[0]))
}

// listed checks a record according to its position in the directory.
func (t *treeChecker) listed(l *examined, rec dirRecord, at place) {
	dir := t.dirs[l.dir]
	l.count++
	switch l.count {
	case 1:
		t.special(rec, at, 0, dir.block)
		if rec.isSpecial() && int64(rec.size()) != dir.size {
			t.report(at, "the record \".\" says that the directory has %d bytes, but its record in the parent says %d", rec.size(), dir.size)
		}
		skip := t.v.skip
		if l.dir == 0 {
			skip = t.v.rootSkip
		}
		t.systemUse(rec, at, skip)
		return
	case 2:
		t.special(rec, at, 1, t.dirs[dir.parent].block)
		t.systemUse(rec, at, t.v.skip)
		return
	}
	same := bytes.Equal(l.prev, rec.id())
	again, twice := same && l.multi, same && !l.multi
	switch {
	case l.multi && !same:
		t.report(l.at, "the last extent of %q is missing", t.show(l.prev))
	case same && !l.multi:
		t.report(at, "the identifier %q occurs twice", t.show(rec.id()))
	case l.prev != nil && t.unsorted(l.prev, rec.id()):
		t.reportMinor(at, "the identifier %q is out of order (ECMA-119 9.3)", t.show(rec.id()))
	}
	l.prev, l.multi, l.at = append(l.prev[:0], rec.id()...), rec.flags()&format.FlagMulti != 0, at
	t.record(rec, at, l.dir, again, twice)
}

// special checks the records "." and "..".
func (t *treeChecker) special(rec dirRecord, at place, id byte, block uint32) {
	switch {
	case rec.isSpecial() && id == 1 && rec[33] == 0: // libisofs on big-endian machines
		t.reportMinor(at, "the record of the parent has the identifier of the directory itself (ECMA-119 6.8.2.2)")
	case !rec.isSpecial() || rec[33] != id:
		t.report(at, "the record of the directory itself or of its parent is not in its position")
	case rec.extent() != block && id == 0:
		t.report(at, "the record \".\" points to block %d, not to %d", rec.extent(), block)
	case rec.extent() != block: // a common writer does this in Joliet trees
		t.reportMinor(at, "the record \"..\" points to block %d, not to %d", rec.extent(), block)
	}
	t.numbers(rec, at)
}

// numbers checks the numbers that are recorded in both byte orders, and the date.
func (t *treeChecker) numbers(rec dirRecord, at place) {
	for _, f := range []struct {
		off, bits int
		name      string
	}{{2, 32, "extent"}, {10, 32, "size"}, {28, 16, "volume sequence number"}} {
		if le, be := bothOrders(rec[f.off:], f.bits); le != be {
			at := at
			at.offset += f.off
			t.disagree(be, at, "the %s of %q is %d in one byte order and %d in the other", f.name, t.show(rec.id()), le, be)
		}
	}
	if p := rec[18:25]; time7(p) == volume.NoTime && !bytes.Equal(p, make([]byte, 7)) {
		t.reportMinor(at, "the date of %q, % x, is not a date", t.show(rec.id()), p)
	}
}

// record checks the record of a file or directory. again says that it is a further
// extent of the previous file, twice that its identifier occurs twice.
func (t *treeChecker) record(rec dirRecord, at place, parent int, again, twice bool) {
	t.numbers(rec, at)
	if rec.isSpecial() {
		t.report(at, "a record of the directory itself or of its parent is not in its position")
		return
	}
	name := t.show(rec.id())
	it := t.systemUse(rec, at, t.v.skip)
	if !again && !it.relocated && rec.flags()&format.FlagAssociated == 0 {
		t.name(it, rec, at, twice)
	}
	if it.hasChild { // the place that a directory was relocated from
		t.moved(name, at, int64(it.child)*t.blockSize)
		return
	}
	switch {
	case !it.posix || it.Mode.IsDir() == rec.isDir():
	case rec.isDir():
		t.report(at, "%q is a directory by its record, but not by its POSIX mode", name)
	default:
		t.report(at, "%q is a directory by its POSIX mode, but not by its record", name)
	}
	if rec.isDir() {
		path := join(t.dirs[parent].path, name)
		if len(path) > maxPath { // paths are kept in memory
			t.report(at, "the path of %q is longer than %d bytes; the directory is not checked", name, maxPath)
			return
		}
		at.path = path
		t.enqueue(rec, checkedDir{parent: parent, id: bytes.Clone(rec.id()), path: path, at: at})
		return
	}
	where := t.v.extent(rec)
	if where.n == 0 {
		return
	}
	if end := where.off + where.n; end > t.v.size {
		t.report(at, "the contents of %q, sectors %d to %d, are past the end of the image",
			name, where.off/disc.SectorSize, (end-1)/disc.SectorSize)
		return
	}
	if rec.unit() == 0 {
		t.use(where.off, where.n, fileUse, name, at)
	}
}

func join(dir, name string) string { return strings.TrimSuffix(dir, "/") + "/" + name }

// moved checks the address in a CL entry.
func (t *treeChecker) moved(name string, at place, off int64) {
	if !t.begins(off) {
		t.report(at, "the directory %q was relocated to sector %d, but no directory begins there", name, off/disc.SectorSize)
	}
}

// begins reports whether a directory begins at an offset in the image.
func (t *treeChecker) begins(off int64) bool {
	var p [format.RecordHead + 1]byte
	n, _ := t.v.r.ReadAt(p[:], off)
	return n == len(p) && p[0] >= format.RecordHead+1 && p[32] == 1 && p[33] == 0
}

// use records that something occupies n bytes at off. For a file, name is only the last
// element of its path: at has its folder.
func (t *treeChecker) use(off, n int64, kind, name string, at place) {
	if n <= 0 {
		return
	}
	u := use{disc.LBA(off / disc.SectorSize), disc.LBA((off + n + disc.SectorSize - 1) / disc.SectorSize), kind, name, at}
	t.used = append(t.used, u)
	if u.end > t.reach.end {
		t.reach = u
	}
}

// show returns an identifier as text.
func (t *treeChecker) show(id []byte) string {
	switch {
	case len(id) == 1 && id[0] <= 1:
		return [...]string{".", ".."}[id[0]]
	case t.v.ucs2:
		return string(appendJolietName(nil, id))
	}
	return string(id)
}

// unsorted reports whether b must not follow a. The standard pads name and extension
// with spaces, but writers of longer names compare bytes: an order is wrong only if it
// is wrong both ways.
func (t *treeChecker) unsorted(a, b []byte) bool {
	return bytes.Compare(a, b) > 0 && bytes.Compare(sortKey(a), sortKey(b)) > 0
}

// sortKey returns an identifier in the form that ECMA-119 9.3 compares, without the
// version.
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
	size := int64(format.Both32(t.d.data[132:]))
	if size == 0 {
		t.report(place{lba: t.d.lba, offset: 132}, "the path table is empty")
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
		at := place{lba: t.d.lba, offset: table.off}
		switch {
		case block == 0 && table.optional:
		case block == 0 && table.order == binary.BigEndian: // readers use the other one
			t.reportMinor(at, "there is no path table %s", table.name)
		case block == 0:
			t.report(at, "there is no path table %s", table.name)
		case int64(block)*t.blockSize+size > t.v.size:
			t.report(at, "the path table %s, %d bytes at block %d, is past the end of the image", table.name, size, block)
		default:
			t.pathTable(table.name, int64(block)*t.blockSize, size, table.order)
		}
	}
}

// maxTable is the maximum size of a path table in bytes: one of a million directories
// has less.
const maxTable = 64 << 20

// pathTable checks one path table. Its records have the length of the identifier at 0,
// the extent at 2, the number of the parent at 6, and the identifier, padded to an
// even length, at 8.
func (t *treeChecker) pathTable(name string, off, size int64, order binary.ByteOrder) {
	at := placeAt(off, "")
	t.use(off, size, "path table", name, at)
	if size > maxTable {
		t.report(at, "the path table %s should have %d bytes, which is too large; it is not checked", name, size)
		return
	}
	p := make([]byte, size)
	if n, err := t.v.r.ReadAt(p, off); int64(n) < size {
		t.report(at, "the path table %s cannot be read: %v", name, noEOF(err))
		return
	}
	var blocks []uint32
	last := uint16(1)
	for pos := int64(0); pos < size; {
		at := placeAt(off+pos, "")
		if t.v.highSierra && size-pos >= 9 {
			tableRecordFromHighSierra(p[pos:])
		}
		if size-pos < 9 || p[pos] == 0 || pos+8+int64(p[pos]) > size {
			t.report(at, "record %d of the path table %s does not fit into it", len(blocks)+1, name)
			break
		}
		block, parent := order.Uint32(p[pos+2:]), order.Uint16(p[pos+6:])
		blocks = append(blocks, block)
		id := p[pos+8 : pos+8+int64(p[pos])]
		if k, ok := t.known[block]; !ok && t.begins(int64(block)*t.blockSize) {
			t.reportMinor(at, "record %d of the path table %s points to a directory at block %d that is in no other directory", len(blocks), name, block)
		} else if !ok {
			t.report(at, "record %d of the path table %s points to block %d, where there is no directory", len(blocks), name, block)
		} else if k == 0 && len(id) == 2 && id[0] == 0 && id[1] == 0 {
			t.reportMinor(at, "the identifier of the root in the path table %s has two bytes", name)
		} else if !bytes.Equal(id, t.dirs[k].id) {
			t.report(at, "record %d of the path table %s has the identifier %q, but the directory at block %d has %q",
				len(blocks), name, t.show(id), block, t.show(t.dirs[k].id))
		} else if int(parent) <= len(blocks) && parent > 0 && blocks[parent-1] != t.dirs[t.dirs[k].parent].block {
			t.report(at, "the path table %s has the wrong parent for %s", name, t.dirs[k].path)
		}
		if parent < last && len(blocks) <= format.MaxParent {
			t.report(at, "record %d of the path table %s is out of the order of parents", len(blocks), name)
		}
		if int(parent) > len(blocks) || parent == 0 {
			t.report(at, "record %d of the path table %s has the invalid parent %d", len(blocks), name, parent)
		}
		last = parent
		pos += 8 + int64(p[pos])
		pos += pos & 1
	}
	t.unlisted(name, at, blocks)
}

// unlisted reports the directories that are missing from a path table. Directories
// below one whose number is too large for a parent cannot be in it.
func (t *treeChecker) unlisted(name string, at place, blocks []uint32) {
	number := make(map[uint32]int, len(blocks))
	for i, block := range blocks {
		if _, ok := number[block]; !ok {
			number[block] = i + 1
		}
	}
	full := len(blocks) > format.MaxParent
	for _, d := range t.dirs {
		if number[d.block] > 0 {
			continue
		}
		if parent := number[t.dirs[d.parent].block]; !full || parent > 0 && parent <= format.MaxParent {
			t.report(place{at.lba, at.offset, d.path}, "the directory at block %d is missing from the path table %s", d.block, name)
		}
	}
	if full {
		t.reportMinor(at, "the path table %s has %d records, but numbers above %d cannot be parents", name, len(blocks), format.MaxParent)
	}
}
