package iso9660

import (
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

func init() { volume.RegisterClaim("ISO 9660", claim) }

// claim returns the address behind the volume space (ECMA-119 8.4.8) of the newest
// volume of a session, 0 when there is none.
//
// Standards and writers do not agree on whether the size of a later session counts
// from its start or from address 0. Where only the latter can be right, it counts.
func claim(r io.ReaderAt, size int64, start disc.LBA) disc.LBA {
	list, err := findSessions(r, size, start)
	if err != nil {
		return 0
	}
	s := list[len(list)-1]
	if s.Start < start { // the volume of an earlier session, which is asked for its own
		return 0
	}
	end := s.Start + disc.LBA(s.Sectors)
	if have := disc.LBA(size / disc.SectorSize); end > have && disc.LBA(s.Sectors) > s.Start {
		return disc.LBA(s.Sectors)
	}
	return end
}
