package update

import (
	"encoding/binary"
	"fmt"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/volume"
)

// Entry is an entry of the boot catalogue as it will be.
type Entry struct {
	boot.CatalogEntry
	// Appended means that the image is a partition after the volume.
	Appended bool
}

// Entries returns the entries of the boot catalogue; the first one is the default entry.
func (u *Updater) Entries() []Entry {
	if u.cat == nil {
		return nil
	}
	p, err := u.cat.bytes()
	if err != nil {
		return nil
	}
	c, err := boot.ParseCatalog(p)
	if err != nil {
		return nil
	}
	var list []Entry
	for _, e := range c.Entries {
		list = append(list, Entry{e, u.appendedAt(int64(e.LBA)) != nil})
	}
	return list
}

// CatalogSector returns the sector at which the boot catalogue begins, 0 if there is none.
func (u *Updater) CatalogSector() int64 {
	if u.cat == nil {
		return 0
	}
	return u.cat.lba
}

// appendedAt returns the partition after the volume that begins at a sector.
func (u *Updater) appendedAt(lba int64) *partition {
	for _, p := range u.parts {
		if p.tail && !p.filler && p.span.start == lba*blocks {
			return p
		}
	}
	return nil
}

// Prepare returns the contents of a new boot image, with a boot information table or
// GRUB's address if i wants them. Place says where they are.
func (u *Updater) Prepare(i boot.Image, source layout.Source, size int64) layout.Source {
	if !i.InfoTable && !i.GRUBInfo {
		return source
	}
	return &boot.Patched{Base: source, Size: size, Volume: uint32(u.o.Start) + systemSectors, InfoTable: i.InfoTable, GRUBInfo: i.GRUBInfo}
}

// Add adds an entry to the boot catalogue, or makes the first one. source are the contents
// of the image, of size bytes, which Prepare has returned. They are added to the Set, and
// Add returns where, for the file that is the image, if there is one. A UEFI image becomes a
// partition too, if the image has partition tables.
//
// A volume that is not bootable needs room for a boot record after its first descriptor.
// See MakeRoom.
func (u *Updater) Add(i boot.Image, source layout.Source, size int64) (volume.Extent, error) {
	e, err := u.newEntry(i, source, size)
	if err != nil {
		return volume.Extent{}, err
	}
	at := u.set.Add(source, size)
	if p, ok := source.(*boot.Patched); ok {
		p.LBA = uint32(at)
	}
	u.enter(i, e, at, source, size)
	return volume.Extent{Start: disc.LBA(at), Length: size}, nil
}

// Refer is Add for contents that are in the image already, and stay there.
func (u *Updater) Refer(i boot.Image, source layout.Source, at volume.Extent) error {
	e, err := u.newEntry(i, source, at.Length)
	if err == nil {
		u.enter(i, e, int64(at.Start), source, at.Length)
	}
	return err
}

// newEntry returns the entry of a boot image, without its address, if the catalogue has room
// for it.
func (u *Updater) newEntry(i boot.Image, source layout.Source, size int64) (boot.Entry, error) {
	head, err := readHead(source, size)
	if err != nil {
		return boot.Entry{}, fmt.Errorf("%v: %w", i, err)
	}
	e, err := i.Entry(size, head)
	if err != nil {
		return boot.Entry{}, err
	}
	if len(u.records) == 0 {
		return boot.Entry{}, &patch.UnsafeError{Why: "it has no boot record, and no room for one"}
	}
	if trial := u.cat.clone(); trial != nil {
		trial.add(e)
		if _, err := trial.bytes(); err != nil {
			return boot.Entry{}, err
		}
	}
	return e, nil
}

// enter adds the entry of an image at a sector to the catalogue, and the image to the
// partition tables.
func (u *Updater) enter(i boot.Image, e boot.Entry, at int64, source layout.Source, size int64) {
	e.LBA = uint32(at)
	if u.cat == nil {
		u.cat = newCatalog(u.set.Allocate(1, 1), e)
	} else {
		u.cat.add(e)
	}
	u.changed = true
	u.note("boot catalogue: an entry for %s is added", e.Platform.Description())
	switch {
	case e.Platform == boot.EFI && !u.adopt(at, source, size):
		u.addPartitions(span{at * blocks, ceil(size, boot.SectorSize) / boot.BlockSize})
	case e.Platform == boot.BIOS && e.Emulation == boot.NoEmulation && u.code.orphan:
		u.setCode(at, i.Path)
		u.code.orphan = false
	}
}

// adopt gives a new UEFI image the partitions of one that was removed before, so that they
// keep their numbers and identifiers. It reports whether there were some. A partition after
// the volume gets a copy of the image.
func (u *Updater) adopt(at int64, source layout.Source, size int64) bool {
	found := false
	for _, p := range u.parts {
		switch {
		case p.tail && p.orphan:
			u.replace[p] = contents{source, size}
		case p.removed && p.image:
			p.removed = false
			p.now = span{at * blocks, newCount(p, p.span.count*boot.BlockSize, size)}
		default:
			continue
		}
		p.orphan, found = false, true
	}
	return found
}

func readHead(source layout.Source, size int64) ([]byte, error) {
	if p, ok := source.(*boot.Patched); ok {
		source = p.Base // what is filled in does not matter here, and is not known yet
	}
	r, err := layout.OpenSource(source, size)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	head := make([]byte, min(size, boot.HeadSize))
	if n, err := r.ReadAt(head, 0); n < len(head) {
		return nil, noEOF(err)
	}
	return head, nil
}

