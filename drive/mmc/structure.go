package mmc

import (
	"context"

	"glassmaster/drive/scsi"
)

// Format codes of READ DISC STRUCTURE and SEND DISC STRUCTURE (MMC-6 6.22, 6.33).
const (
	structurePhysical        = 0x00 // DVD: physical format information; BD: disc information
	structureSpare           = 0x0A // DVD-RAM, BD: spare areas
	structurePreRecorded     = 0x0E // DVD-R, DVD-RW: pre-recorded information in the lead-in
	structureADIP            = 0x11 // DVD+R, DVD+RW: address in pre-groove
	structureLayerBoundary   = 0x20 // DVD-R DL, DVD+R DL
	structureShiftedMiddle   = 0x21 // DVD-R DL
	structureManualJump      = 0x23 // DVD-R DL, manual layer jump
	structureWriteProtection = 0xC0
)

// structureHeader is the length of the header before a structure: 0-1 length of what
// follows these two bytes, 2-3 reserved.
const structureHeader = 4

// ReadDiscStructure returns a structure of the medium, up to size bytes without the
// four-byte header (READ DISC STRUCTURE ADh, MMC-6 6.22). bd selects the media type
// Blu-ray, layer the layer, and format the structure.
func ReadDiscStructure(ctx context.Context, t scsi.Transport, bd bool, layer, format byte, size int) ([]byte, error) {
	return readStructure(ctx, t, structureOf{bd: bd, layer: layer, format: format}, size)
}

// structureOf selects a structure of the medium: bytes 1 media type, 6 layer and 7 format of
// the CDB.
type structureOf struct {
	bd     bool
	layer  byte
	format byte
}

func (s structureOf) cdb(op byte, size int) []byte {
	return []byte{op, bit(s.bd, 0), 0, 0, 0, 0, s.layer, s.format, byte(size >> 8), byte(size), 0, 0}
}

// readStructure returns a structure without its header.
func readStructure(ctx context.Context, t scsi.Transport, s structureOf, size int) ([]byte, error) {
	size += structureHeader
	p, err := receive(ctx, t, s.cdb(scsi.OpReadDiscStructure, size), size)
	if err != nil {
		return nil, err
	}
	if p = declared(p, 2); len(p) < structureHeader {
		return nil, shortReply(scsi.OpReadDiscStructure, p)
	}
	return p[structureHeader:], nil
}

// readFixed returns a structure of exactly size bytes; a shorter one is an error.
func readFixed(ctx context.Context, t scsi.Transport, s structureOf, size int) ([]byte, error) {
	p, err := readStructure(ctx, t, s, size)
	if err == nil && len(p) < size {
		return nil, shortReply(scsi.OpReadDiscStructure, p)
	}
	return p, err
}

// sendStructure sends a structure, to which it adds the header (SEND DISC STRUCTURE BFh,
// MMC-6 6.33). Some drives calibrate at the place before they answer.
func sendStructure(ctx context.Context, t scsi.Transport, s structureOf, p []byte) error {
	b := make([]byte, structureHeader, structureHeader+len(p))
	be.PutUint16(b, uint16(2+len(p)))
	b = append(b, p...)
	return send(ctx, t, s.cdb(scsi.OpSendDiscStructure, len(b)), b, structureTimeout)
}
