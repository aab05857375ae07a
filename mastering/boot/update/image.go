package update

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/volume"
)

// Offsets in boot images: of the boot information table, which has the address of the
// primary volume descriptor, that of the image, its length and a checksum; and of the
// address that GRUB needs.
const (
	infoVolume = 8
	infoLBA    = 12
	infoLength = 16
	infoSum    = 20
	infoEnd    = 64
	grubInfo   = 2548
	grubExtra  = 5 // blocks from the start of the image to what the address refers to
)

// Source returns the contents of a file of size bytes that replace those at old. It is
// source itself, unless a boot information table or GRUB's address was filled in at the old
// place. Then it is a boot.Patched, whose address Update sets; it must not be opened before.
func (u *Updater) Source(old []volume.Extent, source layout.Source, size int64) layout.Source {
	if len(old) == 0 || old[0].Start <= 0 {
		return source
	}
	p := &boot.Patched{Base: source, Size: size}
	p.Volume, p.InfoTable = u.infoTable(old[0])
	p.GRUBInfo = u.grubInfo(old[0])
	if p.InfoTable && size < infoEnd {
		u.warn(fmt.Sprintf("%v is too short for the boot information table that the old boot image has", source), "check that it is a boot image")
		p.InfoTable = false
	}
	if p.GRUBInfo && size < grubInfo+8 {
		u.warn(fmt.Sprintf("%v is too short for the address that the old GRUB image has", source), "check that it is an image of GRUB for El Torito")
		p.GRUBInfo = false
	}
	if !p.InfoTable && !p.GRUBInfo {
		return source
	}
	u.pending[old[0].Start] = append(u.pending[old[0].Start], p)
	return p
}

// infoTable returns the sector of the volume descriptor in a boot information table, and
// whether there is one: it has the address of the image, and that of a volume descriptor.
func (u *Updater) infoTable(x volume.Extent) (pvd uint32, ok bool) {
	var b [infoEnd]byte
	if x.Length < infoEnd || !u.readBase(b[:], x.Start) {
		return 0, false
	}
	le := binary.LittleEndian
	pvd = le.Uint32(b[infoVolume:])
	if le.Uint32(b[infoLBA:]) != uint32(x.Start) || pvd != uint32(u.o.Start)+systemSectors && pvd != systemSectors {
		return 0, false
	}
	return pvd, true
}

// grubInfo reports whether an image has its own address as GRUB needs it.
func (u *Updater) grubInfo(x volume.Extent) bool {
	var b [boot.SectorSize]byte
	if x.Length < grubInfo+8 || !u.readBase(b[:], x.Start+1) {
		return false
	}
	return binary.LittleEndian.Uint64(b[grubInfo-boot.SectorSize:]) == uint64(x.Start)*blocks+grubExtra
}

// readBase reads bytes of the image as it was, from a sector on.
func (u *Updater) readBase(p []byte, at disc.LBA) bool {
	n, _ := u.set.Base().ReadAt(p, int64(at)*boot.SectorSize)
	return n == len(p)
}

// Update changes the boot structures after contents were moved, replaced or removed. If a
// boot image was removed, its entry in the catalogue and its partitions are removed.
func (u *Updater) Update(moves []patch.Move) ([]disc.Notice, error) {
	for _, m := range moves {
		if len(m.From) == 0 || m.From[0].Length == 0 {
			continue
		}
		if err := u.move(m); err != nil {
			return nil, err
		}
	}
	return u.take(), nil
}

// take returns the notices, and forgets them.
func (u *Updater) take() []disc.Notice {
	n := u.notices
	u.notices = nil
	return n
}

// Notices returns what was noticed since it, or Update, was called last. It is called when
// all changes were made, and also names what still refers to images that were removed.
func (u *Updater) Notices() []disc.Notice {
	u.warnGone()
	if u.code.orphan {
		u.warn("the boot code for disks still refers to the boot image that was removed", "do not start a machine from a USB stick with this image, or add a boot image for a BIOS")
		u.code.orphan = false
	}
	for _, p := range u.parts {
		if p.orphan && !p.filler {
			u.warn(fmt.Sprintf("%v stays: it may still start a machine from a USB stick", p), "")
		}
		p.orphan = false
	}
	return u.take()
}

