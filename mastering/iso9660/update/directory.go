package update

import (
	"bytes"
	"encoding/binary"

	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/tree"
)

// maxRecord is the maximum length of a directory record (ECMA-119 9.1.1, 9.1.13).
const maxRecord = 254

// maxSection is the length of the sections of a file that is too long for one: the most
// whole sectors that fit into 32 bits (ECMA-119 9.1.4, 6.5.1).
const maxSection = 1<<32 - sectorSize

// maxDirectory is the maximum size of a directory in bytes, since it is held in memory: one of a
// million files has about 200 MB.
const maxDirectory = 1 << 28

// directory is a directory of a hierarchy.
type directory struct {
	h        *hierarchy
	off      int64 // of its records in the image; negative: a new directory
	size     int64 // bytes
	extended int64 // blocks of an extended attribute record before it (ECMA-119 9.1.2)
	id       []byte

	parent  *directory // that has its record; itself for the root
	entry   *entry     // its record there; nil for the root
	logical *directory // that has the CL field of a relocated directory
	link    *entry     // the record with that field

	node   *tree.Node   // in the edited tree; nil if it is not known
	recall []*tree.Node // origins of the entries that the tree had in it
	of     map[*tree.Node]*entry

	raw                   []byte // nil: not read yet
	self                  []byte // the record "."
	above                 []byte // the record ".."
	selfDraft, aboveDraft *draft // these records, if they change
	entries               []*entry
	added                 []*entry
	byName                map[string]*entry
	used                  map[string]bool // what readers show of the identifiers; nil: not needed yet
	taken                 map[string]bool // Rock Ridge names; nil: not needed yet
	folders               int             // by how much the number of its subdirectories has changed

	dirty   bool // its records change
	rehomed bool // it has another parent
	touched bool // addresses in its records change
	newOff  int64
	newSize int64
	sectors [][][]byte // the records of each sector, as they will be
}

// entry is an entry of a directory with all of its records: the sections of a file, and
// those of an associated file with the same identifier.
type entry struct {
	name    string // as it is shown; empty: it is not
	records [][]byte
	before  [][]byte // the records as they were
	sector  int      // of the directory, of its first record; -1: the entry is new
	gone    bool
	fresh   bool // new, or its place among the others changes
	dir     *directory
	linked  bool   // the record has a CL field: dir is elsewhere
	draft   *draft // the record, if it changes
}

// main returns the index of the first record of the file itself.
func (e *entry) main() int {
	for i, r := range e.records {
		if r[25]&format.FlagAssociated == 0 {
			return i
		}
	}
	return 0
}

func (e *entry) record() []byte { return e.records[e.main()] }

// id returns the identifier of the entry.
func (e *entry) id() []byte { return identifierOf(e.record()) }

func identifierOf(rec []byte) []byte { return rec[format.RecordHead : format.RecordHead+int(rec[32])] }

func (e *entry) isDirectory() bool { return e.record()[25]&format.FlagDirectory != 0 }

// changes reports whether something of the directory is written.
func (d *directory) changes() bool { return d.dirty || d.rehomed }

// directoryAt returns the directory that a record in another one refers to.
func (h *hierarchy) directoryAt(rec []byte, parent *directory) (*directory, error) {
	x := int64(rec[1])
	off := h.offset(format.Both32(rec[2:])) + x*h.block
	n := int64(format.Both32(rec[10:]))
	if d := h.dirs[off]; d != nil {
		if parent != nil && d.parent != parent {
			return nil, unsafef("the directory at sector %d belongs to several directories", off/sectorSize)
		}
		return d, nil
	}
	if n == 0 || off+n > h.size || binary.LittleEndian.Uint32(rec[2:]) != binary.BigEndian.Uint32(rec[6:]) {
		return nil, unsafef("a directory of %d bytes at sector %d is not within the image", n, off/sectorSize)
	}
	if n > maxDirectory {
		return nil, unsafef("the directory at sector %d should have %d bytes", off/sectorSize, n)
	}
	d := &directory{h: h, off: off, size: n, extended: x, parent: parent, newOff: off, newSize: n}
	h.dirs[off] = d
	return d, nil
}

// load reads the records of the directory.
func (d *directory) load() error {
	if d.raw != nil || d.off < 0 {
		return nil
	}
	h := d.h
	for _, s := range h.read {
		if d.off < s.to && s.from < d.off+d.size {
			return unsafef("directories at sector %d overlap", d.off/sectorSize)
		}
	}
	h.read = append(h.read, span{d.off, d.off + d.size})
	names, err := h.names.RecordNames(d.off-h.base, d.size)
	if err != nil {
		return unsafef("the directory at sector %d is damaged: %v", d.off/sectorSize, err)
	}
	d.raw = make([]byte, d.size)
	if n, err := h.u.set.ReadAt(d.raw, d.off); n < len(d.raw) {
		return unsafef("the directory at sector %d cannot be read: %v", d.off/sectorSize, err)
	}
	return d.parse(names)
}

