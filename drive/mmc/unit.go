package mmc

import (
	"context"

	"glassmaster/drive/scsi"
)

// TestUnitReady asks whether the drive could take a command for its medium now
// (TEST UNIT READY 00h, MMC-6 6.41; SPC-4 6.47).
func TestUnitReady(ctx context.Context, t scsi.Transport) error {
	return plain(ctx, t, []byte{scsi.OpTestUnitReady, 0, 0, 0, 0, 0}, 0)
}

// Power is what START STOP UNIT does.
type Power byte

// Ways to start and stop (MMC-6 6.39, the bits LoEj and Start).
const (
	Stop  Power = 0 // stop spinning
	Start Power = 1 // spin up, and read what the medium is
	Eject Power = 2 // open the tray
	Load  Power = 3 // close the tray
)

// StartStop spins the medium or moves the tray, and returns when that is done
// (START STOP UNIT 1Bh, MMC-6 6.39).
func StartStop(ctx context.Context, t scsi.Transport, p Power) error {
	return plain(ctx, t, []byte{scsi.OpStartStopUnit, 0, 0, 0, byte(p), 0}, moving)
}

// PreventRemoval locks the tray or frees it again (PREVENT ALLOW MEDIUM REMOVAL
// 1Eh, MMC-6 6.13).
func PreventRemoval(ctx context.Context, t scsi.Transport, on bool) error {
	return plain(ctx, t, []byte{scsi.OpPreventAllowMediumRemoval, 0, 0, 0, bit(on, 0), 0}, 0)
}

// ReadDiscStructure asks for a structure that the medium carries (READ DISC
// STRUCTURE ADh, MMC-6 6.22): bd chooses the media type Blu-ray, layer the layer
// and format the structure. The four header bytes are not part of the reply,
// which has up to size bytes.
func ReadDiscStructure(ctx context.Context, t scsi.Transport, bd bool, layer, format byte, size int) ([]byte, error) {
	size += 4
	p, err := in(ctx, t, []byte{
		scsi.OpReadDiscStructure, bit(bd, 0), 0, 0, 0, 0, layer, format, byte(size >> 8), byte(size), 0, 0,
	}, size)
	if err != nil {
		return nil, err
	}
	if p = header(p, 2); len(p) < 4 {
		return nil, short(scsi.OpReadDiscStructure, p)
	}
	return p[4:], nil
}