func (u *Updater) move(m patch.Move) error {
	old := int64(m.From[0].Start)
	u.untail(old)
	if len(u.labels) == 0 && !u.refersTo(old) {
		u.checkInside(m)
		return nil
	}
	to, size, err := contiguous(m.To)
	if err != nil {
		return fmt.Errorf("boot image %s: %w", m.Path, err)
	}
	if err := u.moveLabels(old, to, size, m.Path); err != nil {
		return err
	}
	if !u.refersTo(old) {
		u.checkInside(m)
		return nil
	}
	for _, p := range u.pending[m.From[0].Start] {
		p.LBA = uint32(to)
	}
	if u.cat != nil && old == u.cat.lba {
		u.moveCatalog(to, size)
		return nil
	}
	if size == 0 {
		return u.removeImage(old, m.Path)
	}
	var length int64
	for _, x := range m.From {
		length += x.Length
	}
	return u.moveImage(old, length, to, size, m.Path)
}

// refersTo reports whether something has the address of a sector.
func (u *Updater) refersTo(lba int64) bool {
	if u.cat != nil && u.cat.lba == lba || u.entryAt(lba) || u.code.lba == lba || len(u.pending[disc.LBA(lba)]) > 0 {
		return true
	}
	for _, p := range u.parts {
		if !p.covers && !p.tail && !p.removed && p.span.start == lba*blocks && lba > 0 {
			return true
		}
	}
	return false
}

// contiguous returns where contents begin, and their size in bytes.
func contiguous(list []volume.Extent) (lba, size int64, err error) {
	for _, x := range list {
		if size > 0 && int64(x.Start) != lba+ceil(size, boot.SectorSize)/boot.SectorSize {
			return 0, 0, &patch.UnsafeError{Why: "its contents are in several places"}
		}
		if size == 0 {
			lba = int64(x.Start)
		}
		size += x.Length
	}
	return lba, size, nil
}

// checkInside warns if an entry of the catalogue refers to the middle of contents that were
// replaced or removed. Their bytes stay, so it still starts them.
func (u *Updater) checkInside(m patch.Move) {
	for _, p := range u.cat.places() {
		at := entryAddress(u.cat.entry(p))
		for _, x := range m.From {
			if int64(x.Start) <= at && at*boot.SectorSize < int64(x.Start)*boot.SectorSize+x.Length {
				u.warn(fmt.Sprintf("an entry of the boot catalogue refers to the inside of %s, and still starts the old contents", m.Path), "replace the boot image, or remove the entry")
			}
		}
	}
}

// moveCatalog moves the catalogue to where its file is. If the file was removed, it stays
// where it is, without a name.
func (u *Updater) moveCatalog(to, size int64) {
	if size == 0 {
		u.note("the boot catalogue stays at sector %d, without a name", u.cat.lba)
		return
	}
	if size < int64(u.cat.size) {
		u.warn("the new file of the boot catalogue is too short for it: the catalogue stays where it is, without a name", "")
		return
	}
	u.note("boot catalogue: moved from sector %d to %d", u.cat.lba, to)
	u.cat.lba, u.changed = to, true
}

// moveImage changes all that refers to a boot image. length is what it had in bytes, 0 if
// that is not known.
func (u *Updater) moveImage(old, length, to, size int64, path string) error {
	if to > math.MaxUint32/blocks {
		return &patch.UnsafeError{Why: fmt.Sprintf("boot image %s would begin at sector %d, which a partition table cannot hold", path, to)}
	}
	for i, p := range u.cat.places() {
		e := u.cat.entry(p)
		if entryAddress(e) != old {
			continue
		}
		if err := u.resize(e, u.cat.platform(p), length, to, size); err != nil {
			return fmt.Errorf("boot image %s: %w", path, err)
		}
		binary.LittleEndian.PutUint32(e[entryLBA:], uint32(to))
		u.changed = true
		u.note("boot catalogue entry %d: the image moves from sector %d to %d", i+1, old, to)
	}
	for _, p := range u.parts {
		if p.covers || p.tail || p.removed || p.span.start != old*blocks || old == 0 {
			continue
		}
		p.image = true
		p.now = span{to * blocks, newCount(p, length, size)}
	}
	if u.code.lba == old {
		u.setCode(to, path)
	}
	return nil
}

// setCode lets the boot code for disks start the image at a sector.
func (u *Updater) setCode(to int64, path string) {
	binary.LittleEndian.PutUint64(u.head[mbrAddress:], uint64(to*blocks+u.code.extra))
	u.note("boot code for disks: the image moves from sector %d to %d", u.code.lba, to)
	u.code.lba = to
	u.checkCode(to, path)
}

// newCount returns the size of a partition that is an image, counted as it was before: in
// blocks, in sectors, or, as isohybrid does in an APM, in blocks where sectors are meant.
func newCount(p *partition, length, size int64) int64 {
	inBlocks := func(n int64) int64 { return ceil(n, boot.BlockSize) / boot.BlockSize }
	switch p.span.count {
	case inBlocks(length):
		return ceil(inBlocks(size), p.unit)
	case inBlocks(length) * p.unit:
		return inBlocks(size) * p.unit
	}
	return ceil(size, boot.SectorSize) / boot.BlockSize
}

