package mmc

import (
	"context"

	"glassmaster/drive/scsi"
)

// ReadCDText returns the packs of CD-TEXT, 18 bytes each, of the lead-in of the first
// session, CD only (READ TOC/PMA/ATIP 43h, MMC-6 6.25, format 0101b). A disc without
// CD-TEXT is an error with some drives, and no packs with others.
func ReadCDText(ctx context.Context, t scsi.Transport) ([]byte, error) {
	p, err := readTOC(ctx, t, 5)
	if err != nil {
		return nil, err
	}
	if p = declared(p, 2); len(p) < 4 {
		return nil, shortReply(scsi.OpReadTOC, p)
	}
	return p[4:], nil
}

// Sizes and formats of READ SUB-CHANNEL.
const (
	codeReply   = 24
	formatMCN   = 2
	formatISRC  = 3
	lengthMCN   = 13
	lengthISRC  = 12
	codeValid   = 0x80
	codeOffset  = 9
	trackOffset = 6
)

// ReadCatalog returns the media catalogue number, 13 characters as the drive reports them,
// or "" if the disc has none, CD only (READ SUB-CHANNEL 42h, MMC-5 6.29, format 02h: byte 8
// bit 7 valid, 9 to 21 number).
func ReadCatalog(ctx context.Context, t scsi.Transport) (string, error) {
	return readCode(ctx, t, formatMCN, 0, lengthMCN)
}

// ReadISRC returns the ISRC of a track, 12 characters as the drive reports them, or "" if
// the track has none, CD only (READ SUB-CHANNEL 42h, MMC-5 6.29, format 03h: byte 6 track, 8
// bit 7 valid, 9 to 20 code). The ISRC of another track counts as none.
func ReadISRC(ctx context.Context, t scsi.Transport, track int) (string, error) {
	return readCode(ctx, t, formatISRC, track, lengthISRC)
}

// readCode sends READ SUB-CHANNEL with the bit SubQ.
func readCode(ctx context.Context, t scsi.Transport, format byte, track, length int) (string, error) {
	p, err := receive(ctx, t, []byte{scsi.OpReadSubChannel, 0, 0x40, format, 0, 0, byte(track), 0, codeReply, 0}, codeReply)
	if err != nil {
		return "", err
	}
	if len(p) < codeOffset+length {
		return "", shortReply(scsi.OpReadSubChannel, p)
	}
	if p[8]&codeValid == 0 || p[4] != format || format == formatISRC && int(p[trackOffset]) != track {
		return "", nil
	}
	return string(p[codeOffset : codeOffset+length]), nil
}
