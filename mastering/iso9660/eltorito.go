package iso9660

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// Platform is the kind of machine that a boot entry is for (El Torito 1.0, 2.1;
// EFI by the UEFI specification, 13.3.2.1).
type Platform uint8

// Platforms.
const (
	PlatformBIOS    Platform = 0
	PlatformPowerPC Platform = 1
	PlatformMac     Platform = 2
	PlatformEFI     Platform = 0xEF
)

func (p Platform) String() string {
	switch p {
	case PlatformBIOS:
		return "BIOS"
	case PlatformPowerPC:
		return "PowerPC"
	case PlatformMac:
		return "Mac"
	case PlatformEFI:
		return "EFI"
	}
	return fmt.Sprintf("platform %02Xh", uint8(p))
}

// BootMedia is the kind of medium that a boot image emulates (El Torito 1.0, 2.2).
type BootMedia uint8

// Kinds of emulation.
const (
	NoEmulation BootMedia = iota
	Floppy1200
	Floppy1440
	Floppy2880
	HardDisk
)

func (m BootMedia) String() string {
	names := [...]string{"no emulation", "1.2 MB floppy disk", "1.44 MB floppy disk", "2.88 MB floppy disk", "hard disk"}
	if int(m) < len(names) {
		return names[m]
	}
	return fmt.Sprintf("unknown medium %d", uint8(m))
}

// BootCatalog is the boot catalogue of El Torito.
type BootCatalog struct {
	LBA      disc.LBA
	ID       string // the manufacturer, from the validation entry
	Checksum bool   // the checksum of the validation entry is correct
	Entries  []BootEntry
}

// BootEntry is an entry of the boot catalogue.
type BootEntry struct {
	Platform    Platform
	Section     string // ID of the section, empty for the default entry
	Default     bool
	Bootable    bool
	Media       BootMedia
	LoadSegment uint16 // 0 means 07C0h
	System      byte   // type of the partition, for hard disks
	Sectors     uint16 // 512-byte sectors that the firmware loads
	LBA         disc.LBA
	Length      int64  // bytes of the image, as far as known
	LengthFrom  string // source of the length
	File        string // path of the file that is the image, empty if there is none
	Criteria    []byte // selection criteria of section entries, without trailing zeros
}

// maxBootSectors is the maximum number of sectors of a catalogue that are read: it
// should have one.
const maxBootSectors = 16

// BootCatalog returns the boot catalogue, nil if the volume has none. It is read once,
// which reads all directories. The caller must not change it.
func (v *FS) BootCatalog() (*BootCatalog, error) {
	v.bootOnce.Do(func() { v.boot, v.bootErr = v.readBootCatalog() })
	return v.boot, v.bootErr
}

func (v *FS) readBootCatalog() (*BootCatalog, error) {
	d, ok := find(v.set, descriptor.isElTorito)
	if !ok {
		return nil, nil
	}
	at := disc.LBA(binary.LittleEndian.Uint32(d.data[71:]))
	p := make([]byte, maxBootSectors*disc.SectorSize)
	n, err := v.r.ReadAt(p, int64(at)*disc.SectorSize)
	if n < 64 {
		return nil, fmt.Errorf("read the boot catalogue at sector %d: %w", at, noEOF(err))
	}
	c, err := parseCatalog(p[:n/32*32])
	if err != nil {
		return nil, fmt.Errorf("boot catalogue at sector %d: %w", at, err)
	}
	c.LBA = at
	v.measure(c)
	return c, nil
}

// isElTorito reports whether d is the boot record of El Torito (1.0, figure 7): type 0,
// the name at 7, the address of the catalogue at 71.
func (d descriptor) isElTorito() bool {
	return d.kind() == typeBoot && strings.HasPrefix(string(d.data[7:39]), "EL TORITO SPECIFICATION")
}

