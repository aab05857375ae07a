package plan

import (
	"cmp"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"glassmaster/mastering/dvdvideo"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/internal/ecma167"
)

// sectorSize is the size of a sector and of a logical block of a volume that is
// planned, in bytes.
const sectorSize = 2048

// Planner holds the UDF structures of a volume while it is planned, and
// afterwards, since they are rendered from the tree when they are wanted. It
// keeps nothing for each file: what it needs follows from the order of the
// entries in their folder. Node.Index is left alone, so that the writer of
// another file system on the same disc can have it.
type Planner struct {
	o       Options
	dirs    []planned // level by level: the sub-directories of a directory follow each other
	shared  map[*tree.Shared]*shared
	video   dvdvideo.Placement
	placed  map[*tree.Node]int64 // files of a DVD-Video: their sectors from the first contents
	highest int64                // sector behind the last contents that are on the disc already
	lowest  int64                // sector of the first contents that are on the disc already, -1 for none
	blocks  uint32               // of metadata
	data    int64                // sectors of contents
	names   uint32               // in all directories
	files   uint32               // names of what is no directory
	cut     uint32               // names that were too long
	alien   uint32               // names that are no UTF-8
	far     uint32               // symbolic links that Linux does not follow
	at      Placement
	begin   int64  // sector where the partition begins
	base    uint32 // block of the partition that holds the metadata where its block 0 is
	report  Report
}

// planned is a directory of the volume.
type planned struct {
	node   *tree.Node
	order  []uint32 // of its entries, sorted by name; nil when all are there and sorted as they stand
	parent uint32   // index of the parent in Planner.dirs
	icb    uint32   // metadata block of its file entry
	fids   uint32   // metadata block of its names, 0 when they are in the file entry
	size   uint32   // bytes of its names
	id     uint32   // unique identifier
	links  uint32   // names in other directories, and the parent of itself and of each sub-directory
	from   cursor   // at its first entry
}

// shared is what hard links of a file have in common.
type shared struct {
	name  uint32 // number of the first name
	icb   uint32
	data  uint32
	links uint32
}

// cursor is a position among the entries of a directory.
type cursor struct {
	entry uint32 // number in the directory
	name  uint32 // number in the volume
	icb   uint32 // metadata block of the next file entry
	dir   uint32 // index of the next sub-directory in Planner.dirs
	data  uint32 // sector of the next contents, from the first
	fid   uint32 // byte of the directory where the entry begins
}

// item is one entry of a directory.
type item struct {
	cursor
	node  *tree.Node
	again bool // a further name of a file that had one before
}

// Blocks of the metadata that have a fixed place.
const (
	fileSetBlock = 0 // and the terminator behind it
	rootBlock    = 2
	firstBlock   = 3
)

// firstID is the first unique identifier of a file other than the root (UDF
// 3.2.1.1).
const firstID = 16

// New plans the UDF structures for the tree below root, which becomes the root
// of the volume. The tree belongs to the planner from then on: it must not
// change while the layout is in use.
func New(root *tree.Node, o Options) (*Planner, error) {
	if !root.IsDir() {
		return nil, fmt.Errorf("plan UDF volume: %s is not a folder", root.Name)
	}
	if o.Revision == 0 {
		o.Revision = Revision201
		if o.DVDVideo {
			o.Revision = Revision102
		}
	}
	if o.DVDVideo && o.Revision != Revision102 {
		return nil, fmt.Errorf("plan UDF volume: a DVD-Video is of revision 1.02, not %s: players know no other", o.Revision)
	}
	if !slices.Contains(Revisions, o.Revision) {
		return nil, fmt.Errorf("plan UDF volume: revision %s cannot be written, only %s", o.Revision, revisionList())
	}
	p := &Planner{o: o, shared: map[*tree.Shared]*shared{}, lowest: -1}
	p.dirs = []planned{{node: root, icb: rootBlock}}
	at := cursor{icb: firstBlock, dir: 1}
	if o.DVDVideo {
		var err error
		if at.data, err = p.placeVideo(root); err != nil {
			return nil, err
		}
	}
	for i := 0; i < len(p.dirs); i++ {
		if err := p.collect(uint32(i), &at); err != nil {
			return nil, err
		}
	}
	p.blocks, p.data, p.names = at.icb, int64(at.data), at.name
	p.report.Directories = len(p.dirs)
	p.warn(p.cut, "%d names are longer than UDF allows (254 characters, 127 outside of Latin-1) and are cut")
	p.warn(p.alien, "%d names are not text in UTF-8 and are changed in UDF")
	p.warn(p.far, "%d symbolic links take more than a block of 2048 bytes in UDF; Linux does not follow such links")
	return p, nil
}

// warn adds a warning about n things, unless there are none.
func (p *Planner) warn(n uint32, format string) {
	if n > 0 {
		p.report.Warnings = append(p.report.Warnings, fmt.Sprintf(format, n))
	}
}

