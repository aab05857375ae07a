package update

import (
	"bytes"
	"encoding/binary"
	"iter"
	"slices"

	"glassmaster/mastering/iso9660/internal/format"
)

// row is a directory in the path table (ECMA-119 9.4).
type row struct {
	off      int64 // of the directory in the image
	extended byte
	id       []byte
	parent   *row // itself for the root
	dir      *directory
	gone     bool
	below    []*row
	number   int
}

// table is the path table of a hierarchy, in the form of a tree.
type table struct {
	h       *hierarchy
	rows    []*row
	of      map[int64]*row
	made    map[*directory]*row // of new directories
	changed bool
}

// maxTable is the maximum size of a path table in bytes: one of a million directories has
// less.
const maxTable = 64 << 20

// paths returns the path table for changing it.
func (h *hierarchy) paths() (*table, error) {
	if h.table != nil {
		return h.table, nil
	}
	t := &table{h: h, of: map[int64]*row{}, made: map[*directory]*row{}}
	if !t.readRecorded() {
		if err := t.walk(nil); err != nil {
			return nil, err
		}
	}
	h.table = t
	return t, nil
}

// tableAt returns the address and the byte order of the path tables of a descriptor: that
// of type L, its copy, that of type M, and its copy (ECMA-119 8.4.14 to 8.4.17).
var tables = [...]struct {
	at    int
	order binary.ByteOrder
}{{140, binary.LittleEndian}, {144, binary.LittleEndian}, {148, binary.BigEndian}, {152, binary.BigEndian}}

// readRecorded reads the recorded path table, and returns false if it is damaged or too
// large for its numbers.
func (t *table) readRecorded() bool {
	b := t.h.recordedTable(0)
	if b == nil {
		return false
	}
	for len(b) > 0 {
		r, n := t.h.parseRow(b, binary.LittleEndian)
		if n == 0 {
			return false
		}
		parent := int(binary.LittleEndian.Uint16(b[6:]))
		b = b[n:]
		if parent == 0 || parent > len(t.rows)+1 || parent == len(t.rows)+1 && parent != 1 || len(t.rows) == format.MaxParent {
			return false
		}
		if r.parent = r; parent <= len(t.rows) {
			r.parent = t.rows[parent-1]
		}
		if t.of[r.off] != nil {
			return false
		}
		t.append(r)
	}
	return len(t.rows) > 0 && t.rows[0].off == t.h.root.off
}

// recordedTable returns one of the recorded path tables, nil if there is none or it is not
// within the image.
func (h *hierarchy) recordedTable(i int) []byte {
	d := h.list[0].data
	size := int64(format.Both32(d[132:]))
	block := tables[i].order.Uint32(d[tables[i].at:])
	at := h.offset(block)
	if block == 0 || size == 0 || size > maxTable || at+size > h.size {
		return nil
	}
	b := make([]byte, size)
	if n, _ := h.u.set.ReadAt(b, at); n < len(b) {
		return nil
	}
	return b
}

// parseRow decodes a record of a path table, and returns its length, 0 if it is damaged.
func (h *hierarchy) parseRow(b []byte, order binary.ByteOrder) (*row, int) {
	if len(b) < 9 || b[0] == 0 || 8+int(b[0]) > len(b) {
		return nil, 0
	}
	n := int(b[0])
	r := &row{off: h.offset(order.Uint32(b[2:])) + int64(b[1])*h.block, extended: b[1], id: b[8 : 8+n : 8+n]}
	return r, min(8+n+n&1, len(b))
}

func (t *table) append(r *row) {
	t.rows = append(t.rows, r)
	t.of[r.off] = r
}

// maxWalk is the maximum number of directories that are read for a new path table.
const maxWalk = 1 << 20