// parseCatalog parses the 32-byte records of a catalogue (El Torito 1.0, 2).
func parseCatalog(p []byte) (*BootCatalog, error) {
	if len(p) < 64 || p[0] != 1 {
		return nil, errors.New("it does not begin with a validation entry")
	}
	if p[30] != 0x55 || p[31] != 0xAA {
		return nil, errors.New("the key bytes 55 AA of its validation entry are missing")
	}
	c := &BootCatalog{ID: cleanText(strings.TrimRight(string(p[4:28]), " \x00"))}
	var sum uint16
	for i := 0; i < 32; i += 2 {
		sum += binary.LittleEndian.Uint16(p[i:])
	}
	c.Checksum = sum == 0
	e := bootEntry(p[32:64], Platform(p[1]), "")
	e.Default = true
	c.Entries = append(c.Entries, e)
	for p = p[64:]; len(p) >= 32 && (p[0] == 0x90 || p[0] == 0x91); {
		last := p[0] == 0x91
		p = c.section(p)
		if last {
			break
		}
	}
	return c, nil
}

// section parses a section header (2.3: 90h or, for the last one, 91h; platform at 1,
// number of entries at 2, ID at 4) and its entries, and returns the rest of p.
func (c *BootCatalog) section(p []byte) []byte {
	platform, count := Platform(p[1]), int(binary.LittleEndian.Uint16(p[2:]))
	id := cleanText(strings.TrimRight(string(p[4:32]), " \x00"))
	for p = p[32:]; count > 0 && len(p) >= 32; count-- {
		e := bootEntry(p[:32], platform, id)
		e.Criteria = append(e.Criteria, p[12:32]...)
		more := p[1]&0x20 != 0
		for p = p[32:]; more && len(p) >= 32 && p[0] == 0x44; p = p[32:] { // extensions
			e.Criteria = append(e.Criteria, p[2:32]...)
			more = p[1]&0x20 != 0
		}
		e.Criteria = bytes.TrimRight(e.Criteria, "\x00")
		c.Entries = append(c.Entries, e)
	}
	return p
}

// bootEntry parses a default or section entry (2.2, 2.4): 88h for bootable, medium at
// 1, load segment at 2, system type at 4, sectors at 6, address at 8.
func bootEntry(p []byte, platform Platform, section string) BootEntry {
	return BootEntry{
		Platform: platform, Section: section, Bootable: p[0] == 0x88, Media: BootMedia(p[1] & 0x0F),
		LoadSegment: binary.LittleEndian.Uint16(p[2:]), System: p[4],
		Sectors: binary.LittleEndian.Uint16(p[6:]), LBA: disc.LBA(binary.LittleEndian.Uint32(p[8:])),
	}
}

// BootImages returns the entries of the catalogue whose images can be read.
func (v *FS) BootImages() ([]BootEntry, error) {
	c, err := v.BootCatalog()
	if c == nil {
		return nil, err
	}
	var list []BootEntry
	for _, e := range c.Entries {
		if e.Length > 0 {
			list = append(list, e)
		}
	}
	return list, nil
}

// measure finds the lengths of the images. The catalogue does not contain them: its
// count is the number of sectors that the firmware loads first, often 4, and for EFI
// any number.
func (v *FS) measure(c *BootCatalog) {
	var at []disc.LBA // addresses of images, sorted
	for _, e := range c.Entries {
		at = append(at, e.LBA)
	}
	slices.Sort(at)
	at = slices.Compact(at)
	next := map[disc.LBA]disc.LBA{} // the next address in use after an image
	behind := func(lba disc.LBA) {
		// It can be the next address only of the nearest image before it.
		if i, _ := slices.BinarySearch(at, lba); i > 0 {
			if b := at[i-1]; next[b] == 0 || lba < next[b] {
				next[b] = lba
			}
		}
	}
	type file struct {
		path string
		size int64
	}
	files := map[disc.LBA]file{} // that are images
	// Directories that cannot be read only make the result less certain.
	_ = v.Walk(".", func(e *volume.Entry) error {
		for i, x := range e.Extents {
			behind(x.Start)
			if _, is := slices.BinarySearch(at, x.Start); is && i == 0 && e.Mode.IsRegular() && !e.Encoded {
				files[x.Start] = file{string(e.Path), e.Size}
			}
		}
		return nil
	})
	for _, b := range at {
		behind(b)
	}
	behind(disc.LBA(v.info.Blocks * int64(v.info.BlockSize) / disc.SectorSize))
	for i := range c.Entries {
		e := &c.Entries[i]
		if f, is := files[e.LBA]; is {
			e.File, e.Length, e.LengthFrom = f.path, f.size, "the file"
		}
		if e.Length == 0 {
			e.Length, e.LengthFrom = v.bootLength(e, next[e.LBA])
		}
		e.Length = max(min(e.Length, v.size-int64(e.LBA)*disc.SectorSize), 0)
	}
}

