package udf

import (
	"errors"
	"fmt"

	"glassmaster/mastering/udf/internal/ecma167"
)

// partitionDescriptor is what is used of a partition descriptor (ECMA-167 3/10.5).
type partitionDescriptor struct {
	sequence uint32 // volume descriptor sequence number
	number   uint16
	access   uint32
	start    uint32 // in blocks
	length   uint32
	raw      []byte
}

// descriptors are the prevailing descriptors of the volume descriptor sequence
// (ECMA-167 3/8.4.3): the one with the highest sequence number of each kind.
type descriptors struct {
	primary    []byte
	logical    []byte
	use        []byte // implementation use descriptor "*UDF LV Info"
	space      []byte // unallocated space descriptor
	partitions []partitionDescriptor
	reserve    bool  // a descriptor was taken from the reserve sequence
	damage     error // the first that was found
	faults     []fault
}

// fault is a damaged structure and the sector where it is.
type fault struct {
	sector int64
	err    error
}

// Limits of volume descriptor sequences. UDF 2.2.3.1 requires room for 16
// descriptors; a sequence that exceeds these limits is a loop.
const (
	maxDescriptors = 1024
	maxPointers    = 16
)

// readDescriptors reads the main volume descriptor sequence, and also the reserve
// sequence if the main one is damaged or incomplete.
func readDescriptors(m *medium, a anchor) (*descriptors, error) {
	d := &descriptors{}
	d.read(m, a.main)
	if d.damage != nil || !d.complete() {
		before := *d
		d.read(m, a.reserve)
		d.reserve = !before.complete() && d.complete()
	}
	switch {
	case d.complete():
		return d, nil
	case d.damage != nil:
		return nil, fmt.Errorf("the volume descriptor sequences at sectors %d and %d are damaged: %w", a.main.Location, a.reserve.Location, d.damage)
	case d.logical == nil:
		return nil, fmt.Errorf("the volume descriptor sequence at sector %d has no logical volume descriptor", a.main.Location)
	}
	return nil, fmt.Errorf("the volume descriptor sequence at sector %d has no partition descriptor", a.main.Location)
}

// complete reports whether the descriptors suffice to find files.
func (d *descriptors) complete() bool { return d.logical != nil && len(d.partitions) > 0 }

// read adds the descriptors of one sequence.
func (d *descriptors) read(m *medium, e ecma167.ExtentAD) {
	pointers := 0
	block := make([]byte, m.block)
	for i := int64(0); i < maxDescriptors && (i+1)*m.block <= int64(e.Length); i++ {
		at := int64(e.Location) + i
		id, err := readSector(m, block, at)
		if errors.Is(err, ecma167.ErrNoTag) {
			return
		}
		if err != nil {
			d.fail(at, err)
			if (at+1)*m.block > m.size { // so is the rest
				return
			}
			continue
		}
		switch id {
		case ecma167.TagTD:
			return
		case ecma167.TagVDP:
			if pointers++; pointers > maxPointers {
				return
			}
			e, i = ecma167.DecodeExtentAD(block[20:]), -1
		default:
			d.add(id, block)
		}
	}
}

// readSector reads a descriptor at an absolute sector.
func readSector(m *medium, block []byte, at int64) (uint16, error) {
	if err := m.readMeta(block, at*m.block); err != nil {
		return 0, err
	}
	id, err := ecma167.CheckTag(block)
	if err != nil {
		return id, err
	}
	return ecma167.CheckTagAt(block, uint32(at), id)
}

// fail records that a sector of the sequence is damaged.
func (d *descriptors) fail(sector int64, err error) {
	if d.damage == nil {
		d.damage = fmt.Errorf("sector %d: %w", sector, err)
	}
	d.faults = append(d.faults, fault{sector, err})
}

// add keeps a descriptor if it prevails over the one known so far.
func (d *descriptors) add(id uint16, p []byte) {
	newer := func(old []byte) bool { return old == nil || le.Uint32(p[16:]) > le.Uint32(old[16:]) }
	switch id {
	case ecma167.TagPVD:
		if newer(d.primary) {
			d.primary = clone(p)
		}
	case ecma167.TagLVD:
		if newer(d.logical) {
			d.logical = clone(p)
		}
	case ecma167.TagIUVD:
		if ecma167.EntityID(p[20:]) == "*UDF LV Info" && newer(d.use) {
			d.use = clone(p)
		}
	case ecma167.TagUSD:
		if newer(d.space) {
			d.space = clone(p)
		}
	case ecma167.TagPD:
		d.addPartition(partitionDescriptor{le.Uint32(p[16:]), le.Uint16(p[22:]), le.Uint32(p[184:]), le.Uint32(p[188:]), le.Uint32(p[192:]), clone(p)})
	}
}

func (d *descriptors) addPartition(n partitionDescriptor) {
	for i, p := range d.partitions {
		if p.number == n.number {
			if n.sequence > p.sequence {
				d.partitions[i] = n
			}
			return
		}
	}
	d.partitions = append(d.partitions, n)
}

func clone(p []byte) []byte { return append([]byte(nil), p...) }

// integrity is what is used of the logical volume integrity descriptor
// (ECMA-167 3/10.10, UDF 2.2.6).
type integrity struct {
	raw    []byte
	closed bool
	kept   bool // by a virtual allocation table, whatever the descriptor says
	unique uint64
	files  uint32
	dirs   uint32
	counts bool // whether files and dirs are recorded
	free   []uint32
}

// maxIntegrity is the number of integrity descriptors that are followed.
const maxIntegrity = 4096

// readIntegrity returns the last integrity descriptor of the sequence that begins at
// e, nil if there is none. Reading files does not need it.
func readIntegrity(m *medium, e ecma167.ExtentAD) *integrity {
	var last []byte
	block := make([]byte, m.block)
	for i, n := int64(0), 0; n < maxIntegrity && (i+1)*m.block <= int64(e.Length); n++ {
		id, err := readSector(m, block, int64(e.Location)+i)
		if err != nil || id != ecma167.TagLVID {
			break
		}
		last = append(last[:0], block...)
		if i++; le.Uint32(block[32:]) != 0 {
			e, i = ecma167.DecodeExtentAD(block[32:]), 0
		}
	}
	if last == nil {
		return nil
	}
	v := &integrity{raw: last, closed: le.Uint32(last[28:]) == 1, unique: le.Uint64(last[40:])}
	parts, use := int64(le.Uint32(last[72:])), int64(le.Uint32(last[76:]))
	if at := 80 + 8*parts; at+46 <= int64(len(last)) && use >= 46 {
		v.files, v.dirs, v.counts = le.Uint32(last[at+32:]), le.Uint32(last[at+36:]), true
		for i := range parts {
			v.free = append(v.free, le.Uint32(last[80+4*i:]))
		}
	}
	return v
}
