package udf

import (
	"errors"
	"fmt"

	"glassmaster/mastering/udf/internal/ecma167"
)

// Structure says where the structures of a volume are. It is what package update needs to
// change them.
type Structure struct {
	Block      int64  // size of a logical block in bytes
	Revision   uint16 // as 0x0250
	Start      int64  // sector where the session begins
	Root       ecma167.LongAD
	FileSet    ecma167.LongAD
	Anchors    []Anchor // those that are valid and belong to the volume
	Integrity  ecma167.ExtentAD
	Partitions []Partition // by their reference numbers
}

// Anchor is an anchor volume descriptor pointer.
type Anchor struct {
	Main, Reserve ecma167.ExtentAD
	Sector        int64
}

// PartitionKind is the kind of a partition map.
type PartitionKind uint8

// Kinds of partition maps.
const (
	Physical PartitionKind = iota
	Sparable
	Virtual
	Metadata
)

// Partition is a partition of a volume, as its partition map describes it.
type Partition struct {
	Kind   PartitionKind
	Number uint16 // of the partition descriptor
	Access uint32 // access type
	Start  int64  // first block of the partition on the disc
	Blocks int64  // length of the partition on the disc

	// Packet is the number of blocks of a packet of a sparable partition. Moved has the
	// sector of the spare for the first block of each packet that is replaced.
	Packet uint32
	Moved  map[uint32]uint32

	// Files are the runs of blocks of the main file and the mirror of a metadata partition,
	// in the partition Holder.
	Files  [2][]Run
	Holder uint16

	// Table are the entries of the virtual allocation table, and TableSector the sector of
	// its ICB.
	Table       []uint32
	TableSector int64
}

// Run is a run of blocks of a physical partition.
type Run struct {
	Block, Blocks int64
}

// Structure returns where the structures of the volume are. The error says why it is not
// known for certain.
func (f *FS) Structure() (Structure, error) {
	s := Structure{Block: f.block, Revision: f.revision, Start: f.start / f.block, Root: f.root, FileSet: f.fileSet, Integrity: f.integrity}
	if f.lost != nil {
		return s, fmt.Errorf("the root directory is not where the file set descriptor says: %w", f.lost)
	}
	for _, a := range findAnchors(f.r, f.start, f.size, f.block) {
		if a.main == f.anchor.main {
			s.Anchors = append(s.Anchors, Anchor{a.main, a.reserve, a.location})
		}
	}
	for i, p := range f.parts {
		q, err := structureOf(p)
		if err != nil {
			return s, fmt.Errorf("partition %d: %w", i, err)
		}
		s.Partitions = append(s.Partitions, q)
	}
	return s, nil
}

func structureOf(p partition) (Partition, error) {
	base := func(kind PartitionKind, p *physical) Partition {
		return Partition{Kind: kind, Number: p.number, Access: p.access, Start: int64(p.start), Blocks: int64(p.length)}
	}
	switch p := p.(type) {
	case *physical:
		return base(Physical, p), nil
	case *sparable:
		q := base(Sparable, p.physical)
		if len(p.faults) > 0 {
			return q, p.faults[0].err
		}
		q.Packet, q.Moved = p.packet, p.moved
		return q, nil
	case *virtual:
		q := base(Virtual, p.physical)
		if p.entries > p.m.size/4 {
			return q, fmt.Errorf("a virtual allocation table of %d entries cannot be on a volume of %d bytes", p.entries, p.m.size)
		}
		b := make([]byte, 4*p.entries)
		if n, err := p.table.ReadAt(b, p.first); n < len(b) {
			return q, err
		}
		q.Table, q.TableSector = make([]uint32, p.entries), int64(p.start)+int64(p.icb.at.Block)
		for i := range q.Table {
			q.Table[i] = le.Uint32(b[4*i:])
		}
		return q, nil
	case *metadata:
		q := Partition{Kind: Metadata}
		switch {
		case p.main == nil:
			return q, p.damage
		case p.mirror == nil:
			return q, p.mirrorDamage
		}
		for i, c := range []*contents{p.main, p.mirror} {
			runs, err := c.runs()
			if err != nil {
				return q, err
			}
			q.Files[i], q.Holder = runs, c.extents[0].partition
		}
		return q, nil
	}
	return Partition{}, errors.New("its kind is not known")
}

// runs returns the runs of blocks of a metadata file.
func (c *contents) runs() ([]Run, error) {
	var list []Run
	for off := int64(0); off < c.size; {
		if off >= c.end || off > c.v.size {
			return nil, errors.New("the metadata file is longer than its extents")
		}
		e, n := c.extentAt(off)
		n = min(n, c.size-off)
		if e.partition != c.extents[0].partition {
			return nil, errors.New("the metadata file is in several partitions")
		}
		if e.kind != ecma167.ExtentRecorded || n%c.v.block != 0 {
			return nil, errors.New("the metadata file has extents that are not whole recorded blocks")
		}
		list = append(list, Run{int64(e.block), n / c.v.block})
		off += n
	}
	return list, nil
}

// Names returns the names of the entries of the directory at an ICB as the volume shows
// them, by the bytes of the directory where their descriptors begin. The error is that of a
// directory which is damaged.
func (f *FS) Names(icb ecma167.LongAD) (map[int64]string, error) {
	d, err := f.directory(icb)
	if err == nil {
		err = d.err
	}
	if err != nil {
		return nil, err
	}
	names := make(map[int64]string, len(d.names))
	for _, n := range d.names {
		names[n.at] = n.text
	}
	return names, nil
}
