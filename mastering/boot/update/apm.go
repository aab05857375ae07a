package update

import (
	"encoding/binary"
	"strings"

	"glassmaster/mastering/boot"
)

// Offsets in an entry of an Apple partition map (Inside Macintosh: Devices, chapter 3).
// All numbers are big-endian.
const (
	apmEntries = 4
	apmStart   = 8
	apmCount   = 12
	apmName    = 16
	apmType    = 48
	apmUsed    = 84 // blocks of data in the partition
)

// apm is an Apple partition map, whose blocks have 512 or 2048 bytes.
type apm struct {
	head  []byte
	size  int // of a block in bytes
	count int // entries
}

// readAPM finds the map: nil if there is none.
func readAPM(head []byte) *apm {
	be := binary.BigEndian
	sizes := []int{boot.BlockSize, boot.SectorSize}
	if string(head[:2]) == "ER" && be.Uint16(head[2:]) == boot.SectorSize {
		sizes = []int{boot.SectorSize, boot.BlockSize}
	}
	for _, size := range sizes {
		a := &apm{head: head, size: size}
		for (a.count+2)*size <= len(head) && string(a.entry(a.count + 1)[:2]) == "PM" && uint32(a.count) < be.Uint32(a.entry(1)[apmEntries:]) {
			a.count++
		}
		if a.count > 0 {
			return a
		}
	}
	return nil
}

func (a *apm) entry(number int) []byte { return a.head[number*a.size:][:boot.BlockSize] }

// partitions lists the entries.
func (a *apm) partitions() []*partition {
	be := binary.BigEndian
	unit := int64(a.size / boot.BlockSize)
	var list []*partition
	for n := 1; n <= a.count; n++ {
		e := a.entry(n)
		s := span{int64(be.Uint32(e[apmStart:])) * unit, int64(be.Uint32(e[apmCount:])) * unit}
		if s.count == 0 {
			continue
		}
		name, _, _ := strings.Cut(string(e[apmName:apmType]), "\x00")
		kind, _, _ := strings.Cut(string(e[apmType:apmType+32]), "\x00")
		list = append(list, &partition{
			table: "APM", number: n, name: name, span: s, now: s, unit: unit,
			covers: kind == "Apple_partition_map", filler: strings.HasPrefix(name, "Gap") && kind == "ISO9660_data",
		})
	}
	return list
}

// put writes the changed partitions. Entries after a removed one move up, since a map has no
// holes.
func (a *apm) put(list []*partition) {
	be := binary.BigEndian
	unit := int64(a.size / boot.BlockSize)
	gone := map[int]bool{}
	for _, p := range list {
		if p.table != "APM" {
			continue
		}
		gone[p.number] = p.removed
		if p.span == p.now {
			continue
		}
		e := a.entry(p.number)
		be.PutUint32(e[apmStart:], clamp32(p.now.start/unit))
		same := be.Uint32(e[apmUsed:]) == be.Uint32(e[apmCount:])
		be.PutUint32(e[apmCount:], clamp32(p.now.count/unit))
		if same {
			be.PutUint32(e[apmUsed:], clamp32(p.now.count/unit))
		}
	}
	a.compact(gone)
}

func (a *apm) compact(gone map[int]bool) {
	be := binary.BigEndian
	to := 1
	for n := 1; n <= a.count; n++ {
		if gone[n] {
			continue
		}
		if to != n {
			copy(a.entry(to), a.entry(n))
		}
		to++
	}
	if to == a.count+1 {
		return
	}
	for n := 1; n <= a.count; n++ {
		e := a.entry(n)
		if n >= to {
			clear(e)
			continue
		}
		be.PutUint32(e[apmEntries:], uint32(to-1))
		if string(e[apmType:apmType+19]) == "Apple_partition_map" && be.Uint32(e[apmCount:]) == uint32(a.count) {
			be.PutUint32(e[apmCount:], uint32(to-1))
			if be.Uint32(e[apmUsed:]) == uint32(a.count) {
				be.PutUint32(e[apmUsed:], uint32(to-1))
			}
		}
	}
	a.count = to - 1
}
