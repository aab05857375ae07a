package mmc

import (
	"context"
	"fmt"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// Read10 reads sectors of 2048 bytes from address lba into p, and returns how many
// complete sectors it read (READ(10) 28h, MMC-6 6.14).
func Read10(ctx context.Context, t scsi.Transport, lba disc.LBA, p []byte) (int, error) {
	n, err := sectors(p, 0xFFFF)
	if err != nil {
		return 0, fmt.Errorf("READ(10): %w", err)
	}
	a := uint32(lba)
	cdb := []byte{scsi.OpRead10, 0, byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a), 0, byte(n >> 8), byte(n), 0}
	k, err := t.Execute(ctx, scsi.Command{CDB: cdb, Direction: scsi.In, Data: p, Timeout: readTimeout})
	return k / disc.SectorSize, err
}

// Read12 is like Read10, with a larger limit for the number of sectors (READ(12) A8h,
// MMC-6 6.15).
func Read12(ctx context.Context, t scsi.Transport, lba disc.LBA, p []byte) (int, error) {
	n, err := sectors(p, 1<<24)
	if err != nil {
		return 0, fmt.Errorf("READ(12): %w", err)
	}
	cdb := []byte{scsi.OpRead12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	be.PutUint32(cdb[2:], uint32(lba))
	be.PutUint32(cdb[6:], uint32(n))
	k, err := t.Execute(ctx, scsi.Command{CDB: cdb, Direction: scsi.In, Data: p, Timeout: readTimeout})
	return k / disc.SectorSize, err
}

// ReadCD reads whole sectors of any mode from address lba into p, in the form disc.Raw or
// disc.RawSub, and returns how many complete sectors it read, CD only (READ CD BEh,
// MMC-6 6.19, expected sector type any, main channel F8h: sync, headers, user data, EDC
// and ECC; sub-channel 0: none, 1: raw P to W).
func ReadCD(ctx context.Context, t scsi.Transport, lba disc.LBA, p []byte, f disc.Form) (int, error) {
	size, sub := f.Size(), byte(0)
	if f == disc.RawSub {
		sub = 1
	}
	n := len(p) / size
	if n == 0 || len(p)%size != 0 {
		return 0, fmt.Errorf("READ CD: %d bytes are not a number of sectors of %d bytes", len(p), size)
	}
	cdb := []byte{scsi.OpReadCD, 0, 0, 0, 0, 0, byte(n >> 16), byte(n >> 8), byte(n), 0xF8, sub, 0}
	be.PutUint32(cdb[2:], uint32(lba))
	k, err := t.Execute(ctx, scsi.Command{CDB: cdb, Direction: scsi.In, Data: p, Timeout: readTimeout})
	return k / size, err
}

// sectors returns the number of sectors of 2048 bytes in p, as blocks does.
func sectors(p []byte, most int) (int, error) { return blocks(p, disc.SectorSize, most) }

// blocks returns the number of blocks of size bytes in p. A length that is not a multiple of
// it is an error, since it would not match the transfer length in the CDB.
func blocks(p []byte, size, most int) (int, error) {
	n := len(p) / size
	if n == 0 || len(p)%size != 0 || n > most {
		return 0, fmt.Errorf("%d bytes are not 1 to %d complete sectors of %d bytes", len(p), most, size)
	}
	return n, nil
}
