package mmc

import "fmt"

// Profile is what a drive makes of the medium in it (MMC-6 5.3.1).
type Profile uint16

// Profiles.
const (
	NoProfile Profile = 0x0000
	CDROM     Profile = 0x0008
	CDR       Profile = 0x0009
	CDRW      Profile = 0x000A
	DVDROM    Profile = 0x0010
	DVDR      Profile = 0x0011 // DVD-R, sequential recording
	DVDRAM    Profile = 0x0012
	DVDRWRO   Profile = 0x0013 // DVD-RW, restricted overwrite
	DVDRW     Profile = 0x0014 // DVD-RW, sequential recording
	DVDRDL    Profile = 0x0015 // DVD-R DL, sequential recording
	DVDRDLJ   Profile = 0x0016 // DVD-R DL, layer jump recording
	DVDRWDL   Profile = 0x0017
	DVDPRW    Profile = 0x001A // DVD+RW
	DVDPR     Profile = 0x001B // DVD+R
	DVDPRWDL  Profile = 0x002A
	DVDPRDL   Profile = 0x002B
	BDROM     Profile = 0x0040
	BDRSRM    Profile = 0x0041 // BD-R, sequential recording mode
	BDRRRM    Profile = 0x0042 // BD-R, random recording mode
	BDRE      Profile = 0x0043
)

var profileNames = map[Profile]string{
	NoProfile: "no medium", CDROM: "CD-ROM", CDR: "CD-R", CDRW: "CD-RW", DVDROM: "DVD-ROM", DVDR: "DVD-R",
	DVDRAM: "DVD-RAM", DVDRWRO: "DVD-RW restricted overwrite", DVDRW: "DVD-RW", DVDRDL: "DVD-R DL",
	DVDRDLJ: "DVD-R DL layer jump", DVDRWDL: "DVD-RW DL", DVDPRW: "DVD+RW", DVDPR: "DVD+R",
	DVDPRWDL: "DVD+RW DL", DVDPRDL: "DVD+R DL", BDROM: "BD-ROM", BDRSRM: "BD-R",
	BDRRRM: "BD-R random recording", BDRE: "BD-RE",
}

func (p Profile) String() string {
	if s, ok := profileNames[p]; ok {
		return s
	}
	return fmt.Sprintf("profile %04Xh", uint16(p))
}

// IsCD reports whether the medium is a CD, with sub-channels, a TOC in the
// lead-in, and sectors of 2352 bytes.
func (p Profile) IsCD() bool { return p >= CDROM && p <= CDRW }

// IsBD reports whether the medium is a Blu-ray disc.
func (p Profile) IsBD() bool { return p >= BDROM && p <= BDRE }
