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

// MediumStatus is the state of the cartridge and of the write protection of a DVD-RAM or
// BD.
type MediumStatus struct {
	Cartridge  bool // the medium is in a cartridge
	Opened     bool // it was taken out of the cartridge before
	Specific   bool // protected by what is recorded on it
	Tab        bool // protected by the tab of the cartridge
	Persistent bool // protected by software, on the medium
	Type       byte // disc type identification of a DVD-RAM
}

// ReadMediumStatus returns the state of the cartridge (READ DISC STRUCTURE ADh, MMC-6
// 6.22, format 09h).
func ReadMediumStatus(ctx context.Context, t scsi.Transport, bd bool) (MediumStatus, error) {
	p, err := readFixed(ctx, t, structureOf{bd: bd, format: structureMediumStatus}, 4)
	if err != nil {
		return MediumStatus{}, err
	}
	return decodeMediumStatus(p), nil
}

// decodeMediumStatus decodes byte 0: in a cartridge (bit 7), opened (6), medium specific
// (3), cartridge (2) and persistent (1) write protection; byte 1 disc type.
func decodeMediumStatus(p []byte) MediumStatus {
	return MediumStatus{
		Cartridge: p[0]&0x80 != 0, Opened: p[0]&0x40 != 0, Specific: p[0]&8 != 0, Tab: p[0]&4 != 0, Persistent: p[0]&2 != 0, Type: p[1],
	}
}

// WriteProtection says why a medium cannot be written.
type WriteProtection struct {
	Specific   bool // by what is recorded on it
	Tab        bool // by the tab of its cartridge
	Persistent bool // by software, on the medium
	UntilReset bool // by software, until the drive restarts
}

// Any reports whether the medium is protected.
func (w WriteProtection) Any() bool { return w.Specific || w.Tab || w.Persistent || w.UntilReset }

// ReadWriteProtection returns the write protection (READ DISC STRUCTURE ADh, MMC-6 6.22,
// format C0h: byte 0 bits 3 medium, 2 cartridge, 1 persistent, 0 until power off). Drives
// need the feature 0004h.
func ReadWriteProtection(ctx context.Context, t scsi.Transport, bd bool) (WriteProtection, error) {
	p, err := readFixed(ctx, t, structureOf{bd: bd, format: structureWriteProtection}, 4)
	if err != nil {
		return WriteProtection{}, err
	}
	return WriteProtection{Specific: p[0]&8 != 0, Tab: p[0]&4 != 0, Persistent: p[0]&2 != 0, UntilReset: p[0]&1 != 0}, nil
}

// SetWriteProtection sets the two kinds of write protection by software (SEND DISC
// STRUCTURE BFh, MMC-6 6.33, format C0h).
func SetWriteProtection(ctx context.Context, t scsi.Transport, bd, persistent, untilReset bool) error {
	return sendStructure(ctx, t, structureOf{bd: bd, format: structureWriteProtection}, []byte{bit(persistent, 1) | bit(untilReset, 0), 0, 0, 0})
}

// Identifiers of the blocks of format 30h that protect a medium against writing.
const (
	writeInhibitBlock = 0x57444300 // "WDC", a disc control block of DVD+
	writeProtectPAC   = 0x44575000 // "DWP", a physical access control of BD
)

// AccessControl is a block on a DVD+RW, DVD+R or BD that restricts what drives may do with
// it.
type AccessControl struct {
	Protected bool // the medium must not be written
	Password  bool // changing this needs a password
}

// ReadAccessControl returns the write inhibit block of a DVD+RW or DVD+R, or the write
// protection of a BD (READ DISC STRUCTURE ADh, MMC-6 6.22, format 30h; the identifier of
// the block is in the address field of the CDB). A medium without one is an error.
func ReadAccessControl(ctx context.Context, t scsi.Transport, bd bool) (AccessControl, error) {
	at, id := 44, uint32(writeInhibitBlock) // bytes 0-3 identifier, 4-7 prohibited actions, 8-39 vendor, 40-43 updates, 44-47 actions
	if bd {
		at, id = 384, writeProtectPAC // header of 384 bytes, 0-2 identifier; 384 flags, 388 write protection
	}
	p, err := readFixed(ctx, t, structureOf{bd: bd, format: structureDiscControl, address: id}, at+8)
	if err != nil {
		return AccessControl{}, err
	}
	if be.Uint32(p)&^0xFF != id {
		return AccessControl{}, shortReply(scsi.OpReadDiscStructure, nil)
	}
	b := p[at+3] // of the actions: bits 0-1 protection, 7 password
	if bd {
		b = p[at+4]
	}
	return AccessControl{Protected: b&3 != 0, Password: b&0x80 != 0}, nil
}
