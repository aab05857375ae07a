package mmc

import (
	"context"
	"fmt"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// ShortWrite is the error of a WRITE that ended well and of which the transport
// says that it carried less than it was given. Some bridges count wrongly: whether
// the drive has the sectors is for the caller to find out.
type ShortWrite struct{ Taken, Given int } // bytes

func (e *ShortWrite) Error() string {
	return fmt.Sprintf("WRITE(10): the drive took %d of %d bytes", e.Taken, e.Given)
}

// Write10 writes whole sectors of 2048 bytes from address lba on (WRITE(10) 2Ah,
// MMC-6 6.44). One that ends well and short is a *ShortWrite.
func Write10(ctx context.Context, t scsi.Transport, lba disc.LBA, p []byte) error {
	n, err := sectors(p, 0xFFFF)
	if err != nil {
		return fmt.Errorf("WRITE(10): %w", err)
	}
	a := uint32(lba)
	cdb := []byte{scsi.OpWrite10, 0, byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a), 0, byte(n >> 8), byte(n), 0}
	k, err := t.Execute(ctx, scsi.Command{CDB: cdb, Direction: scsi.Out, Data: p, Timeout: writing})
	if err == nil && k != len(p) {
		return &ShortWrite{k, len(p)}
	}
	return err
}

// SynchronizeCache has the drive write what it holds in its buffer, and with
// immediate returns before that is done (SYNCHRONIZE CACHE 35h, MMC-6 6.40).
func SynchronizeCache(ctx context.Context, t scsi.Transport, immediate bool) error {
	return plain(ctx, t, []byte{scsi.OpSynchronizeCache, bit(immediate, 1), 0, 0, 0, 0, 0, 0, 0, 0}, flushing)
}

// CloseFunction is what CLOSE TRACK/SESSION closes (MMC-6 6.3).
type CloseFunction byte

// Functions of CLOSE TRACK/SESSION. Their meaning depends on the medium.
const (
	StopFormat     CloseFunction = 0 // DVD+RW: end the background format
	CloseTrack     CloseFunction = 1 // the track with the number given
	CloseSession   CloseFunction = 2 // the session; DVD+RW: end the format, compatible
	FinalizeDash   CloseFunction = 3 // DVD-R: finalise
	FinalizeMinRad CloseFunction = 5 // DVD+R, DVD+R DL: finalise, lead-out at the smallest radius allowed
	Finalize       CloseFunction = 6 // DVD+R, BD-R: finalise
)

// CloseTrackSession closes a track, a session or the disc, and returns at once;
// the caller waits until the drive is ready (CLOSE TRACK/SESSION 5Bh, MMC-6 6.3,
// Immed).
func CloseTrackSession(ctx context.Context, t scsi.Transport, f CloseFunction, track int) error {
	return plain(ctx, t, []byte{
		scsi.OpCloseTrackSession, 1, byte(f), 0, byte(track >> 8), byte(track), 0, 0, 0, 0,
	}, flushing)
}

// RepairTrack begins to repair a track that is damaged because writing it was
// broken off, and returns at once; the caller waits until the drive is ready
// (REPAIR TRACK 58h, MMC-6 6.27, Immed).
func RepairTrack(ctx context.Context, t scsi.Transport, track int) error {
	return plain(ctx, t, []byte{scsi.OpRepairTrack, 1, 0, 0, byte(track >> 8), byte(track), 0, 0, 0, 0}, flushing)
}

// ReserveTrack announces how many sectors a track is going to have (RESERVE
// TRACK 53h, MMC-6 6.30).
func ReserveTrack(ctx context.Context, t scsi.Transport, n int64) error {
	if n <= 0 || n > 1<<32-1 {
		return fmt.Errorf("RESERVE TRACK: %d sectors cannot be a track", n)
	}
	cdb := []byte{scsi.OpReserveTrack, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	be.PutUint32(cdb[5:], uint32(n))
	return plain(ctx, t, cdb, calibrating)
}

// SendOPC has the drive calibrate the power of its laser, which uses up a little
// of the medium's calibration area (SEND OPC INFORMATION 54h, MMC-6 6.35, DoOpc).
func SendOPC(ctx context.Context, t scsi.Transport) error {
	return plain(ctx, t, []byte{scsi.OpSendOPCInformation, 1, 0, 0, 0, 0, 0, 0, 0, 0}, calibrating)
}

// BlankType is how much BLANK erases (MMC-6 6.2).
type BlankType byte

// Types of blanking.
const (
	BlankFull    BlankType = 0 // the whole disc
	BlankMinimal BlankType = 1 // what makes the disc known as written
)

// BlankDisc begins to erase a CD-RW or DVD-RW and returns at once; the caller
// waits until the drive is ready (BLANK A1h, MMC-6 6.2, Immed).
func BlankDisc(ctx context.Context, t scsi.Transport, kind BlankType) error {
	return plain(ctx, t, []byte{scsi.OpBlank, 0x10 | byte(kind), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, erasing)
}

// FormatUnit begins to format and returns at once; the caller waits until the
// drive is ready (FORMAT UNIT 04h, MMC-6 6.4, format code 001b, Immed).
func FormatUnit(ctx context.Context, t scsi.Transport, f Format) error {
	p := make([]byte, 12)
	p[1] = 2 // Immed
	p[3] = 8 // one descriptor
	be.PutUint32(p[4:], uint32(f.Blocks))
	be.PutUint32(p[8:], f.Parameter&0xFFFFFF)
	p[8] = f.Type<<2 | f.Sub&3
	return out(ctx, t, []byte{scsi.OpFormatUnit, 0x11, 0, 0, 0, 0}, p, erasing)
}
