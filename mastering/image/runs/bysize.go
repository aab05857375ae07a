package runs

import (
	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// BySize returns the layout of sectors of a mode by the number of bytes that are stored for
// each of them, without sub-channels. Of disc.Mode2 the result says whether the mode remains to be settled by
// Run.Mode2. It returns false if no program stores such sectors.
func BySize(m disc.Mode, bytes int) (l Layout, guess, ok bool) {
	switch {
	case bytes == sector.Size:
		return Layout{Length: sector.Size, Mode: m}, m == disc.Mode2, true
	case m == disc.Mode1 && bytes == disc.SectorSize:
		return Mode1User, false, true
	case m != disc.Mode2 && m != disc.XA:
		return Layout{}, false, false
	case bytes == sector.Mode2Size:
		return Layout{At: sector.DataAt, Length: sector.Mode2Size, Mode: m}, m == disc.Mode2, true
	case bytes == disc.SectorSize:
		return XAForm1, false, true
	case bytes == sector.Form2Size || bytes == sector.Form2Size+4: // with the EDC
		l := XAForm2
		l.Length = bytes
		return l, false, true
	}
	return Layout{}, false, false
}
