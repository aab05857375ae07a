package mmc

import "fmt"

// Profile is the profile that a drive assigns to a medium (MMC-6 5.3.1).
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

// String returns the name of the profile.
func (p Profile) String() string {
	switch p {
	case NoProfile:
		return "no medium"
	case CDROM:
		return "CD-ROM"
	case CDR:
		return "CD-R"
	case CDRW:
		return "CD-RW"
	case DVDROM:
		return "DVD-ROM"
	case DVDR:
		return "DVD-R"
	case DVDRAM:
		return "DVD-RAM"
	case DVDRWRO:
		return "DVD-RW restricted overwrite"
	case DVDRW:
		return "DVD-RW"
	case DVDRDL:
		return "DVD-R DL"
	case DVDRDLJ:
		return "DVD-R DL layer jump"
	case DVDRWDL:
		return "DVD-RW DL"
	case DVDPRW:
		return "DVD+RW"
	case DVDPR:
		return "DVD+R"
	case DVDPRWDL:
		return "DVD+RW DL"
	case DVDPRDL:
		return "DVD+R DL"
	case BDROM:
		return "BD-ROM"
	case BDRSRM:
		return "BD-R"
	case BDRRRM:
		return "BD-R random recording"
	case BDRE:
		return "BD-RE"
	}
	return fmt.Sprintf("profile %04Xh", uint16(p))
}

// IsCD reports whether the medium is a CD.
func (p Profile) IsCD() bool { return p >= CDROM && p <= CDRW }

// IsBD reports whether the medium is a Blu-ray disc.
func (p Profile) IsBD() bool { return p >= BDROM && p <= BDRE }
