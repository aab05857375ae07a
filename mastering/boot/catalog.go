package boot

import "encoding/binary"

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
