package boot

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"unicode/utf16"
)

// Table is a partition table of a disc.
type Table struct {
	Kind    string // "MBR", "GPT" or "APM"
	Entries []TableEntry
	Problem string // what is wrong with the table, or ""
}

// TableEntry is a partition that a table lists.
type TableEntry struct {
	Number int    // its position in the table, from 1
	Type   string // the name of the type, if it is known
	Name   string // GPT and APM only
	Start  int64  // blocks of 512 bytes
	Blocks int64  // of 512 bytes
	Active bool   // MBR: bootable
}

// String describes the partition in one line.
func (e TableEntry) String() string {
	s := fmt.Sprintf("%s, %d blocks of %d bytes from %d", e.Type, e.Blocks, BlockSize, e.Start)
	if e.Name != "" {
		s = fmt.Sprintf("%q, %s", e.Name, s)
	}
	if e.Active {
		s += ", active"
	}
	return s
}

// Tables reads the partition tables of a disc of size bytes. There may be several
// that describe the same bytes: an MBR (UEFI Specification 5.2), a GPT (5.3) and an
// Apple partition map (Inside Macintosh: Devices, chapter 3). Tables that cannot be
// read are left out.
func Tables(r io.ReaderAt, size int64) []Table {
	head := make([]byte, SystemArea)
	n, _ := r.ReadAt(head, 0)
	head = head[:n]
	var all []Table
	for _, t := range []Table{readMBR(head), readGPT(r, head, size), readAPM(head)} {
		if t.Kind != "" {
			all = append(all, t)
		}
	}
	return all
}

// mbrTypeName returns the name of a partition type found on discs, "" for others.
func mbrTypeName(kind byte) string {
	switch kind {
	case 0x01:
		return "FAT12"
	case 0x04, 0x06, 0x0E:
		return "FAT16"
	case 0x07:
		return "NTFS"
	case 0x0B, 0x0C:
		return "FAT32"
	case 0x17:
		return "hidden NTFS"
	case 0x82:
		return "Linux swap"
	case 0x83:
		return "Linux"
	case 0x96, 0xCD:
		return "ISO 9660"
	case 0xAF:
		return "HFS+"
	case 0xEE:
		return "GPT protective"
	case 0xEF:
		return "EFI system"
	}
	return ""
}

// readMBR reads the four entries of a master boot record. A boot sector without
// partitions does not count as one.
func readMBR(head []byte) Table {
	if len(head) < BlockSize || head[510] != 0x55 || head[511] != 0xAA {
		return Table{}
	}
	t := Table{Kind: "MBR"}
	le := binary.LittleEndian
	for n := range 4 {
		e := head[446+16*n:][:16]
		start, count := le.Uint32(e[8:]), le.Uint32(e[12:])
		if e[4] == 0 && count == 0 {
			continue
		}
		kind := fmt.Sprintf("type %02Xh", e[4])
		if words := mbrTypeName(e[4]); words != "" {
			kind += " (" + words + ")"
		}
		t.Entries = append(t.Entries, TableEntry{
			Number: n + 1, Type: kind, Start: int64(start), Blocks: int64(count), Active: e[0] == 0x80,
		})
	}
	if len(t.Entries) == 0 {
		return Table{}
	}
	return t
}

// maxTableEntries bounds how many entries of a GPT or a partition map are read;
// 128 and 6 are usual.
const maxTableEntries = 1024

// gptTypeName returns the name of a type GUID found on discs, and the GUID itself for
// others.
func gptTypeName(g GUID) string {
	switch g {
	case TypeEFI.GUID:
		return "EFI system"
	case TypeBasicData.GUID:
		return "basic data"
	case TypeLinux.GUID:
		return "Linux"
	case TypeHFS.GUID:
		return "HFS+"
	}
	return g.String()
}

// readGPT reads the header at block 1 and the entries that it points to.
func readGPT(r io.ReaderAt, head []byte, size int64) Table {
	if len(head) < 2*BlockSize || string(head[BlockSize:][:8]) != "EFI PART" {
		return Table{}
	}
	t := Table{Kind: "GPT"}
	header := head[BlockSize:][:BlockSize]
	entries, err := readEntries(r, header, size)
	if err != nil {
		t.Problem = err.Error()
		return t
	}
	each := int(binary.LittleEndian.Uint32(header[84:]))
	for n := 0; (n+1)*each <= len(entries); n++ {
		if e := entries[n*each:][:gptEntry]; GUID(e[:16]) != (GUID{}) {
			t.Entries = append(t.Entries, gptPartition(n+1, e))
		}
	}
	t.Problem = checkGPT(r, header, entries, size)
	return t
}

