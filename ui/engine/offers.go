package engine

import (
	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/ui/model"
)

// offers returns the options of a burn that exist for a medium. What a drive cannot do of
// them is refused when the burn is planned.
func offers(m read.MediaInfo) model.Offers {
	var o model.Offers
	switch m.Profile {
	case mmc.CDR, mmc.CDRW, mmc.DVDR, mmc.DVDRW:
		o.Simulate, o.Append, o.Overburn = true, true, true
	case mmc.DVDRDL:
		o.Simulate = true
	case mmc.DVDPR:
		o.Append, o.Overburn = true, true
	case mmc.DVDPRDL:
		o.Append = true
	case mmc.BDRSRM:
		o.Append = true
		o.DriveVerify = m.Format == "formatted"
	case mmc.BDRE, mmc.DVDRAM:
		o.DriveVerify = true
	}
	return o
}
