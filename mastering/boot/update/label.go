package update

import (
	"encoding/binary"
	"fmt"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/patch"
)

// label is boot data in the system area for a machine other than a PC or a Macintosh. It is
// kept as it is, except for the size of the image, and the files in that of MIPS.
type label struct {
	name    string
	size    int  // bytes of it that can have addresses
	instead bool // it has the place of the MBR
	// grow changes the size of the image, where it is recorded. It is nil if it is not.
	grow func(head []byte, ends func(int64) int64) error
	// move changes the address and the size of a file. If it is nil, they cannot be changed.
	move func(head []byte, from, to, size int64) bool
}

// findLabels recognizes boot labels by their magic numbers: the volume header of MIPS
// (0BE5A941h at 0), the boot block of DECstations (0002757Ah at 8), the label of Sun (DABEh
// at 508), PALO of HP-PA (8000h at 0, and its name), and the boot sector of Alpha's SRM
// console (the sum of its first 63 words at 504).
func findLabels(head []byte) []label {
	be, le := binary.BigEndian, binary.LittleEndian
	var list []label
	switch {
	case be.Uint32(head) == 0x0BE5A941:
		list = append(list, label{name: "MIPS", size: boot.BlockSize, instead: true, grow: growMIPS, move: moveMIPS})
	case le.Uint32(head[8:]) == 0x0002757A:
		list = append(list, label{name: "DECstation", size: boot.BlockSize, instead: !hasMBR(head)})
	case be.Uint16(head[508:]) == 0xDABE:
		list = append(list, label{name: "Sun SPARC", size: 2 * boot.SectorSize, instead: true, grow: growSun})
	case be.Uint16(head) == 0x8000 && containsText(head[:64], "PALO"):
		list = append(list, label{name: "HP-PA", size: boot.SectorSize, instead: !hasMBR(head)})
	case alpha(head):
		list = append(list, label{name: "Alpha", size: boot.BlockSize, instead: true})
	}
	return list
}

// alpha reports whether the words of the first block add up as the SRM console needs it.
func alpha(head []byte) bool {
	var sum uint64
	for i := 0; i < 504; i += 8 {
		sum += binary.LittleEndian.Uint64(head[i:])
	}
	return sum != 0 && sum == binary.LittleEndian.Uint64(head[504:]) && binary.LittleEndian.Uint64(head[488:]) != 0
}

// Offsets in the volume header of MIPS, whose numbers are big-endian: the number of
// cylinders of 32 blocks, as 16 bits and 8 more; 15 entries of files, of 16 bytes; 16
// partitions of 12 bytes, which begin with their size; and a checksum, with which all words
// add up to 0.
const (
	mipsCylinders     = 28
	mipsCylindersHigh = 35
	mipsFiles         = 72
	mipsPartitions    = 312
	mipsSum           = 504

	mipsFileBlock = 8
	mipsFileSize  = 12
)

func growMIPS(head []byte, ends func(int64) int64) error {
	be := binary.BigEndian
	for n := range 16 {
		p := head[mipsPartitions+n*12:]
		old := int64(be.Uint32(p))
		if old == 0 || be.Uint32(p[4:]) != 0 {
			continue
		}
		now := ends(old)
		be.PutUint32(p, clamp32(now))
		cylinders := int64(head[mipsCylindersHigh])<<16 | int64(be.Uint16(head[mipsCylinders:]))
		if count := ceil(now, 32) / 32; cylinders == ceil(old, 32)/32 || cylinders == old/32 {
			if cylinders == old/32 {
				count = now / 32
			}
			be.PutUint16(head[mipsCylinders:], uint16(count))
			head[mipsCylindersHigh] = byte(count >> 16)
		}
	}
	sumMIPS(head)
	return nil
}

func moveMIPS(head []byte, from, to, size int64) bool {
	be := binary.BigEndian
	found := false
	for n := range 15 {
		e := head[mipsFiles+n*16:]
		if int64(be.Uint32(e[mipsFileBlock:])) != from*blocks || from == 0 {
			continue
		}
		found = true
		if size == 0 {
			clear(e[:16])
			continue
		}
		be.PutUint32(e[mipsFileBlock:], clamp32(to*blocks))
		be.PutUint32(e[mipsFileSize:], clamp32(size))
	}
	if found {
		sumMIPS(head)
	}
	return found
}

func sumMIPS(head []byte) {
	var sum uint32
	for i := 0; i < mipsSum; i += 4 {
		sum += binary.BigEndian.Uint32(head[i:])
	}
	binary.BigEndian.PutUint32(head[mipsSum:], -sum)
}

// Offsets in the label of Sun, whose numbers are big-endian: 8 partitions, each with its
// first cylinder and its number of blocks; and the exclusive or of all words before.
const (
	sunPartitions = 444
	sunSum        = 510
)

func growSun(head []byte, ends func(int64) int64) error {
	be := binary.BigEndian
	for n := range 8 {
		p := head[sunPartitions+n*8:]
		start, old := be.Uint32(p), int64(be.Uint32(p[4:]))
		switch {
		case old == 0:
		case start > 0:
			return &patch.UnsafeError{Why: "its label for Sun SPARC has partitions after the volume, which cannot be moved"}
		default:
			be.PutUint32(p[4:], clamp32(ends(old)))
		}
	}
	var sum uint16
	for i := 0; i < sunSum; i += 2 {
		sum ^= be.Uint16(head[i:])
	}
	be.PutUint16(head[sunSum:], sum)
	return nil
}

// moveLabels changes the addresses of contents in labels. It returns an error if a label has
// the address, in blocks, in sectors or in bytes, in either order of bytes, and there is no
// way to change it.
func (u *Updater) moveLabels(lba, to, size int64, path string) error {
	for _, l := range u.labels {
		if l.move != nil {
			if l.move(u.head, lba, to, size) {
				u.note("boot label for %s: %s moves from sector %d to %d", l.name, path, lba, to)
			}
			continue
		}
		for off := 0; off+4 <= l.size; off += 4 {
			b := u.before[off:]
			for _, n := range []uint32{binary.BigEndian.Uint32(b), binary.LittleEndian.Uint32(b)} {
				if n != 0 && (int64(n) == lba*blocks || int64(n) == lba*boot.SectorSize) {
					return &patch.UnsafeError{Why: fmt.Sprintf("its boot label for %s has the address of %s, and cannot be changed", l.name, path)}
				}
			}
		}
	}
	return nil
}
