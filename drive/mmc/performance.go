package mmc

import (
	"context"
	"fmt"

	"glassmaster/drive/scsi"
)

// Performance is the speed of the drive between two addresses, in kB/s at either end.
type Performance struct {
	Start, End     int64
	AtStart, AtEnd int
}

// performanceEntries is how many descriptors are requested: a drive has one for each zone.
const performanceEntries = 64

// NominalPerformance returns how fast the drive reads or writes each part of the medium at
// present (GET PERFORMANCE ACh, MMC-6 6.7, type 00h; byte 1: tolerance 10b, bit 2 write).
func NominalPerformance(ctx context.Context, t scsi.Transport, write bool) ([]Performance, error) {
	const tolerance = 2 << 3 // 10% nominal, 20% exceptions, the only value
	cdb := []byte{scsi.OpGetPerformance, tolerance | bit(write, 2), 0, 0, 0, 0, 0, 0, 0, performanceEntries, 0, 0}
	p, err := receive(ctx, t, cdb, 8+16*performanceEntries)
	if err != nil {
		return nil, err
	}
	return decodePerformance(p, write)
}

// decodePerformance decodes the header (0-3 length, 4 bit 1 write, bit 0 exceptions) and
// the descriptors: 0-3 start, 4-7 speed there, 8-11 end, 12-15 speed there.
func decodePerformance(p []byte, write bool) ([]Performance, error) {
	if p = declared(p, 4); len(p) < 8 {
		return nil, shortReply(scsi.OpGetPerformance, p)
	}
	if p[4]&1 != 0 || p[4]&2 != 0 != write {
		return nil, fmt.Errorf("%s: the drive returned other data than those requested", scsi.Describe([]byte{scsi.OpGetPerformance}))
	}
	var all []Performance
	for p = p[8:]; len(p) >= 16; p = p[16:] {
		all = append(all, Performance{
			Start: int64(be.Uint32(p)), AtStart: int(be.Uint32(p[4:])), End: int64(be.Uint32(p[8:])), AtEnd: int(be.Uint32(p[12:])),
		})
	}
	return all, nil
}

// defectSize is the length of a defect status descriptor.
const defectSize = 2048

// Defects are the known defective blocks of an area of a medium.
type Defects struct {
	Start, End int64   // the area, in sectors
	Blocks     []int64 // addresses of the first sectors of its defective blocks
}

// DefectStatus returns the defective blocks of the area of the medium that begins at an
// address (GET PERFORMANCE ACh, MMC-6 6.7, type 02h). The drive chooses how large the area
// is. Few drives support this.
func DefectStatus(ctx context.Context, t scsi.Transport, start int64) (Defects, error) {
	cdb := []byte{scsi.OpGetPerformance, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0}
	be.PutUint32(cdb[2:], uint32(start))
	p, err := receive(ctx, t, cdb, 8+defectSize)
	if err != nil {
		return Defects{}, err
	}
	return decodeDefects(p)
}

// decodeDefects decodes the header and a descriptor: 0-3 start, 4-7 end, 8 sectors in a
// block, 9 number of the first bit (bits 0-2), then a bit for each block, the lowest bit of
// a byte first; 1 is a defect.
func decodeDefects(p []byte) (Defects, error) {
	if p = declared(p, 4); len(p) < 8+10 {
		return Defects{}, shortReply(scsi.OpGetPerformance, p)
	}
	p = p[8:]
	d := Defects{Start: int64(be.Uint32(p)), End: int64(be.Uint32(p[4:]))}
	block, first := int64(p[8]), int(p[9]&7)
	if block == 0 {
		return d, nil
	}
	for i := first; i < 8*(len(p)-10); i++ {
		at := d.Start + int64(i-first)*block
		if at > d.End {
			break
		}
		if p[10+i/8]>>(i%8)&1 != 0 {
			d.Blocks = append(d.Blocks, at)
		}
	}
	return d, nil
}
