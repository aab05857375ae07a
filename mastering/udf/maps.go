package udf

import (
	"errors"
	"fmt"

	"glassmaster/mastering/udf/internal/ecma167"
)

// lateMap is a partition map whose partition is opened when all maps are known.
type lateMap struct {
	*physical
	finish func(v reader, index int) (partition, error)
}

// readMap decodes a partition map (ECMA-167 3/10.7): of type 1 with the
// partition number at BP 4, or of type 2 with an identifier at BP 4 and the
// partition number at BP 38.
func (v reader) readMap(p []byte, d *descriptors) (partition, error) {
	if p[0] == 1 && len(p) >= 6 {
		base, err := v.physical(le.Uint16(p[4:]), d)
		if err != nil {
			return nil, err // not base: a nil pointer in an interface is not nil
		}
		return base, nil
	}
	if p[0] != 2 || len(p) < 64 {
		return nil, fmt.Errorf("unknown type %d, %d bytes long", p[0], len(p))
	}
	base, err := v.physical(le.Uint16(p[38:]), d)
	if err != nil {
		return nil, err
	}
	switch id := ecma167.EntityID(p[4:]); id {
	case "*UDF Virtual Partition":
		return &lateMap{base, func(v reader, i int) (partition, error) { return v.openVirtual(base, uint16(i)) }}, nil
	case "*UDF Sparable Partition":
		return v.openSparable(base, p)
	case "*UDF Metadata Partition":
		p = clone(p)
		return &lateMap{base, func(v reader, _ int) (partition, error) { return v.openMetadata(base, p) }}, nil
	default:
		return nil, fmt.Errorf("unknown partition type %q", id)
	}
}

// physical returns the partition of that number.
func (v reader) physical(number uint16, d *descriptors) (*physical, error) {
	for _, p := range d.partitions {
		if p.number == number {
			return &physical{p, v.medium}, nil
		}
	}
	return nil, fmt.Errorf("partition %d has no partition descriptor", number)
}

// openSparable reads the sparing table (UDF 2.2.12). The map has the packet
// length at BP 40, the number of tables at BP 42, their size at BP 44 and their
// sectors from BP 48 on.
func (v reader) openSparable(base *physical, p []byte) (partition, error) {
	s := &sparable{physical: base, packet: uint32(le.Uint16(p[40:])), moved: map[uint32]uint32{}}
	if s.packet == 0 {
		return nil, errors.New("the packet length of the sparable partition is 0")
	}
	best, sequence := []byte(nil), uint32(0)
	var damage error
	for i := range min(int(p[42]), 4) {
		sector := int64(le.Uint32(p[48+4*i:]))
		table, err := v.readSparingTable(sector)
		if err != nil {
			damage = err
			s.faults = append(s.faults, fault{sector, err})
			continue
		}
		if n := le.Uint32(table[52:]); best == nil || n > sequence {
			best, sequence = table, n
		}
	}
	if best == nil {
		if damage == nil {
			damage = errors.New("the partition map lists none")
		}
		return nil, fmt.Errorf("sparing tables: %w", damage)
	}
	for e := best[56:]; len(e) >= 8; e = e[8:] {
		if from := le.Uint32(e); from < 0xFFFFFFF0 { // higher values mark available and defective spares
			s.moved[from] = le.Uint32(e[4:])
		}
	}
	return s, nil
}

// readSparingTable reads a sparing table up to its last entry. The number of entries
// is at BP 48; they are 8 bytes long and begin at BP 56.
func (v reader) readSparingTable(sector int64) ([]byte, error) {
	head := make([]byte, v.block)
	if err := v.readMeta(head, sector*v.block); err != nil {
		return nil, err
	}
	if id := ecma167.EntityID(head[16:]); id != "*UDF Sparing Table" {
		return nil, fmt.Errorf("sector %d is not a sparing table", sector)
	}
	table := make([]byte, 56+8*int(le.Uint16(head[48:]))) // at most 64 Ki entries
	if err := v.read(table, sector*v.block); err != nil {
		return nil, err
	}
	if n := ecma167.TagLength + int(le.Uint16(head[10:])); n > len(table) { // the CRC may cover bytes after the entries
		longer := make([]byte, n)
		if err := v.read(longer, sector*v.block); err != nil {
			return nil, err
		}
		if _, err := ecma167.CheckTag(longer); err != nil {
			return nil, fmt.Errorf("sector %d: %w", sector, err)
		}
		return table, nil
	}
	if _, err := ecma167.CheckTag(table); err != nil {
		return nil, fmt.Errorf("sector %d: %w", sector, err)
	}
	return table, nil
}

// openMetadata opens the files of a metadata partition (UDF 2.2.10). The partition
// map has the blocks of the ICBs of the main and the mirror file at BP 40 and 44.
func (v reader) openMetadata(base *physical, p []byte) (partition, error) {
	under := -1 // reference number of the partition that holds the files
	for i, q := range v.parts {
		switch q := q.(type) {
		case *physical:
			if q.number == base.number {
				under = i
			}
		case *sparable:
			if q.number == base.number {
				under = i
			}
		}
	}
	if under < 0 {
		return nil, fmt.Errorf("partition %d, which holds the metadata files, has no partition map", base.number)
	}
	m := &metadata{}
	open := func(which int) (*contents, error) {
		block := le.Uint32(p[40+4*which:])
		icb := ecma167.LongAD{Length: uint32(v.block), Block: block, Partition: uint16(under)}
		m.at[which] = v.offset(icb)
		e, err := v.readEntry(icb)
		if err != nil {
			return nil, err
		}
		c, err := v.contents(e)
		if err == nil && (c.inline != nil || c.size < v.block) {
			err = fmt.Errorf("metadata file at block %d: it has no blocks", block)
		}
		if err == nil && c.indirect() {
			err = fmt.Errorf("metadata file at block %d: it is in its own partition", block)
		}
		if err != nil {
			return nil, err
		}
		return c, nil
	}
	m.main, m.damage = open(0)
	if m.mirror, m.mirrorDamage = open(1); m.mirror == nil && m.main == nil {
		return nil, fmt.Errorf("metadata file: %w; its mirror: %w", m.damage, m.mirrorDamage)
	}
	v.hasMirror = v.hasMirror || m.main != nil && m.mirror != nil
	return m, nil
}

// indirect reports whether an extent is in a partition that is not physical, which
// would be a loop.
func (c *contents) indirect() bool {
	for _, e := range c.extents {
		if int(e.partition) >= len(c.v.parts) {
			return true
		}
		switch c.v.parts[e.partition].(type) {
		case *physical, *sparable:
		default:
			return true
		}
	}
	return false
}
