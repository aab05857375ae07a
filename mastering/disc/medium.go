package disc

// Medium is a kind of disc that can be bought, with what it holds.
type Medium struct {
	Name    string // as on the box, "DVD+R"
	Sectors int64  // capacity in 2048-byte sectors
}

// Bytes returns the capacity in bytes of user data.
func (m Medium) Bytes() int64 { return m.Sectors * SectorSize }

// Media are the common recordable media, smallest first. A drive's own answer
// for the medium in it always goes before these nominal figures.
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

// SmallestFor returns the smallest medium that holds the given number of
// sectors, or false when none does.
func SmallestFor(sectors int64) (Medium, bool) {
	for _, m := range Media {
		if sectors <= m.Sectors {
			return m, true
		}
	}
	return Medium{}, false
}
