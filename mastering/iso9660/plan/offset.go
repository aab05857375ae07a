package plan

import (
	"encoding/binary"

	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/layout"
)

// shift is the volume as it appears in a partition that begins after the start of the
// image. The partition has its own descriptors, path tables and directories, with
// addresses relative to its start; it shares the contents of files.
type shift struct {
	p          *Planner
	offset     uint32 // sector where the partition begins
	start, end uint32 // the tables and directories of the volume
	copy       uint32 // start of those of the partition
}

// address converts an address of the volume to one of the partition.
func (s *shift) address(lba uint32) uint32 {
	if lba >= s.start && lba < s.end {
		lba += s.copy - s.start
	}
	return lba - s.offset
}

// assignCopy places the tables and directories of the partition, if there is one,
// after those of the volume, which are between start and end. It returns the sector
// after them.
func (p *Planner) assignCopy(start, end uint32) uint32 {
	s := p.shift
	if s == nil {
		return end
	}
	s.start, s.end, s.copy = start, end, end
	for _, e := range p.metadata {
		src := &shiftedSource{s, e.Source.(layout.Renderer), uint32(e.Start / sectorSize)}
		e.Start += int64(s.copy-s.start) * sectorSize
		e.Source = src
		p.metadata = append(p.metadata, e)
	}
	return s.copy + s.end - s.start
}

// shiftedDescriptors renders the volume descriptor set of the partition.
type shiftedDescriptors struct{ s *shift }

func (d *shiftedDescriptors) String() string { return "volume descriptors of the partition" }

// Render implements layout.Renderer. It leaves out the boot record, since the boot
// catalogue has the addresses of the whole image and nothing boots a partition by El
// Torito.
func (d *shiftedDescriptors) Render(b []byte) {
	(&descriptorSource{d.s.p}).Render(b)
	if record := b[sectorSize:]; d.s.p.o.Boot { // after the primary descriptor
		n := copy(record, record[sectorSize:])
		clear(record[n:])
	}
	le, be := binary.LittleEndian, binary.BigEndian
	for ; len(b) >= sectorSize; b = b[sectorSize:] {
		switch b[0] {
		case 1, 2: // ECMA-119 8.4.8, 8.4.14 to 8.4.18
			format.PutBoth32(b[80:], uint32(d.s.p.at.PartitionSectors))
			le.PutUint32(b[140:], d.s.address(le.Uint32(b[140:])))
			be.PutUint32(b[148:], d.s.address(be.Uint32(b[148:])))
			format.PutBoth32(b[158:], d.s.address(le.Uint32(b[158:])))
			if b[0] == 1 { // only the volume's own descriptor has a checksum
				blankUse(b[883:1395])
			}
		}
	}
}

// shiftedSource renders a path table or a directory of the partition.
type shiftedSource struct {
	s   *shift
	of  layout.Renderer
	lba uint32 // address of the volume's table or directory
}

func (d *shiftedSource) String() string { return d.of.String() + " of the partition" }

// Render implements layout.Renderer.
func (d *shiftedSource) Render(b []byte) {
	d.of.Render(b)
	switch src := d.of.(type) {
	case *tableSource:
		d.table(b, src.order)
	case *directorySource:
		d.directory(b, int(src.d.place[src.v].size), src.v == primary && !d.s.p.o.NoRockRidge)
	}
}

// table shifts a path table (ECMA-119 9.4).
func (d *shiftedSource) table(b []byte, order binary.ByteOrder) {
	for len(b) >= 8 && b[0] > 0 {
		order.PutUint32(b[2:], d.s.address(order.Uint32(b[2:])))
		b = b[min(len(b), 8+int(b[0])+int(b[0])%2):]
	}
}

// directory shifts directory records (ECMA-119 9.1), which take the first size bytes,
// and the Rock Ridge fields in and after them.
func (d *shiftedSource) directory(b []byte, size int, rockRidge bool) {
	for at := 0; at < size; {
		n := int(b[at])
		if n == 0 {
			at = roundUp(at + 1)
			continue
		}
		r := b[at : at+n]
		d.number(r[2:])
		if id := int(r[32]); rockRidge {
			d.fields(b, r[33+id+(1+id)%2:])
		}
		at += n
	}
}

// fields shifts the addresses in a system use area: those of a continuation area
// (SUSP 5.1), a child and a parent (RRIP 4.1.5). Continuation areas are in b, after
// the records.
func (d *shiftedSource) fields(b, area []byte) {
	for len(area) >= 4 && int(area[2]) >= 4 && int(area[2]) <= len(area) {
		f := area[:area[2]]
		switch string(f[:2]) {
		case "CE":
			le := binary.LittleEndian
			at := int(le.Uint32(f[4:])-d.lba)*sectorSize + int(le.Uint32(f[12:]))
			more := b[at : at+int(le.Uint32(f[20:]))]
			d.number(f[4:])
			d.fields(b, more)
		case "CL", "PL":
			d.number(f[4:])
		}
		area = area[len(f):]
	}
}

// number shifts an address that is recorded in both byte orders.
func (d *shiftedSource) number(b []byte) {
	format.PutBoth32(b, d.s.address(binary.LittleEndian.Uint32(b)))
}
