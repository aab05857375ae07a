package update

import (
	"encoding/binary"
	"fmt"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/patch"
)

// label is boot data in the system area for a machine other than a PC or a Macintosh. It is
// kept as it is.
type label struct {
	name    string
	size    int  // bytes of it that can have addresses
	sized   bool // it has the size of the image
	instead bool // it has the place of the MBR
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
		list = append(list, label{name: "MIPS", size: boot.BlockSize, sized: true, instead: true})
	case le.Uint32(head[8:]) == 0x0002757A:
		list = append(list, label{name: "DECstation", size: boot.BlockSize, instead: !hasMBR(head)})
	case be.Uint16(head[508:]) == 0xDABE:
		list = append(list, label{name: "Sun SPARC", size: 2 * boot.SectorSize, sized: true, instead: true})
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

// checkLabels returns an error if a label has the address of contents that are no longer
// there: in blocks, in sectors or in bytes, in either order of bytes.
func (u *Updater) checkLabels(lba int64, path string) error {
	for _, l := range u.labels {
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
