package record

import (
	"fmt"

	"glassmaster/drive/mmc"
)

// readMediumID reads how the medium identifies itself, with the company that made it: a CD by the
// beginning of its lead-in. Not all drives report it.
func (r *burning) readMediumID() {
	var id, by string
	if r.medium.profile.IsCD() {
		a, err := mmc.ReadATIP(r.work, r.t)
		if err != nil {
			return
		}
		id, by = fmt.Sprintf("%02d:%02d:%02d", a.LeadIn.M, a.LeadIn.S, a.LeadIn.F), a.Maker()
	} else {
		m, err := mmc.ReadMediaIdentity(r.work, r.t, r.medium.profile)
		if err != nil {
			return
		}
		id, by = m.String(), m.Maker()
	}
	r.result.MediumID = id
	if by != "" && id != "" {
		r.result.MediumID = fmt.Sprintf("%s (%s)", id, by)
	}
}
