package iso9660

import (
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

func init() { volume.RegisterClaim("ISO 9660", claim) }

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
