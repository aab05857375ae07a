package udf

import (
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/volume"
)

// head describes the volume that begins with a session: its recognition sequence
// follows the system area, and it has an anchor volume descriptor pointer at sector
// 256 of the session, or at 512 while it is open (UDF 2.2.3, 6.10).
func head(r io.ReaderAt, size int64, start disc.LBA) (volume.Head, bool) {
	m, anchors, rec, err := find(r, int64(start)*disc.SectorSize, size)
	if err != nil || start != 0 && rec.nsr == "" {
		return volume.Head{}, false
	}
	for _, a := range anchors {
		if first := int64(start) + firstAnchor; start != 0 && a.location != first && a.location != first+firstAnchor {
			continue
		}
		d, err := readDescriptors(m, a)
		if err != nil {
			continue
		}
		h := volume.Head{End: disc.LBA(size / disc.SectorSize)}
		if !d.growing() {
			h.End = d.end(a, m.block)
		}
		if d.primary != nil {
			h.Created = ecma167.DecodeTime(d.primary[376:])
		}
		return h, true
	}
	return volume.Head{}, false
}
