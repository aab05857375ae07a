package mmc

import (
	"context"
	"fmt"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// Read10 reads whole sectors of 2048 bytes into p from address lba on (READ(10)
// 28h, MMC-6 6.14) and returns how many came whole.
func Read10(ctx context.Context, t scsi.Transport, lba disc.LBA, p []byte) (int, error) {
	n, err := sectors(p, 0xFFFF)
	if err != nil {
		return 0, fmt.Errorf("READ(10): %w", err)
	}
	a := uint32(lba)
	cdb := []byte{scsi.OpRead10, 0, byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a), 0, byte(n >> 8), byte(n), 0}
	k, err := t.Execute(ctx, scsi.Command{CDB: cdb, Direction: scsi.In, Data: p, Timeout: reading})
	return k / disc.SectorSize, err
}

// Read12 is Read10 with the longer command (READ(12) A8h, MMC-6 6.15).
func Read12(ctx context.Context, t scsi.Transport, lba disc.LBA, p []byte) (int, error) {
	n, err := sectors(p, 1<<24)
	if err != nil {
		return 0, fmt.Errorf("READ(12): %w", err)
	}
	cdb := []byte{scsi.OpRead12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	be.PutUint32(cdb[2:], uint32(lba))
	be.PutUint32(cdb[6:], uint32(n))
	k, err := t.Execute(ctx, scsi.Command{CDB: cdb, Direction: scsi.In, Data: p, Timeout: reading})
	return k / disc.SectorSize, err
}

// ReadCD reads whole 2352-byte sectors of any kind into p, CD only (READ CD BEh,
// MMC-6 6.19, expected sector type any, main channel F8h: sync, headers, user
// data, EDC and ECC).
func ReadCD(ctx context.Context, t scsi.Transport, lba disc.LBA, p []byte) (int, error) {
	n := len(p) / disc.RawSectorSize
	if n == 0 || len(p)%disc.RawSectorSize != 0 {
		return 0, fmt.Errorf("READ CD: %d bytes are not whole sectors of %d", len(p), disc.RawSectorSize)
	}
	cdb := []byte{scsi.OpReadCD, 0, 0, 0, 0, 0, byte(n >> 16), byte(n >> 8), byte(n), 0xF8, 0, 0}
	be.PutUint32(cdb[2:], uint32(lba))
	k, err := t.Execute(ctx, scsi.Command{CDB: cdb, Direction: scsi.In, Data: p, Timeout: reading})
	return k / disc.RawSectorSize, err
}

// sectors returns how many whole sectors are in p, and an error where the
// length of the data and that of the command could differ: a transfer that
// disagrees with its command has reset drives and ruined discs.
func sectors(p []byte, most int) (int, error) {
	n := len(p) / disc.SectorSize
	if n == 0 || len(p)%disc.SectorSize != 0 || n > most {
		return 0, fmt.Errorf("%d bytes are not 1 to %d whole sectors", len(p), most)
	}
	return n, nil
}
