package mmc

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// ErrNoPosition is returned for a sector whose Q sub-channel holds something else
// than a position, such as the catalogue number, or nothing.
var ErrNoPosition = errors.New("the sub-channel of this sector holds no position")

// qLength is the size of a formatted Q sub-channel.
const qLength = 16

// ReadIndex returns the index within its track at which a sector is, CD only: 0 is the
// pre-gap of a track. It reads the Q sub-channel and nothing of what the sector holds
// (READ CD BEh, MMC-6 6.19, main channel none, sub-channel 010b: byte 0 CONTROL and
// ADR, 1 track, 2 index). The index comes as the disc has it, in BCD, or as a number:
// drives differ.
func ReadIndex(ctx context.Context, t scsi.Transport, lba disc.LBA) (byte, error) {
	cdb := []byte{scsi.OpReadCD, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0}
	be.PutUint32(cdb[2:], uint32(lba))
	var p [qLength]byte
	n, err := t.Execute(ctx, scsi.Command{CDB: cdb, Direction: scsi.In, Data: p[:], Timeout: reading})
	if err != nil {
		return 0, err
	}
	if n < qLength {
		return 0, short(scsi.OpReadCD, p[:n])
	}
	if p[0]&15 != 1 {
		return 0, ErrNoPosition
	}
	return p[2], nil
}

// ReadCDAs reads a sector of a CD if it is of the mode that is named: 2352 bytes of
// audio, or the 2048 of user data of a sector of mode 1 or of XA form 1 (READ CD BEh,
// MMC-6 6.19, expected sector type 1, 2 or 4, main channel 10h). Other than READ(10) it
// takes negative addresses, and it is refused with ILLEGAL MODE FOR THIS TRACK where the
// sector is of another mode.
func ReadCDAs(ctx context.Context, t scsi.Transport, lba disc.LBA, m disc.Mode) error {
	var kind byte
	size := disc.SectorSize
	switch m {
	case disc.Audio:
		kind, size = 1, disc.RawSectorSize
	case disc.Mode1:
		kind = 2
	case disc.XA:
		kind = 4
	default:
		return fmt.Errorf("READ CD: a sector of %v has no user data of a fixed size", m)
	}
	cdb := []byte{scsi.OpReadCD, kind << 2, 0, 0, 0, 0, 0, 0, 1, 0x10, 0, 0}
	be.PutUint32(cdb[2:], uint32(lba))
	n, err := t.Execute(ctx, scsi.Command{CDB: cdb, Direction: scsi.In, Data: make([]byte, size), Timeout: reading})
	if err == nil && n < size {
		return short(scsi.OpReadCD, nil)
	}
	return err
}