// walk makes the path table from the directories, if the recorded one is damaged or does
// not have all directories. It calls visit for each record, with the offsets of the directory
// and of the record in the image, if that is not nil.
func (t *table) walk(visit func(dir, at int64, rec []byte)) error {
	t.rows, t.of = nil, map[int64]*row{}
	h := t.h
	top := &row{off: h.root.off, extended: byte(h.root.extended), id: []byte{0}}
	top.parent = top
	t.append(top)
	sizes := []int64{h.root.size}
	left := h.size
	for i := 0; i < len(t.rows); i++ {
		r := t.rows[i]
		if left -= sizes[i]; left < 0 || len(t.rows) > maxWalk {
			return unsafef("its directories are larger than the image")
		}
		if sizes[i] > maxDirectory {
			return unsafef("the directory at sector %d should have %d bytes", r.off/sectorSize, sizes[i])
		}
		b := make([]byte, sizes[i])
		if n, err := h.u.set.ReadAt(b, r.off); n < len(b) {
			return unsafef("the directory at sector %d cannot be read: %v", r.off/sectorSize, err)
		}
		for at, rec := range records(b) {
			if visit != nil {
				visit(r.off, r.off+int64(at), rec)
			}
			if rec[25]&format.FlagDirectory == 0 || isSelf(identifierOf(rec)) {
				continue
			}
			k := &row{off: h.offset(format.Both32(rec[2:])) + int64(rec[1])*h.block, extended: rec[1], id: bytes.Clone(identifierOf(rec)), parent: r}
			if size := int64(format.Both32(rec[10:])); t.of[k.off] == nil && k.off+size <= h.size {
				t.append(k)
				sizes = append(sizes, size)
			}
		}
	}
	return nil
}

// records returns the valid records of a directory, with their offsets in it.
func records(b []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		for at := 0; at < len(b); {
			end := min((at/sectorSize+1)*sectorSize, len(b))
			n := int(b[at])
			if n < format.RecordHead+1 || at+n > end || format.RecordHead+int(b[at+32]) > n {
				at = end
				continue
			}
			if !yield(at, b[at:at+n]) {
				return
			}
			at += n
		}
	}
}

// row returns the row of a directory.
func (t *table) row(d *directory) (*row, error) {
	r := t.made[d]
	if r == nil {
		r = t.of[d.off]
	}
	if r != nil {
		r.dir = d
		return r, nil
	}
	if t.changed {
		return nil, unsafef("the directory at sector %d is missing from the path table", d.off/sectorSize)
	}
	if err := t.walk(nil); err != nil { // the recorded table is incomplete
		return nil, err
	}
	if r = t.of[d.off]; r == nil {
		return nil, unsafef("the directory at sector %d is not in the directory that contains it", d.off/sectorSize)
	}
	r.dir = d
	return r, nil
}

// remove removes a directory and everything below it.
func (t *table) remove(d *directory) error {
	r, err := t.row(d)
	if err == nil {
		r.gone, t.changed = true, true
	}
	return err
}

// move gives a directory the parent and the identifier that it has now.
func (t *table) move(d *directory) error {
	r, err := t.row(d)
	if err != nil {
		return err
	}
	p, err := t.row(d.parent)
	if err != nil {
		return err
	}
	r.parent, r.id, t.changed = p, d.id, true
	return nil
}

// add adds a new directory.
func (t *table) add(d *directory) error {
	p, err := t.row(d.parent)
	if err != nil {
		return err
	}
	r := &row{id: d.id, parent: p, dir: d}
	t.rows = append(t.rows, r)
	t.made[d], t.changed = r, true
	return nil
}

// removed reports whether a directory is removed with one above it.
func (r *row) removed() bool {
	for i := 0; ; i++ {
		if r.gone || i > maxWalk {
			return true
		}
		if r.parent == r {
			return false
		}
		r = r.parent
	}
}

