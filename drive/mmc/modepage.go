package mmc

import (
	"context"
	"fmt"

	"glassmaster/drive/scsi"
)

// WriteType is how a track is recorded (MMC-6 7.5).
type WriteType byte

// Write types.
const (
	Incremental WriteType = 0 // packets: DVD-R in pieces
	TrackAtOnce WriteType = 1
	DiscAtOnce  WriteType = 2 // session at once on CD
)

// WriteParameters are the fields of mode page 05h that burning sets (MMC-6
// 7.5). They apply to CD-R, CD-RW, DVD-R and DVD-RW.
type WriteParameters struct {
	Type         WriteType
	BufferFree   bool // BUFE: survive an empty buffer
	Test         bool // write with the laser off
	LinkSize     int  // sectors; 0: not valid
	Multisession bool // the session stays open for others behind it
	FixedPacket  bool
	TrackMode    byte // CONTROL nibble: 4 data, 5 data written incrementally
	DataBlock    byte // 8: mode 1, 2048 bytes
	PacketSize   int  // sectors
	AudioPause   int  // sectors
}

// pageLength is the length of mode page 05h behind its first two bytes.
const pageLength = 50

// encode composes the page: 2 BUFE (bit 6), LS_V (5), test write (4), write type
// (0-3); 3 multi-session (6-7), FP (5), track mode (0-3); 4 data block type; 5
// link size; 8 session format; 10 packet size; 14 audio pause length.
func (w WriteParameters) encode() []byte {
	p := make([]byte, 2+pageLength)
	p[0], p[1] = 5, pageLength
	p[2] = bit(w.BufferFree, 6) | bit(w.LinkSize > 0, 5) | bit(w.Test, 4) | byte(w.Type)
	p[3] = bit(w.FixedPacket, 5) | w.TrackMode&15
	if w.Multisession {
		p[3] |= 0xC0
	}
	p[4] = w.DataBlock
	p[5] = byte(w.LinkSize)
	be.PutUint32(p[10:], uint32(w.PacketSize))
	be.PutUint16(p[14:], uint16(w.AudioPause))
	return p
}

// parameterListLength is the additional sense code of a drive whose page has
// another length: PARAMETER LIST LENGTH ERROR.
const parameterListLength = 0x1A

// SetWriteParameters sets mode page 05h (MODE SELECT(10) 55h, MMC-6 6.11). A
// drive that refuses the page as composed gets its own page back with these
// fields put in, in the length that MODE SENSE tells: some firmware insists on
// values that the standard leaves open, and older drives have a shorter page.
func SetWriteParameters(ctx context.Context, t scsi.Transport, w WriteParameters) error {
	page := w.encode()
	first := modeSelect(ctx, t, page)
	if first == nil || scsi.Recovered(first) { // a value was rounded
		return nil
	}
	if key, asc, _, _ := scsi.Code(first); !scsi.InvalidField(first) && (key != scsi.KeyIllegalRequest || asc != parameterListLength) {
		return first
	}
	own, err := ModePage(ctx, t, 5)
	if err != nil || len(own) < 16 {
		return first
	}
	own[0] &= 0x7F                // PS is reserved in MODE SELECT
	copy(own[2:6], page[2:6])     // types, and link size
	copy(own[10:16], page[10:16]) // packet size, pause
	own[8] = page[8]              // session format
	if len(own) > 2+int(own[1]) {
		own = own[:2+int(own[1])] // nothing behind the page
	}
	if err := modeSelect(ctx, t, own); err != nil {
		return fmt.Errorf("%w; with the fields in the drive's own page: %w", first, err)
	}
	return nil
}

func modeSelect(ctx context.Context, t scsi.Transport, page []byte) error {
	p := append(make([]byte, 8, 8+len(page)), page...)
	n := len(p)
	return out(ctx, t, []byte{scsi.OpModeSelect10, 0x10, 0, 0, 0, 0, 0, byte(n >> 8), byte(n), 0}, p, 0)
}

// ModePage asks for the current values of a mode page, from its page code on
// (MODE SENSE(10) 5Ah, MMC-6 6.12, DBD). Block descriptors that a drive sends all
// the same are skipped.
func ModePage(ctx context.Context, t scsi.Transport, page byte) ([]byte, error) {
	p, err := whole(ctx, t, []byte{scsi.OpModeSense10, 8, page, 0, 0, 0, 0, 0, 0, 0}, 12, 2)
	if err != nil {
		return nil, err
	}
	if p = header(p, 2); len(p) < 8 {
		return nil, short(scsi.OpModeSense10, p)
	}
	skip := 8 + int(be.Uint16(p[6:]))
	if len(p) < skip+2 || p[skip]&0x3F != page {
		return nil, short(scsi.OpModeSense10, p)
	}
	return p[skip:], nil
}
