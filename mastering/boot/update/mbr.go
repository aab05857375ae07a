package update

import (
	"encoding/binary"
	"math"

	"glassmaster/mastering/boot"
)

// Offsets in the master boot record, and in an entry of its table (UEFI Specification
// 5.2.1).
const (
	mbrAddress = 432 // of the boot image, in blocks, 64 bits: ISOLINUX and GRUB
	mbrTable   = 446
	mbrEntry   = 16

	mbrType  = 4
	mbrStart = 8
	mbrCount = 12
)

// protective is the type of a partition that protects a GPT.
const protective = 0xEE

func hasMBR(head []byte) bool { return head[510] == 0x55 && head[511] == 0xAA }

// readMBR lists the partitions of the master boot record. An entry without a type counts
// if it has a size, as those of isohybrid.
func readMBR(head []byte) []*partition {
	if !hasMBR(head) {
		return nil
	}
	le := binary.LittleEndian
	var list []*partition
	for n := range 4 {
		e := head[mbrTable+n*mbrEntry:]
		s := span{int64(le.Uint32(e[mbrStart:])), int64(le.Uint32(e[mbrCount:]))}
		switch {
		case s.count == 0:
			continue
		case e[mbrType] == 0 && s == span{0, 1}: // it is there to be active only
			continue
		}
		list = append(list, &partition{table: "MBR", number: n + 1, span: s, now: s, unit: 1, covers: e[mbrType] == protective})
	}
	return list
}

// putMBR writes the changed partitions.
func putMBR(head []byte, list []*partition) {
	le := binary.LittleEndian
	for _, p := range list {
		if p.table != "MBR" || p.span == p.now && !p.removed && !p.added {
			continue
		}
		e := head[mbrTable+(p.number-1)*mbrEntry:][:mbrEntry]
		if p.removed {
			clear(e)
			continue
		}
		g := geometryOf(e, p.span)
		if p.added || p.now.start != p.span.start {
			g.put(e[1:4], p.now.start)
		}
		g.put(e[5:8], p.now.end()-1)
		le.PutUint32(e[mbrStart:], clamp32(p.now.start))
		le.PutUint32(e[mbrCount:], clamp32(p.now.count))
	}
}

func clamp32(n int64) uint32 { return uint32(min(n, math.MaxUint32)) }

// geometry is that of the disk that the addresses of cylinder, head and sector in a
// partition entry are for.
type geometry struct {
	heads, sectors int64
	max            [3]byte // for addresses past cylinder 1023
	blank          bool    // they are not used: all zero or all at the maximum
}

// geometries are those in use: isohybrid's, and that of large disks.
var geometries = []geometry{
	{heads: 64, sectors: 32, max: [3]byte{0xFE, 0xFF, 0xFF}},
	{heads: 128, sectors: 32, max: [3]byte{0xFE, 0xFF, 0xFF}},
	{heads: 255, sectors: 32, max: [3]byte{0xFE, 0xFF, 0xFF}},
	{heads: 64, sectors: 63, max: [3]byte{0xFE, 0xFF, 0xFF}},
	{heads: 128, sectors: 63, max: [3]byte{0xFE, 0xFF, 0xFF}},
	{heads: 240, sectors: 63, max: [3]byte{0xFE, 0xFF, 0xFF}},
	{heads: 255, sectors: 63, max: [3]byte{0xFE, 0xFF, 0xFF}},
}

// geometryOf returns the geometry that explains an entry.
func geometryOf(e []byte, s span) geometry {
	start, end := [3]byte(e[1:4]), [3]byte(e[5:8])
	if start == end && (start == [3]byte{} || start[1] == 0xFF && start[2] == 0xFF) && s.count > 1 {
		return geometry{max: start, blank: true}
	}
	for _, g := range geometries {
		if e[5] == 0xFF || end[1] == 0xFF && end[2] == 0xFF {
			g.max = end
		}
		var a, b [3]byte
		g.put(a[:], s.start)
		g.put(b[:], s.end()-1)
		if a == start && b == end {
			return g
		}
	}
	return geometries[0]
}

// put writes the address of a block: head, sector from 1 with two bits of the cylinder,
// cylinder.
func (g geometry) put(b []byte, block int64) {
	if g.blank {
		copy(b, g.max[:])
		return
	}
	c, h, s := block/(g.heads*g.sectors), block/g.sectors%g.heads, block%g.sectors+1
	if c > 1023 {
		copy(b, g.max[:])
		return
	}
	b[0], b[1], b[2] = byte(h), byte(s)|byte(c>>8)<<6, byte(c)
}

// cylinder returns the size of a cylinder in blocks, if a partition of the MBR ends with a
// cylinder and with the image, as isohybrid makes it.
func cylinder(head []byte, list []*partition, image int64) int64 {
	for _, p := range list {
		if p.table != "MBR" || p.covers || p.span.start != 0 || p.span.end() <= image-blocks {
			continue // cylinders need not be whole sectors
		}
		g := geometryOf(head[mbrTable+(p.number-1)*mbrEntry:], p.span)
		if n := g.heads * g.sectors; n > 0 && p.span.end()%n == 0 {
			return n
		}
	}
	return 0
}

// bootAddress returns the address at 432 that boot code for disks uses: that of the sector
// of the image, and how many blocks after its start it is. ISOLINUX has the start, and
// GRUB the second sector.
func bootAddress(head []byte) int64 {
	if !hasMBR(head) {
		return 0
	}
	n := binary.LittleEndian.Uint64(head[mbrAddress:])
	if n == 0 || n > math.MaxUint32*blocks {
		return 0
	}
	return int64(n)
}

// addMBR adds a partition to the master boot record, and returns nil if it is full.
func addMBR(head []byte, list []*partition, kind byte, s span) *partition {
	for n := range 4 {
		e := head[mbrTable+n*mbrEntry:][:mbrEntry]
		used := e[mbrType] != 0 || binary.LittleEndian.Uint32(e[mbrCount:]) != 0
		for _, p := range list {
			used = used || p.table == "MBR" && p.number == n+1 && !p.removed
		}
		if used {
			continue
		}
		clear(e)
		e[mbrType] = kind
		return &partition{table: "MBR", number: n + 1, now: s, unit: 1, added: true, image: true}
	}
	return nil
}

// hybridCode reports whether the boot code for disks is that of ISOLINUX, which boots only
// an isolinux.bin of its own kind.
func hybridCode(head []byte) bool {
	return hasMBR(head) && containsText(head[:boot.BlockSize], "isolinux.bin")
}
