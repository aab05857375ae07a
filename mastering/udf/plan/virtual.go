package plan

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/udf/internal/growing"
)

// Virtual are the options of a volume for write-once media (UDF 2.2.8, 2.2.11, 6.10.1).
// All file entries have virtual addresses, and the virtual allocation table, at the end of
// each session, says where they are. So a session that changes a file writes its file
// entry anew, and neither its directory nor those above.
type Virtual struct {
	// Former is the volume that the session continues, nil for a new one. The tree must
	// have been read from that volume: what still has its origin stays as it is, and
	// folders that are unread are not read.
	Former *growing.Volume `json:"-"`
	// Unit is the number of sectors that the medium is written in: the session ends at a
	// multiple of it, so that its last sector is that with the ICB of the table, where
	// systems search for it. A CD has 1, a DVD 16, a BD-R 32; 0 is 32, which suits all.
	Unit int64 `json:"-"`
	// Start is the address of the session.
	Start int64 `json:"-"`
	// Least is the smallest number of sectors that the session can have, since a drive
	// would add some after the ICB of the table to a shorter one. 0 is 300, as the shortest
	// track of a CD has (ECMA-130 20), unless the session is Appended.
	Least int64 `json:"-"`
	// Capacity is the size of the medium in sectors, which is that of the partition. If it
	// is 0, the partition ends with the session, and a later one makes it longer.
	Capacity int64 `json:"-"`
	// Appended says that Start is not the beginning of a session as the drive reports
	// them: it continues one that is open. The descriptors at the beginning of that
	// session are in use, and no others are written.
	Appended bool `json:"-"`
	// Final adds a second anchor, 256 sectors before the last one, as UDF 2.2.3 requires
	// on a disc to which nothing can be added.
	Final bool `json:"final,omitempty"`
}

// VirtualPlanner plans a volume with a virtual allocation table, or a session that
// continues one.
type VirtualPlanner struct {
	Planner // renders structures
	v       Virtual

	folders []vfolder // level by level
	files   []vfile   // whose file entries are written, in the order of their addresses
	table   []uint32  // of the virtual partition: physical blocks, relative to the metadata for new ones
	fresh   []bool    // entries of the table that are relative to the metadata
	freed   []uint32  // entries of the table that are no longer in use
	sectors int64     // of metadata
	nextID  uint64
	count   struct{ files, folders uint32 }

	former *formerNames
}

// vfolder is a directory.
type vfolder struct {
	node    *tree.Node
	parent  uint32          // index of the parent in VirtualPlanner.folders
	icb     growing.Address // virtual
	id      uint64          // unique identifier
	links   uint32
	old     []byte  // its former file entry, nil for a new one
	names   []vname // nil: the entries are as they were
	size    uint32  // bytes of its file identifiers
	written bool    // its file entry is
	at      uint32  // block of the metadata of its file entry
	fids    uint32  // block of the metadata of its file identifiers, 0 if they are in the file entry
}

// vname is an entry of a directory.
type vname struct {
	node   *tree.Node
	raw    []byte // its former file identifier, nil for a new one
	icb    growing.Address
	id     uint64
	folder bool
}

// vfile is a file that is not a directory.
type vfile struct {
	node    *tree.Node
	address uint32 // virtual
	id      uint64
	links   uint32
	old     []byte // its former file entry, if the contents are as they were
	at      uint32 // block of the metadata
}

// Structures of the first session with a fixed virtual address.
const (
	virtualFileSet = 0 // the terminator follows
	virtualRoot    = 2
	virtualFirst   = 3
)

// The largest unit of a medium, and the least number of sectors of a track on a CD.
const (
	largestUnit   = 32
	shortestTrack = 300
)

// virtualHead is the number of sectors before the partition: those up to the anchor, and
// the rest of a unit of a Blu-ray disc.
const virtualHead = 288