// bootLength returns the length of an image that is not a file of the volume, and its
// source.
func (v *FS) bootLength(e *BootEntry, next disc.LBA) (int64, string) {
	switch e.Media {
	case Floppy1200:
		return 1200 << 10, "the floppy disk"
	case Floppy1440:
		return 1440 << 10, "the floppy disk"
	case Floppy2880:
		return 2880 << 10, "the floppy disk"
	}
	var p [512]byte
	if n, _ := v.r.ReadAt(p[:], int64(e.LBA)*disc.SectorSize); n == len(p) {
		if n := diskLength(p[:]); e.Media == HardDisk && n > 0 {
			return n, "its partition table"
		}
		// A boot information table: descriptors at 8, own address at 12, length at 16.
		if binary.LittleEndian.Uint32(p[8:]) == 16 && disc.LBA(binary.LittleEndian.Uint32(p[12:])) == e.LBA {
			return int64(binary.LittleEndian.Uint32(p[16:])), "its boot information table"
		}
		if n := fatLength(p[:]); n > 0 {
			return n, "its FAT file system"
		}
	}
	loaded := int64(e.Sectors) * 512
	if room := int64(next-e.LBA) * disc.SectorSize; next > e.LBA && (e.Sectors <= 4 || e.Sectors == 0xFFFF || loaded > room) {
		return room, "the space before what follows it"
	}
	return loaded, "the catalogue"
}

// diskLength returns the end of the last partition in the master boot record p, 0 if
// there is none.
func diskLength(p []byte) int64 {
	var end int64
	for e := p[446:510]; len(e) > 0; e = e[16:] {
		if e[4] != 0 {
			end = max(end, int64(binary.LittleEndian.Uint32(e[8:]))+int64(binary.LittleEndian.Uint32(e[12:])))
		}
	}
	return end * 512
}

// fatLength returns the size of a FAT file system according to its BIOS parameter
// block, 0 if p is not the start of one.
func fatLength(p []byte) int64 {
	size := int64(binary.LittleEndian.Uint16(p[11:]))
	if p[510] != 0x55 || p[511] != 0xAA || (p[0] != 0xEB && p[0] != 0xE9) || p[13] == 0 || p[16] == 0 || p[16] > 2 {
		return 0
	}
	if size != 512 && size != 1024 && size != 2048 && size != 4096 {
		return 0
	}
	if n := int64(binary.LittleEndian.Uint16(p[19:])); n > 0 {
		return n * size
	}
	return int64(binary.LittleEndian.Uint32(p[32:])) * size
}

// OpenBootImage opens a boot image for reading.
func (v *FS) OpenBootImage(e BootEntry) fs.File {
	f := &fileInfo{name: bootName(e), size: e.Length, mode: 0o644, spans: []span{{int64(e.LBA) * disc.SectorSize, e.Length}}}
	return volume.OpenFile(&contents{v, f.spans}, f)
}

// bootName returns a file name for a boot image.
func bootName(e BootEntry) string {
	if e.File != "" {
		return e.File[strings.LastIndexByte(e.File, '/')+1:]
	}
	return strings.ReplaceAll(fmt.Sprintf("boot-%s-%d.img", bytes.ToLower([]byte(e.Platform.String())), e.LBA), " ", "-")
}
