package plan

import (
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/units"
)

// sectorSize is the size of a sector, and of a logical block of a planned volume, in
// bytes.
const sectorSize = disc.SectorSize

// Planner plans the structures of a UDF volume. They are rendered from the tree when
// they are read, so the planner is in use as long as the layout. It stores nothing
// per file: everything follows from the order of the entries in their directory. It
// does not use Node.Index, which another planner may use at the same time.
type Planner struct {
	o      Options
	dirs   []planned // level by level, so that the subdirectories of a directory follow each other
	shared map[*tree.Shared]*shared
	blocks uint32 // of metadata
	data   int64  // sectors of contents that are not on the disc already

	// Numbers of names: all, those of what is not a directory, and those that cannot be
	// recorded as they are.
	names, files       uint32
	truncated, nonUTF8 uint32
	longTargets        uint32 // number of symbolic links that Linux cannot follow

	// The range of contents that are on the disc already, in sectors; firstRecorded is
	// -1 if there are none.
	firstRecorded, endRecorded int64

	virtual  bool   // file entries are in a virtual partition
	physical uint16 // partition reference number of the contents
	at       Placement
	length   int64  // of a partition with virtual addresses, in blocks
	begin    int64  // sector where the partition begins
	base     uint32 // block of the partition where block 0 of the metadata is; 0 with a metadata partition
	report   Report
}

// planned is a directory of the volume.
type planned struct {
	node   *tree.Node
	order  []uint32 // indexes of its entries, sorted by name; nil if they are sorted and none is hidden
	parent uint32   // index of the parent in Planner.dirs
	icb    uint32   // metadata block of its file entry
	fids   uint32   // metadata block of its file identifiers, 0 if they are in the file entry
	size   uint32   // size of its file identifiers in bytes
	id     uint32   // unique identifier
	links  uint32   // link count: names in other directories, and the parent entries of itself and of subdirectories
	from   cursor   // position of its first entry
}

// shared is what the names of a hard-linked file share.
type shared struct {
	name  uint32 // number of the first name
	icb   uint32
	links uint32
}

// cursor is a position among the entries of a directory.
type cursor struct {
	entry uint32 // number of the entry in the directory
	name  uint32 // number of the name in the volume
	icb   uint32 // metadata block of the next file entry
	dir   uint32 // index of the next subdirectory in Planner.dirs
	fid   uint32 // byte of the directory where the file identifier begins
}

// item is one entry of a directory.
type item struct {
	cursor
	node  *tree.Node
	again bool // not the first name of the file
}

// Fixed blocks of the metadata.
const (
	fileSetBlock = 0 // the terminator follows
	rootBlock    = 2
	firstBlock   = 3
)

// firstID is the first unique identifier of files other than the root (UDF 3.2.1.1).
const firstID = 16

// New plans the structures of a UDF volume for the tree below root, which becomes the
// root directory. The tree must not be changed while the layout is in use.
func New(root *tree.Node, o Options) (*Planner, error) {
	if !root.IsDir() {
		return nil, fmt.Errorf("plan UDF volume: %s is not a folder", root.Name)
	}
	if o.Revision == 0 {
		o.Revision = Revision201
	}
	if !slices.Contains(Revisions, o.Revision) {
		return nil, fmt.Errorf("plan UDF volume: revision %s cannot be written; use one of %s", o.Revision, revisionList())
	}
	p := &Planner{o: o, shared: map[*tree.Shared]*shared{}, firstRecorded: -1}
	p.dirs = []planned{{node: root, icb: rootBlock}}
	at := cursor{icb: firstBlock, dir: 1}
	for i := 0; i < len(p.dirs); i++ {
		if err := p.collect(uint32(i), &at); err != nil {
			return nil, err
		}
	}
	p.blocks, p.names = at.icb, at.name
	p.report.Directories = len(p.dirs)
	p.warn(p.truncated, "name is", "names are", "longer than UDF allows (254 characters, 127 outside of Latin-1), and truncated in the UDF volume")
	p.warn(p.nonUTF8, "name is", "names are", "not valid UTF-8, and changed in the UDF volume")
	p.warn(p.longTargets, "symbolic link is", "symbolic links are", "longer than a block of 2048 bytes in the UDF volume; Linux does not follow such links")
	return p, nil
}

