package mmc

import (
	"context"

	"glassmaster/drive/scsi"
)

// WriteSpeed is a speed at which the drive offers to write the medium in it.
type WriteSpeed struct {
	End      int64 // last address of the medium
	Read     int   // kB/s while reading
	Write    int   // kB/s
	Rotation byte  // 0 the medium's own (CLV or zoned), 1 constant angular velocity
}

// WriteSpeeds asks for the speeds that the drive offers for the medium in it,
// as the drive orders them, highest first (GET PERFORMANCE ACh, MMC-6 6.7, type
// 03h).
func WriteSpeeds(ctx context.Context, t scsi.Transport) ([]WriteSpeed, error) {
	p, err := writeSpeeds(ctx, t, 1)
	if err != nil {
		return nil, err
	}
	if len(p) >= 4 {
		// The length tells how many descriptors there are, and not how many came.
		if n := min((int64(be.Uint32(p))-4)/16, 255); n > 1 {
			if p, err = writeSpeeds(ctx, t, byte(n)); err != nil {
				return nil, err
			}
		}
	}
	return decodeWriteSpeeds(p)
}

// writeSpeeds asks for n descriptors.
func writeSpeeds(ctx context.Context, t scsi.Transport, n byte) ([]byte, error) {
	return in(ctx, t, []byte{scsi.OpGetPerformance, 0, 0, 0, 0, 0, 0, 0, 0, n, 3, 0}, 8+16*int(n))
}

// decodeWriteSpeeds reads the performance header and the write speed
// descriptors: byte 0 rotation control (bits 3-4), 4 end, 8 read speed, 12
// write speed.
func decodeWriteSpeeds(p []byte) ([]WriteSpeed, error) {
	if p = header(p, 4); len(p) < 8 {
		return nil, short(scsi.OpGetPerformance, p)
	}
	var all []WriteSpeed
	for p = p[8:]; len(p) >= 16; p = p[16:] {
		all = append(all, WriteSpeed{
			Rotation: p[0] >> 3 & 3, End: int64(be.Uint32(p[4:])),
			Read: int(be.Uint32(p[8:])), Write: int(be.Uint32(p[12:])),
		})
	}
	return all, nil
}

// SetStreaming asks for speeds in kB/s from address 0 to end, DVD and BD (SET
// STREAMING B6h, MMC-6 6.38, performance descriptor). A drive keeps what it was
// asked for, even for the next medium: see RestoreStreaming.
func SetStreaming(ctx context.Context, t scsi.Transport, end int64, read, write int) error {
	p := make([]byte, 28)
	be.PutUint32(p[8:], uint32(end))
	be.PutUint32(p[12:], uint32(read))
	be.PutUint32(p[16:], 1000) // milliseconds
	be.PutUint32(p[20:], uint32(write))
	be.PutUint32(p[24:], 1000)
	return sendStreaming(ctx, t, p)
}

// RestoreStreaming gives back the drive's own speeds (SET STREAMING B6h, MMC-6
// 6.38, RDD).
func RestoreStreaming(ctx context.Context, t scsi.Transport) error {
	p := make([]byte, 28)
	p[0] = 4
	return sendStreaming(ctx, t, p)
}

func sendStreaming(ctx context.Context, t scsi.Transport, p []byte) error {
	return out(ctx, t, []byte{scsi.OpSetStreaming, 0, 0, 0, 0, 0, 0, 0, 0, 0, byte(len(p)), 0}, p, 0)
}

// MaxSpeed asks SetCDSpeed for the highest speed that there is.
const MaxSpeed = 0xFFFF

// SetCDSpeed asks for speeds in kB/s (1000 bytes; single speed is 176.4 kB/s of
// 2352-byte sectors), CD only (SET CD SPEED BBh, MMC-6 6.36).
func SetCDSpeed(ctx context.Context, t scsi.Transport, read, write int) error {
	r, w := min(read, MaxSpeed), min(write, MaxSpeed)
	return plain(ctx, t, []byte{scsi.OpSetCDSpeed, 0, byte(r >> 8), byte(r), byte(w >> 8), byte(w), 0, 0, 0, 0, 0, 0}, 0)
}
