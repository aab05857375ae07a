package update

import (
	"encoding/binary"
	"fmt"
	"io"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/patch"
)

// Structures are the boot structures of an image whose contents move towards its start.
// Used says what they refer to, Move decides where they will be, and Write changes their
// addresses and sizes in the new image. All else of them stays as it is, byte for byte.
type Structures struct {
	u     *Updater
	lba   int64    // of the catalogue as it was
	old   *catalog // as it was
	moves Moves
	tail  int64 // block of the new image where the appended partitions begin, 0 if there are none
	back  int64 // blocks of the backup GPT at the end of the image
	image int64 // blocks of the new image
	last  int64 // the block where a partition ends that ended with the image
}

// Use is a run of sectors that boot structures need.
type Use struct {
	Start, Sectors int64
	// Align is the number of sectors by which the new address has the same remainder, 0 for
	// any address.
	Align int64
	// Open means that nothing says how long the run is: it ends where the next one begins.
	Open bool
	// Behind means that it is a partition after the volume.
	Behind bool
}

// Moves says where the contents of an image will be, in sectors.
type Moves struct {
	// Moved returns the new address of a sector. For one that is not used, it returns the end
	// of the last run before it, and false.
	Moved func(lba int64) (int64, bool)
	// From and To are where the last run of the volume ended, and where it will end.
	From, To int64
}

// Survey finds the boot structures of an image of size bytes. An *patch.UnsafeError says why
// they cannot be moved.
func Survey(r io.ReaderAt, size int64) (*Structures, error) {
	u, err := New(patch.New(r, size, nil), Options{})
	if err != nil {
		return nil, err
	}
	s := &Structures{u: u, old: u.cat.clone()}
	if u.cat != nil {
		s.lba = u.cat.lba
	}
	if u.gpt != nil && u.gpt.backup > 0 {
		s.back = u.gpt.arrayBack
	}
	if err := s.findSecondSets(); err != nil {
		return nil, err
	}
	return s, s.check()
}

// Found describes the boot structures, a sentence each.
func (s *Structures) Found() []string { return s.u.Found() }

// Images returns the first sectors of the boot catalogue and of all boot images, which contain
// addresses.
func (s *Structures) Images() []int64 {
	if s.u.cat == nil {
		return nil
	}
	list := []int64{s.lba}
	for _, p := range s.u.cat.places() {
		list = append(list, entryAddress(s.old.entry(p)))
	}
	return list
}

// Tables reports whether the image has boot code or partition tables for disks, or a boot
// label of another machine.
func (s *Structures) Tables() bool {
	return len(s.u.parts) > 0 || s.u.gpt != nil || s.u.code.lba > 0 || len(s.u.labels) > 0
}

// findSecondSets finds the boot records in the descriptors of a partition that begins with
// descriptors of its own.
func (s *Structures) findSecondSets() error {
	seen := map[int64]bool{0: true}
	catalog := int64(-1)
	if s.u.cat != nil {
		catalog = s.u.cat.lba
	}
	for _, p := range s.u.parts {
		lba := p.span.start / blocks
		if p.covers || seen[lba] || !s.hasSet(p) {
			continue
		}
		seen[lba] = true
		known := len(s.u.records)
		if err := s.u.readSet(lba + systemSectors); err != nil {
			return err
		}
		for _, r := range s.u.records[known:] {
			if r.now != catalog && r.now != 0 {
				return &patch.UnsafeError{Why: fmt.Sprintf("the boot record at sector %d refers to another boot catalogue", r.lba)}
			}
		}
	}
	return nil
}

// hasSet reports whether the partition begins with the descriptors of a volume.
func (s *Structures) hasSet(p *partition) bool {
	var b [6]byte
	if p.span.start%blocks != 0 || p.span.start >= s.u.image {
		return false
	}
	n, _ := s.u.set.Base().ReadAt(b[:], (p.span.start/blocks+systemSectors)*boot.SectorSize)
	return n == len(b) && string(b[:]) == "\x01CD001"
}

// whole reports whether a partition is the volume, or the first part of it.
func (s *Structures) whole(p *partition) bool {
	return !p.tail && (p.span.start <= systemSectors*blocks && p.span.end() > systemSectors*blocks || s.hasSet(p))
}

// exact reports whether a partition is contents that move: a boot image or a file of the
// volume, or a partition after it.
func (s *Structures) exact(p *partition) bool {
	return !p.covers && !p.filler && !s.whole(p)
}

