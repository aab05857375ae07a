package disc

// Medium is a kind of recordable disc.
type Medium struct {
	Name    string // as on the package, such as "DVD+R"
	Sectors int64  // capacity in 2048-byte sectors
}

// Bytes returns the capacity in bytes of user data.
func (m Medium) Bytes() int64 { return m.Sectors * SectorSize }

// Media are the common recordable media, smallest first, with their nominal capacities.
// The capacity that a drive reports for a medium takes precedence.
var Media = []Medium{
	{"CD 74 min", 333000},
	{"CD 80 min", 359849},
	{"Mini DVD", 714544},
	{"DVD+R", 2295104},
	{"DVD-R", 2298496},
	{"DVD-R DL", 4171712},
	{"DVD+R DL", 4173824},
	{"BD 25 GB", 12219392},
	{"BD 50 GB", 24438784},
	{"BD 100 GB", 48878592},
	{"BD 128 GB", 62500864},
}

// SmallestFor returns the smallest medium for the given number of sectors, or false if no
// medium is large enough.
func SmallestFor(sectors int64) (Medium, bool) {
	for _, m := range Media {
		if sectors <= m.Sectors {
			return m, true
		}
	}
	return Medium{}, false
}
