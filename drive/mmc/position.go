package mmc

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// ErrNoPosition is returned for a sector whose Q sub-channel contains no position, but
// for example the media catalogue number.
var ErrNoPosition = errors.New("the sub-channel of this sector holds no position")

// qLength is the size of a formatted Q sub-channel in bytes.
const qLength = 16

// Position is where a sector is according to its Q sub-channel. Index 0 is a pre-gap. Some
// drives return all numbers in BCD, as they are on the disc, and others in binary.
type Position struct {
	Track, Index int
	Address      [3]byte // minutes, seconds, frames
}

// Is reports whether the sector is in this track and index.
func (p Position) Is(track, index int) bool { return p.In(track) && is(p.Index, index) }

// In reports whether the sector is in this track.
func (p Position) In(track int) bool { return is(p.Track, track) }

// is reports whether a number is the wanted one, as such or in BCD.
func is(got, want int) bool { return got == want || got == want/10<<4|want%10 }

// BCD returns the address that the sub-channel states if its numbers are in BCD, and whether
// they can be.
func (p Position) BCD() (disc.LBA, bool) {
	var n [3]int
	for i, b := range p.Address {
		if n[i] = int(b>>4)*10 + int(b&15); b>>4 > 9 || b&15 > 9 {
			return 0, false
		}
	}
	return disc.MSF{M: n[0], S: n[1], F: n[2]}.LBA(), true
}

// Binary returns the address that the sub-channel states if its numbers are in binary.
func (p Position) Binary() disc.LBA {
	return disc.MSF{M: int(p.Address[0]), S: int(p.Address[1]), F: int(p.Address[2])}.LBA()
}

// ReadPosition returns the track and the index of a sector, CD only. It reads only the Q
// sub-channel (READ CD BEh, MMC-6 6.19, main channel none, sub-channel 010b: byte 0 CONTROL and
// ADR, 1 track, 2 index, 7 to 9 address).
func ReadPosition(ctx context.Context, t scsi.Transport, lba disc.LBA) (Position, error) {
	p, err := readQ(ctx, t, lba)
	if err != nil {
		return Position{}, err
	}
	return Position{int(p[1]), int(p[2]), [3]byte(p[7:])}, nil
}

// readQ reads the Q sub-channel of a sector that holds a position.
func readQ(ctx context.Context, t scsi.Transport, lba disc.LBA) ([qLength]byte, error) {
	cdb := []byte{scsi.OpReadCD, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0}
	be.PutUint32(cdb[2:], uint32(lba))
	var p [qLength]byte
	n, err := t.Execute(ctx, scsi.Command{CDB: cdb, Direction: scsi.In, Data: p[:], Timeout: readTimeout})
	switch {
	case err != nil:
		return p, err
	case n < qLength:
		return p, shortReply(scsi.OpReadCD, p[:n])
	case p[0]&15 != 1:
		return p, ErrNoPosition
	}
	return p, nil
}

// ReadCDOfMode reads a sector of a CD with the expected mode: the 2352 bytes of an audio
// sector, or the 2048 bytes of user data of a mode 1 or XA form 1 sector (READ CD BEh,
// MMC-6 6.19, expected sector type 1, 2 or 4, main channel 10h). Unlike READ(10) it takes
// negative addresses. For a sector of another mode the drive returns ILLEGAL MODE FOR
// THIS TRACK.
func ReadCDOfMode(ctx context.Context, t scsi.Transport, lba disc.LBA, m disc.Mode) error {
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
		return fmt.Errorf("READ CD: a %v sector has no user data of a fixed size", m)
	}
	cdb := []byte{scsi.OpReadCD, kind << 2, 0, 0, 0, 0, 0, 0, 1, 0x10, 0, 0}
	be.PutUint32(cdb[2:], uint32(lba))
	n, err := t.Execute(ctx, scsi.Command{CDB: cdb, Direction: scsi.In, Data: make([]byte, size), Timeout: readTimeout})
	if err == nil && n < size {
		return shortReply(scsi.OpReadCD, nil)
	}
	return err
}
