// Package plan lays ISO 9660 volumes (ECMA-119) out, with Joliet, Rock Ridge (IEEE
// P1281 and P1282), ISO 9660:1999, El Torito and AAIP.
package plan

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"math"
	"slices"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/zisofs"
)

// Plan lays a volume out: all sizes and addresses are settled, and nothing is
// read but the tree. The tree belongs to the layout from then on, since
// directories are written from it when they are wanted: it must not change
// while the layout is in use.
func Plan(root *tree.Node, o Options) (*layout.Layout, Report, error) {
	if err := checkOptions(o); err != nil {
		return nil, Report{}, err
	}
	if !root.IsDir() {
		return nil, Report{}, fmt.Errorf("plan volume: %s is not a folder", root.Name)
	}
	if o.Level == 0 {
		o.Level = 3
	}
	p := &planner{o: o}
	p.names.l = levelLimits(o.Level)
	if err := p.prepareBoot(root); err != nil {
		return nil, Report{}, err
	}
	if err := p.prepareUDF(root); err != nil {
		return nil, Report{}, err
	}
	p.findHidden(root)
	p.collect(root)
	for v := joliet; v < views; v++ {
		if p.has(v) {
			p.collectAgain(v)
		}
	}
	p.number(root)
	p.tellAttributes(root)
	if err := p.assign(); err != nil {
		return nil, Report{}, err
	}
	l, err := layout.New(p.all(), int64(p.sectors)*sectorSize)
	return l, p.report, err
}

// planner holds a volume while it is planned, and afterwards, since directories
// are rendered from it.
type planner struct {
	o         Options
	dirs      []*directory        // in the order of the primary path table; Node.Index of a directory is an index into it
	order     [views][]*directory // in the order of the path tables
	relocated map[*tree.Node]bool
	moved     *directory // RR_MOVED, nil if nothing is relocated
	tables    [views]table
	extents   []layout.Extent // of the whole image; Node.Index of a file is an index into it
	shared    map[*tree.Shared]uint32
	dataStart uint32 // address of the first file's contents
	sectors   uint32 // of the whole volume
	nodes     int    // files, for the size of extents
	placed    bool   // addresses are settled, not only sizes
	names     namer
	measurer  directoryWriter
	report    Report
	boot      *booter
	bridge    *bridge // nil: no UDF beside ISO 9660

	// Of what few volumes have; nil elsewhere.
	hider     *hider
	first     []*tree.Node        // whose contents come first
	early     map[*tree.Node]bool // whose contents are not in the order of the folders
	identical map[int]uint32      // index of the extent of contents that several files have
	serials   map[any]uint32      // of nodes and *tree.Shared
}

// has reports whether the volume has that tree.
func (p *planner) has(v view) bool {
	return v == primary || v == joliet && p.o.Joliet != JolietOff || v == enhanced && p.o.Level == 4
}

// jolietLimit is how many characters a Joliet name may have.
func (p *planner) jolietLimit() int {
	if p.o.Joliet == JolietLong {
		return 103
	}
	return 64
}

// hasContents reports whether a node has contents that every view shows.
func hasContents(n *tree.Node) bool { return n.Mode&fs.ModeType&^fs.ModeDir == 0 }

// leaveOut reports whether a view cannot show a node: links and special files
// are a matter of Rock Ridge.
func (p *planner) leaveOut(v view) func(*tree.Node) bool {
	if v == primary && !p.o.NoRockRidge {
		return func(n *tree.Node) bool { return p.hides(v, n) }
	}
	return func(n *tree.Node) bool { return !hasContents(n) || p.hides(v, n) }
}

// identifier appends the identifier that follows from a name, without version.
func (p *planner) identifier(dst []byte, v view, n *tree.Node) []byte {
	switch {
	case v == joliet:
		return appendJoliet(dst, n.Name, p.jolietLimit())
	case v == enhanced:
		return appendEnhanced(dst, n.Name)
	case n.IsDir():
		return appendDChars(dst, n.Name, p.names.l.directory)
	}
	return appendFileID(dst, n.Name, p.names.l)
}

// parent returns the parent of a directory in a view.
func (p *planner) parent(d *directory, v view) *directory {
	if v == primary || d == p.dirs[0] {
		return d.parent
	}
	return p.dirs[d.node.Parent().Index]
}

func (p *planner) warn(format string, args ...any) {
	p.report.Warnings = append(p.report.Warnings, fmt.Sprintf(format, args...))
}

// warnOnce warns of what is the same in all trees.
func (p *planner) warnOnce(format string, args ...any) {
	if !slices.Contains(p.report.Warnings, fmt.Sprintf(format, args...)) {
		p.warn(format, args...)
	}
}

// content returns the address and the length of a file's contents.
func (p *planner) content(n *tree.Node) (lba uint32, length int64) {
	if !n.Mode.IsRegular() || n.Size == 0 {
		return p.dataStart, 0
	}
	src := n.Source()
	if src == nil {
		return p.dataStart, 0
	}
	if !p.placed {
		return 0, storedSize(n, src)
	}
	e := p.extents[n.Index]
	return uint32(e.Start / sectorSize), e.Length
}