// placeVideo places the files of a DVD-Video and returns how many sectors they
// take.
func (p *Planner) placeVideo(root *tree.Node) (uint32, error) {
	v, err := dvdvideo.Place(root)
	if err != nil {
		return 0, err
	}
	if v.Sectors > math.MaxUint32 {
		return 0, fmt.Errorf("plan DVD-Video: %d sectors", v.Sectors)
	}
	p.report.Warnings = append(p.report.Warnings, v.Warnings...)
	p.video = v
	p.placed = map[*tree.Node]int64{}
	for _, f := range v.Files {
		if f.Node.Recorded() != nil {
			return 0, fmt.Errorf("plan DVD-Video: %s is on the disc already: a DVD-Video cannot be added to", f.Node.Path())
		}
		p.placed[f.Node] = f.Sector
	}
	return uint32(v.Sectors), nil
}

// sharedOf returns what the names of a hard-linked file have in common. On a
// DVD-Video each name has contents of its own: a backup that is a link to what it
// backs up would be none.
func (p *Planner) sharedOf(n *tree.Node) *tree.Shared {
	s := n.Shared()
	if s == nil || !n.Mode.IsRegular() {
		return nil
	}
	if _, ok := p.placed[n]; ok {
		return nil
	}
	return s
}

// collect measures a directory and places its names and the file entries of
// what is in it at the cursor, which is moved behind them.
func (p *Planner) collect(index uint32, at *cursor) error {
	d := p.dirs[index]
	d.sort(p.o.Hidden)
	at.entry, at.fid = 0, ecma167.FIDParentLength
	d.from = *at
	c := *at
	d.links = 1
	var data int64
	for range d.entries() {
		n := d.child(c.entry)
		if err := p.note(n, c); err != nil {
			return err
		}
		it := p.next(&d, &c)
		p.complain(n)
		if n.IsDir() {
			d.links++
			p.dirs = append(p.dirs, planned{node: n, parent: index, id: firstID + it.name})
		} else {
			p.files++
		}
		if !it.again {
			data += p.contentSectors(n)
		}
		if data > math.MaxUint32-int64(at.data) || c.fid > math.MaxInt32/2 {
			return fmt.Errorf("plan UDF volume: %s: more than a volume can hold (8 TiB, or 1 GiB of names in a folder)", d.node.Path())
		}
	}
	if d.size = c.fid; d.size > p.room() || p.o.Revision == Revision102 {
		d.fids = at.icb
		moved := uint32(blocks(int64(d.size)))
		c.icb += moved
		d.from.icb += moved
	}
	p.fix(&d, index)
	*at = c
	p.dirs[index] = d
	return nil
}

// complain counts what of a node cannot be as the person might expect.
func (p *Planner) complain(n *tree.Node) {
	switch {
	case !utf8.ValidString(n.Name):
		p.alien++
	case fileName(n.Name) != n.Name:
		p.cut++
	}
	if n.Mode&fs.ModeSymlink != 0 && targetLength(n.Target()) > sectorSize {
		p.far++
	}
}

// note counts the names of a hard-linked file, and keeps where the first is; and
// where the first contents on the disc are.
func (p *Planner) note(n *tree.Node, c cursor) error {
	if r := n.Recorded(); r != nil && hasContents(n) {
		if err := r.Check(n.Size, math.MaxInt64); err != nil {
			return fmt.Errorf("plan UDF volume: %s: %w", n.Path(), err)
		}
		for _, x := range r.Extents {
			if p.lowest < 0 || int64(x.Start) < p.lowest {
				p.lowest = int64(x.Start)
			}
			p.highest = max(p.highest, int64(x.Start)+blocks(x.Length))
		}
	}
	s := p.sharedOf(n)
	if s == nil {
		if hasContents(n) {
			p.report.Files++
		}
		return nil
	}
	known, ok := p.shared[s]
	if !ok {
		known = &shared{name: c.name, data: c.data}
		p.shared[s] = known
		p.report.Files++
	}
	known.links++
	return nil
}

// fix settles, once it is known where the file entries of a directory begin,
// those of its sub-directories and of files that have their first name in it.
func (p *Planner) fix(d *planned, index uint32) {
	c := d.from
	for range d.entries() {
		it := p.next(d, &c)
		switch {
		case it.node.IsDir():
			p.dirs[it.dir].icb = it.cursor.icb
		case it.again:
		default:
			if s := p.sharedOf(it.node); s != nil {
				p.shared[s].icb = it.cursor.icb
			}
		}
	}
}

// next returns the entry at the cursor and moves the cursor behind it.
func (p *Planner) next(d *planned, c *cursor) item {
	it := item{cursor: *c, node: d.child(c.entry)}
	n := it.node
	c.entry++
	c.name++
	c.fid += nameLength(fileName(n.Name))
	if s := p.sharedOf(n); s != nil {
		if first := p.shared[s]; first.name != it.name {
			it.again, it.icb, it.data = true, first.icb, first.data
			return it
		}
	}
	c.icb += p.entryBlocks(n)
	c.data += uint32(p.contentSectors(n))
	if n.IsDir() {
		c.dir++
	}
	return it
}