// warn adds a warning about n names, unless n is 0.
func (p *Planner) warn(n uint32, one, many, text string) {
	if n > 0 {
		p.report.Notices = append(p.report.Notices, disc.Notice{Severity: disc.Warning, Text: units.Count(n, one, many) + " " + text})
	}
}

// sharedOf returns what the names of a hard-linked file share.
func sharedOf(n *tree.Node) *tree.Shared {
	if !n.Mode.IsRegular() {
		return nil
	}
	return n.Shared()
}

// collect measures a directory, and places its names and the file entries of its
// entries at the cursor, which it moves after them.
func (p *Planner) collect(index uint32, at *cursor) error {
	d := p.dirs[index]
	d.sort(p.o.Hidden)
	at.entry, at.fid = 0, ecma167.FIDParentLength
	d.from = *at
	c := *at
	d.links = 1
	for range d.entries() {
		n := d.child(c.entry)
		if err := p.countFile(n, c); err != nil {
			return err
		}
		it := p.next(&d, &c)
		p.countProblems(n)
		if n.IsDir() {
			d.links++
			p.dirs = append(p.dirs, planned{node: n, parent: index, id: firstID + it.name})
		} else {
			p.files++
		}
		if !it.again && isLaidOut(n) {
			p.data += blocks(n.Size)
		}
		if c.fid > math.MaxInt32/2 {
			return fmt.Errorf("plan UDF volume: %s: the names in the folder take more than 1 GiB", d.node.Path())
		}
	}
	if d.size = c.fid; d.size > p.room() || p.o.Revision == Revision102 {
		d.fids = at.icb
		moved := uint32(blocks(int64(d.size)))
		c.icb += moved
		d.from.icb += moved
	}
	p.placeEntries(&d, index)
	*at = c
	p.dirs[index] = d
	return nil
}

// countProblems counts names and symbolic links that cannot be recorded as they are.
func (p *Planner) countProblems(n *tree.Node) {
	switch {
	case !utf8.ValidString(n.Name):
		p.nonUTF8++
	case ecma167.FileName(n.Name) != n.Name:
		p.truncated++
	}
	if n.Mode&fs.ModeSymlink != 0 && ecma167.TargetLength(n.Target()) > sectorSize {
		p.longTargets++
	}
}

// countFile counts files, the names of hard-linked ones and where their first name
// is, and records the range of contents that are on the disc already.
func (p *Planner) countFile(n *tree.Node, c cursor) error {
	if r := n.Recorded(); r != nil && hasContents(n) {
		if err := r.Check(n.Size, math.MaxInt64); err != nil {
			return fmt.Errorf("plan UDF volume: %s: %w", n.Path(), err)
		}
		for _, x := range r.Extents {
			if p.firstRecorded < 0 || int64(x.Start) < p.firstRecorded {
				p.firstRecorded = int64(x.Start)
			}
			p.endRecorded = max(p.endRecorded, int64(x.Start)+blocks(x.Length))
		}
	}
	s := sharedOf(n)
	if s == nil {
		if hasContents(n) {
			p.report.Files++
		}
		return nil
	}
	known, ok := p.shared[s]
	if !ok {
		known = &shared{name: c.name}
		p.shared[s] = known
		p.report.Files++
	}
	known.links++
	return nil
}

// placeEntries records the places of the file entries of subdirectories, and of hard
// links that have their first name in the directory, after d.from is known.
func (p *Planner) placeEntries(d *planned, index uint32) {
	c := d.from
	for range d.entries() {
		it := p.next(d, &c)
		switch {
		case it.node.IsDir():
			p.dirs[it.dir].icb = it.cursor.icb
		case it.again:
		default:
			if s := sharedOf(it.node); s != nil {
				p.shared[s].icb = it.cursor.icb
			}
		}
	}
}

