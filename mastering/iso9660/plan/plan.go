// Package plan plans the structures of ISO 9660 volumes (ECMA-119), with Joliet, Rock
// Ridge (IEEE P1281 and P1282), ISO 9660:1999 and AAIP 2.0. The contents of files are
// placed by its user.
package plan

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"math"
	"slices"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/iso9660/internal/ident"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/units"
	"glassmaster/mastering/zisofs"
)

// Planner is a volume that is being planned. Its directories are rendered from it
// afterwards. It uses Node.Index of directories, but not of files.
type Planner struct {
	o         Options
	dirs      []*directory        // in the order of the primary path table; Node.Index of a directory is an index into it
	order     [views][]*directory // in the order of the path tables
	relocated map[*tree.Node]bool
	moved     *directory // RR_MOVED, nil if nothing is relocated
	tables    [views]table
	nodes     int  // entries of the trees that are not directories
	placed    bool // addresses are known, not only sizes
	names     namer
	measurer  directoryWriter
	notices   []disc.Notice
	large     *tree.Node // a file that is too large for the level
	at        Finished

	session     int64           // first sector of the volume
	descriptors []layout.Extent // the volume descriptors
	metadata    []layout.Extent // path tables and directories
	dataStart   uint32          // address after the metadata

	// What few volumes have; nil in the others.
	hider   *hider
	shift   *shift         // nil: there is no partition with its own directories
	serials map[any]uint32 // of nodes and *tree.Shared
}

// Finished is what a volume needs to know about the rest of the disc, in sectors of 2048
// bytes from the start of the disc.
type Finished struct {
	// End is the sector after the volume.
	End int64
	// Contents returns the first sector of a file's contents, which are contiguous. It
	// is called for regular files with contents that are not on the disc yet. It must
	// always return the same result and be safe for concurrent use.
	Contents func(n *tree.Node) int64
	// BootCatalog is the sector of the boot catalogue, if Options.Boot is set.
	BootCatalog int64
	// PartitionSectors is the length of the partition at Options.PartitionOffset, if
	// there is one.
	PartitionSectors int64
}

// New plans a volume of the tree below root and computes the sizes of its structures.
// The caller then calls PlaceDescriptors, PlaceMetadata and Finish to set the
// addresses. The tree must not be changed while the layout is in use.
func New(root *tree.Node, o Options) (*Planner, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if !root.IsDir() {
		return nil, fmt.Errorf("plan ISO 9660 volume: %s is not a folder", root.Name)
	}
	if o.Level == 0 {
		o.Level = 3
	}
	p := &Planner{o: o}
	p.names.l = ident.LevelLimits(o.Level)
	p.findHidden(root)
	p.collect(root)
	for v := joliet; v < views; v++ {
		if p.has(v) {
			p.collectView(v)
		}
	}
	if p.large != nil {
		return nil, fmt.Errorf("%s has %d bytes, but files of 4 GiB and more need interchange level 3", p.large.Path(), p.large.Size)
	}
	p.number(root)
	p.checkAttributes(root)
	return p, nil
}

// HasJoliet reports whether there is a Joliet tree.
func (p *Planner) HasJoliet() bool { return p.has(joliet) }

// Notices returns what may differ from what the user expects.
func (p *Planner) Notices() []disc.Notice { return p.notices }

// Directories returns the number of directories in the primary tree, including the
// root.
func (p *Planner) Directories() int { return len(p.order[primary]) }

// Entries returns the number of nodes in the trees that are not directories.
func (p *Planner) Entries() int { return p.nodes }

// Extents returns the extents that PlaceDescriptors and PlaceMetadata placed, in the
// order of their addresses.
func (p *Planner) Extents() (descriptors, metadata []layout.Extent) { return p.descriptors, p.metadata }

// Files visits the files of the primary tree, folder by folder in the order of their
// identifiers, with the files of a folder before those of its subfolders.
func (p *Planner) Files(visit func(*tree.Node) error) error { return p.files(p.dirs[0].node, visit) }

func (p *Planner) files(n *tree.Node, visit func(*tree.Node) error) error {
	d := p.dirs[n.Index]
	children := d.children(primary)
	for _, i := range d.place[primary].order {
		if c := children[i]; c.Mode.IsRegular() {
			if err := visit(c); err != nil {
				return err
			}
		}
	}
	for _, i := range d.place[primary].order {
		c := children[i]
		if !c.IsDir() || c.Parent() != n {
			continue // relocated directories are visited where they were
		}
		if err := p.files(c, visit); err != nil {
			return err
		}
	}
	return nil
}

// has reports whether the volume has a view.
func (p *Planner) has(v view) bool {
	return v == primary || v == joliet && p.o.Joliet != JolietOff || v == enhanced && p.o.Level == 4
}

// jolietLimit returns the maximum length of a Joliet name in characters.
func (p *Planner) jolietLimit() int {
	if p.o.Joliet == JolietLong {
		return 103
	}
	return 64
}

// hasContents reports whether a node is a regular file or directory, which every view
// can show.
func hasContents(n *tree.Node) bool { return n.Mode&fs.ModeType&^fs.ModeDir == 0 }

// leaveOut returns a function that reports whether a view leaves out a node: because
// it is hidden, or because it is a link or special file and the view has no Rock
// Ridge.
func (p *Planner) leaveOut(v view) func(*tree.Node) bool {
	if v == primary && !p.o.NoRockRidge {
		return func(n *tree.Node) bool { return p.hides(v, n) }
	}
	return func(n *tree.Node) bool { return !hasContents(n) || p.hides(v, n) }
}