// checkCode warns if the boot code for disks cannot start the image at a sector.
func (u *Updater) checkCode(lba int64, path string) {
	var b [68]byte
	if n, _ := u.set.ReadAt(b[:], lba*boot.SectorSize); n == len(b) && hybridCode(u.head) && !boot.HybridISOLINUX(b[:]) {
		u.warn(fmt.Sprintf("%s is not an isolinux.bin that can boot from disks: the image no longer starts a BIOS from a USB stick", path), "use an isolinux.bin of the same version as the boot code")
	}
}

// resize changes the number of sectors to load in an entry whose image gets another size,
// and the kind of the disk that it emulates.
func (u *Updater) resize(e []byte, platform boot.Platform, length, to, size int64) error {
	head := make([]byte, min(size, boot.HeadSize))
	if n, err := u.set.ReadAt(head, to*boot.SectorSize); n < len(head) {
		return fmt.Errorf("read it: %w", noEOF(err))
	}
	le := binary.LittleEndian
	medium := boot.Emulation(e[entryMedium] & 0x0F)
	i := boot.Image{Platform: platform, Emulation: medium, Path: "/"}
	switch medium {
	case boot.NoEmulation:
		n, err := loadSectors(le.Uint16(e[entrySectors:]), platform, length, size)
		if err != nil {
			return err
		}
		le.PutUint16(e[entrySectors:], n)
		if _, err := i.Entry(size, head); err != nil && platform == boot.EFI {
			u.warn(err.Error(), "")
		}
		return nil
	case boot.Floppy12, boot.Floppy144, boot.Floppy288:
		i.Emulation = boot.FloppyBySize
	}
	made, err := i.Entry(size, head)
	if err != nil {
		return err
	}
	e[entryMedium] = e[entryMedium]&^0x0F | byte(made.Emulation)
	e[entrySystem] = made.SystemType
	return nil
}

// loadSectors returns the number of blocks to load of an image of size bytes, if n were
// loaded of one of length bytes: again all, if it was all.
func loadSectors(n uint16, platform boot.Platform, length, size int64) (uint16, error) {
	old, now := ceil(length, boot.BlockSize)/boot.BlockSize, ceil(size, boot.BlockSize)/boot.BlockSize
	all := n == math.MaxUint16 && old > math.MaxUint16 // as far as it can say
	whole := int64(n) == old || int64(n) == ceil(old, blocks) || all || length == 0
	switch {
	case n <= 1 && platform == boot.EFI: // to the end of the disc (UEFI Specification 13.3.2.1)
		return n, nil
	case !whole || n <= blocks && platform != boot.EFI:
		return n, nil
	case now <= math.MaxUint16:
		if int64(n) == ceil(old, blocks) && int64(n) != old {
			now = ceil(now, blocks)
		}
		return uint16(min(now, math.MaxUint16)), nil
	case all:
		return n, nil
	case platform == boot.EFI:
		return 0, nil
	}
	return 0, fmt.Errorf("it has %d bytes, but firmware loads at most %d: use a smaller image", size, math.MaxUint16*boot.BlockSize)
}

// gone is an entry of the catalogue that was removed with the file that is its image.
type gone struct {
	platform boot.Platform
	path     string
}

// warnGone warns of platforms that had an entry, and have none now.
func (u *Updater) warnGone() {
	for _, g := range u.gone {
		if !slices.ContainsFunc(u.cat.places(), func(p place) bool { return u.cat.platform(p) == g.platform }) {
			u.warn(fmt.Sprintf("%s was the boot image for %s, and its entry is removed with it: a machine no longer starts from this image in that way", g.path, g.platform.Description()),
				"keep the file, or make another one the boot image")
		}
	}
	u.gone = nil
}

// removeImage removes all that refers to an image that is no longer there.
func (u *Updater) removeImage(old int64, path string) error {
	for i := len(u.cat.places()) - 1; i >= 0 && u.cat != nil; i-- {
		if p := u.cat.places()[i]; entryAddress(u.cat.entry(p)) == old {
			u.gone = append(u.gone, gone{u.cat.platform(p), path})
			u.removeEntry(p)
			u.note("boot catalogue entry %d: removed with %s", i+1, path)
		}
	}
	u.removePartitions(old)
	u.code.orphan = u.code.orphan || u.code.lba == old
	return nil
}

func (u *Updater) removeEntry(p place) {
	u.changed = true
	if !u.cat.remove(p) {
		u.cat = nil
	}
}

func (u *Updater) removePartitions(lba int64) {
	for _, p := range u.parts {
		if p.image && !p.tail && p.span.start == lba*blocks {
			p.removed = true
		}
	}
}