// NewVirtual plans the structures of a volume with a virtual allocation table for the tree
// below root. The revision is 1.50, 2.00 or 2.01; that of a volume that is continued does
// not change. The tree must not be changed while the layout is in use.
func NewVirtual(root *tree.Node, o Options, v Virtual) (*VirtualPlanner, error) {
	if !root.IsDir() {
		return nil, fmt.Errorf("plan UDF volume: %s is not a folder", root.Name)
	}
	if v.Former != nil {
		o.Revision = Revision(v.Former.Revision)
	}
	if o.Revision == 0 {
		o.Revision = Revision201
	}
	if o.Revision < Revision150 || o.Revision > Revision201 {
		return nil, fmt.Errorf("plan UDF volume: revision %s has no virtual allocation table as this program writes it; use 1.50, 2.00 or 2.01", o.Revision)
	}
	if v.Appended && v.Former == nil {
		return nil, errors.New("plan UDF volume: a new volume cannot be appended to an open session")
	}
	if v.Unit == 0 {
		v.Unit = largestUnit
	}
	if v.Least == 0 && !v.Appended {
		v.Least = shortestTrack
	}
	p := &VirtualPlanner{v: v, nextID: firstID}
	p.o, p.virtual, p.firstRecorded = o, true, -1
	if f := v.Former; f != nil {
		p.physical, p.nextID = f.Physical, f.NextID
		p.table = slices.Clone(f.Table)
		p.count.files, p.count.folders = f.Files, f.Directories
	} else {
		p.table = make([]uint32, virtualFirst)
	}
	p.fresh = make([]bool, len(p.table), len(p.table)+64)
	p.former = newFormerNames(v.Former)
	if err := p.collect(root); err != nil {
		return nil, fmt.Errorf("plan UDF volume: %w", err)
	}
	if len(p.table) > math.MaxInt32 {
		return nil, errors.New("plan UDF volume: it has more files than a virtual allocation table can hold")
	}
	p.place()
	p.warn(p.truncated, "name is", "names are", "longer than UDF allows (254 characters, 127 outside of Latin-1), and truncated in the UDF volume")
	p.warn(p.nonUTF8, "name is", "names are", "not valid UTF-8, and changed in the UDF volume")
	p.warn(p.longTargets, "symbolic link is", "symbolic links are", "longer than a block of 2048 bytes in the UDF volume; Linux does not follow such links")
	return p, nil
}

// Files visits the files whose contents are written.
func (p *VirtualPlanner) Files(visit func(*tree.Node) error) error {
	for _, f := range p.files {
		if f.old == nil && f.node != nil && f.node.Mode.IsRegular() {
			if err := visit(f.node); err != nil {
				return err
			}
		}
	}
	return nil
}

// HeadSectors returns the number of sectors from the beginning of the session to its
// metadata.
func (p *VirtualPlanner) HeadSectors() int64 {
	if p.v.Appended {
		return 0
	}
	return virtualHead
}

// MetadataSectors returns the number of sectors from Placement.Metadata.
func (p *VirtualPlanner) MetadataSectors() int64 { return p.sectors }

// End returns the address after a volume whose contents end at a sector.
func (p *VirtualPlanner) End(contents int64) int64 {
	end := contents + p.tableSectors() + 1
	if p.v.Final {
		end += 257
	}
	end = max(end, p.v.Start+p.v.Least)
	return (end + p.v.Unit - 1) / p.v.Unit * p.v.Unit
}

// Extents places the structures, and returns their extents in the order of their
// addresses: before has those up to the end of the metadata, after the virtual allocation
// table. Placement.Mirror is the end of the contents. Extents is called once.
func (p *VirtualPlanner) Extents(at Placement) (before, after []layout.Extent, err error) {
	p.at, p.begin = at, at.Metadata
	if p.firstRecorded >= 0 {
		p.begin = min(p.begin, p.firstRecorded)
	}
	if p.v.Former != nil {
		p.begin = int64(p.v.Former.Start)
	}
	switch {
	case at.Contents == nil:
		err = errors.New("Placement.Contents is not set")
	case at.Metadata < at.Start+p.HeadSectors() || at.End < p.End(max(at.Mirror, at.Metadata+p.sectors)):
		err = errors.New("the parts of the volume overlap")
	case at.End > math.MaxUint32:
		err = fmt.Errorf("the volume ends at sector %d, but the last one that UDF can address is %d (8 TiB)", at.End, uint32(math.MaxUint32))
	case p.endRecorded > at.Start:
		err = fmt.Errorf("contents that are on the disc already end at sector %d, but the session begins at %d", p.endRecorded, at.Start)
	case p.firstRecorded >= 0 && p.firstRecorded < p.begin || at.Start < p.begin && p.v.Former != nil:
		err = fmt.Errorf("the partition begins at sector %d, after what the session refers to", p.begin)
	case p.v.Capacity > 0 && at.End > p.v.Capacity:
		err = fmt.Errorf("the session ends at sector %d, but the medium has only %d", at.End, p.v.Capacity)
	case p.v.Appended && at.End > p.begin+int64(p.v.Former.Length):
		err = fmt.Errorf("the session ends at sector %d, but the partition at %d: begin a new session", at.End, p.begin+int64(p.v.Former.Length))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("plan UDF volume: %w", err)
	}
	p.base, p.length = uint32(at.Metadata-p.begin), p.partitionBlocks()
	for i, fresh := range p.fresh {
		if fresh {
			p.table[i] += p.base
		}
	}
	if !p.v.Appended {
		before = p.descriptors(before)
	}
	before = p.metadata(before)
	return before, p.allocationTable(nil), nil
}

