package record

import (
	"context"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
)

// cdIdentity returns how a CD identifies itself: the beginning of its lead-in, and the
// manufacturer that has it. It is empty if the drive does not report it.
func cdIdentity(ctx context.Context, t scsi.Transport) string {
	a, err := mmc.ReadATIP(ctx, t)
	if err != nil {
		return ""
	}
	return a.Identity()
}
