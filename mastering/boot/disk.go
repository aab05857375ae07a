package boot

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Disk is an image as it appears on a disk, in blocks of 512 bytes: its boot code
// and partition tables. Options.Disk makes one.
type Disk struct {
	Blocks int64  // of the whole image
	Code   []byte // boot code in the system area, from the MBR on
	Style  Style  // not StyleAuto
	Boot   uint32 // sector of the boot image that the code boots
	Seed   Seed
	mbr    []slot
	gpt    []slot
	apm    []slot
	kind   GPT
}

// slot is a partition in one of the tables.
type slot struct {
	number       int // in the table, from 1
	start, count int64
	kind         Type
	name         string
	active       bool
	readOnly     bool
}

// Span is a run of sectors of 2048 bytes.
type Span struct{ Start, Count int64 }

func (s Span) blocks() (start, count int64) {
	return s.Start * blocksPerSector, s.Count * blocksPerSector
}

// Plan contains the positions of everything that a partition table may list.
type Plan struct {
	Sectors  int64  // of the whole image
	Volume   int64  // sectors of the volume, from 0
	Images   []Span // for each of Options.Images
	Appended []Span // for each of Options.Append
	Code     []byte // contents of the file Options.Code
	Seed     Seed
}

// alignment is that of the end of the volume, of appended partitions and of the whole
// image, in sectors: 1 MiB. That is a cylinder of the geometry that isohybrid made
// usual (64 heads, 32 sectors), and the usual alignment of partitions today.
const alignment = 1 << 20 / SectorSize

// Align rounds a sector up to the next one at which a partition may begin.
func Align(sector int64) int64 { return (sector + alignment - 1) / alignment * alignment }

// TailSectors is the number of sectors of the backup GPT at the end of the image.
const TailSectors = (gptBlocks + blocksPerSector - 1) / blocksPerSector

// Disk makes the partition tables. The options must have passed Check.
func (o *Options) Disk(p Plan) (*Disk, error) {
	d := &Disk{Blocks: p.Sectors * blocksPerSector, Code: p.Code, Seed: p.Seed, kind: o.GPT, Style: o.Style}
	if err := o.code(d, p); err != nil {
		return nil, err
	}
	o.listAPM(d, p)
	switch o.GPT {
	case GPTOnly:
		o.listGPT(d, p)
		d.protect()
	case GPTHybrid:
		o.listHybrid(d, p)
		fallthrough
	default:
		if err := o.listMBR(d, p); err != nil {
			return nil, err
		}
	}
	return d, d.checkRoom(o.Code)
}

// code finds the style of the boot code and the image that it boots.
func (o *Options) code(d *Disk, p Plan) error {
	if len(p.Code) > SystemArea {
		return fmt.Errorf("boot code %s is too large: the system area holds %d bytes", o.Code, SystemArea)
	}
	if d.Style == StyleAuto {
		d.Style = detectStyle(p.Code)
	}
	if d.Style == StylePlain {
		return nil
	}
	if len(p.Code) < 432 {
		return fmt.Errorf("boot code %s has %d bytes, but %s boot code has at least 432", o.Code, len(p.Code), d.Style)
	}
	for n, i := range o.Images {
		if i.Platform == BIOS && i.Emulation == NoEmulation && i.Path != "" {
			d.Boot = uint32(p.Images[n].Start)
			return nil
		}
	}
	return fmt.Errorf("boot code %s needs a BIOS boot image without emulation, and there is none", o.Code)
}

// detectStyle recognizes boot code by the messages in it.
func detectStyle(code []byte) Style {
	switch mbr := code[:min(len(code), BlockSize)]; {
	case bytes.Contains(mbr, []byte("isolinux.bin")):
		return StyleISOLINUX
	case bytes.Contains(mbr, []byte("GRUB ")):
		return StyleGRUB
	}
	return StylePlain
}

// listMBR lists the volume, the UEFI images in it, and the appended partitions.
func (o *Options) listMBR(d *Disk, p Plan) error {
	start := int64(o.PartitionOffset) * blocksPerSector
	volume := slot{number: 1, start: start, count: p.Volume*blocksPerSector - start, active: true}
	volume.kind.MBR = o.volumeType(d)
	d.mbr = append(d.mbr, volume)
	taken := map[int]bool{1: true}
	for n, a := range o.Append {
		s := slot{number: a.Number, kind: a.Type}
		s.start, s.count = p.Appended[n].blocks()
		d.mbr = append(d.mbr, s)
		taken[a.Number] = true
	}
	for n, i := range o.Images {
		if i.Platform != EFI || i.Path == "" {
			continue
		}
		number := 2
		for taken[number] {
			number++
		}
		if number > 4 {
			return fmt.Errorf("%s does not fit into the MBR, which holds 4 partitions", i)
		}
		taken[number] = true
		s := slot{number: number, kind: TypeEFI}
		s.start, s.count = p.Images[n].blocks()
		d.mbr = append(d.mbr, s)
	}
	return nil
}

