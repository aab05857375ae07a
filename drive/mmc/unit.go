package mmc

import (
	"context"

	"glassmaster/drive/scsi"
)

// TestUnitReady returns nil if the drive is ready for a command that needs the medium
// (TEST UNIT READY 00h, MMC-6 6.41; SPC-4 6.47).
func TestUnitReady(ctx context.Context, t scsi.Transport) error {
	return execute(ctx, t, []byte{scsi.OpTestUnitReady, 0, 0, 0, 0, 0}, 0)
}

// Power is an operation of START STOP UNIT.
type Power byte

// Operations of START STOP UNIT (MMC-6 6.39, the bits LoEj and Start).
const (
	Stop  Power = 0 // stop the disc
	Start Power = 1 // spin up, and identify the medium
	Eject Power = 2 // open the tray
	Load  Power = 3 // close the tray
)

// StartStop starts or stops the disc, or moves the tray, and returns when that is complete
// (START STOP UNIT 1Bh, MMC-6 6.39).
func StartStop(ctx context.Context, t scsi.Transport, p Power) error {
	return execute(ctx, t, []byte{scsi.OpStartStopUnit, 0, 0, 0, byte(p), 0}, trayTimeout)
}

// PreventRemoval locks or unlocks the tray (PREVENT ALLOW MEDIUM REMOVAL 1Eh, MMC-6 6.13).
func PreventRemoval(ctx context.Context, t scsi.Transport, on bool) error {
	return execute(ctx, t, []byte{scsi.OpPreventAllowMediumRemoval, 0, 0, 0, bit(on, 0), 0}, 0)
}
