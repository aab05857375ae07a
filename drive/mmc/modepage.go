package mmc

import (
	"context"
	"fmt"

	"glassmaster/drive/scsi"
)

// WriteType is the write type of a track (MMC-6 7.5).
type WriteType byte

// Write types.
const (
	Incremental WriteType = 0 // packet writing, and incremental recording of DVD-R
	TrackAtOnce WriteType = 1
	DiscAtOnce  WriteType = 2 // session-at-once on CD
	Raw         WriteType = 3 // CD: everything from the lead-in to the lead-out comes from the host
	LayerJump   WriteType = 4 // DVD-R DL
)

// Data block types: what a block holds that is written to a CD (MMC-6 7.5, table 665). The
// data types of feature 002Dh are a bit each.
const (
	BlockRaw    = 0  // 2352 bytes: audio, or whole sectors
	BlockRawPQ  = 1  // 2352 bytes and P and Q, 16 bytes
	BlockRawPW  = 2  // 2352 bytes and P to W, 96 bytes, R to W as packs
	BlockRawSub = 3  // 2352 bytes and P to W, 96 bytes, as they are recorded
	BlockMode1  = 8  // 2048 bytes of mode 1
	BlockMode2  = 9  // 2336 bytes of mode 2
	BlockForm1  = 10 // 2048 bytes of mode 2 form 1
	BlockMixed  = 13 // sub-header of 8 bytes and 2324 bytes of form 1 or 2
)

// WriteParameters are fields of the write parameters mode page, 05h (MMC-6 7.5). They
// apply to CD-R, CD-RW, DVD-R and DVD-RW.
type WriteParameters struct {
	Type         WriteType
	BufferFree   bool // BUFE: buffer underrun protection
	Test         bool // simulation: write with the laser at reading power
	LinkSize     int  // sectors; 0: not valid
	Multisession bool // another session can follow
	FixedPacket  bool
	TrackMode    byte // CONTROL nibble: 4 data, 5 data written incrementally
	DataBlock    byte // BlockRaw and so on
	Session      byte // session format: 00h CD-DA and CD-ROM, 10h CD-i, 20h XA
	PacketSize   int  // sectors
	AudioPause   int  // sectors

	Catalog string // media catalogue number, 13 digits; empty: none
	ISRC    string // of the track, 12 characters; empty: none
}

// pageLength is the length of mode page 05h without its first two bytes.
const pageLength = 50

// encode returns the page: 2 BUFE (bit 6), LS_V (5), test write (4), write type
// (0-3); 3 multi-session (6-7), FP (5), copy (4), track mode (0-3); 4 data block type; 5
// link size; 8 session format; 10 packet size; 14 audio pause length; 16 catalogue number,
// 32 ISRC, which begin with a bit that they are valid (7).
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
	p[8] = w.Session
	be.PutUint32(p[10:], uint32(w.PacketSize))
	be.PutUint16(p[14:], uint16(w.AudioPause))
	if len(w.Catalog) == lengthMCN {
		p[16] = codeValid
		copy(p[17:], w.Catalog)
	}
	if len(w.ISRC) == lengthISRC {
		p[32] = codeValid
		copy(p[33:], w.ISRC)
	}
	return p
}

// parameterListLength is the ASC of a drive whose page has another length: PARAMETER LIST
// LENGTH ERROR.
const parameterListLength = 0x1A

// SetWriteParameters sets mode page 05h (MODE SELECT(10) 55h, MMC-6 6.11). If the drive
// rejects the page, SetWriteParameters reads the drive's page with MODE SENSE and sends it
// back with these fields changed: some drives accept only certain values of the other
// fields, and older drives have a shorter page.
func SetWriteParameters(ctx context.Context, t scsi.Transport, w WriteParameters) error {
	page := w.encode()
	first := modeSelect(ctx, t, page)
	if first == nil || scsi.Recovered(first) { // the drive rounded a value
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
	if len(own) >= 48 {
		copy(own[16:48], page[16:48]) // catalogue number, ISRC
	}
	if len(own) > 2+int(own[1]) {
		own = own[:2+int(own[1])] // without what follows the page
	}
	if err := modeSelect(ctx, t, own); err != nil {
		return fmt.Errorf("%w; with the other values of the drive's page: %w", first, err)
	}
	return nil
}

func modeSelect(ctx context.Context, t scsi.Transport, page []byte) error {
	p := append(make([]byte, 8, 8+len(page)), page...)
	n := len(p)
	return send(ctx, t, []byte{scsi.OpModeSelect10, 0x10, 0, 0, 0, 0, 0, byte(n >> 8), byte(n), 0}, p, 0)
}

// ModePage returns the current values of a mode page, beginning with its page code (MODE
// SENSE(10) 5Ah, MMC-6 6.12, DBD). Block descriptors, which some drives send in spite of
// DBD, are skipped.
func ModePage(ctx context.Context, t scsi.Transport, page byte) ([]byte, error) {
	p, err := receiveAll(ctx, t, []byte{scsi.OpModeSense10, 8, page, 0, 0, 0, 0, 0, 0, 0}, 12, 2)
	if err != nil {
		return nil, err
	}
	if p = declared(p, 2); len(p) < 8 {
		return nil, shortReply(scsi.OpModeSense10, p)
	}
	skip := 8 + int(be.Uint16(p[6:]))
	if len(p) < skip+2 || p[skip]&0x3F != page {
		return nil, shortReply(scsi.OpModeSense10, p)
	}
	return p[skip:], nil
}