// volumeType returns the MBR type of the partition of the volume. isohybrid made 17h
// ("hidden NTFS") usual, or 00h if there is a GPT too.
func (o *Options) volumeType(d *Disk) byte {
	switch {
	case o.VolumeType != 0:
		return o.VolumeType
	case o.GPT == GPTHybrid:
		return 0
	case d.Style == StyleISOLINUX:
		return 0x17
	}
	return TypeISO.MBR
}

// VolumeSectors returns the number of sectors of the volume's partition.
func (d *Disk) VolumeSectors() int64 {
	list := d.mbr
	if d.kind == GPTOnly {
		list = d.gpt
	}
	for _, s := range list {
		if s.number == 1 {
			return s.count / blocksPerSector
		}
	}
	return 0
}

// protect makes the MBR protective (UEFI Specification 5.2.3). If there is boot code,
// an entry without a type is marked active, since some BIOSes do not boot a disk
// without an active entry.
func (d *Disk) protect() {
	d.mbr = []slot{{number: 1, start: 1, count: d.Blocks - 1, kind: Type{MBR: 0xEE}}}
	if len(d.Code) > 0 {
		d.mbr = append(d.mbr, slot{number: 2, count: 1, active: true})
	}
}

// checkRoom returns an error if there are more partitions than a GPT holds, or if
// boot code overlaps the tables after the MBR.
func (d *Disk) checkRoom(code string) error {
	if n := len(d.gpt); n > gptEntries {
		return fmt.Errorf("the GPT would need %d partitions for the volume, its boot images, the gaps between them and the appended partitions, but holds only %d: append fewer partitions", n, gptEntries)
	}
	if len(d.Code) <= BlockSize || len(d.gpt)+len(d.apm) == 0 {
		return nil
	}
	if len(bytes.Trim(d.Code[BlockSize:], "\x00")) > 0 {
		return fmt.Errorf("boot code %s has %d bytes, but next to a GPT or an APM only one block of 512 bytes is free", code, len(d.Code))
	}
	return nil
}

// PutHead writes the system area to b, SystemArea bytes of zeros.
func (d *Disk) PutHead(b []byte) {
	copy(b, d.Code)
	if len(d.apm) > 0 {
		d.putAPM(b)
	}
	d.putMBR(b)
	if d.kind != GPTNone {
		d.putGPT(b)
	}
}

// Offsets in the MBR.
const (
	mbrAddress   = 432 // of the boot image
	mbrSignature = 440
	mbrTable     = 446
)

// putMBR writes addresses and the partition table to the MBR.
func (d *Disk) putMBR(b []byte) {
	switch boot := uint64(d.Boot) * blocksPerSector; d.Style {
	case StyleISOLINUX:
		binary.LittleEndian.PutUint64(b[mbrAddress:], boot)
	case StyleGRUB:
		// The first sector of the image is used on discs only.
		binary.LittleEndian.PutUint64(b[mbrAddress:], boot+blocksPerSector)
	}
	binary.LittleEndian.PutUint32(b[mbrSignature:], d.Seed.signature())
	binary.LittleEndian.PutUint16(b[mbrSignature+4:], 0)
	clear(b[mbrTable : mbrTable+64])
	for _, s := range d.mbr {
		e := b[mbrTable+16*(s.number-1):]
		if s.active && len(d.Code) > 0 {
			e[0] = 0x80
		}
		putCHS(e[1:], s.start)
		e[4] = s.kind.MBR
		putCHS(e[5:], s.start+s.count-1)
		binary.LittleEndian.PutUint32(e[8:], clamp32(s.start))
		binary.LittleEndian.PutUint32(e[12:], clamp32(s.count))
	}
	b[510], b[511] = 0x55, 0xAA
}

// clamp32 returns a number as the MBR can record it.
func clamp32(n int64) uint32 { return uint32(min(n, 1<<32-1)) }

// putCHS writes a block address as cylinder, head and sector of a disk of 64
// heads and 32 sectors. Addresses past cylinder 1023 become its last block.
func putCHS(b []byte, block int64) {
	const heads, sectors = 64, 32
	c, h, s := block/(heads*sectors), block/sectors%heads, block%sectors+1
	if c > 1023 {
		c, h, s = 1023, 254, 63
	}
	b[0], b[1], b[2] = byte(h), byte(s)|byte(c>>8)<<6, byte(c)
}