// readEntries reads the array of entries that a header describes (UEFI Specification
// 5.3.2: address at 72, number at 80, size of each at 84).
func readEntries(r io.ReaderAt, header []byte, size int64) ([]byte, error) {
	le := binary.LittleEndian
	at, count, each := le.Uint64(header[72:]), le.Uint32(header[80:]), le.Uint32(header[84:])
	if each < gptEntry || each > BlockSize || count > maxTableEntries {
		return nil, fmt.Errorf("it claims %d entries of %d bytes", count, each)
	}
	if at >= uint64(size)/BlockSize {
		return nil, fmt.Errorf("its entries are recorded at block %d, past the end of the image", at)
	}
	entries := make([]byte, int(count)*int(each))
	if n, _ := r.ReadAt(entries, int64(at)*BlockSize); n < len(entries) {
		return nil, fmt.Errorf("its entries at block %d cannot be read", at)
	}
	return entries, nil
}

// gptPartition reads an entry (UEFI Specification 5.3.3): type at 0, first block
// at 32, last at 40, name in UTF-16 at 56.
func gptPartition(number int, e []byte) TableEntry {
	le := binary.LittleEndian
	words := gptTypeName(GUID(e[:16]))
	var name []uint16
	for i := 56; i < gptEntry; i += 2 {
		u := le.Uint16(e[i:])
		if u == 0 {
			break
		}
		name = append(name, u)
	}
	first, last := int64(le.Uint64(e[32:])), int64(le.Uint64(e[40:]))
	return TableEntry{
		Number: number, Type: words, Name: string(utf16.Decode(name)), Start: first, Blocks: max(last-first+1, 0),
	}
}

// checkGPT verifies the checksums of a header and its entries (UEFI
// Specification 5.3.2: at 16 and 88), and that the backup is where it says (32).
func checkGPT(r io.ReaderAt, header, entries []byte, size int64) string {
	le := binary.LittleEndian
	length := le.Uint32(header[12:])
	if length < gptHeader || length > BlockSize {
		return fmt.Sprintf("its header claims %d bytes", length)
	}
	summed := append([]byte(nil), header[:length]...)
	clear(summed[16:20])
	switch {
	case crc32.ChecksumIEEE(summed) != le.Uint32(header[16:]):
		return "the checksum of its header is wrong"
	case crc32.ChecksumIEEE(entries) != le.Uint32(header[88:]):
		return "the checksum of its entries is wrong"
	}
	backup := le.Uint64(header[32:])
	var p [8]byte
	if backup < uint64(size)/BlockSize {
		_, _ = r.ReadAt(p[:], int64(backup)*BlockSize) // a read error counts as missing
	}
	if string(p[:]) != "EFI PART" {
		return fmt.Sprintf("its backup at block %d is missing", backup)
	}
	return ""
}

// readAPM reads an Apple partition map, whose blocks have 512 or 2048 bytes. The driver
// descriptor states which, unless boot code has replaced it; otherwise the position of
// the first entry shows it.
func readAPM(head []byte) Table {
	be := binary.BigEndian
	sizes := []int{BlockSize, SectorSize}
	if len(head) >= 4 && string(head[:2]) == "ER" && be.Uint16(head[2:]) == SectorSize {
		sizes = []int{SectorSize, BlockSize}
	}
	for _, size := range sizes {
		if len(head) < 2*size || string(head[size:][:2]) != "PM" {
			continue
		}
		t := Table{Kind: "APM"}
		count := min(int64(be.Uint32(head[size+4:])), maxTableEntries)
		for n := 1; int64(n) <= count && (n+1)*size <= len(head); n++ {
			e := head[n*size:][:size]
			if string(e[:2]) != "PM" {
				t.Problem = fmt.Sprintf("it should have %d entries, but has %d", count, n-1)
				break
			}
			blocks := int64(size / BlockSize)
			t.Entries = append(t.Entries, TableEntry{
				Number: n, Name: macText(e[16:48]), Type: macText(e[48:80]),
				Start: int64(be.Uint32(e[8:])) * blocks, Blocks: int64(be.Uint32(e[12:])) * blocks,
			})
		}
		return t
	}
	return Table{}
}

// macText reads text that ends at a NUL byte. Characters outside of ASCII depend on
// the language of the Macintosh, and become question marks.
func macText(p []byte) string {
	s, _, _ := strings.Cut(string(p), "\x00")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}