// add appends an extent of memory.
func add(list []layout.Extent, sector int64, b []byte) []layout.Extent {
	return append(list, layout.Extent{Start: sector * sectorSize, Length: int64(len(b)), Source: layout.Bytes(b)})
}

// Sectors of a session with a virtual allocation table, from its beginning.
const virtualReserve = 48 // reserve volume descriptor sequence

// descriptors appends the structures at the beginning of a session.
func (p *VirtualPlanner) descriptors(list []layout.Extent) []layout.Extent {
	start := p.at.Start
	list = add(list, p.at.Recognition, p.recognition())
	list = add(list, start+mainSequence, p.sequence(start+mainSequence))
	list = add(list, start+virtualReserve, p.sequence(start+virtualReserve))
	list = add(list, start+integrityStart, p.integrity(start+integrityStart))
	return add(list, start+anchorSector, p.anchor(start+anchorSector))
}

// anchor returns the anchor volume descriptor pointer for a sector.
func (p *VirtualPlanner) anchor(sector int64) []byte {
	b := make([]byte, 512)
	putExtentAD(b[16:], p.at.Start+mainSequence, sequenceLength)
	putExtentAD(b[24:], p.at.Start+virtualReserve, sequenceLength)
	ecma167.SealTag(b, ecma167.TagAVDP, p.version(), uint32(sector))
	return b
}

// sequence returns a volume descriptor sequence that begins at a sector. A volume that is
// continued keeps its descriptors, except for the label, the size of the partition and
// the place of the integrity descriptor.
func (p *VirtualPlanner) sequence(sector int64) []byte {
	if p.v.Former == nil {
		return p.Planner.sequence(sector)
	}
	b := make([]byte, sequenceLength*sectorSize)
	put := func(i int, n int, id uint16) {
		d := b[i*sectorSize : (i+1)*sectorSize]
		ecma167.SealTag(d[:n], id, p.version(), uint32(sector+int64(i)))
	}
	for i, former := range p.v.Former.Descriptors {
		d := b[i*sectorSize : (i+1)*sectorSize]
		copy(d, former)
		id, n := le.Uint16(d), ecma167.TagLength+int(le.Uint16(d[10:]))
		switch id {
		case ecma167.TagPVD:
			ecma167.PutDString(d[24:56], p.o.Label)
		case ecma167.TagIUVD:
			ecma167.PutDString(d[116:244], p.o.Label)
		case ecma167.TagPD:
			le.PutUint32(d[192:], uint32(p.length))
		case ecma167.TagLVD:
			ecma167.PutDString(d[84:212], p.o.Label)
			putExtentAD(d[432:], p.at.Start+integrityStart, integrityLength)
		}
		put(i, max(n, 24), id)
	}
	put(len(p.v.Former.Descriptors), 512, ecma167.TagTD)
	return b
}

// unknown is the size of a virtual partition, and of its free space (UDF 2.2.6.2).
const unknown = 0xFFFFFFFF

// partitionBlocks returns the length of the partition in blocks.
func (p *VirtualPlanner) partitionBlocks() int64 {
	n := p.at.End - p.begin
	if p.v.Former != nil {
		n = max(n, int64(p.v.Former.Length))
	}
	if p.v.Capacity > 0 {
		n = max(n, p.v.Capacity-p.begin)
	}
	return n
}

// integrity returns the logical volume integrity sequence. Its descriptor stays open: the
// volume is intact if the last sector is the ICB of the table (UDF 6.10.1).
func (p *VirtualPlanner) integrity(sector int64) []byte {
	i := integrity{
		open: true, nextID: p.nextID, files: p.count.files, folders: p.count.folders,
		free: []uint32{unknown, unknown}, sizes: []uint32{unknown, unknown},
	}
	i.sizes[p.physical] = uint32(p.length)
	i.free[p.physical] = uint32(p.begin + p.length - p.at.End)
	return p.integritySequence(sector, i)
}
