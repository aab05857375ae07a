package udf

import (
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/udf/internal/ecma167"
)

// claim returns the address after the last sector that the descriptors of the
// volume in a session refer to: its partitions and descriptor sequences (ECMA-167
// 3/8.4.2, 3/10.5). It returns 0 if there is no volume, or if that is not known.
func claim(r io.ReaderAt, size int64, start disc.LBA) disc.LBA {
	m, anchors, rec, err := find(r, int64(start)*disc.SectorSize, size)
	if err != nil {
		if rec.nsr != "" && size <= (int64(start)+firstAnchor)*disc.SectorSize {
			return start + firstAnchor + 1 // the disc ends before its first anchor
		}
		return 0
	}
	for _, a := range anchors {
		d, err := readDescriptors(m, a)
		if err != nil {
			continue
		}
		return max(d.end(a, m.block), disc.LBA((m.lastAnchor(a)+1)*m.block/disc.SectorSize))
	}
	return 0
}

// end returns the address after the last sector that the descriptors refer to.
func (d *descriptors) end(a anchor, block int64) disc.LBA {
	end := max(a.main.End(block), a.reserve.End(block))
	if !d.growing() {
		for _, p := range d.partitions {
			end = max(end, int64(p.start)+int64(p.length))
		}
	}
	return disc.LBA((end*block + disc.SectorSize - 1) / disc.SectorSize)
}

// lastAnchor returns the last sector of a volume that has an anchor just before its
// reserve sequence, as this program writes it. That anchor is 256 sectors before the
// last one (UDF 2.2.3). For other volumes it returns -1.
func (m *medium) lastAnchor(a anchor) int64 {
	at := int64(a.reserve.Location) - 1
	p := make([]byte, 512)
	if at <= firstAnchor || a.reserve.Length == 0 || m.readMeta(p, at*m.block) != nil {
		return -1
	}
	if id, err := ecma167.CheckTagAt(p, uint32(at), ecma167.TagAVDP); id != ecma167.TagAVDP || err != nil {
		return -1
	}
	return at + firstAnchor
}

// firstAnchor is the sector of the first anchor, from the start of a session (UDF
// 2.2.3).
const firstAnchor = 256

// growing reports whether the volume is on a medium that is written incrementally.
// Its partition is then as large as the medium, however much of it is written.
func (d *descriptors) growing() bool {
	for _, p := range d.partitions {
		if p.access == accessPseudo {
			return true
		}
	}
	for maps := d.logical[440:]; len(maps) >= 64 && maps[1] >= 2; maps = maps[min(int(maps[1]), len(maps)):] {
		if maps[0] == 2 && ecma167.EntityID(maps[4:]) == "*UDF Virtual Partition" {
			return true
		}
	}
	return false
}

// accessPseudo is the access type of a partition on a pseudo-overwritable medium,
// which is write-once but can be addressed as overwritable (UDF 2.2.14.2).
const accessPseudo = 0
