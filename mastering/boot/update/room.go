package update

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/patch"
)

// MakeRoom adds an empty boot record to a volume that is not bootable, so that Add can make
// the first entry of a catalogue. Firmware looks for it in the sector after the primary
// volume descriptor only (El Torito 2), so the other descriptors, with those of UDF that
// follow, move up by a sector. The sector after them must be unused, or have a path table,
// which is copied to the end; otherwise the error is a *patch.UnsafeError. start is where the
// session of the volume begins.
//
// It must be called before the updaters of the file systems are made, since they remember
// where descriptors are. It does nothing if there is a boot record.
func MakeRoom(set *patch.Set, start disc.LBA) error {
	first := int64(start) + systemSectors
	list, err := readDescriptors(set, first)
	if err != nil {
		return fmt.Errorf("add a boot record: %w", err)
	}
	if len(list) > 1 && list[1][0] == 0 {
		return nil
	}
	last := list[len(list)-1]
	free := first + int64(len(list)) - 1
	moved, err := moveTables(set, list, free)
	if err != nil {
		return fmt.Errorf("add a boot record: %w", err)
	}
	if !moved && len(bytes.Trim(last, "\x00")) > 0 || usedBefore(list, free) {
		return &patch.UnsafeError{Why: "it has no boot record, and no room for one after its first volume descriptor"}
	}
	record := make([]byte, boot.SectorSize)
	record[6] = 1
	copy(record[descriptorID:], "CD001")
	list = append([][]byte{list[0], record}, list[1:len(list)-1]...)
	for i, p := range list {
		if _, err := set.WriteAt(p, (first+int64(i))*boot.SectorSize); err != nil {
			return fmt.Errorf("add a boot record: %w", err)
		}
	}
	return nil
}

// readDescriptors returns the volume descriptors from a sector on, of ISO 9660 and of UDF,
// and the sector after them.
func readDescriptors(set *patch.Set, lba int64) ([][]byte, error) {
	var list [][]byte
	for len(list) <= maxDescriptors {
		p := make([]byte, boot.SectorSize)
		if n, err := set.ReadAt(p, lba*boot.SectorSize); n < len(p) {
			return nil, fmt.Errorf("read the volume descriptor at sector %d: %w", lba, noEOF(err))
		}
		list = append(list, p)
		switch string(p[descriptorID : descriptorID+5]) {
		case "CD001", "BEA01", "NSR02", "NSR03", "TEA01", "BOOT2", "CDW02":
			lba++
			continue
		}
		if len(list) == 1 || list[0][0] != 1 {
			return nil, errors.New("there is no volume that begins with a primary volume descriptor")
		}
		return list, nil
	}
	return nil, errors.New("there are too many volume descriptors")
}

// pathTables are the offsets of the addresses of path tables in a descriptor: two for the
// type L, which are little-endian, and two for the type M (ECMA-119 8.4.14 to 8.4.17).
var pathTables = [4]int{140, 144, 148, 152}

// pathTableSize is the offset of the size of the path tables (ECMA-119 8.4.13).
const pathTableSize = 132

func tableOrder(n int) binary.ByteOrder {
	if n < 2 {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// hasTables reports whether a sector is a descriptor of a volume or of another view of it.
func hasTables(p []byte) bool {
	return string(p[descriptorID:descriptorID+5]) == "CD001" && (p[0] == 1 || p[0] == 2)
}

// moveTables copies the path tables that begin at a sector to the end of the image, and
// changes their addresses in the descriptors. It reports whether there were some.
func moveTables(set *patch.Set, list [][]byte, lba int64) (moved bool, err error) {
	to := int64(0)
	for _, p := range list[:len(list)-1] {
		if !hasTables(p) {
			continue
		}
		for n, off := range pathTables {
			if int64(tableOrder(n).Uint32(p[off:])) != lba {
				continue
			}
			size := int64(binary.LittleEndian.Uint32(p[pathTableSize:]))
			if size == 0 || size > set.BaseSize()-lba*boot.SectorSize {
				return false, fmt.Errorf("the path table at sector %d is larger than the image", lba)
			}
			if to == 0 {
				to = set.Add(part{set, lba * boot.SectorSize}, size)
			}
			tableOrder(n).PutUint32(p[off:], uint32(to))
		}
	}
	return to > 0, nil
}

// usedBefore reports whether a sector may be used by the volume: if it is not before all
// path tables and root directories, whose addresses are in the descriptors.
func usedBefore(list [][]byte, lba int64) bool {
	for _, p := range list[:len(list)-1] {
		if !hasTables(p) {
			continue
		}
		used := int64(binary.LittleEndian.Uint32(p[descriptorRoot:])) <= lba
		for n, off := range pathTables {
			at := int64(tableOrder(n).Uint32(p[off:]))
			used = used || at != 0 && at <= lba
		}
		if used {
			return true
		}
	}
	return false
}
