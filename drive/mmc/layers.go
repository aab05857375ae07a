package mmc

import (
	"context"
	"fmt"

	"glassmaster/drive/scsi"
)

// LayerBoundary is where a disc of two layers changes to layer 1.
type LayerBoundary struct {
	Fixed  bool  // it cannot be changed any more
	Layer0 int64 // sectors of layer 0, so the address of the first sector of layer 1
}

// ReadLayerBoundary returns the layer boundary of a DVD+R DL or DVD-R DL (READ DISC
// STRUCTURE ADh, MMC-6 6.22, format 20h: byte 0 bit 7 fixed, 4-7 sectors of layer 0).
func ReadLayerBoundary(ctx context.Context, t scsi.Transport) (LayerBoundary, error) {
	set, v, err := readLayerValue(ctx, t, structureLayerBoundary)
	return LayerBoundary{set, v}, err
}

// SetLayerBoundary sets the number of sectors of layer 0 of a blank DVD+R DL or DVD-R DL.
// It must be a multiple of 16, and at least half of what will be written. It cannot be
// changed afterwards (SEND DISC STRUCTURE BFh, MMC-6 6.33, format 20h).
func SetLayerBoundary(ctx context.Context, t scsi.Transport, layer0 int64) error {
	return sendLayerValue(ctx, t, structureLayerBoundary, layer0)
}

// ShiftedMiddle is the middle area that a DVD-R DL gets further inside than at its outer
// edge, because little is recorded.
type ShiftedMiddle struct {
	Set   bool
	Start int64 // address on layer 0 at which it begins
}

// ReadShiftedMiddle returns the shifted middle area of a DVD-R DL (READ DISC STRUCTURE
// ADh, MMC-6 6.22, format 21h: byte 0 bit 7 set, 4-7 start).
func ReadShiftedMiddle(ctx context.Context, t scsi.Transport) (ShiftedMiddle, error) {
	set, v, err := readLayerValue(ctx, t, structureShiftedMiddle)
	return ShiftedMiddle{set, v}, err
}

// SetShiftedMiddle sets the address on layer 0 at which the middle area of a DVD-R DL
// begins, a multiple of 16. It can be set once (SEND DISC STRUCTURE BFh, MMC-6 6.33,
// format 21h).
func SetShiftedMiddle(ctx context.Context, t scsi.Transport, start int64) error {
	return sendLayerValue(ctx, t, structureShiftedMiddle, start)
}

// ReadManualJump returns the address of the last sector on layer 0 before the next manual
// layer jump (READ DISC STRUCTURE ADh, MMC-6 6.22, format 23h: bytes 4-7).
func ReadManualJump(ctx context.Context, t scsi.Transport) (int64, error) {
	_, v, err := readLayerValue(ctx, t, structureManualJump)
	return v, err
}

// SetManualJump sets the address of the last sector on layer 0 before the next layer jump
// (SEND DISC STRUCTURE BFh, MMC-6 6.33, format 23h).
func SetManualJump(ctx context.Context, t scsi.Transport, last int64) error {
	return sendLayerValue(ctx, t, structureManualJump, last)
}

// readLayerValue reads a structure of 8 bytes: bit 7 of byte 0, and the number in bytes
// 4-7.
func readLayerValue(ctx context.Context, t scsi.Transport, format byte) (set bool, v int64, err error) {
	p, err := readFixed(ctx, t, structureOf{format: format}, 8)
	if err != nil {
		return false, 0, err
	}
	return p[0]&0x80 != 0, int64(be.Uint32(p[4:])), nil
}

// sendLayerValue sends such a structure.
func sendLayerValue(ctx context.Context, t scsi.Transport, format byte, v int64) error {
	if v < 0 || v > 1<<32-1 {
		return fmt.Errorf("SEND DISC STRUCTURE %02Xh: %d is not an address", format, v)
	}
	p := make([]byte, 8)
	be.PutUint32(p[4:], uint32(v))
	return sendStructure(ctx, t, structureOf{format: format}, p)
}