// next returns the entry at the cursor, and advances the cursor.
func (p *Planner) next(d *planned, c *cursor) item {
	it := item{cursor: *c, node: d.child(c.entry)}
	n := it.node
	c.entry++
	c.name++
	c.fid += ecma167.FIDSize(ecma167.FileName(n.Name))
	if s := sharedOf(n); s != nil {
		if first := p.shared[s]; first.name != it.name {
			it.again, it.icb = true, first.icb
			return it
		}
	}
	c.icb += p.entryBlocks(n)
	if n.IsDir() {
		c.dir++
	}
	return it
}

// sort sorts the entries by name, so that the volume does not depend on the order in
// which files were added, and leaves out hidden ones.
func (d *planned) sort(hidden func(*tree.Node) bool) {
	list := d.node.Children()
	byName := func(a, b *tree.Node) int { return strings.Compare(a.Name, b.Name) }
	if slices.IsSortedFunc(list, byName) && (hidden == nil || !slices.ContainsFunc(list, hidden)) {
		return
	}
	d.order = make([]uint32, 0, len(list))
	for i, n := range list {
		if hidden == nil || !hidden(n) {
			d.order = append(d.order, uint32(i))
		}
	}
	slices.SortStableFunc(d.order, func(a, b uint32) int { return byName(list[a], list[b]) })
}

// entries returns the number of entries of the directory, without the parent.
func (d *planned) entries() int {
	if d.order != nil {
		return len(d.order)
	}
	return len(d.node.Children())
}

// child returns the entry with the given number.
func (d *planned) child(i uint32) *tree.Node {
	if d.order != nil {
		i = d.order[i]
	}
	return d.node.Children()[i]
}

// hasContents reports whether a node is a file whose contents are in extents.
func hasContents(n *tree.Node) bool {
	return n.Mode.IsRegular() && n.Size > 0 && n.Source() != nil
}

// isLaidOut reports whether a file has contents that are not on the disc already.
func isLaidOut(n *tree.Node) bool { return hasContents(n) && n.Recorded() == nil }

// blocks returns the number of blocks for n bytes.
func blocks(n int64) int64 { return (n + sectorSize - 1) / sectorSize }

// head returns the length of the fixed part of a file entry, in bytes.
func (p *Planner) head() uint32 {
	if p.o.Revision >= Revision200 {
		return ecma167.EFELength
	}
	return ecma167.FELength
}

// room returns the number of bytes after the fixed part of a file entry.
func (p *Planner) room() uint32 { return sectorSize - p.head() }

// entryBlocks returns the number of blocks of a file entry including the blocks after
// it, which hold more allocation descriptors or a long target of a symbolic link.
func (p *Planner) entryBlocks(n *tree.Node) uint32 {
	switch {
	case n.Mode&fs.ModeSymlink != 0:
		if length := uint32(ecma167.TargetLength(n.Target())); length > p.room() {
			return 1 + uint32(blocks(int64(length)))
		}
	case hasContents(n):
		return 1 + p.continuations(n)
	}
	return 1
}

// Report returns the counts and notices of the plan.
func (p *Planner) Report() Report { return p.report }

// MetadataSectors returns the number of sectors from Placement.Metadata.
func (p *Planner) MetadataSectors() int64 {
	if !p.hasMetadata() {
		return int64(p.blocks)
	}
	return metadataUnit + p.metadataBlocks()
}

// MirrorSectors returns the number of sectors from Placement.Mirror, 0 before revision
// 2.50.
func (p *Planner) MirrorSectors() int64 {
	if !p.hasMetadata() {
		return 0
	}
	return metadataUnit + p.metadataBlocks()
}

// hasMetadata reports whether the volume has a metadata partition.
func (p *Planner) hasMetadata() bool { return p.o.Revision >= Revision250 }

// metadataUnit is the allocation unit and the alignment of metadata files, in blocks
// (UDF 2.2.10).
const metadataUnit = 32

// metadataBlocks returns the size of the metadata partition in blocks.
func (p *Planner) metadataBlocks() int64 {
	return wholeUnits(int64(p.blocks))
}
