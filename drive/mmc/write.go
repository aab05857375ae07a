package mmc

import (
	"context"
	"fmt"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// ShortWrite is the error of a WRITE that the drive accepted although the transport
// reports that it transferred fewer bytes. Some bridges count wrongly, so the caller has
// to find out whether the drive has the sectors.
type ShortWrite struct{ Taken, Given int } // bytes

func (e *ShortWrite) Error() string {
	return fmt.Sprintf("WRITE: the drive accepted %d of %d bytes", e.Taken, e.Given)
}

// WriteBlocks writes blocks of size bytes at address lba (WRITE(10) 2Ah, MMC-6 6.44). The size
// is 2048, except on CD, where it follows from the data block type of mode page 05h or from
// the cue sheet; there, addresses before 0 are those of the pre-gap and the lead-in. The error
// is a *ShortWrite if the drive accepted the command, but fewer bytes.
func WriteBlocks(ctx context.Context, t scsi.Transport, lba disc.LBA, p []byte, size int) error {
	n, err := blocks(p, size, 0xFFFF)
	if err != nil {
		return fmt.Errorf("WRITE(10): %w", err)
	}
	a := uint32(lba)
	cdb := []byte{scsi.OpWrite10, 0, byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a), 0, byte(n >> 8), byte(n), 0}
	return writeSectors(ctx, t, cdb, p)
}

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

// writeSectors sends a WRITE with its data.
func writeSectors(ctx context.Context, t scsi.Transport, cdb, p []byte) error {
	k, err := t.Execute(ctx, scsi.Command{CDB: cdb, Direction: scsi.Out, Data: p, Timeout: writeTimeout})
	if err == nil && k != len(p) {
		return &ShortWrite{k, len(p)}
	}
	return err
}

// SendCueSheet describes the session that will be written at once, CD only (SEND CUE SHEET
// 5Dh, MMC-6 6.32). An entry has 8 bytes: CONTROL and ADR, track, index, data form, SCMS,
// and the address in minutes, seconds and frames, which are not decimal-coded.
func SendCueSheet(ctx context.Context, t scsi.Transport, p []byte) error {
	n := len(p)
	return send(ctx, t, []byte{scsi.OpSendCueSheet, 0, 0, 0, 0, 0, byte(n >> 16), byte(n >> 8), byte(n), 0}, p, calibrateTimeout)
}

// SynchronizeCache flushes the drive's buffer to the disc; with immediate it returns
// before that is complete (SYNCHRONIZE CACHE 35h, MMC-6 6.40).
func SynchronizeCache(ctx context.Context, t scsi.Transport, immediate bool) error {
	return execute(ctx, t, []byte{scsi.OpSynchronizeCache, bit(immediate, 1), 0, 0, 0, 0, 0, 0, 0, 0}, flushTimeout)
}

// CloseFunction is the close function of CLOSE TRACK/SESSION (MMC-6 6.3).
type CloseFunction byte

// Functions of CLOSE TRACK/SESSION. Their meaning depends on the medium.
const (
	StopFormat        CloseFunction = 0 // DVD+RW: stop the background format
	CloseTrack        CloseFunction = 1 // the track with the given number
	CloseSession      CloseFunction = 2 // the session; DVD+RW: stop the format, with a lead-out
	FinalizeDVDMinusR CloseFunction = 3 // DVD-R: finalize
	FinalizeMinRad    CloseFunction = 5 // DVD+R, DVD+R DL: finalize, lead-out at the smallest radius allowed
	Finalize          CloseFunction = 6 // DVD+R, BD-R: finalize
)

// CloseTrackSession starts to close a track, a session or the disc; the caller waits until
// the drive is ready (CLOSE TRACK/SESSION 5Bh, MMC-6 6.3, Immed).
func CloseTrackSession(ctx context.Context, t scsi.Transport, f CloseFunction, track int) error {
	return execute(ctx, t, []byte{
		scsi.OpCloseTrackSession, 1, byte(f), 0, byte(track >> 8), byte(track), 0, 0, 0, 0,
	}, flushTimeout)
}

// RepairTrack starts to repair a track that is damaged because writing was interrupted;
// the caller waits until the drive is ready (REPAIR TRACK 58h, MMC-6 6.27, Immed).
func RepairTrack(ctx context.Context, t scsi.Transport, track int) error {
	return execute(ctx, t, []byte{scsi.OpRepairTrack, 1, 0, 0, byte(track >> 8), byte(track), 0, 0, 0, 0}, flushTimeout)
}

// ReserveTrack reserves n sectors for the next track (RESERVE TRACK 53h, MMC-6 6.30).
func ReserveTrack(ctx context.Context, t scsi.Transport, n int64) error {
	if n <= 0 || n > 1<<32-1 {
		return fmt.Errorf("RESERVE TRACK: a track cannot have %d sectors", n)
	}
	cdb := []byte{scsi.OpReserveTrack, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	be.PutUint32(cdb[5:], uint32(n))
	return execute(ctx, t, cdb, calibrateTimeout)
}

// SendOPC makes the drive calibrate the power of its laser, which uses some of the power
// calibration area of the medium (SEND OPC INFORMATION 54h, MMC-6 6.35, DoOpc).
func SendOPC(ctx context.Context, t scsi.Transport) error {
	return execute(ctx, t, []byte{scsi.OpSendOPCInformation, 1, 0, 0, 0, 0, 0, 0, 0, 0}, calibrateTimeout)
}

// BlankType is the blanking type of BLANK (MMC-6 6.2).
type BlankType byte

// Blanking types.
const (
	BlankFull    BlankType = 0 // the whole disc
	BlankMinimal BlankType = 1 // the lead-in, PMA and pre-gap, or lead-in of a DVD-RW
)

// BlankDisc starts to blank a CD-RW or DVD-RW; the caller waits until the drive is ready
// (BLANK A1h, MMC-6 6.2, Immed).
func BlankDisc(ctx context.Context, t scsi.Transport, kind BlankType) error {
	return execute(ctx, t, []byte{scsi.OpBlank, 0x10 | byte(kind), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, eraseTimeout)
}

// FormatUnit starts to format the medium; the caller waits until the drive is ready
// (FORMAT UNIT 04h, MMC-6 6.4, format code 001b; a list with Immed (byte 1 bit 1) and one
// descriptor).
func FormatUnit(ctx context.Context, t scsi.Transport, f Format) error {
	p := make([]byte, 12)
	p[1] = 2
	p[3] = 8 // one descriptor
	be.PutUint32(p[4:], uint32(f.Blocks))
	be.PutUint32(p[8:], f.Parameter&0xFFFFFF)
	p[8] = f.Type<<2 | f.Sub&3
	return send(ctx, t, []byte{scsi.OpFormatUnit, 0x11, 0, 0, 0, 0}, p, eraseTimeout)
}
