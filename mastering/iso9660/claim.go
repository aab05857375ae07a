package iso9660

import (
	"io"

	"glassmaster/mastering/disc"
)

// claim returns the address after the volume space (ECMA-119 8.4.8) of the volume in a
// session, 0 if there is none.
func claim(r io.ReaderAt, size int64, start disc.LBA) disc.LBA {
	set, err := readDescriptors(r, start+16)
	if err != nil {
		return 0
	}
	d, _ := find(set, func(d descriptor) bool { return d.kind() == typePrimary })
	return claimOf(d, size, start)
}