// check returns an error if a structure cannot be moved.
func (s *Structures) check() error {
	u := s.u
	if u.unreadable != "" {
		return &patch.UnsafeError{Why: u.unreadable}
	}
	for _, l := range u.labels {
		if l.move == nil {
			return &patch.UnsafeError{Why: fmt.Sprintf("the addresses in its boot label for %s cannot be changed", l.name)}
		}
	}
	if u.gpt == nil && string(u.head[boot.BlockSize:][:8]) == gptSignature && hasMBR(u.head) {
		return &patch.UnsafeError{Why: "its GPT is damaged: repair it with a partition tool first"}
	}
	if n := bootAddress(u.head); n != 0 && u.code.lba == 0 && !u.refusesTables() && containsText(u.head[:boot.BlockSize], "GRUB ") {
		return &patch.UnsafeError{Why: fmt.Sprintf("its boot code for disks refers to block %d, which is no boot image", n)}
	} else if u.code.lba == 0 && hybridCode(u.head) {
		return &patch.UnsafeError{Why: "its boot code for disks does not refer to a boot image"}
	}
	for _, p := range u.parts {
		switch {
		case hybridHFS(p):
			return &patch.UnsafeError{Why: "its HFS+ view of the volume cannot be moved"}
		case s.exact(p) && (p.span.start%blocks != 0 || p.span.start >= u.image):
			return &patch.UnsafeError{Why: fmt.Sprintf("%v (%v) does not begin with a sector of the image", p, p.span)}
		}
	}
	return nil
}

// Used returns the runs of sectors that the boot structures refer to.
func (s *Structures) Used() []Use {
	u := s.u
	var list []Use
	add := func(start, bytes int64, use Use) {
		end := ceil(u.image, blocks) / blocks
		if start <= 0 || start >= end {
			return
		}
		use.Start = start
		if use.Sectors = ceil(bytes, boot.SectorSize) / boot.SectorSize; use.Sectors > end-start {
			use.Sectors = end - start
		}
		list = append(list, use)
	}
	if u.cat != nil {
		add(u.cat.lba, int64(u.cat.size), Use{})
	}
	for _, p := range u.cat.places() {
		e := u.cat.entry(p)
		lba := entryAddress(e)
		if u.appendedAt(lba) != nil {
			continue
		}
		n := s.length(e, lba)
		add(lba, n, Use{Open: n == 0})
	}
	for _, p := range u.parts {
		switch {
		case !s.exact(p):
		case p.tail:
			add(p.span.start/blocks, p.span.count*boot.BlockSize, Use{Align: alignment(p.span.start) / blocks, Behind: true})
		case p.image && p.table == "APM": // isohybrid counts blocks there where sectors are meant
		default:
			add(p.span.start/blocks, p.span.count*boot.BlockSize, Use{})
		}
	}
	for _, l := range u.labels {
		for n := range 15 {
			if start, size, ok := l.file(u.before, n); ok {
				add(start/blocks, size, Use{})
			}
		}
	}
	return list
}

// file returns the first block and the size in bytes of a file in a label of MIPS.
func (l label) file(head []byte, n int) (start, size int64, ok bool) {
	e := head[mipsFiles+n*16:]
	start, size = int64(binary.BigEndian.Uint32(e[mipsFileBlock:])), int64(binary.BigEndian.Uint32(e[mipsFileSize:]))
	return start, size, l.name == "MIPS" && start > 0 && start%blocks == 0 && size > 0
}

// length returns the size of a boot image in bytes, as its boot information table, a
// partition, the disk that it emulates, or its FAT file system says, or 0.
func (s *Structures) length(e []byte, lba int64) int64 {
	n := s.u.imageLength(e, lba)
	switch boot.Emulation(e[entryMedium] & 0x0F) {
	case boot.Floppy12:
		n = max(n, 1200<<10)
	case boot.Floppy144:
		n = max(n, 1440<<10)
	case boot.Floppy288:
		n = max(n, 2880<<10)
	case boot.NoEmulation:
		n = max(n, s.fat(lba))
	}
	if n > s.u.image*boot.BlockSize-lba*boot.SectorSize {
		return 0
	}
	return n
}

// fat returns the size of a FAT file system at a sector, 0 if there is none. Its boot sector
// has the bytes of a sector at 11, and the number of sectors at 19 or 32.
func (s *Structures) fat(lba int64) int64 {
	var b [boot.BlockSize]byte
	if !s.u.readBase(b[:], disc.LBA(lba)) || b[510] != 0x55 || b[511] != 0xAA || b[0] != 0xEB && b[0] != 0xE9 {
		return 0
	}
	le := binary.LittleEndian
	each, count := int64(le.Uint16(b[11:])), int64(le.Uint16(b[19:]))
	if count == 0 {
		count = int64(le.Uint32(b[32:]))
	}
	if each != boot.BlockSize && each != boot.SectorSize {
		return 0
	}
	return each * count
}