// parse divides the directory into its entries.
func (d *directory) parse(names map[int64]string) error {
	d.byName = make(map[string]*entry, len(names))
	var last *entry
	multi := false
	for at := 0; at < len(d.raw); {
		sector := at / sectorSize
		end := min((sector+1)*sectorSize, len(d.raw))
		n := int(d.raw[at])
		if n == 0 {
			at = end
			continue
		}
		if n < format.RecordHead+1 || at+n > end || d.raw[at+32] == 0 || format.RecordHead+int(d.raw[at+32]) > n {
			return unsafef("the directory at sector %d has a damaged record at byte %d", d.off/sectorSize, at)
		}
		rec := d.raw[at : at+n : at+n]
		shown, isShown := names[d.off-d.h.base+int64(at)]
		at += n
		switch id := identifierOf(rec); {
		case d.self == nil || d.above == nil:
			if len(id) != 1 || id[0] > 1 || d.self == nil && id[0] != 0 {
				return unsafef("the directory at sector %d has no records of itself and its parent", d.off/sectorSize)
			}
			if d.self == nil {
				d.self = rec
			} else {
				d.above = rec
			}
			continue
		case len(id) == 1 && id[0] <= 1:
			return unsafef("the directory at sector %d has several records of itself", d.off/sectorSize)
		case multi && !bytes.Equal(id, last.id()):
			return unsafef("the directory at sector %d has a file whose last extent is missing", d.off/sectorSize)
		case last != nil && bytes.Equal(id, last.id()) && (multi || last.associated() || rec[25]&format.FlagAssociated != 0):
			last.records = append(last.records, rec)
		default:
			last = &entry{records: [][]byte{rec}, sector: sector}
			d.entries = append(d.entries, last)
		}
		multi = rec[25]&format.FlagMulti != 0
		if isShown {
			last.name = shown
			d.byName[shown] = last
		}
	}
	if d.above == nil || multi {
		return unsafef("the directory at sector %d is incomplete", d.off/sectorSize)
	}
	for _, e := range d.entries {
		e.before = e.records
	}
	return d.children()
}

// associated reports whether the entry has records of an associated file alone.
func (e *entry) associated() bool {
	for _, r := range e.records {
		if r[25]&format.FlagAssociated == 0 {
			return false
		}
	}
	return true
}

// children records where the subdirectories are, so that one with two parents is found.
func (d *directory) children() error {
	for _, e := range d.entries {
		if !e.isDirectory() {
			continue
		}
		rec := e.record()
		off := d.h.offset(format.Both32(rec[2:])) + int64(rec[1])*d.h.block
		if other := d.h.parent[off]; other != nil || off == d.h.root.off {
			return unsafef("the directory at sector %d belongs to several directories", off/sectorSize)
		}
		d.h.parent[off] = d
	}
	return nil
}

// subdirectory returns the directory of an entry, nil if the entry is not one.
func (d *directory) subdirectory(e *entry) (*directory, error) {
	if e.dir != nil {
		return e.dir, nil
	}
	h := d.h
	if e.isDirectory() {
		sub, err := h.directoryAt(e.record(), d)
		if err != nil {
			return nil, err
		}
		e.dir, sub.entry, sub.id = sub, e, bytes.Clone(e.id())
		return sub, nil
	}
	if !h.use.RockRidge {
		return nil, nil
	}
	child, ok, err := h.child(e)
	if err != nil || !ok {
		return nil, err
	}
	return d.relocated(e, h.offset(child))
}

// folder returns the directory of the folder with an origin, nil if this hierarchy does
// not have it.
func (h *hierarchy) folder(o *tree.Node) (*directory, error) {
	if d, ok := h.of[o]; ok {
		return d, nil
	}
	if o == nil || o.Parent() == nil {
		return nil, nil
	}
	above, err := h.folder(o.Parent())
	if err != nil {
		return nil, err
	}
	var d *directory
	if above != nil {
		e, err := above.entryOf(o)
		if err != nil {
			return nil, err
		}
		if e != nil {
			if d, err = above.subdirectory(e); err != nil {
				return nil, err
			}
		}
	}
	h.of[o] = d
	return d, nil
}

// add adds an entry. Its place among the others is found when the directory is written.
func (d *directory) add(e *entry) {
	e.fresh, e.sector = true, -1
	d.added = append(d.added, e)
	d.dirty = true
}

// remove removes an entry.
func (d *directory) remove(e *entry) {
	e.gone = true
	d.dirty = true
}
