package iso9660

import (
	"fmt"
	"strings"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
)

// PartitionTables returns the partition tables in the system area, which ISO 9660 does
// not use (ECMA-119 6.2.1).
func (v *FS) PartitionTables() []boot.Table { return v.tables }

// describeHybrid describes what else the image is: a disk with partitions, or a
// Macintosh volume.
func (v *FS) describeHybrid() {
	v.tables = boot.Tables(v.r, v.size)
	for _, t := range v.tables {
		for _, e := range t.Entries {
			v.property(fmt.Sprintf("%s entry %d", t.Kind, e.Number), e.String())
		}
		if t.Problem != "" {
			v.property(t.Kind, "damaged: "+t.Problem)
		}
	}
	for _, at := range v.macintosh() {
		p := make([]byte, 2048)
		if n, _ := v.r.ReadAt(p, at); n < len(p) {
			continue
		}
		if s := describeHFS(p); s != "" {
			v.property("Macintosh volume", s)
			break
		}
	}
	if at := v.partitionOffset(); at > 0 {
		v.property("Partition offset", fmt.Sprintf("%d sectors: the volume can also be mounted from its partition", at))
	}
}

// macintosh returns the offsets at which a Macintosh volume may begin: the start of the
// image, and of its HFS partitions.
func (v *FS) macintosh() []int64 {
	list := []int64{0}
	for _, t := range v.tables {
		for _, e := range t.Entries {
			if strings.HasPrefix(e.Type, "Apple_HFS") && e.Start < v.size/boot.BlockSize {
				list = append(list, e.Start*boot.BlockSize)
			}
		}
	}
	return list
}

// partitionOffset returns the first sector of an MBR partition that has a second set of
// volume descriptors, 0 if there is none. Usually it is 16.
func (v *FS) partitionOffset() disc.LBA {
	starts := []disc.LBA{16}
	for _, t := range v.tables {
		for _, e := range t.Entries {
			if t.Kind == "MBR" && e.Start >= 64 && e.Start%4 == 0 {
				starts = append(starts, disc.LBA(e.Start/4))
			}
		}
	}
	for _, at := range starts {
		set, err := readDescriptors(v.r, at+16)
		if err != nil {
			continue
		}
		d, _ := find(set, func(d descriptor) bool { return d.kind() == typePrimary })
		end := int64(at)*disc.SectorSize + int64(d.sectors())*int64(checkBlockSize(d.blockSize()))
		if d.text(40, 72) == v.info.Label && end <= v.size {
			return at
		}
	}
	return 0
}

// describeHFS describes the Macintosh volume whose header is at offset 1024 of p, "" if
// there is none.
func describeHFS(p []byte) string {
	switch string(p[1024:1026]) {
	case "BD":
		n := min(int(p[1024+36]), 27)
		return fmt.Sprintf("HFS, label %q", cleanText(string(p[1024+37:1024+37+n])))
	case "H+":
		return "HFS+"
	case "HX":
		return "HFSX"
	}
	return ""
}
