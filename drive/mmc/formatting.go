package mmc

import (
	"context"

	"glassmaster/drive/scsi"
)

// FormatOptions are flags of FORMAT UNIT (MMC-6 6.4) besides the format itself.
type FormatOptions struct {
	// NoCertification (DCRT) formats a DVD-RAM without checking every sector. Some drives
	// reject it.
	NoCertification bool
	// KeepDefects (CmpLst) keeps the list of known defects of a DVD-RAM. Drives need it for
	// formatting without certification.
	KeepDefects bool
	// Valid (FOV) says that the other options are valid.
	Valid bool
}

// FormatUnitWith is like FormatUnit, with options (FORMAT UNIT 04h, MMC-6 6.4: byte 1 of
// the CDB CmpLst (bit 3); byte 1 of the header FOV (7), DCRT (5), Immed (1)).
func FormatUnitWith(ctx context.Context, t scsi.Transport, f Format, o FormatOptions) error {
	p := make([]byte, 12)
	p[1] = bit(o.Valid, 7) | bit(o.NoCertification, 5) | 2
	p[3] = 8 // one descriptor
	be.PutUint32(p[4:], uint32(f.Blocks))
	be.PutUint32(p[8:], f.Parameter&0xFFFFFF)
	p[8] = f.Type<<2 | f.Sub&3
	return send(ctx, t, []byte{scsi.OpFormatUnit, 0x11 | bit(o.KeepDefects, 3), 0, 0, 0, 0}, p, eraseTimeout)
}
