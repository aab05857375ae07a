package virtual

import (
	"fmt"
	"strings"
)

// family is a group of media that are written in the same way.
type family uint8

const (
	pressed   family = iota // read only
	cdWrite                 // CD-R, CD-RW: track at once, session at once, raw
	minusR                  // DVD-R, DVD-R DL, sequential DVD-RW: incremental, disc at once, layer jumps
	plusR                   // DVD+R: sequential, sessions
	bdR                     // BD-R: sequential recording mode (SRM), or random (RRM)
	overwrite               // DVD+RW, BD-RE, DVD-RAM, restricted overwrite DVD-RW
)

// Profile numbers (MMC-6 5.3.1).
const (
	profileNone    = 0x0000
	profileCDROM   = 0x0008
	profileCDR     = 0x0009
	profileCDRW    = 0x000A
	profileDVDROM  = 0x0010
	profileDVDR    = 0x0011
	profileDVDRAM  = 0x0012
	profileDVDRWRO = 0x0013
	profileDVDRWSQ = 0x0014
	profileDVDRDL  = 0x0015
	profileDVDRDLJ = 0x0016
	profileDVDpRW  = 0x001A
	profileDVDpR   = 0x001B
	profileDVDpRDL = 0x002B
	profileBDROM   = 0x0040
	profileBDR     = 0x0041
	profileBDRRRM  = 0x0042
	profileBDRE    = 0x0043
)

// Medium is a kind of disc.
type Medium struct {
	Name    string // as on the package, such as "DVD+R DL"
	Sectors int64  // capacity in sectors of 2048 bytes

	family     family
	profile    int
	block      int64 // sectors of an ECC block, 1 on CD
	layers     int
	rewritable bool
	unit       int // kB/s of single speed, rounded
	speeds     []int
}

var (
	cdSpeeds  = []int{7056, 5645, 4234, 2822, 1764, 706}
	dvdSpeeds = []int{22160, 16620, 11080, 8310, 5540, 3324}
	ramSpeeds = []int{6925, 4155, 2770}
	bdSpeeds  = []int{26973, 17982, 8991, 4496}
)

// media are all kinds of blank discs, in the order of help texts. A BD-R XL has three layers
// and 100 GB, or four layers and 128 GB; here the latter is called QL.
var media = []Medium{
	{"CD-R", 359849, cdWrite, profileCDR, 1, 1, false, 176, cdSpeeds},
	{"CD-RW", 359849, cdWrite, profileCDRW, 1, 1, true, 176, cdSpeeds[2:]},
	{"DVD-R", 2298496, minusR, profileDVDR, 16, 1, false, 1385, dvdSpeeds},
	{"DVD-RW", 2298496, minusR, profileDVDRWSQ, 16, 1, true, 1385, dvdSpeeds[3:]},
	{"DVD-R DL", 4171712, minusR, profileDVDRDL, 16, 2, false, 1385, dvdSpeeds[2:]},
	{"DVD-RAM", 2236704, overwrite, profileDVDRAM, 16, 1, true, 1385, ramSpeeds},
	{"DVD+R", 2295104, plusR, profileDVDpR, 16, 1, false, 1385, dvdSpeeds},
	{"DVD+RW", 2295104, overwrite, profileDVDpRW, 16, 1, true, 1385, dvdSpeeds[3:]},
	{"DVD+R DL", 4173824, plusR, profileDVDpRDL, 16, 2, false, 1385, dvdSpeeds[2:]},
	{"BD-R", 12219392, bdR, profileBDR, 32, 1, false, 4496, bdSpeeds},
	{"BD-R DL", 24438784, bdR, profileBDR, 32, 2, false, 4496, bdSpeeds},
	{"BD-R XL", 48878592, bdR, profileBDR, 32, 3, false, 4496, bdSpeeds[2:]},
	{"BD-R QL", 62500864, bdR, profileBDR, 32, 4, false, 4496, bdSpeeds[2:]},
	{"BD-RE", 12219392, overwrite, profileBDRE, 32, 1, true, 4496, bdSpeeds[3:]},
}

// The media of images.
var (
	pressedCD  = Medium{"CD-ROM", 0, pressed, profileCDROM, 1, 1, false, 176, nil}
	pressedDVD = Medium{"DVD-ROM", 0, pressed, profileDVDROM, 16, 1, false, 1385, nil}
	pressedBD  = Medium{"BD-ROM", 0, pressed, profileBDROM, 32, 1, false, 4496, nil}
)

// Media returns the kinds of discs that [Create] can create.
func Media() []Medium { return append([]Medium(nil), media...) }

// ParseMedium returns the kind of disc with a name such as "DVD+R", "dvd+r" or "bd-r dl".
func ParseMedium(name string) (Medium, error) {
	want := fold(name)
	var known []string
	for _, m := range media {
		if fold(m.Name) == want {
			return m, nil
		}
		known = append(known, strings.ToLower(m.Name))
	}
	return Medium{}, fmt.Errorf("there is no medium %q; use one of %s", name, strings.Join(known, ", "))
}

// fold returns a name without spaces and underscores, in lower case.
func fold(name string) string {
	return strings.NewReplacer(" ", "", "_", "").Replace(strings.ToLower(name))
}

func (m Medium) isCD() bool { return m.block == 1 }
func (m Medium) isBD() bool { return m.block == 32 }

// roundUp rounds a number of sectors up to whole ECC blocks.
func (m Medium) roundUp(n int64) int64 { return (n + m.block - 1) / m.block * m.block }
