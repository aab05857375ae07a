package boot

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
)

// MaxCatalog is the maximum size of a boot catalogue in bytes: firmware reads one
// sector.
const MaxCatalog = SectorSize

// entrySize is the size of every entry of a boot catalogue (El Torito 2).
const entrySize = 32

// Entry is an entry of the boot catalogue, with all sizes and addresses known.
type Entry struct {
	Platform    Platform
	Emulation   Emulation
	NotBootable bool
	LoadSegment uint16
	SystemType  byte   // of an emulated hard disk: the type of its partition
	LoadSectors uint16 // blocks of 512 bytes
	LBA         uint32 // of the image
}

// catalogLength returns the size in bytes of the catalogue of images.
func catalogLength(images []Image) int {
	n := 2
	for i := 1; i < len(images); i++ {
		if i == 1 || images[i].Platform != images[i-1].Platform {
			n++
		}
		n++
	}
	return n * entrySize
}

// PutCatalog writes the boot catalogue to b, a sector of zeros. The first entry is
// the default entry; the others form sections, one for each run of the same
// platform.
func PutCatalog(b []byte, id string, entries []Entry) {
	v := b[:entrySize] // validation entry (El Torito 2.1)
	v[0], v[1] = 1, byte(entries[0].Platform)
	copy(v[4:28], id)
	v[30], v[31] = 0x55, 0xAA
	var sum uint16
	for i := 0; i < entrySize; i += 2 {
		sum += binary.LittleEndian.Uint16(v[i:])
	}
	binary.LittleEndian.PutUint16(v[28:], -sum)
	putEntry(b[entrySize:], entries[0])
	b = b[2*entrySize:]
	for rest := entries[1:]; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Platform == rest[0].Platform {
			n++
		}
		b[0] = 0x90 // section header (El Torito 2.3), another one follows
		if n == len(rest) {
			b[0] = 0x91 // the last one
		}
		b[1] = byte(rest[0].Platform)
		binary.LittleEndian.PutUint16(b[2:], uint16(n))
		b = b[entrySize:]
		for _, e := range rest[:n] {
			putEntry(b, e)
			b = b[entrySize:]
		}
		rest = rest[n:]
	}
}

// putEntry writes a default or section entry (El Torito 2.2, 2.4).
func putEntry(b []byte, e Entry) {
	if !e.NotBootable {
		b[0] = 0x88
	}
	b[1] = byte(e.Emulation)
	binary.LittleEndian.PutUint16(b[2:], e.LoadSegment)
	b[4] = e.SystemType
	binary.LittleEndian.PutUint16(b[6:], e.LoadSectors)
	binary.LittleEndian.PutUint32(b[8:], e.LBA)
}

// PutRecord writes the boot record volume descriptor (El Torito 2, figure 7;
// ECMA-119 8.2) to b, a sector of zeros. It belongs to sector 17 of a session.
func PutRecord(b []byte, catalog uint32) {
	b[6] = 1
	copy(b[1:], "CD001")
	copy(b[7:], "EL TORITO SPECIFICATION")
	binary.LittleEndian.PutUint32(b[71:], catalog)
}

// Catalog is a boot catalogue that was read from a disc.
type Catalog struct {
	ID       string // the manufacturer, in the validation entry
	Checksum bool   // the checksum of the validation entry is correct
	Entries  []CatalogEntry
}

// CatalogEntry is an entry of a boot catalogue that was read from a disc.
type CatalogEntry struct {
	Entry
	Section  string // ID of the section, empty for the default entry
	Criteria []byte // selection criteria of section entries, without trailing zeros
}

// ParseCatalog parses a boot catalogue (El Torito 2). The first entry is the default
// entry. p may be longer than the catalogue.
func ParseCatalog(p []byte) (*Catalog, error) {
	if len(p) < 2*entrySize || p[0] != 1 {
		return nil, errors.New("it does not begin with a validation entry")
	}
	if p[30] != 0x55 || p[31] != 0xAA {
		return nil, errors.New("the key bytes 55 AA of its validation entry are missing")
	}
	c := &Catalog{ID: parseID(p[4:28])}
	var sum uint16
	for i := 0; i < entrySize; i += 2 {
		sum += binary.LittleEndian.Uint16(p[i:])
	}
	c.Checksum = sum == 0
	c.Entries = append(c.Entries, CatalogEntry{Entry: parseEntry(p[entrySize:], Platform(p[1]))})
	for p = p[2*entrySize:]; len(p) >= entrySize && (p[0] == 0x90 || p[0] == 0x91); {
		last := p[0] == 0x91
		p = c.parseSection(p)
		if last {
			break
		}
	}
	return c, nil
}

// parseSection parses a section header (El Torito 2.3: 90h or, for the last one, 91h;
// platform at 1, number of entries at 2, ID at 4) and its entries, and returns the rest
// of p.
func (c *Catalog) parseSection(p []byte) []byte {
	platform, count := Platform(p[1]), int(binary.LittleEndian.Uint16(p[2:]))
	id := parseID(p[4:entrySize])
	for p = p[entrySize:]; count > 0 && len(p) >= entrySize; count-- {
		e := CatalogEntry{Entry: parseEntry(p, platform), Section: id}
		e.Criteria = append(e.Criteria, p[12:entrySize]...)
		more := p[1]&0x20 != 0
		for p = p[entrySize:]; more && len(p) >= entrySize && p[0] == 0x44; p = p[entrySize:] { // extensions (2.5)
			e.Criteria = append(e.Criteria, p[2:entrySize]...)
			more = p[1]&0x20 != 0
		}
		e.Criteria = bytes.TrimRight(e.Criteria, "\x00")
		c.Entries = append(c.Entries, e)
	}
	return p
}

func parseID(p []byte) string { return strings.TrimRight(string(p), " \x00") }

// parseEntry parses a default or section entry (El Torito 2.2, 2.4): 88h for bootable,
// medium at 1, load segment at 2, system type at 4, sectors at 6, address at 8.
func parseEntry(p []byte, platform Platform) Entry {
	return Entry{
		Platform: platform, NotBootable: p[0] != 0x88, Emulation: Emulation(p[1] & 0x0F),
		LoadSegment: binary.LittleEndian.Uint16(p[2:]), SystemType: p[4],
		LoadSectors: binary.LittleEndian.Uint16(p[6:]), LBA: binary.LittleEndian.Uint32(p[8:]),
	}
}