// Move decides where everything will be. It returns the size of the new image in bytes.
func (s *Structures) Move(m Moves) (int64, error) {
	s.moves = m
	u := s.u
	s.placeEnd()
	for _, table := range []string{"MBR", "GPT", "APM"} {
		if err := s.movePartitions(table); err != nil {
			return 0, err
		}
	}
	for _, p := range u.parts {
		if p.covers && p.table == "MBR" && p.span.end() >= u.image && p.span.count != 1<<32-1 {
			p.now.count = s.image - p.now.start
		}
	}
	return s.image * boot.BlockSize, nil
}

// maxPad is the number of unused blocks that are kept at the end of the volume, and at the
// end of the image: 150 sectors, since some drives cannot read the last sectors of a track.
const maxPad = 150 * blocks

// placeEnd decides where the image ends.
func (s *Structures) placeEnd() {
	u := s.u
	from, to := s.moves.From*blocks, s.moves.To*blocks
	align := alignment(u.image)
	if len(u.parts) == 0 && u.gpt == nil {
		align = blocks
	}
	behind := false
	for _, p := range u.parts {
		if !p.tail || !s.exact(p) {
			continue
		}
		start := s.moved(p.span.start)
		if !behind {
			s.tail, behind = start, true
		}
		s.tail = min(s.tail, start)
		if p.span.end() >= from {
			from, to = p.span.end(), start+p.span.count
		}
	}
	to += min(max(u.image-s.back-from, 0), maxPad)
	s.last = to
	if u.gpt != nil {
		s.last += u.gpt.arrayBack
	}
	if c := cylinder(u.head, u.parts, u.image); c > 0 && !behind {
		s.last = ceil(s.last, c)
		if s.image = s.last; u.image%blocks == 0 {
			s.image = ceil(s.last, blocks)
		}
		return
	}
	s.image = ceil(s.last, align)
	s.last = s.image
}

// moved returns the new place of a block at the start of a sector.
func (s *Structures) moved(block int64) int64 {
	to, _ := s.moves.Moved(block / blocks)
	return to * blocks
}

// end returns where something will end that ended at a block.
func (s *Structures) end(e int64) int64 {
	u := s.u
	behind := u.tail.count > 0 && s.tail > 0
	from, to := s.moves.From*blocks, s.moves.To*blocks
	switch {
	case e > u.image-blocks: // the last sector can end after the last cylinder
		return s.last
	case behind && e == u.tail.start:
		return s.tail
	case behind && e > u.tail.start, s.back > 0 && e > u.image-s.back:
		if last, ok := s.moves.Moved((e - 1) / blocks); ok {
			return last*blocks + (e-1)%blocks + 1
		}
		return max(s.image-(u.image-e), to)
	case e > from:
		return to + min(e-from, maxPad)
	}
	at, ok := s.moves.Moved(e / blocks)
	if !ok {
		return at * blocks
	}
	return at*blocks + e%blocks
}

// End returns the sector at which a volume will end that ended at a sector.
func (s *Structures) End(old int64) int64 { return ceil(s.end(old*blocks), blocks) / blocks }

// movePartitions decides where the partitions of a table will be: those that are contents
// move with them, those of the volume shrink, and those that fill the space between others
// still do.
func (s *Structures) movePartitions(table string) error {
	list := live(s.u.parts, table)
	for _, p := range list {
		if s.exact(p) {
			p.now.start = s.moved(p.span.start)
		}
	}
	for i, p := range list {
		if s.exact(p) {
			continue
		}
		switch {
		case s.whole(p):
		case i > 0 && list[i-1].span.end() <= p.span.start:
			if p.now.start = list[i-1].now.end(); p.span.start%blocks == 0 { // it fills the space after that
				p.now.start = ceil(p.now.start, blocks)
			}
		default:
			return &patch.UnsafeError{Why: fmt.Sprintf("%v (%v) overlaps another one", p, p.span)}
		}
		end := s.end(p.span.end())
		for _, q := range list {
			if q.span.start == p.span.end() && s.exact(q) {
				end = q.now.start
			}
		}
		p.now.count = end - p.now.start
		p.removed = p.now.count <= 0
	}
	return nil
}
