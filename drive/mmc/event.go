package mmc

import (
	"context"

	"glassmaster/drive/scsi"
)

// MediaEvent is an event of the medium since the last request.
type MediaEvent byte

// Media events of a changed medium (MMC-6 6.6, media class).
const (
	NewMedium     MediaEvent = 2
	MediumRemoved MediaEvent = 3
	MediumSwapped MediaEvent = 4
)

// Changed reports whether the medium may have been changed.
func (e MediaEvent) Changed() bool {
	return e == NewMedium || e == MediumRemoved || e == MediumSwapped
}

// GetMediaEvent returns the oldest media event that was not reported yet, 0 if there is
// none (GET EVENT STATUS NOTIFICATION 4Ah, MMC-6 6.6, polled, media class). The drive
// reports an event once, so the operating system may have received it.
func GetMediaEvent(ctx context.Context, t scsi.Transport) (MediaEvent, error) {
	const media = 4
	p, err := receive(ctx, t, []byte{scsi.OpGetEventStatus, 1, 0, 0, 1 << media, 0, 0, 0, 8, 0}, 8)
	if err != nil {
		return 0, err
	}
	// Byte 2: no event available (bit 7), class (bits 0-2); 4 event (bits 0-3).
	if len(p) < 5 || p[2]&0x80 != 0 || p[2]&7 != media {
		return 0, nil
	}
	return MediaEvent(p[4] & 15), nil
}
