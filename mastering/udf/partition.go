package udf

import (
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/units"
)

// A partition maps the logical blocks of a partition map to places in the volume.
type partition interface {
	// locate returns the byte offset of a block, and how many bytes are contiguous
	// from there. mirror selects the second copy of a metadata partition.
	locate(block uint32, mirror bool) (off, n int64, err error)
	// blocks returns how many blocks the partition has.
	blocks() int64
	// String describes the kind of partition.
	String() string
}

// physical is a partition of type 1 (ECMA-167 3/10.7.2).
type physical struct {
	partitionDescriptor
	m *medium
}

func (p *physical) locate(block uint32, _ bool) (off, n int64, err error) {
	if block >= p.length {
		return 0, 0, fmt.Errorf("block %d is beyond the end of the partition, which has %d blocks", block, p.length)
	}
	return (int64(p.start) + int64(block)) * p.m.block, int64(p.length-block) * p.m.block, nil
}

func (p *physical) blocks() int64 { return int64(p.length) }

func (p *physical) String() string { return "physical" }

// virtual is a partition on write-once media, whose blocks are found through the
// virtual allocation table (UDF 2.2.8 and 2.2.11).
type virtual struct {
	*physical
	table     io.ReaderAt // of the table
	first     int64       // byte of the table where the entry of block 0 is
	entries   int64
	file      *contents  // the same table
	icb       *fileEntry // of the table
	extension []byte     // logical volume extended information in it
}

// unusedEntry marks a block of a virtual partition that is not in use.
const unusedEntry = 0xFFFFFFFF

func (v *virtual) locate(block uint32, mirror bool) (off, n int64, err error) {
	if int64(block) >= v.entries {
		return 0, 0, fmt.Errorf("block %d is not in the virtual allocation table, which has %d entries", block, v.entries)
	}
	var p [4]byte
	if _, err := v.table.ReadAt(p[:], v.first+4*int64(block)); err != nil {
		return 0, 0, fmt.Errorf("entry %d of the virtual allocation table: %w", block, err)
	}
	at := le.Uint32(p[:])
	if at == unusedEntry {
		return 0, 0, fmt.Errorf("block %d is not in use in the virtual allocation table", block)
	}
	off, _, err = v.physical.locate(at, mirror)
	return off, v.m.block, err
}

func (v *virtual) blocks() int64 { return v.entries }

func (v *virtual) String() string {
	return fmt.Sprintf("virtual (%s)", units.Count(v.entries, "entry", "entries"))
}

// sparable is a partition in which packets with defects are replaced by spares (UDF
// 2.2.9 and 2.2.12).
type sparable struct {
	*physical
	packet uint32            // blocks
	moved  map[uint32]uint32 // from the first block of a packet to the sector of its spare
	faults []fault           // damaged sparing tables
}

func (s *sparable) locate(block uint32, mirror bool) (off, n int64, err error) {
	off, n, err = s.physical.locate(block, mirror)
	if err != nil || len(s.moved) == 0 {
		return off, n, err
	}
	in := block % s.packet
	n = min(n, int64(s.packet-in)*s.m.block)
	if to, ok := s.moved[block-in]; ok {
		off = (int64(to) + int64(in)) * s.m.block
	}
	return off, n, nil
}

func (s *sparable) String() string {
	return fmt.Sprintf("sparable (%s replaced)", units.Count(len(s.moved), "packet", "packets"))
}

// metadata is a partition in a file, and in a mirror of that file, with the
// directories and file entries (UDF 2.2.10 and 2.2.13).
type metadata struct {
	main, mirror *contents // nil if damaged
	damage       error     // of the main file
	mirrorDamage error
	at           [2]int64 // bytes of the volume where their file entries begin
}

func (p *metadata) locate(block uint32, mirror bool) (off, n int64, err error) {
	c := p.main
	if mirror || c == nil {
		c = p.mirror
	}
	if c == nil {
		return 0, 0, errors.New("the metadata file and its mirror are both damaged")
	}
	off, n, err = c.locate(int64(block) * c.v.block)
	if err == nil && n < c.v.block {
		err = fmt.Errorf("block %d of the metadata file is not contiguous", block)
	}
	return off, n, err
}

func (p *metadata) blocks() int64 {
	if p.main != nil {
		return p.main.size / p.main.v.block
	}
	return p.mirror.size / p.mirror.v.block
}

func (p *metadata) String() string {
	switch {
	case p.main == nil:
		return "metadata (read from the mirror: the main file is damaged)"
	case p.mirror == nil:
		return "metadata (the mirror is damaged)"
	}
	return "metadata with mirror"
}
