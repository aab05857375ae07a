package iso9660

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// BootCatalog is the boot catalogue of El Torito.
type BootCatalog struct {
	LBA      disc.LBA
	ID       string // the manufacturer, from the validation entry
	Checksum bool   // the checksum of the validation entry is correct
	Entries  []BootEntry
}

// BootEntry is an entry of the boot catalogue, and the image that it refers to.
type BootEntry struct {
	boot.CatalogEntry
	Length     int64  // bytes of the image, as far as known
	LengthFrom string // source of the length
	File       string // path of the file that is the image, empty if there is none
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
	list, err := boot.ParseCatalog(p[:n])
	if err != nil {
		return nil, fmt.Errorf("boot catalogue at sector %d: %w", at, err)
	}
	c := &BootCatalog{LBA: at, ID: cleanText(list.ID), Checksum: list.Checksum}
	for _, e := range list.Entries {
		e.Section = cleanText(e.Section)
		c.Entries = append(c.Entries, BootEntry{CatalogEntry: e})
	}
	v.measure(c)
	return c, nil
}

// isElTorito reports whether d is the boot record of El Torito (1.0, figure 7): type 0,
// the name at 7, the address of the catalogue at 71.
func (d descriptor) isElTorito() bool {
	return d.kind() == typeBoot && strings.HasPrefix(string(d.data[7:39]), "EL TORITO SPECIFICATION")
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
		at = append(at, disc.LBA(e.LBA))
	}
	slices.Sort(at)
	at = slices.Compact(at)
	next := map[disc.LBA]disc.LBA{} // the next address in use after an image
	limitNearest := func(lba disc.LBA) {
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
			limitNearest(x.Start)
			if _, is := slices.BinarySearch(at, x.Start); is && i == 0 && e.Mode.IsRegular() && !e.Encoded {
				files[x.Start] = file{string(e.Path), e.Size}
			}
		}
		return nil
	})
	for _, b := range at {
		limitNearest(b)
	}
	limitNearest(disc.LBA(v.info.Blocks * int64(v.info.BlockSize) / disc.SectorSize))
	for i := range c.Entries {
		e := &c.Entries[i]
		if f, is := files[disc.LBA(e.LBA)]; is {
			e.File, e.Length, e.LengthFrom = f.path, f.size, "the file"
		}
		if e.Length == 0 {
			e.Length, e.LengthFrom = v.bootLength(e, next[disc.LBA(e.LBA)])
		}
		e.Length = max(min(e.Length, v.size-int64(e.LBA)*disc.SectorSize), 0)
	}
}

// bootLength returns the length of an image that is not a file of the volume, and its
// source.
func (v *FS) bootLength(e *BootEntry, next disc.LBA) (int64, string) {
	switch e.Emulation {
	case boot.Floppy12:
		return 1200 << 10, "the floppy disk"
	case boot.Floppy144:
		return 1440 << 10, "the floppy disk"
	case boot.Floppy288:
		return 2880 << 10, "the floppy disk"
	}
	var p [512]byte
	if n, _ := v.r.ReadAt(p[:], int64(e.LBA)*disc.SectorSize); n == len(p) {
		if n := diskLength(p[:]); e.Emulation == boot.HardDisk && n > 0 {
			return n, "its partition table"
		}
		// A boot information table: descriptors at 8, own address at 12, length at 16.
		if binary.LittleEndian.Uint32(p[8:]) == 16 && binary.LittleEndian.Uint32(p[12:]) == e.LBA {
			return int64(binary.LittleEndian.Uint32(p[16:])), "its boot information table"
		}
		if n := fatLength(p[:]); n > 0 {
			return n, "its FAT file system"
		}
	}
	loaded := int64(e.LoadSectors) * 512
	if room := int64(next-disc.LBA(e.LBA)) * disc.SectorSize; next > disc.LBA(e.LBA) && (e.LoadSectors <= 4 || e.LoadSectors == 0xFFFF || loaded > room) {
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
	return strings.ReplaceAll(fmt.Sprintf("boot-%s-%d.img", bytes.ToLower([]byte(e.Platform.Description())), e.LBA), " ", "-")
}
