package iso9660

import (
	"fmt"
	"slices"

	"glassmaster/mastering/disc"
)

// This file is for package update, which changes the records of directories.

// SystemUse says what the system use areas of the records contain.
type SystemUse struct {
	RockRidge bool
	// Skip is the number of bytes at the start of each area that are not SUSP's, and
	// RootSkip the same for the record "." of the root (P1281 5.3).
	Skip, RootSkip int
}

// SystemUse returns what the view knows of system use areas.
func (v *FS) SystemUse() SystemUse { return SystemUse{v.susp, v.skip, v.rootSkip} }

// PartitionOffset returns the first sector of a partition that shows the same volume with
// its own descriptors and directories, 0 if there is none.
func (v *FS) PartitionOffset() disc.LBA { return v.partitionOffset() }

// RecordNames returns the names that ReadDir shows of the directory of n bytes at offset
// off of the image, by the offsets of the first records of the entries. The error is that
// of ReadDir.
func (v *FS) RecordNames(off, n int64) (map[int64]string, error) {
	if off < 0 || n < 0 || off+n > v.size {
		return nil, fmt.Errorf("the directory at sector %d extends past the end of the image", off/disc.SectorSize)
	}
	var (
		s  scan
		w  window
		it item
	)
	names := map[int64]string{}
	spans := []span{{off, n}}
	s.start(v, spans, &w)
	for s.next(&it) {
		if !v.isHidden(slices.Contains(spans, v.root), &it) {
			names[it.at] = string(it.name)
		}
	}
	return names, s.err
}
