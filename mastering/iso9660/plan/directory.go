package plan

import (
	"encoding/binary"
	"io/fs"
	"math"
	"sync"

	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/iso9660/internal/susp"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/zisofs"
)

// view is one of the directory trees of a volume.
type view uint8

const (
	primary view = iota // with or without Rock Ridge
	joliet
	enhanced // of ISO 9660:1999
	views
)

// directory is a directory of the volume.
type directory struct {
	node   *tree.Node
	parent *directory // in the primary tree; RR_MOVED for a relocated one
	from   *directory // where a relocated directory was
	list   []*tree.Node
	// number of subfolders that the primary tree shows, including relocated ones
	folders uint32
	place   [views]place
}

// children returns the entries of the directory in a view.
func (d *directory) children(v view) []*tree.Node {
	if v == primary && d.list != nil {
		return d.list
	}
	return d.node.Children()
}

// place is the data of a directory in one view.
type place struct {
	id      string            // its identifier
	number  uint32            // in the path table, counted from 1
	lba     uint32            // of its first sector
	size    uint32            // bytes of its records, whole sectors
	more    uint32            // sectors of the continuation area after them
	order   []uint32          // indices of its entries, sorted by identifier
	altered map[uint32]string // identifiers that do not follow from the name alone
}

func (p *place) sectors() uint32 { return p.size/sectorSize + p.more }

// maxRecord is the maximum length of a directory record: the length is even and
// recorded in one byte (ECMA-119 9.1.1, 9.1.13).
const maxRecord = 254

// maxSection is the length of the sections of a file that is too long for one: the
// most whole sectors that fit into 32 bits (ECMA-119 9.1.4, 6.5.1).
const maxSection = 1<<32 - sectorSize

// directoryWriter writes the records of one directory, or only measures them.
type directoryWriter struct {
	p   *Planner
	out []byte // nil while sizes are computed
	at  int
	ce  continuation
	f   fields
	id  []byte
	ids []identifier // of the entries in their order, while sizes are computed
}

var directoryWriters = sync.Pool{New: func() any { return &directoryWriter{} }}

// measure computes the size of a directory and of its continuation area. ids are the
// identifiers of its entries.
func (p *Planner) measure(d *directory, v view, ids []identifier) {
	w := &p.measurer
	*w = directoryWriter{p: p, f: w.f, id: w.id, ids: ids}
	w.records(d, v)
	d.place[v].size = uint32(roundUp(w.at))
	d.place[v].more = uint32(roundUp(w.ce.used) / sectorSize)
}

func roundUp(n int) int { return (n + sectorSize - 1) / sectorSize * sectorSize }

// records writes all records of a directory: itself, its parent, its entries.
func (w *directoryWriter) records(d *directory, v view) {
	w.self(d, v)
	w.dotdot(d, w.p.parent(d, v), v)
	children := d.children(v)
	for n, i := range d.place[v].order {
		w.entry(d, v, n, children[i])
	}
}

func (w *directoryWriter) rockRidge(v view) bool { return v == primary && !w.p.o.NoRockRidge }

// self writes the record of the directory itself.
func (w *directoryWriter) self(d *directory, v view) {
	w.f.Reset()
	if w.rockRidge(v) {
		if d == w.p.dirs[0] {
			w.f.SP()
		}
		w.f.node(w.p, d.node)
		if d == w.p.dirs[0] {
			w.f.ER(w.p.o.RockRidge112)
		}
		if d == w.p.dirs[0] || w.p.relocated[d.node] { // readers take the attributes of a relocated directory from here
			w.f.al(w.p, d.node)
		}
	}
	w.record(d.place[v].lba, d.place[v].size, format.FlagDirectory, d.node, []byte{0})
}

// dotdot writes the record of the parent.
func (w *directoryWriter) dotdot(d, parent *directory, v view) {
	w.f.Reset()
	if w.rockRidge(v) {
		w.f.node(w.p, parent.node)
		if w.p.relocated[d.node] {
			w.f.Link("PL", w.p.relocatedFrom(d))
		}
	}
	w.record(parent.place[v].lba, parent.place[v].size, format.FlagDirectory, parent.node, []byte{1})
}

// entry writes the record, or records, of entry i in the order of the view.
func (w *directoryWriter) entry(d *directory, v view, i int, c *tree.Node) {
	w.f.Reset()
	rr := w.rockRidge(v)
	if rr {
		w.f.node(w.p, c)
		w.relocation(d, c)
		w.f.NM(c.Name)
	}
	switch {
	case c.IsDir():
		if rr {
			w.f.al(w.p, c)
		}
		w.subdirectory(d, v, i, c)
		return
	case rr && c.Target() != "":
		w.f.SL(c.Target())
	case rr && c.Mode&fs.ModeDevice != 0:
		w.f.PN(c.Device())
	case rr && c.Mode.IsRegular():
		switch z := c.Source().(type) {
		case *zisofs.Compressed:
			w.f.ZF(z.Entry())
		case *zisofs.Recorded:
			w.f.ZF(z.Entry)
		}
	}
	if rr {
		w.f.al(w.p, c)
	}
	w.identifier(d, v, i, c)
	if r := c.Recorded(); r != nil && c.Size > 0 {
		for i, x := range r.Extents {
			w.sections(c, uint32(x.Start), x.Length, i < len(r.Extents)-1)
		}
		return
	}
	lba, length := w.p.content(c)
	w.sections(c, lba, length, false)
}