// assign settles all sizes and addresses.
func (p *planner) assign() error {
	p.extents = make([]layout.Extent, 0, p.nodes+2*len(p.dirs)+8)
	descriptors := 1 // the terminator
	for v := range views {
		if p.has(v) {
			descriptors++
		}
	}
	descriptors += p.boot.descriptors()
	p.assignHead()
	at := uint32(format.SystemArea + descriptors)
	p.extents = append(p.extents, layout.Extent{Start: format.SystemArea * sectorSize, Length: int64(descriptors) * sectorSize, Source: &descriptorSource{p}})
	at = p.assignBoot(p.assignUDF(at), descriptors)
	for v := range views {
		if p.has(v) {
			at = p.assignTable(v, at)
		}
	}
	for v := range views {
		if p.has(v) {
			at = p.assignDirectories(v, at)
		}
	}
	at = p.assignCopy(at)
	p.dataStart = at
	end, err := p.placeContents(int64(at))
	if err != nil {
		return err
	}
	if !p.o.NoPadding {
		end += paddingSectors
	}
	if end, err = p.finishBoot(end); err != nil {
		return err
	}
	p.placed = true
	if end, err = p.finishUDF(end); err != nil {
		return err
	}
	if end > math.MaxUint32 {
		return fmt.Errorf("the volume has %d sectors; ISO 9660 ends at %d (8 TiB)", end, uint32(math.MaxUint32))
	}
	p.sectors = uint32(end)
	return nil
}

func (p *planner) assignTable(v view, at uint32) uint32 {
	t := &p.tables[v]
	t.lba = at
	for i, d := range p.order[v] {
		if p.parent(d, v).place[v].number > format.MaxParent {
			p.warnOnce("%d directories lie below directory number %d and are not in the path table, which can name no more; systems that follow the directories find them", len(p.order[v])-i, format.MaxParent)
			break
		}
		t.size += uint32(tableRecord(d.place[v].id))
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		p.extents = append(p.extents, layout.Extent{Start: int64(at) * sectorSize, Length: int64(t.size), Source: &tableSource{p, v, order}})
		at += t.sectors()
	}
	return at
}

// assignDirectories places the directories, each right before the first of those
// in it. RR_MOVED and all that was relocated follow the root, the outermost
// first: readers that go through a disc once, forwards, can then put relocated
// directories back where they belong.
func (p *planner) assignDirectories(v view, at uint32) uint32 {
	sources := make([]directorySource, 0, len(p.order[v]))
	place := func(d *directory) {
		pl := &d.place[v]
		pl.lba = at
		at += pl.sectors()
		sources = append(sources, directorySource{p, d, v})
		p.extents = append(p.extents, layout.Extent{Start: int64(pl.lba) * sectorSize, Length: int64(pl.sectors()) * sectorSize, Source: &sources[len(sources)-1]})
	}
	var below func(d *directory)
	below = func(d *directory) {
		children := d.children(v)
		for _, i := range d.place[v].order {
			c := children[i]
			if !c.IsDir() || v == primary && (p.relocated[c] || p.moved != nil && c == p.moved.node) {
				continue
			}
			place(p.dirs[c.Index])
			below(p.dirs[c.Index])
		}
	}
	place(p.dirs[0])
	if v == primary && p.moved != nil {
		place(p.moved)
		for _, c := range p.moved.list {
			if c.IsDir() && !p.hides(v, c) {
				place(p.dirs[c.Index])
				below(p.dirs[c.Index])
			}
		}
	}
	below(p.dirs[0])
	return at
}

func (p *planner) assignFile(n *tree.Node, at int64) (int64, error) {
	src := n.Source()
	if n.Size == 0 || src == nil {
		return at, nil
	}
	size := storedSize(n, src)
	if err := p.checkStored(n, size); err != nil {
		return 0, err
	}
	if size > math.MaxUint32 && p.o.Level < 3 {
		return 0, fmt.Errorf("%s has %d bytes; files of 4 GiB and more need interchange level 3", n.Path(), n.Size)
	}
	index := uint32(len(p.extents))
	if known, ok := p.stored(n, index); ok {
		n.Index = known
		return at, nil
	}
	n.Index = index
	p.extents = append(p.extents, layout.Extent{Start: at * sectorSize, Length: size, Source: src})
	p.report.Files++
	return at + (size+sectorSize-1)/sectorSize, nil
}

// descriptorSource is the volume descriptor set as a part of the image.
type descriptorSource struct{ p *planner }

func (s *descriptorSource) String() string { return "volume descriptors" }

// Render implements layout.Renderer.
func (s *descriptorSource) Render(b []byte) {
	clear(b)
	for v := range views {
		if s.p.has(v) {
			s.p.descriptor(b[:sectorSize], v)
			b = b[sectorSize:]
		}
		if v == primary && s.p.boot.descriptors() > 0 { // at sector 17 (El Torito 2)
			boot.PutRecord(b, s.p.boot.lba)
			b = b[sectorSize:]
		}
	}
	terminator(b)
}

// storedSize returns how many bytes the contents of a file take on the volume.
func storedSize(n *tree.Node, src layout.Source) int64 {
	if c, ok := src.(*zisofs.Compressed); ok {
		return c.Stored()
	}
	return n.Size
}
