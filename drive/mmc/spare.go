package mmc

import (
	"context"

	"glassmaster/drive/scsi"
)

// SpareArea is the state of the spare areas of a medium, in sectors.
type SpareArea struct {
	Free      int64 // sectors that can still replace defective ones
	Allocated int64 // of the spare areas of a BD; of the supplementary one of a DVD-RAM
	Primary   int64 // DVD-RAM: free sectors of the primary spare area, which Free includes
}

// ReadSpareArea returns the state of the spare areas of a DVD-RAM, a BD-R or a BD-RE (READ
// DISC STRUCTURE ADh, MMC-6 6.22, format 0Ah).
func ReadSpareArea(ctx context.Context, t scsi.Transport, bd bool) (SpareArea, error) {
	p, err := readFixed(ctx, t, structureOf{bd: bd, format: structureSpare}, 12)
	if err != nil {
		return SpareArea{}, err
	}
	return decodeSpareArea(p, bd), nil
}

// decodeSpareArea decodes, of a DVD-RAM, bytes 0-3 free primary, 4-7 free supplementary,
// 8-11 allocated supplementary spare sectors; of a BD, bytes 4-7 free, 8-11 allocated
// clusters.
func decodeSpareArea(p []byte, bd bool) SpareArea {
	const cluster = 32
	s := SpareArea{Free: int64(be.Uint32(p[4:])), Allocated: int64(be.Uint32(p[8:]))}
	if bd {
		s.Free *= cluster
		s.Allocated *= cluster
		return s
	}
	s.Primary = int64(be.Uint32(p))
	s.Free += s.Primary
	return s
}
