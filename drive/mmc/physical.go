package mmc

import (
	"context"
	"fmt"

	"glassmaster/drive/scsi"
)

// BookType is the kind of disc that a DVD says it is, in its lead-in (MMC-6 6.22, format
// 00h, byte 0 bits 4-7). Players and DVD-ROM drives choose by it whether to play a disc.
// On many recordable discs it can be set to DVD-ROM; see [SetBookType].
type BookType byte

// Book types.
const (
	BookROM      BookType = 0x0
	BookRAM      BookType = 0x1
	BookR        BookType = 0x2 // DVD-R
	BookRW       BookType = 0x3 // DVD-RW
	BookPlusRW   BookType = 0x9
	BookPlusR    BookType = 0xA
	BookPlusRWDL BookType = 0xD
	BookPlusRDL  BookType = 0xE
)

func (b BookType) String() string {
	switch b {
	case BookROM:
		return "DVD-ROM"
	case BookRAM:
		return "DVD-RAM"
	case BookR:
		return "DVD-R"
	case BookRW:
		return "DVD-RW"
	case BookPlusRW:
		return "DVD+RW"
	case BookPlusR:
		return "DVD+R"
	case BookPlusRWDL:
		return "DVD+RW DL"
	case BookPlusRDL:
		return "DVD+R DL"
	}
	return fmt.Sprintf("book type %X", byte(b))
}

// PhysicalFormat is the physical format information of a DVD.
type PhysicalFormat struct {
	Book      BookType
	Version   byte // of the book
	Small     bool // 80 mm
	Layers    int
	Opposite  bool   // opposite track path: layer 1 is read from the outside to the inside
	Recorded  bool   // has embossed data
	Writable  bool   // can be recorded once
	Rewritten bool   // can be rewritten
	First     uint32 // physical address of the first sector of the data area
	Last      uint32 // physical address of its last sector
	LastL0    uint32 // physical address of the last sector of layer 0, opposite track path only
	BCA       bool   // has a burst cutting area
}

// Layer0 returns how many sectors layer 0 has, on a disc of two layers with opposite track
// path, and 0 on other discs.
func (f PhysicalFormat) Layer0() int64 {
	if f.Layers != 2 || !f.Opposite || f.LastL0 < f.First {
		return 0
	}
	return int64(f.LastL0-f.First) + 1
}

// physicalSize is the part of the physical format information that is decoded.
const physicalSize = 17

// ReadPhysicalFormat returns the physical format information of a DVD (READ DISC STRUCTURE
// ADh, MMC-6 6.22, format 00h).
func ReadPhysicalFormat(ctx context.Context, t scsi.Transport) (PhysicalFormat, error) {
	// Some drives reject an allocation length other than that of the whole structure.
	p, err := readStructure(ctx, t, structureOf{format: structurePhysical}, 2048)
	if err != nil {
		return PhysicalFormat{}, err
	}
	if len(p) < physicalSize {
		return PhysicalFormat{}, shortReply(scsi.OpReadDiscStructure, p)
	}
	return decodePhysical(p), nil
}

// decodePhysical decodes the physical format information: byte 0 book type (bits 4-7) and
// version (0-3), 1 disc size (4-7), 2 number of layers less one (5-6), opposite track path
// (4), layer type (0-3), 5-7 first, 9-11 last sector, 13-15 last sector of layer 0, 16 BCA
// (bit 7).
func decodePhysical(p []byte) PhysicalFormat {
	address := func(at int) uint32 { return be.Uint32(p[at-1:]) & 0xFFFFFF }
	return PhysicalFormat{
		Book: BookType(p[0] >> 4), Version: p[0] & 15, Small: p[1]>>4 == 1, Layers: int(p[2]>>5&3) + 1, Opposite: p[2]&0x10 != 0,
		Recorded: p[2]&1 != 0, Writable: p[2]&2 != 0, Rewritten: p[2]&4 != 0,
		First: address(5), Last: address(9), LastL0: address(13), BCA: p[16]&0x80 != 0,
	}
}
