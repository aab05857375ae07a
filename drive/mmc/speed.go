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

// Rotation is how the drive turns a disc while it reads or writes (MMC-6 6.7, 6.38).
type Rotation byte

// Kinds of rotation control.
const (
	MediumRotation Rotation = 0 // as usual for the medium: CLV or zoned
	CAV            Rotation = 1 // constant angular velocity
)

// Streaming is a request for speeds.
type Streaming struct {
	Start, End  int64 // addresses for which it applies
	Read, Write int   // kB/s
	Rotation    Rotation
	Exact       bool // the drive reports an error rather than being slower
}

// SetStreamingSpeeds sets the read and write speeds (SET STREAMING B6h, MMC-6 6.38,
// performance descriptor: byte 0 rotation control (bits 3-4), restore defaults (2), exact
// (1), 4-7 start, 8-11 end, 12-15 read size and 16-19 read time, 20-23
// write size and 24-27 write time). A drive keeps them for the next medium too; see
// [RestoreStreaming].
func SetStreamingSpeeds(ctx context.Context, t scsi.Transport, s Streaming) error {
	p := make([]byte, 28)
	p[0] = byte(s.Rotation)<<3&0x18 | bit(s.Exact, 1)
	be.PutUint32(p[4:], uint32(s.Start))
	be.PutUint32(p[8:], uint32(s.End))
	be.PutUint32(p[12:], uint32(s.Read))
	be.PutUint32(p[16:], 1000) // milliseconds
	be.PutUint32(p[20:], uint32(s.Write))
	be.PutUint32(p[24:], 1000)
	return sendStreaming(ctx, t, p)
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
