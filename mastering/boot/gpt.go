package boot

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"unicode/utf16"
)

// Shape of a GPT (UEFI Specification 5.3).
const (
	gptHeader    = 92  // bytes of the header
	gptEntry     = 128 // bytes of an entry
	gptEntries   = 128
	gptArray     = gptEntries * gptEntry / BlockSize // blocks
	gptBlocks    = gptArray + 1                      // array and header
	systemBlocks = SystemArea / BlockSize            // first block that partitions may use
)

// Attributes of partitions (UEFI Specification 5.3.3). Bits 48 and above depend on
// the type; bit 60 makes basic data read-only.
const (
	attributeRequired = 1 << 0
	attributeReadOnly = 1 << 60
)

// efiType returns the type of UEFI images and partitions.
func (o *Options) efiType() Type {
	if o.BasicData {
		return Type{MBR: TypeEFI.MBR, GUID: TypeBasicData.GUID}
	}
	return TypeEFI
}

// listGPT lists partitions that do not overlap: the UEFI images, the parts of the
// volume between them, and the appended partitions. The parts between are listed so
// that they are not taken for free space.
func (o *Options) listGPT(d *Disk, p Plan) {
	taken := map[int]bool{1: true}
	for n, a := range o.Append {
		s := slot{number: a.Number, kind: a.Type, name: fmt.Sprintf("Appended%d", a.Number)}
		if a.Type == TypeEFI {
			s.kind = o.efiType()
		}
		s.start, s.count = p.Appended[n].blocks()
		d.gpt = append(d.gpt, s)
		taken[a.Number] = true
	}
	next := func() int {
		n := 2
		for taken[n] {
			n++
		}
		taken[n] = true
		return n
	}
	var inside []slot
	for n, i := range o.Images {
		if i.Platform == EFI && i.Path != "" {
			s := slot{number: next(), kind: o.efiType(), name: "EFI boot image"}
			s.start, s.count = p.Images[n].blocks()
			if !slices.ContainsFunc(inside, func(k slot) bool { return k.start == s.start }) {
				inside = append(inside, s)
			}
		}
	}
	slices.SortFunc(inside, func(a, b slot) int { return cmp.Compare(a.start, b.start) })
	at, end := max(int64(o.PartitionOffset)*blocksPerSector, systemBlocks), p.Volume*blocksPerSector
	end = min(end, d.usable())
	volume := slot{number: 1, kind: TypeISO, name: "ISO9660", readOnly: true}
	for _, s := range append(inside, slot{start: end}) {
		if gap := volume; s.start > at {
			gap.start, gap.count = at, s.start-at
			d.gpt = append(d.gpt, gap)
			volume.number, volume.name = 0, "Gap"
		}
		at = s.start + s.count
	}
	d.gpt = append(d.gpt, inside...)
	for n := range d.gpt {
		if d.gpt[n].number == 0 {
			d.gpt[n].number = next()
		}
	}
}

// listHybrid lists the partitions that isohybrid lists: the volume from its first
// block on, and the UEFI images in it.
func (o *Options) listHybrid(d *Disk, p Plan) {
	end := min(p.Volume*blocksPerSector, d.usable())
	d.gpt = append(d.gpt, slot{number: 1, count: end, kind: TypeISO, name: "ISOHybrid ISO", readOnly: true})
	add := func(where Span, t Type, name string) {
		s := slot{number: len(d.gpt) + 1, kind: t, name: name}
		s.start, s.count = where.blocks()
		d.gpt = append(d.gpt, s)
	}
	for n, i := range o.Images {
		if i.Platform == EFI && i.Path != "" {
			add(p.Images[n], o.efiType(), fmt.Sprintf("ISOHybrid%d", n))
		}
	}
	for n, a := range o.Append {
		t := a.Type
		if t == TypeEFI {
			t = o.efiType()
		}
		add(p.Appended[n], t, fmt.Sprintf("Appended%d", a.Number))
	}
}

// arrayBlock returns the block of the primary array of entries: after the entries of
// an APM, if there is one.
func (d *Disk) arrayBlock() int64 {
	if len(d.apm) == 0 {
		return 2
	}
	return int64(1+len(d.apm)) * blocksPerSector
}

// lastUsable returns the last block before the backup GPT.
func (d *Disk) lastUsable() int64 { return d.Blocks - gptBlocks - 1 }

// usable returns the end of the last whole sector before the backup GPT.
func (d *Disk) usable() int64 { return (d.lastUsable() + 1) / blocksPerSector * blocksPerSector }

// putGPT writes the primary GPT to the system area.
func (d *Disk) putGPT(b []byte) {
	array := d.arrayBlock()
	entries := b[array*BlockSize:][:gptArray*BlockSize]
	d.putEntries(entries)
	d.putHeader(b[BlockSize:2*BlockSize], 1, d.Blocks-1, array, entries)
}

// PutTail writes the backup GPT to b, TailSectors sectors of zeros at the end
// of the image.
func (d *Disk) PutTail(b []byte) {
	b = b[len(b)-gptBlocks*BlockSize:]
	entries := b[:gptArray*BlockSize]
	d.putEntries(entries)
	d.putHeader(b[gptArray*BlockSize:], d.Blocks-1, 1, d.Blocks-gptBlocks, entries)
}

// putHeader writes a header (UEFI Specification 5.3.2).
func (d *Disk) putHeader(b []byte, self, other, array int64, entries []byte) {
	le := binary.LittleEndian
	copy(b, "EFI PART")
	le.PutUint32(b[8:], 0x00010000)
	le.PutUint32(b[12:], gptHeader)
	le.PutUint64(b[24:], uint64(self))
	le.PutUint64(b[32:], uint64(other))
	le.PutUint64(b[40:], systemBlocks)
	le.PutUint64(b[48:], uint64(d.lastUsable()))
	g := d.Seed.GUID(0)
	copy(b[56:72], g[:])
	le.PutUint64(b[72:], uint64(array))
	le.PutUint32(b[80:], gptEntries)
	le.PutUint32(b[84:], gptEntry)
	le.PutUint32(b[88:], crc32.ChecksumIEEE(entries))
	le.PutUint32(b[16:], 0)
	le.PutUint32(b[16:], crc32.ChecksumIEEE(b[:gptHeader]))
}

// putEntries writes the array of entries (UEFI Specification 5.3.3).
func (d *Disk) putEntries(b []byte) {
	le := binary.LittleEndian
	for _, s := range d.gpt {
		e := b[gptEntry*(s.number-1):][:gptEntry]
		t, id := s.kind.guid(), d.Seed.GUID(s.number)
		copy(e[0:16], t[:])
		copy(e[16:32], id[:])
		le.PutUint64(e[32:], uint64(s.start))
		le.PutUint64(e[40:], uint64(s.start+s.count-1))
		if s.readOnly {
			le.PutUint64(e[48:], attributeRequired|attributeReadOnly)
		}
		for i, u := range utf16.Encode([]rune(s.name)) {
			if i < 35 {
				le.PutUint16(e[56+2*i:], u)
			}
		}
	}
}
