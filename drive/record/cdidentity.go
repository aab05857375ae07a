package record

import (
	"context"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
)

// makers are the manufacturers of CD-R and CD-RW by the minutes, seconds and tens of frames at
// which the lead-in begins according to the ATIP.
func maker(a mmc.ATIP) string {
	switch [3]int{a.LeadIn.M, a.LeadIn.S, a.LeadIn.F / 10} {
	case [3]int{97, 24, 0}:
		return "Taiyo Yuden"
	case [3]int{97, 15, 1}, [3]int{97, 31, 0}:
		return "Ritek"
	case [3]int{97, 17, 0}:
		return "Moser Baer India"
	case [3]int{97, 26, 6}:
		return "CMC Magnetics"
	case [3]int{97, 27, 3}:
		return "Princo"
	case [3]int{97, 32, 1}:
		return "Prodisc"
	case [3]int{97, 34, 2}:
		return "Mitsubishi Chemical"
	}
	return ""
}

// cdIdentity returns how a CD identifies itself: the beginning of its lead-in, and the
// manufacturer that has it. It is empty if the drive does not report it.
func cdIdentity(ctx context.Context, t scsi.Transport) string {
	a, err := mmc.ReadATIP(ctx, t)
	if err != nil {
		return ""
	}
	code := fmt.Sprintf("%02d:%02d:%02d", a.LeadIn.M, a.LeadIn.S, a.LeadIn.F)
	if name := maker(a); name != "" {
		return fmt.Sprintf("%s (%s)", code, name)
	}
	return code
}