// render returns the table in the order of ECMA-119 6.9.1: by level, number of the parent
// and identifier. Directories below one whose number is too large for a parent are left
// out.
func (t *table) render(order binary.ByteOrder) []byte {
	for _, r := range t.rows {
		r.below, r.number = nil, 0
	}
	top := t.rows[0]
	for _, r := range t.rows {
		if r != top && !r.gone {
			r.parent.below = append(r.parent.below, r)
		}
	}
	var b []byte
	list := []*row{top}
	for i := 0; i < len(list); i++ {
		r := list[i]
		r.number = i + 1
		if r.parent.number > format.MaxParent {
			return b
		}
		b = t.put(b, r, order)
		slices.SortStableFunc(r.below, func(a, b *row) int { return bytes.Compare(a.id, b.id) })
		list = append(list, r.below...)
	}
	return b
}

// put appends the record of a directory.
func (t *table) put(b []byte, r *row, order binary.ByteOrder) []byte {
	off, x := r.off, r.extended
	if r.dir != nil {
		off, x = r.dir.newOff, byte(r.dir.extended)
	}
	var head [8]byte
	head[0], head[1] = byte(len(r.id)), x
	order.PutUint32(head[2:], t.h.address(off)-uint32(x))
	order.PutUint16(head[6:], uint16(r.parent.number))
	b = append(append(b, head[:]...), r.id...)
	if len(r.id)%2 != 0 {
		b = append(b, 0)
	}
	return b
}

// writeTables writes the path tables, if a directory was added, removed, renamed or moved.
func (h *hierarchy) writeTables() error {
	if h.table == nil {
		return h.patchTables()
	}
	for off, d := range h.dirs {
		if r := h.table.of[off]; r != nil {
			r.dir = d // it may have moved within the image
		}
	}
	room := int64(format.Both32(h.list[0].data[132:]))
	if room = (room + h.block - 1) / h.block * h.block; room > maxTable {
		room = 0 // it cannot be true
	}
	var size int
	for _, at := range tables {
		block := at.order.Uint32(h.list[0].data[at.at:])
		if block == 0 {
			continue
		}
		b := h.table.render(at.order)
		off := h.offset(block)
		if size = len(b); int64(size) > room || off+room > h.size {
			off = h.u.set.Allocate((int64(size)+sectorSize-1)/sectorSize, 1) * sectorSize
		} else {
			b = append(b, make([]byte, room-int64(size))...)
		}
		if err := h.u.overwrite(b, make([]byte, len(b)), off, owner{off: pathTables}); err != nil {
			return err
		}
		for _, d := range h.list {
			at.order.PutUint32(d.data[at.at:], h.address(off))
		}
	}
	for _, d := range h.list {
		format.PutBoth32(d.data[132:], uint32(size))
	}
	return nil
}

// patchTables changes the addresses of directories that moved within the image.
func (h *hierarchy) patchTables() error {
	moved := map[int64]*directory{}
	for _, d := range h.dirs {
		if d.newOff != d.off {
			moved[d.off] = d
		}
	}
	if len(moved) == 0 {
		return nil
	}
	for i, at := range tables {
		b := h.recordedTable(i)
		if b == nil {
			continue
		}
		start := h.offset(at.order.Uint32(h.list[0].data[at.at:]))
		found, rows := 0, 0
		for pos := 0; pos < len(b); {
			r, n := h.parseRow(b[pos:], at.order)
			if n == 0 {
				break
			}
			if d := moved[r.off]; d != nil {
				var address [4]byte
				at.order.PutUint32(address[:], h.address(d.newOff)-uint32(d.extended))
				if err := h.u.put(address[:], start+int64(pos)+2, owner{off: pathTables}); err != nil {
					return err
				}
				found++
			}
			pos += n
			rows++
		}
		if found < len(moved) && rows <= format.MaxParent {
			return h.rebuildTables()
		}
	}
	return nil
}

// rebuildTables writes new path tables in place of damaged ones.
func (h *hierarchy) rebuildTables() error {
	t := &table{h: h, of: map[int64]*row{}, made: map[*directory]*row{}}
	if err := t.walk(nil); err != nil {
		return err
	}
	h.table = t
	return h.writeTables()
}