// sections writes the records of an extent of a file (ECMA-119 6.5.1). more says that
// another extent follows.
func (w *directoryWriter) sections(c *tree.Node, lba uint32, length int64, more bool) {
	for ; length > math.MaxUint32; length -= maxSection {
		w.record(lba, maxSection, format.FlagMulti|existence(c), c, w.id)
		lba += maxSection / sectorSize
	}
	flags := existence(c)
	if more {
		flags |= format.FlagMulti
	}
	w.record(lba, uint32(length), flags, c, w.id)
}

// existence returns the Existence bit of a node (ECMA-119 9.1.6).
func existence(n *tree.Node) byte {
	if n.Hidden() {
		return format.FlagHidden
	}
	return 0
}

// relocation adds the fields of a relocated directory (RRIP 4.1.5). They come before
// fields that may be long, since libarchive does not find them in a continuation area.
func (w *directoryWriter) relocation(d *directory, c *tree.Node) {
	switch {
	case w.p.moved == nil || !c.IsDir():
	case w.p.relocated[c] && d != w.p.moved:
		w.f.Link("CL", w.p.relocatedTo(c))
	case w.p.relocated[c], c == w.p.moved.node && c.Parent() == nil:
		w.f.Link("RE", 0) // makes Rock Ridge readers hide RR_MOVED itself
	}
}

// subdirectory writes the record of a directory. In the place that it was relocated
// from, that is the record of a file with a CL field.
func (w *directoryWriter) subdirectory(d *directory, v view, i int, c *tree.Node) {
	if v == primary && w.p.relocated[c] && d != w.p.moved {
		w.identifier(d, v, i, c)
		w.record(w.p.dataStart, 0, existence(c), c, w.id)
		return
	}
	pl := &w.p.dirs[c.Index].place[v]
	w.id = append(w.id[:0], pl.id...)
	w.record(pl.lba, pl.size, format.FlagDirectory|existence(c), c, w.id)
}

// identifier sets w.id to the identifier of an entry that is not a directory, with its
// version number.
func (w *directoryWriter) identifier(d *directory, v view, i int, c *tree.Node) {
	switch id, ok := d.place[v].altered[d.place[v].order[i]]; {
	case w.ids != nil:
		w.id = append(w.id[:0], w.p.names.bytes(w.ids[i])...)
	case ok:
		w.id = append(w.id[:0], id...)
	default:
		w.id = w.p.identifier(w.id[:0], v, c)
	}
	// Joliet names have no version numbers in practice, and some readers would show
	// them. ISO 9660:1999 has none. For a directory, identifier is called only in the
	// place that it was relocated from.
	if v == primary && !c.IsDir() {
		w.id = append(w.id, ';', '1')
	}
}

// record writes one record with the fields in w.f. A record does not cross a sector
// boundary (ECMA-119 6.8.1.1).
func (w *directoryWriter) record(lba, size uint32, flags byte, n *tree.Node, id []byte) {
	base := format.RecordHead + len(id) + (len(id)+1)%2
	inside, more := w.f.Inside(maxRecord - base)
	length := base + inside
	if more {
		length += susp.CELength
	}
	length += length % 2
	if w.at%sectorSize+length > sectorSize {
		w.at = roundUp(w.at)
	}
	at := w.at
	w.at += length
	var ce []byte
	if w.out != nil {
		b := w.out[at : at+length]
		putRecord(b, lba, size, flags, seconds(n.Modified), id)
		copy(b[base:], w.f.Buf[:inside])
		ce = b[base+inside:]
	}
	if more {
		w.f.spill(inside, ce, &w.ce)
	}
}

// putRecord writes a directory record up to and including its identifier (ECMA-119
// 9.1).
func putRecord(b []byte, lba, size uint32, flags byte, modified int64, id []byte) {
	b[0] = byte(len(b))
	format.PutBoth32(b[2:], lba)
	format.PutBoth32(b[10:], size)
	format.PutShortDate(b[18:], modified)
	b[25] = flags
	format.PutBoth16(b[28:], 1)
	b[32] = byte(len(id))
	copy(b[33:], id)
}

// directorySource renders a directory in one view.
type directorySource struct {
	p *Planner
	d *directory
	v view
}

func (s *directorySource) String() string { return "directory " + s.d.node.Path() }

// Render implements layout.Renderer.
func (s *directorySource) Render(b []byte) {
	clear(b)
	w := directoryWriters.Get().(*directoryWriter)
	defer directoryWriters.Put(w)
	pl := &s.d.place[s.v]
	*w = directoryWriter{p: s.p, f: w.f, id: w.id, out: b[:pl.size]}
	w.ce = continuation{lba: pl.lba + pl.size/sectorSize, out: b[pl.size:]}
	w.records(s.d, s.v)
}

// table is the path table of a view (ECMA-119 6.9, 9.4).
type table struct {
	lba  uint32 // of the little-endian table; the big-endian one follows
	size uint32 // bytes
}

func (t table) sectors() uint32 { return uint32(roundUp(int(t.size)) / sectorSize) }

// tableSource renders a path table.
type tableSource struct {
	p     *Planner
	v     view
	order binary.ByteOrder
}

func (s *tableSource) String() string { return "path table" }

// Render implements layout.Renderer.
func (s *tableSource) Render(b []byte) {
	clear(b)
	for _, d := range s.p.order[s.v] {
		pl := &d.place[s.v]
		parent := s.p.parent(d, s.v).place[s.v].number
		if parent > format.MaxParent {
			return // all following directories have such parents too
		}
		id := pl.id
		b[0] = byte(len(id))
		s.order.PutUint32(b[2:], pl.lba)
		s.order.PutUint16(b[6:], uint16(parent))
		copy(b[8:], id)
		b = b[tableRecord(id):]
	}
}

// tableRecord returns the length of a path table record.
func tableRecord(id string) int { return 8 + len(id) + len(id)%2 }