// addPartitions adds a UEFI image to the partition tables.
func (u *Updater) addPartitions(s span) {
	if len(u.parts) == 0 {
		u.warn("the image has no partition table: the UEFI image starts a machine from a disc, but not from a USB stick", "")
		return
	}
	if p := u.addToMBR(s); p != nil {
		u.parts = append(u.parts, p)
		u.note("%v: added, %v", p, s)
	}
	if u.gpt == nil {
		return
	}
	kind := boot.TypeEFI.GUID
	if !separate(u.parts, "GPT") { // as isohybrid does, for old Macs
		kind = boot.TypeBasicData.GUID
	}
	p := u.gpt.add(u.parts, kind, 0, "EFI boot image", s)
	if p == nil {
		u.warn("the GPT has no room for the UEFI image: it starts a machine from a disc, but not from a USB stick", "")
		return
	}
	p.image = true
	u.parts = append(u.parts, p)
	u.note("%v: added, %v", p, s)
}

// addToMBR adds a UEFI image to the MBR, unless that only protects the GPT.
func (u *Updater) addToMBR(s span) *partition {
	for _, p := range u.parts {
		if p.table == "MBR" && p.covers {
			return nil
		}
	}
	if !hasMBR(u.head) {
		return nil
	}
	p := addMBR(u.head, u.parts, boot.TypeEFI.MBR, s)
	if p == nil {
		u.warn("the MBR has no room for the UEFI image: it may not start a machine from a USB stick", "")
	}
	return p
}

// Replace replaces the image of entry n, from 0, by contents of size bytes, for images that
// are no files of the volume: hidden ones, and appended partitions. Contents of files are
// replaced with Source and Update.
func (u *Updater) Replace(n int, source layout.Source, size int64) error {
	places := u.cat.places()
	if n < 0 || n >= len(places) {
		return fmt.Errorf("the boot catalogue has %d entries, and not entry %d", len(places), n+1)
	}
	e := u.cat.entry(places[n])
	old := entryAddress(e)
	if p := u.appendedAt(old); p != nil {
		return u.replacePartition(p, places[n], source, size)
	}
	length := u.imageLength(e, old)
	from := []volume.Extent{{Start: disc.LBA(old), Length: max(length, grubInfo+8)}}
	source = u.Source(from, source, size)
	to := u.set.Allocate(0, 1)
	for _, p := range u.pending[from[0].Start] {
		p.LBA = uint32(to)
	}
	u.set.Add(source, size)
	if err := u.moveLabels(old, to, size, fmt.Sprintf("boot image %d", n+1)); err != nil {
		return err
	}
	return u.moveImage(old, length, to, size, fmt.Sprintf("%d", n+1))
}

// imageLength returns the size of an image as far as it is known: from its boot information
// table, from a partition, or 0.
func (u *Updater) imageLength(e []byte, lba int64) int64 {
	if _, ok := u.infoTable(volume.Extent{Start: disc.LBA(lba), Length: infoEnd}); ok {
		var b [4]byte
		if n, _ := u.set.Base().ReadAt(b[:], lba*boot.SectorSize+infoLength); n == len(b) {
			return int64(binary.LittleEndian.Uint32(b[:]))
		}
	}
	for _, p := range u.parts {
		if p.image && p.table != "APM" && p.span.start == lba*blocks {
			return p.span.count * boot.BlockSize
		}
	}
	return 0
}

// replacePartition replaces the contents of an appended partition in all tables.
func (u *Updater) replacePartition(p *partition, at place, source layout.Source, size int64) error {
	head, err := readHead(source, size)
	if err != nil {
		return fmt.Errorf("%v: %w", p, err)
	}
	i := boot.Image{Platform: u.cat.platform(at), Partition: p.number}
	if _, err := i.Entry(size, head); err != nil {
		return err
	}
	e := u.cat.entry(at)
	n, err := loadSectors(binary.LittleEndian.Uint16(e[entrySectors:]), i.Platform, p.span.count*boot.BlockSize, size)
	if err != nil {
		return fmt.Errorf("%v: %w", p, err)
	}
	binary.LittleEndian.PutUint16(e[entrySectors:], n)
	for _, q := range u.parts {
		if q.tail && q.span == p.span {
			u.replace[q] = contents{source, size}
		}
	}
	u.changed = true
	return nil
}

// Remove removes entry n, from 0, and with the last one the boot record. The contents of the
// image stay where they are, and so does a partition after the volume; another partition
// that is the image is removed.
func (u *Updater) Remove(n int) error {
	places := u.cat.places()
	if n < 0 || n >= len(places) {
		return fmt.Errorf("the boot catalogue has %d entries, and not entry %d", len(places), n+1)
	}
	lba := entryAddress(u.cat.entry(places[n]))
	u.removeEntry(places[n])
	u.note("boot catalogue entry %d: removed", n+1)
	if u.entryAt(lba) {
		return nil
	}
	u.removePartitions(lba)
	if p := u.appendedAt(lba); p != nil {
		for _, q := range u.parts {
			q.orphan = q.orphan || q.tail && q.span.start == p.span.start
		}
	}
	u.code.orphan = u.code.orphan || u.code.lba == lba
	return nil
}
