package mmc

import (
	"context"

	"glassmaster/drive/scsi"
)

// ReadCapacity returns the last readable address and the sector size in bytes (READ
// CAPACITY 25h, MMC-6 6.18).
func ReadCapacity(ctx context.Context, t scsi.Transport) (last int64, size int, err error) {
	p, err := receive(ctx, t, []byte{scsi.OpReadCapacity, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 8)
	if err != nil {
		return 0, 0, err
	}
	if len(p) < 8 {
		return 0, 0, shortReply(scsi.OpReadCapacity, p)
	}
	return int64(be.Uint32(p)), int(be.Uint32(p[4:])), nil
}

// States of a medium in FormatCapacities.
const (
	Unformatted = 1
	Formatted   = 2
	NoMedium    = 3 // no medium, or one in an unknown state
)

// FormatCapacities is the reply to READ FORMAT CAPACITIES.
type FormatCapacities struct {
	State   int // Unformatted, Formatted or NoMedium
	Blocks  int64
	Formats []Format // that the medium supports
}

// Format types (MMC-6 6.4).
const (
	FormatWhole       = 0x00 // the whole medium, as the drive prefers
	FormatDVDRAMSpare = 0x01 // DVD-RAM, enlarges the supplementary spare area
	FormatDVDRW       = 0x10 // DVD-RW, full format
	FormatDVDRWExtend = 0x11 // DVD-RW, extends the formatted area, and formats what is added
	FormatDVDRWGrow   = 0x13 // DVD-RW, quick format: extends the formatted area
	FormatDVDRWQuick  = 0x15 // DVD-RW, quick format: the formatted area grows as it is written
	FormatDVDPlusRW   = 0x26
	FormatBDRESpare   = 0x30 // BD-RE with spare areas of a given size
	FormatBDRENoSpare = 0x31
	FormatBDRSpare    = 0x32 // BD-R with spare areas of a given size
)

// Format is one way to format a medium.
type Format struct {
	Type      byte // format type (MMC-6 6.4)
	Sub       byte // format sub-type
	Blocks    int64
	Parameter uint32 // 24 bits, depends on the type
}

// Find returns the first format of a type.
func (c FormatCapacities) Find(kind byte) (Format, bool) {
	for _, f := range c.Formats {
		if f.Type == kind {
			return f, true
		}
	}
	return Format{}, false
}

// ReadFormatCapacities returns whether the medium is formatted, and the formats that it
// supports (READ FORMAT CAPACITIES 23h, MMC-6 6.23).
func ReadFormatCapacities(ctx context.Context, t scsi.Transport) (FormatCapacities, error) {
	p, err := receiveAll(ctx, t, []byte{scsi.OpReadFormatCapacities, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 12, 4)
	if err != nil {
		return FormatCapacities{}, err
	}
	return decodeFormatCapacities(p)
}

// decodeFormatCapacities reads the list header (byte 3 length), the current or
// maximum capacity descriptor (blocks, descriptor type) and the formattable
// capacity descriptors (blocks, format type and sub-type, parameter).
func decodeFormatCapacities(p []byte) (FormatCapacities, error) {
	if len(p) < 12 {
		return FormatCapacities{}, shortReply(scsi.OpReadFormatCapacities, p)
	}
	p = p[:min(len(p), 4+int(p[3]))]
	if len(p) < 12 {
		return FormatCapacities{}, shortReply(scsi.OpReadFormatCapacities, p)
	}
	c := FormatCapacities{State: int(p[8] & 3), Blocks: int64(be.Uint32(p[4:]))}
	for p = p[12:]; len(p) >= 8; p = p[8:] {
		c.Formats = append(c.Formats, Format{
			Blocks: int64(be.Uint32(p)), Type: p[4] >> 2, Sub: p[4] & 3, Parameter: be.Uint32(p[4:]) & 0xFFFFFF,
		})
	}
	return c, nil
}

// Buffer is the state of the drive's buffer, in bytes.
type Buffer struct{ Size, Free int64 }

// Level returns how full the buffer is, from 0 to 1, or -1 if its size is unknown.
func (b Buffer) Level() float64 {
	if b.Size <= 0 {
		return -1
	}
	return min(max(1-float64(b.Free)/float64(b.Size), 0), 1)
}

// ReadBufferCapacity returns the state of the drive's buffer (READ BUFFER CAPACITY 5Ch,
// MMC-6 6.17, in bytes).
func ReadBufferCapacity(ctx context.Context, t scsi.Transport) (Buffer, error) {
	p, err := receive(ctx, t, []byte{scsi.OpReadBufferCapacity, 0, 0, 0, 0, 0, 0, 0, 12, 0}, 12)
	if err != nil {
		return Buffer{}, err
	}
	if len(p) < 12 {
		return Buffer{}, shortReply(scsi.OpReadBufferCapacity, p)
	}
	return Buffer{int64(be.Uint32(p[4:])), int64(be.Uint32(p[8:]))}, nil
}