// sort sees that the entries come in the order of their names, so that the same
// files give the same volume whatever the order in which they were added, and
// leaves out those that are hidden.
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

// entries returns how many entries the directory has, the parent left out.
func (d *planned) entries() int {
	if d.order != nil {
		return len(d.order)
	}
	return len(d.node.Children())
}

// child returns an entry by its number.
func (d *planned) child(i uint32) *tree.Node {
	if d.order != nil {
		i = d.order[i]
	}
	return d.node.Children()[i]
}

// hasContents reports whether a node is a file with contents outside of its file
// entry.
func hasContents(n *tree.Node) bool {
	return n.Mode.IsRegular() && n.Size > 0 && n.Source() != nil
}

// isLaidOut reports whether a file has contents that are not on the disc yet.
func isLaidOut(n *tree.Node) bool { return hasContents(n) && n.Recorded() == nil }

// contentSectors returns the sectors that a file's contents take where they
// follow the metadata in the order of the volume.
func (p *Planner) contentSectors(n *tree.Node) int64 {
	if _, ok := p.placed[n]; ok || !isLaidOut(n) {
		return 0
	}
	return blocks(n.Size)
}

// dataSector returns the sector of a file's contents, from the first of all.
func (p *Planner) dataSector(it item) int64 {
	if at, ok := p.placed[it.node]; ok {
		return at
	}
	return int64(it.data)
}

// blocks returns how many blocks so many bytes take.
func blocks(n int64) int64 { return (n + sectorSize - 1) / sectorSize }

// head returns the length of the fixed part of a file entry.
func (p *Planner) head() uint32 {
	if p.o.Revision >= Revision200 {
		return ecma167.EFELength
	}
	return ecma167.FELength
}

// room returns how many bytes fit behind the fixed part of a file entry.
func (p *Planner) room() uint32 { return sectorSize - p.head() }

// entryBlocks returns the blocks of a file entry with what continues it: further
// allocation descriptors, or a long target of a symbolic link.
func (p *Planner) entryBlocks(n *tree.Node) uint32 {
	switch {
	case n.Mode&fs.ModeSymlink != 0:
		if length := uint32(targetLength(n.Target())); length > p.room() {
			return 1 + uint32(blocks(int64(length)))
		}
	case hasContents(n):
		return 1 + p.continuations(n)
	}
	return 1
}

// Video returns where the files of a DVD-Video have to be; it has none unless
// Options.DVDVideo asks for it.
func (p *Planner) Video() dvdvideo.Placement { return p.video }

// Report returns what the plan had to do that is not as the person might expect.
func (p *Planner) Report() Report { return p.report }

// MetadataSectors returns how many sectors Placement.Metadata takes.
func (p *Planner) MetadataSectors() int64 {
	if !p.hasMetadata() {
		return int64(p.blocks)
	}
	return metadataUnit + p.metadataBlocks()
}

// MirrorSectors returns how many sectors Placement.Mirror takes, 0 below
// revision 2.50.
func (p *Planner) MirrorSectors() int64 {
	if !p.hasMetadata() {
		return 0
	}
	return metadataUnit + p.metadataBlocks()
}

// hasMetadata reports whether the volume has a metadata partition.
func (p *Planner) hasMetadata() bool { return p.o.Revision >= Revision250 }

// metadataUnit is the unit in which metadata files are allocated and aligned, in
// blocks (UDF 2.2.10).
const metadataUnit = 32

// metadataBlocks returns the size of the metadata partition.
func (p *Planner) metadataBlocks() int64 {
	return wholeUnits(int64(p.blocks))
}

// dataStart returns the first sector of the contents of a volume of UDF alone that
// begins at a sector. A DVD-Video begins an ECC block.
func (p *Planner) dataStart(start int64) int64 {
	at := start + FirstSector + p.MetadataSectors()
	if p.placed != nil {
		at = (at + dvdvideo.ECCBlock - 1) / dvdvideo.ECCBlock * dvdvideo.ECCBlock
	}
	return at
}

// extentsOf returns the files of the volume with their places in the order in
// which a volume of UDF alone has them, from sector start on.
func (p *Planner) extentsOf(start int64) []layout.Extent {
	list := make([]layout.Extent, 0, p.report.Files)
	for i := range p.dirs {
		d := &p.dirs[i]
		c := d.from
		for range d.entries() {
			if it := p.next(d, &c); isLaidOut(it.node) && !it.again {
				list = append(list, layout.Extent{Start: (start + p.dataSector(it)) * sectorSize, Length: it.node.Size, Source: it.node.Source()})
			}
		}
	}
	if p.placed != nil {
		slices.SortFunc(list, func(a, b layout.Extent) int { return cmp.Compare(a.Start, b.Start) })
	}
	return list
}
