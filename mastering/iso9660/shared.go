package iso9660

import (
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// admit records that a directory was reached on a path, and reports whether it was
// reached on another path before.
func admit(r *volume.Reach, v *FS, way uint64, spans []span) (again bool, err error) {
	if len(spans) == 0 {
		return false, nil
	}
	return r.Admit(uint64(spans[0].off), way, bytesOf(v, spans))
}

// offsets returns the offsets of directories.
func offsets(dirs []*fileInfo) []int64 {
	var list []int64
	for _, d := range dirs {
		if len(d.spans) > 0 {
			list = append(list, d.spans[0].off)
		}
	}
	return list
}

// loop returns an error if a directory contains itself: if its offset is among those of
// the directories above it.
func loop(above []int64, spans []span) error {
	if len(spans) == 0 {
		return nil
	}
	for _, at := range above {
		if at == spans[0].off {
			return fmt.Errorf("the folder at sector %d contains itself: the volume is damaged", at/disc.SectorSize)
		}
	}
	return nil
}
