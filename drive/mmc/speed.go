package mmc

import (
	"context"

	"glassmaster/drive/scsi"
)

// WriteSpeed is a speed at which the drive can write the current medium.
type WriteSpeed struct {
	End      int64 // last address of the medium
	Read     int   // kB/s while reading
	Write    int   // kB/s
	Rotation Rotation
}

// WriteSpeeds returns the write speeds for the current medium in the drive's order, the
// highest first (GET PERFORMANCE ACh, MMC-6 6.7, type 03h).
func WriteSpeeds(ctx context.Context, t scsi.Transport) ([]WriteSpeed, error) {
	p, err := writeSpeeds(ctx, t, 1)
	if err != nil {
		return nil, err
	}
	if len(p) >= 4 {
		// The length counts all descriptors, also those that were not sent.
		if n := min((int64(be.Uint32(p))-4)/16, 255); n > 1 {
			if p, err = writeSpeeds(ctx, t, byte(n)); err != nil {
				return nil, err
			}
		}
	}
	return decodeWriteSpeeds(p)
}

// writeSpeeds requests up to n descriptors.
func writeSpeeds(ctx context.Context, t scsi.Transport, n byte) ([]byte, error) {
	return receive(ctx, t, []byte{scsi.OpGetPerformance, 0, 0, 0, 0, 0, 0, 0, 0, n, 3, 0}, 8+16*int(n))
}

// decodeWriteSpeeds decodes the performance header and the write speed
// descriptors: byte 0 rotation control (bits 3-4), 4 end, 8 read speed, 12
// write speed.
func decodeWriteSpeeds(p []byte) ([]WriteSpeed, error) {
	if p = declared(p, 4); len(p) < 8 {
		return nil, shortReply(scsi.OpGetPerformance, p)
	}
	var all []WriteSpeed
	for p = p[8:]; len(p) >= 16; p = p[16:] {
		all = append(all, WriteSpeed{
			Rotation: Rotation(p[0] >> 3 & 3), End: int64(be.Uint32(p[4:])),
			Read: int(be.Uint32(p[8:])), Write: int(be.Uint32(p[12:])),
		})
	}
	return all, nil
}

// RestoreStreaming restores the drive's default speeds (SET STREAMING B6h, MMC-6 6.38,
// RDD).
func RestoreStreaming(ctx context.Context, t scsi.Transport) error {
	p := make([]byte, 28)
	p[0] = 4
	return sendStreaming(ctx, t, p)
}

func sendStreaming(ctx context.Context, t scsi.Transport, p []byte) error {
	return send(ctx, t, []byte{scsi.OpSetStreaming, 0, 0, 0, 0, 0, 0, 0, 0, 0, byte(len(p)), 0}, p, 0)
}

// MaxSpeed is the highest speed of the drive, for SetCDSpeed.
const MaxSpeed = 0xFFFF

// SetCDSpeed sets the read and write speeds in kB/s of 2352-byte sectors, CD only (SET CD
// SPEED BBh, MMC-6 6.36).
func SetCDSpeed(ctx context.Context, t scsi.Transport, read, write int) error {
	r, w := min(read, MaxSpeed), min(write, MaxSpeed)
	return execute(ctx, t, []byte{scsi.OpSetCDSpeed, 0, byte(r >> 8), byte(r), byte(w >> 8), byte(w), 0, 0, 0, 0, 0, 0}, 0)
}
