package record

import (
	"fmt"

	"glassmaster/drive/mmc"
)

// readMediumID reads how the medium identifies itself, with the company that made it.
func (r *burning) readMediumID() {
	if r.medium.profile.IsCD() {
		return
	}
	id, err := mmc.ReadMediaIdentity(r.work, r.t, r.medium.profile)
	if err != nil {
		return // few drives report nothing
	}
	r.result.MediumID = id.String()
	if by := id.Maker(); by != "" && r.result.MediumID != "" {
		r.result.MediumID = fmt.Sprintf("%s (%s)", r.result.MediumID, by)
	}
}