// identifier appends the identifier of a name in a view, without a version number.
func (p *Planner) identifier(dst []byte, v view, n *tree.Node) []byte {
	switch {
	case v == joliet:
		return ident.AppendJoliet(dst, n.Name, p.jolietLimit())
	case v == enhanced:
		return ident.AppendEnhanced(dst, n.Name)
	case n.IsDir():
		return ident.AppendDChars(dst, n.Name, p.names.l.Directory)
	}
	return ident.AppendFileID(dst, n.Name, p.names.l)
}

// parent returns the parent of a directory in a view.
func (p *Planner) parent(d *directory, v view) *directory {
	if v == primary || d == p.dirs[0] {
		return d.parent
	}
	return p.dirs[d.node.Parent().Index]
}

func (p *Planner) warn(format string, args ...any) {
	p.notices = append(p.notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf(format, args...)})
}

// warnOnce adds a warning unless it is there already, from another tree.
func (p *Planner) warnOnce(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.ContainsFunc(p.notices, func(n disc.Notice) bool { return n.Text == text }) {
		p.warn("%s", text)
	}
}

// content returns the address and the length of the contents of a file that is not on
// the disc already.
func (p *Planner) content(n *tree.Node) (lba uint32, length int64) {
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
	return uint32(p.at.Contents(n)), storedSize(n, src)
}

// recordSize records a file that is too large for the interchange level.
func (p *Planner) recordSize(n *tree.Node) {
	if p.o.Level < 3 && n.Size > math.MaxUint32 && n.Mode.IsRegular() && n.Source() != nil && storedSize(n, n.Source()) > math.MaxUint32 {
		p.large = n
	}
}

// descriptorCount returns the number of volume descriptors.
func (p *Planner) descriptorCount() int64 {
	count := int64(1) // the terminator
	for v := range views {
		if p.has(v) {
			count++
		}
	}
	if p.o.Boot {
		count++
	}
	return count
}

// PlaceDescriptors places the volume descriptors of a session that begins at sector
// start, after its system area, and returns the sector after them.
func (p *Planner) PlaceDescriptors(start int64) int64 {
	p.session = start
	length := p.descriptorCount()
	add := func(at int64, src layout.Source) int64 {
		p.descriptors = append(p.descriptors, layout.Extent{Start: at * sectorSize, Length: length * sectorSize, Source: src})
		return at + length
	}
	end := add(start+format.SystemArea, &descriptorSource{p})
	if p.o.PartitionOffset > 0 {
		p.shift = &shift{p: p, offset: uint32(p.o.PartitionOffset)}
		end = add(start+p.o.PartitionOffset+format.SystemArea, &shiftedDescriptors{p.shift})
	}
	return end
}

// PlaceMetadata places the path tables and directories at a sector, and returns the
// sector after them.
func (p *Planner) PlaceMetadata(at int64) int64 {
	p.metadata = make([]layout.Extent, 0, 2*int(views)+len(p.dirs)*int(views))
	next := uint32(at)
	for v := range views {
		if p.has(v) {
			next = p.assignTable(v, next)
		}
	}
	for v := range views {
		if p.has(v) {
			next = p.assignDirectories(v, next)
		}
	}
	p.dataStart = p.assignCopy(uint32(at), next)
	return int64(p.dataStart)
}

// Finish sets what is known only when the whole disc is planned. Then the extents can
// be read.
func (p *Planner) Finish(at Finished) {
	p.at, p.placed = at, true
}

func (p *Planner) assignTable(v view, at uint32) uint32 {
	t := &p.tables[v]
	t.lba = at
	for i, d := range p.order[v] {
		if p.parent(d, v).place[v].number > format.MaxParent {
			p.warnOnce("the path table leaves out %s below directory number %d, the highest number that it can refer to; systems that read the directories instead are not affected",
				units.Count(len(p.order[v])-i, "directory", "directories"), format.MaxParent)
			break
		}
		t.size += uint32(tableRecord(d.place[v].id))
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		p.metadata = append(p.metadata, layout.Extent{Start: int64(at) * sectorSize, Length: int64(t.size), Source: &tableSource{p, v, order}})
		at += t.sectors()
	}
	return at
}

// assignDirectories places the directories, each immediately before its first
// subdirectory. RR_MOVED and the relocated directories follow the root, the outermost
// first, so that readers that read a disc once, sequentially, can put relocated
// directories back where they belong.
func (p *Planner) assignDirectories(v view, at uint32) uint32 {
	sources := make([]directorySource, 0, len(p.order[v]))
	place := func(d *directory) {
		pl := &d.place[v]
		pl.lba = at
		at += pl.sectors()
		sources = append(sources, directorySource{p, d, v})
		p.metadata = append(p.metadata, layout.Extent{Start: int64(pl.lba) * sectorSize, Length: int64(pl.sectors()) * sectorSize, Source: &sources[len(sources)-1]})
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

// descriptorSource renders the volume descriptor set.
type descriptorSource struct{ p *Planner }

func (s *descriptorSource) String() string { return "volume descriptors" }

// Render implements layout.Renderer.
func (s *descriptorSource) Render(b []byte) {
	clear(b)
	for v := range views {
		if s.p.has(v) {
			s.p.descriptor(b[:sectorSize], v)
			b = b[sectorSize:]
		}
		if v == primary && s.p.o.Boot { // at sector 17 (El Torito 2)
			boot.PutRecord(b, uint32(s.p.at.BootCatalog))
			b = b[sectorSize:]
		}
	}
	terminator(b)
}

// storedSize returns the size of the contents of a file on the volume, in bytes.
func storedSize(n *tree.Node, src layout.Source) int64 {
	switch z := src.(type) {
	case *zisofs.Compressed:
		return z.Stored()
	case *zisofs.Recorded:
		return z.Length()
	}
	return n.Size
}
