package boot

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Sizes of the floppies that El Torito emulates, in bytes.
const (
	size12  = 80 * 2 * 15 * BlockSize
	size144 = 80 * 2 * 18 * BlockSize
	size288 = 80 * 2 * 36 * BlockSize
)

// HeadSize is the number of bytes of a boot image that Entry examines.
const HeadSize = 512

// Entry returns the catalogue entry, without the address, of an image of size bytes
// that begins with head, up to HeadSize bytes. The error says why the image does not
// match the options.
func (i Image) Entry(size int64, head []byte) (Entry, error) {
	e := Entry{
		Platform: i.Platform, Emulation: i.Emulation, NotBootable: i.NotBootable,
		LoadSegment: i.LoadSegment, LoadSectors: 1,
	}
	if size == 0 {
		return e, fmt.Errorf("%s is empty", i)
	}
	switch i.Emulation {
	case NoEmulation:
		return e, i.noEmulation(&e, size, head)
	case HardDisk:
		t, err := diskType(size, head)
		if err != nil {
			return e, fmt.Errorf("%s: %w", i, err)
		}
		e.SystemType = t
	default:
		f, err := floppy(i.Emulation, size)
		if err != nil {
			return e, fmt.Errorf("%s: %w", i, err)
		}
		e.Emulation = f
	}
	if i.LoadSectors > 0 {
		e.LoadSectors = uint16(i.LoadSectors)
	}
	return e, nil
}

func (i Image) noEmulation(e *Entry, size int64, head []byte) error {
	if i.InfoTable && size < infoEnd {
		return fmt.Errorf("%s has %d bytes, but a boot information table needs at least %d", i, size, infoEnd)
	}
	if i.GRUBInfo && size < grubInfo+8 {
		return fmt.Errorf("%s is not a GRUB image: it has %d bytes, and a GRUB image has at least %d", i, size, grubInfo+8)
	}
	if i.Platform == EFI {
		if bytes.HasPrefix(head, []byte("MZ")) {
			return fmt.Errorf("%s is a UEFI program, but UEFI boots a disc from a FAT file system: put the program into a FAT image as /EFI/BOOT/BOOTX64.EFI, and use that image", i)
		}
		if len(head) < HeadSize || head[510] != 0x55 || head[511] != 0xAA {
			return fmt.Errorf("%s is not a FAT file system, which UEFI needs to boot from a disc", i)
		}
	}
	blocks := (size + BlockSize - 1) / BlockSize
	all := i.LoadSectors == LoadAll || i.LoadSectors == 0 && i.Platform == EFI
	switch {
	case all && blocks > 0xFFFF && i.Platform == EFI:
		// UEFI 13.3.2.1: with 0 or 1 the image extends to the end of the disc.
		e.LoadSectors = 0
	case all && blocks > 0xFFFF:
		return fmt.Errorf("%s has %d bytes, but firmware loads at most %d: set how much of it to load", i, size, 0xFFFF*BlockSize)
	case all:
		e.LoadSectors = uint16(blocks)
	case i.LoadSectors == 0:
		e.LoadSectors = 4
	default:
		e.LoadSectors = uint16(i.LoadSectors)
	}
	return nil
}

// floppy returns the kind of floppy that an image of that size is.
func floppy(want Emulation, size int64) (Emulation, error) {
	for _, f := range []struct {
		e    Emulation
		size int64
	}{{Floppy12, size12}, {Floppy144, size144}, {Floppy288, size288}} {
		switch {
		case want != f.e && want != FloppyBySize:
		case size == f.size:
			return f.e, nil
		case want == f.e:
			return 0, fmt.Errorf("it has %d bytes, but a %s floppy has %d", size, f.e, f.size)
		}
	}
	return 0, fmt.Errorf("it has %d bytes, which is not the size of a floppy (%d, %d or %d)", size, size12, size144, size288)
}

// diskType returns the type of the partition of a hard disk image. El Torito
// allows one only.
func diskType(size int64, head []byte) (byte, error) {
	if len(head) < HeadSize || head[510] != 0x55 || head[511] != 0xAA {
		return 0, fmt.Errorf("it is not a hard disk image: it has no MBR")
	}
	var found []byte
	for n := range 4 {
		p := head[446+16*n:]
		if p[4] == 0 {
			continue
		}
		found = append(found, p[4])
		if start := binary.LittleEndian.Uint32(p[8:]); int64(start)*BlockSize >= size {
			return 0, fmt.Errorf("its partition %d begins at block %d, past the end of the image", n+1, start)
		}
	}
	if len(found) != 1 {
		return 0, fmt.Errorf("it has %d partitions, but an emulated hard disk has exactly one", len(found))
	}
	return found[0], nil
}

// HybridISOLINUX reports whether ISOLINUX's boot code for disks can boot an image
// that begins with head: the code checks a magic number at byte 64.
func HybridISOLINUX(head []byte) bool {
	return len(head) >= 68 && binary.LittleEndian.Uint32(head[64:]) == 0x7078C0FB
}
