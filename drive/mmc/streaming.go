package mmc

import (
	"context"
	"fmt"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// streamingBit is the bit Streaming of WRITE(12), in byte 10 of the CDB.
const streamingBit = 0x80

// Write12 writes sectors of 2048 bytes at address lba (WRITE(12) AAh, MMC-6 6.45). With
// streaming, the drive neither verifies what it writes to a DVD-RAM, BD-R or BD-RE nor
// replaces defective blocks, and is twice as fast; then p must consist of whole ECC blocks:
// 16 sectors on DVD, 32 on BD. The error is a *ShortWrite if the drive accepted the
// command, but fewer bytes.
func Write12(ctx context.Context, t scsi.Transport, lba disc.LBA, p []byte, streaming bool) error {
	n, err := sectors(p, 1<<24)
	if err != nil {
		return fmt.Errorf("WRITE(12): %w", err)
	}
	cdb := make([]byte, 12)
	cdb[0] = scsi.OpWrite12
	be.PutUint32(cdb[2:], uint32(lba))
	be.PutUint32(cdb[6:], uint32(n))
	if streaming {
		cdb[10] = streamingBit
	}
	return writeSectors(ctx, t, cdb, p)
}

// WriteAndVerify10 writes sectors of 2048 bytes at address lba; the drive reads them from
// the disc before it answers, and reports an error or replaces the block if that fails
// (WRITE AND VERIFY(10) 2Eh, MMC-6 6.46). The error is a *ShortWrite if the drive accepted
// the command, but fewer bytes.
func WriteAndVerify10(ctx context.Context, t scsi.Transport, lba disc.LBA, p []byte) error {
	n, err := sectors(p, 0xFFFF)
	if err != nil {
		return fmt.Errorf("WRITE AND VERIFY(10): %w", err)
	}
	cdb := []byte{scsi.OpWriteAndVerify, 0, 0, 0, 0, 0, 0, byte(n >> 8), byte(n), 0}
	be.PutUint32(cdb[2:], uint32(lba))
	return writeSectors(ctx, t, cdb, p)
}

func writeSectors(ctx context.Context, t scsi.Transport, cdb, p []byte) error {
	k, err := t.Execute(ctx, scsi.Command{CDB: cdb, Direction: scsi.Out, Data: p, Timeout: writeTimeout})
	if err == nil && k != len(p) {
		return &ShortWrite{k, len(p)}
	}
	return err
}
