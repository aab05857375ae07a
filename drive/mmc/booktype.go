package mmc

import "fmt"

// BookType is the book type in the physical format information of a DVD, the high nibble of
// its first byte (MMC-6 6.22.3.1, ECMA-337 and others). It tells a player what kind of disc
// it has.
type BookType byte

// Book types.
const (
	BookDVDROM   BookType = 0x0
	BookDVDRAM   BookType = 0x1
	BookDVDR     BookType = 0x2
	BookDVDRW    BookType = 0x3
	BookDVDPRW   BookType = 0x9
	BookDVDPR    BookType = 0xA
	BookDVDPRWDL BookType = 0xD
	BookDVDPRDL  BookType = 0xE
)

func (b BookType) String() string {
	switch b {
	case BookDVDROM:
		return "DVD-ROM"
	case BookDVDRAM:
		return "DVD-RAM"
	case BookDVDR:
		return "DVD-R"
	case BookDVDRW:
		return "DVD-RW"
	case BookDVDPRW:
		return "DVD+RW"
	case BookDVDPR:
		return "DVD+R"
	case BookDVDPRWDL:
		return "DVD+RW DL"
	case BookDVDPRDL:
		return "DVD+R DL"
	}
	return fmt.Sprintf("book type %X", byte(b))
}
