package update

import (
	"encoding/binary"
	"io"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/volume"
)

// Write changes the addresses and sizes in the new image, which has what Used lists at its
// new place, and adds the backup GPT.
func (s *Structures) Write(set *patch.Set) error {
	u := s.u
	for _, l := range u.labels {
		if err := s.writeLabel(l); err != nil {
			return err
		}
	}
	if u.code.lba > 0 {
		to := s.moved(u.code.lba * blocks)
		binary.LittleEndian.PutUint64(u.head[mbrAddress:], uint64(to+u.code.extra))
	}
	if err := s.writeImages(set); err != nil {
		return err
	}
	old := u.set
	u.set = set
	defer func() { u.set = old }()
	if err := s.writeTables(); err != nil {
		return err
	}
	if err := u.writeDiffs(); err != nil {
		return err
	}
	return u.writeCatalog()
}

func (s *Structures) writeTables() error {
	u := s.u
	if u.refusesTables() {
		return nil
	}
	putMBR(u.head, u.parts)
	if u.apm != nil {
		u.apm.put(u.parts)
	}
	g := u.gpt
	if g == nil {
		return nil
	}
	if g.last += s.image - u.image; g.backup == 0 {
		g.last = s.image - g.arrayBack - 1
	}
	backup := g.put(u.parts, s.image)
	if _, err := u.set.WriteAt(g.array, (s.image-g.arrayBack)*boot.BlockSize); err != nil {
		return err
	}
	_, err := u.set.WriteAt(backup, (s.image-g.headerBack)*boot.BlockSize)
	return err
}

// writeLabel changes the addresses and sizes in a label of MIPS.
func (s *Structures) writeLabel(l label) error {
	for n := range 15 {
		if start, _, ok := l.file(s.u.before, n); ok {
			binary.BigEndian.PutUint32(s.u.head[mipsFiles+n*16+mipsFileBlock:], clamp32(s.moved(start)))
		}
	}
	return l.grow(s.u.head, s.end)
}

// writeImages changes the catalogue, and the addresses in boot images.
func (s *Structures) writeImages(set *patch.Set) error {
	u := s.u
	if u.cat == nil {
		return nil
	}
	done := map[int64]bool{}
	for _, p := range u.cat.places() {
		e := u.cat.entry(p)
		old := entryAddress(e)
		to, ok := s.moves.Moved(old)
		if !ok || old == to {
			continue
		}
		if !done[old] {
			done[old] = true
			if err := s.writeInfo(set, old, to); err != nil {
				return err
			}
		}
		binary.LittleEndian.PutUint32(e[entryLBA:], uint32(to))
		u.changed = true
	}
	if to := s.moved(u.cat.lba*blocks) / blocks; to != u.cat.lba {
		u.cat.lba, u.changed = to, true
	}
	return nil
}

// writeInfo changes the boot information table and GRUB's address in a boot image. The
// checksum of the table covers GRUB's address. It is changed if it was right.
func (s *Structures) writeInfo(set *patch.Set, old, to int64) error {
	u := s.u
	le := binary.LittleEndian
	var diff uint32
	if u.grubInfo(volume.Extent{Start: disc.LBA(old), Length: grubInfo + 8}) {
		was, now := uint64(old*blocks+grubExtra), uint64(to*blocks+grubExtra)
		diff = uint32(now) - uint32(was) + uint32(now>>32) - uint32(was>>32)
		if _, err := set.WriteAt(le.AppendUint64(nil, now), to*boot.SectorSize+grubInfo); err != nil {
			return err
		}
	}
	if _, ok := u.infoTable(volume.Extent{Start: disc.LBA(old), Length: infoEnd}); !ok {
		return nil
	}
	if _, err := set.WriteAt(le.AppendUint32(nil, uint32(to)), to*boot.SectorSize+infoLBA); err != nil {
		return err
	}
	var b [infoEnd]byte
	if !u.readBase(b[:], disc.LBA(old)) || diff == 0 {
		return nil
	}
	size, sum := int64(le.Uint32(b[infoLength:])), le.Uint32(b[infoSum:])
	if now, err := imageSum(u.set.Base(), old*boot.SectorSize, size); err != nil || now != sum {
		return nil //nolint:nilerr // it is not the checksum of the image, and stays
	}
	_, err := set.WriteAt(le.AppendUint32(nil, sum+diff), to*boot.SectorSize+infoSum)
	return err
}

// imageSum adds the 32-bit words of a boot image of size bytes from byte 64 on; zeros follow
// the last one.
func imageSum(r io.ReaderAt, off, size int64) (uint32, error) {
	var sum uint32
	buf := make([]byte, 64<<10)
	for at := int64(infoEnd); at < size; at += int64(len(buf)) {
		n := min(int64(len(buf)), size-at)
		clear(buf)
		if k, err := r.ReadAt(buf[:n], off+at); int64(k) < n {
			return 0, noEOF(err)
		}
		for i := int64(0); i < n; i += 4 {
			sum += binary.LittleEndian.Uint32(buf[i:])
		}
	}
	return sum, nil
}
