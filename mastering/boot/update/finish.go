package update

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
)

// Finish writes the boot structures into the Set, when all else was added to it. end is the
// end of the volume in sectors, at least that of the Set. It returns the end of the image,
// after partitions that were appended and the backup GPT.
func (u *Updater) Finish(end int64) (int64, error) {
	if end < u.set.Sectors() {
		return 0, fmt.Errorf("the volume would end at sector %d, before the last sector of the image", end)
	}
	u.set.Allocate(end-u.set.Sectors(), 1)
	image := u.image
	u.ends = func(e int64) int64 { return e }
	if end > u.set.BaseSectors() || len(u.replace) > 0 {
		if err := u.checkGrowth(); err != nil {
			return 0, err
		}
		image = u.grow(end)
		u.set.Allocate(ceil(image, blocks)/blocks-u.set.Sectors(), 1)
		for _, l := range u.labels {
			if l.grow == nil {
				continue
			}
			if err := l.grow(u.head, u.ends); err != nil {
				return 0, err
			}
			u.note("boot label for %s: the size of the image is changed", l.name)
		}
	}
	if err := u.write(image); err != nil {
		return 0, err
	}
	return u.set.Sectors(), nil
}

// End returns the sector at which a volume or a partition ends that ended at sector old
// before, once Finish has run. The size of a volume can include partitions after it.
func (u *Updater) End(old int64) int64 {
	return ceil(u.ends(old*blocks), blocks) / blocks
}

// Copied returns the size of the appended partitions that were copied to the new end, in
// bytes.
func (u *Updater) Copied() int64 { return u.copied }

// checkGrowth returns an error if something cannot be changed for a larger image.
func (u *Updater) checkGrowth() error {
	if u.gpt != nil || string(u.head[boot.BlockSize:][:8]) != gptSignature {
		return nil
	}
	h := make([]byte, boot.BlockSize)
	if n, _ := u.set.Base().ReadAt(h, (u.image-1)*boot.BlockSize); n == len(h) && headerValid(h) {
		return &patch.UnsafeError{Why: "its GPT is damaged, and only the backup at its end is usable: repair it with a partition tool first"}
	}
	return nil
}

// grow places what follows the volume, which ends at sector end, and changes the partitions
// that reach the end. It returns the new size of the image in blocks.
func (u *Updater) grow(end int64) int64 {
	volume := end * blocks
	u.end = volume
	if len(u.parts) == 0 && u.gpt == nil {
		u.ends = func(e int64) int64 {
			if e >= min(u.volume.sectors*blocks, u.image) {
				return volume
			}
			return e
		}
		return volume
	}
	image, last := u.placeTail(volume)
	old := u.volume.sectors * blocks
	behind := u.tail.count > 0
	moved := u.tail.start
	if behind {
		moved = ceil(volume, alignment(u.tail.start))
	}
	u.ends = func(e int64) int64 {
		switch {
		case e > u.image-blocks: // the last sector can end after the last cylinder
			return last
		case e == old && e < u.tail.start:
			return volume
		case behind && e <= u.tail.start:
			return moved - (u.tail.start - e)
		}
		return e + image - u.image
	}
	zone := min(u.image, u.tail.start)
	switch {
	case behind:
		zone -= alignment(u.tail.start) - 1
	case u.gpt != nil:
		zone = min(zone, (u.gpt.last+1)/blocks*blocks)
	}
	if old > 0 {
		zone = min(zone, old)
	}
	u.stretch(zone, image)
	return image
}

// placeTail copies the appended partitions to their new place after the volume, which ends
// at a block. It returns the blocks of the new image, and where a partition ends that ends
// with the image: that can be before its last sector, if cylinders are not whole sectors.
func (u *Updater) placeTail(volume int64) (image, last int64) {
	back := int64(0)
	if u.gpt != nil {
		back = u.gpt.arrayBack
	}
	align := alignment(u.image)
	if u.tail.count > 0 {
		at := u.copyTail(volume)
		image = ceil(at+back, align)
		return image, image
	}
	last = volume + back
	if c := cylinder(u.head, u.parts, u.image); c > 0 {
		last = ceil(last, c)
		return ceil(last, blocks), last
	}
	image = ceil(last, align)
	return image, image
}

// copyTail adds the appended partitions to the Set. It returns the block after the padding
// that followed the last one.
func (u *Updater) copyTail(volume int64) int64 {
	list := slices.DeleteFunc(slices.Clone(u.parts), func(p *partition) bool { return !p.tail })
	slices.SortStableFunc(list, func(a, b *partition) int { return cmp.Compare(a.span.start, b.span.start) })
	at, end := volume, u.tail.start
	shift := int64(0)
	for _, p := range list {
		if p.span.start >= end { // not in another table too
			start := ceil(at, alignment(p.span.start))
			u.set.Allocate(start/blocks-u.set.Sectors(), 1)
			shift = start - p.span.start
			at, end = start+u.addPartition(p), p.span.end()
			u.moveEntries(p.span.start, start)
		}
		p.now = span{p.span.start + shift, p.span.count}
		if c, ok := u.replace[p]; ok {
			p.now.count = ceil(c.size, boot.SectorSize) / boot.BlockSize
		}
	}
	return at + max(u.tail.end()-end, 0)
}

// addPartition adds the contents of an appended partition to the Set, and returns its size
// in blocks.
func (u *Updater) addPartition(p *partition) int64 {
	if c, ok := u.replace[p]; ok {
		u.set.Add(c.source, c.size)
		u.note("%v: replaced, %d bytes", p, c.size)
		return ceil(c.size, boot.SectorSize) / boot.BlockSize
	}
	if p.filler { // zeros
		u.set.Allocate(ceil(p.span.count, blocks)/blocks, 1)
		return p.span.count
	}
	size := min(p.span.count*boot.BlockSize, u.set.BaseSize()-p.span.start*boot.BlockSize)
	u.set.Add(part{u.set, p.span.start * boot.BlockSize}, size)
	u.copied += size
	return p.span.count
}

// moveEntries changes the catalogue for an appended partition.
func (u *Updater) moveEntries(from, to int64) {
	for i, p := range u.cat.places() {
		if e := u.cat.entry(p); entryAddress(e)*blocks == from {
			binary.LittleEndian.PutUint32(e[entryLBA:], uint32(to/blocks))
			u.changed = true
			u.note("boot catalogue entry %d: the image moves from sector %d to %d", i+1, from/blocks, to/blocks)
		}
	}
}

// part is a range of the image as it was, as a source.
type part struct {
	set *patch.Set
	off int64
}

func (p part) String() string { return "the image" }

// Open implements layout.Opener.
func (p part) Open() (layout.Reader, error) { return partReader(p), nil }

type partReader part

func (r partReader) ReadAt(b []byte, off int64) (int, error) {
	return r.set.Base().ReadAt(b, r.off+off)
}

func (partReader) Close() error { return nil }

// stretch lets the partitions of the volume end where they should: those that reached zone,
// and are the last of their table.
func (u *Updater) stretch(zone, image int64) {
	for _, p := range u.parts {
		if p.tail || p.image || p.removed {
			continue
		}
		if p.covers {
			// With the largest size, it protects all that can be addressed.
			if p.table == "MBR" && p.span.end() >= u.image && p.span.count != math.MaxUint32 {
				p.now.count = image - p.now.start
			}
			continue
		}
		if p.span.end() < zone || p.span.start > u.image || u.follows(p) {
			continue
		}
		p.now.count = max(u.ends(p.span.end())-p.now.start, p.now.count)
	}
}

// follows reports whether another partition of the volume begins after the end of p.
func (u *Updater) follows(p *partition) bool {
	return slices.ContainsFunc(u.parts, func(q *partition) bool {
		return q.table == p.table && !q.tail && !q.covers && !q.removed && !q.added && q.span.start >= p.span.end()
	})
}

// settle makes partitions end where the next one begins, and adds others in a GPT for what
// is left of the volume, so that it is not taken for free space.
func (u *Updater) settle(table string) {
	list := live(u.parts, table)
	for i, p := range list {
		if i+1 == len(list) || p.image || p.tail {
			continue
		}
		if next := list[i+1].now.start; p.now.end() <= next {
			if p.filler && u.vacated(table, span{p.now.end(), next - p.now.end()}) {
				p.now.count = next - p.now.start
			}
			continue
		}
		end := p.now.end()
		p.now.count = list[i+1].now.start - p.now.start
		if table == "GPT" {
			u.fill(p, list[i+1:], end)
		}
	}
	u.fillEnd(table)
}

// fillEnd adds a partition for what was added to the volume after an image that is a
// partition, and the last one of the volume.
func (u *Updater) fillEnd(table string) {
	list := slices.DeleteFunc(live(u.parts, table), func(p *partition) bool { return p.tail })
	model := slices.IndexFunc(list, func(p *partition) bool { return p.filler })
	if table != "GPT" || model < 0 || !list[len(list)-1].image {
		return
	}
	u.fill(list[model], list[len(list)-1:], u.end)
}

// vacated reports whether blocks were an image that was moved or removed.
func (u *Updater) vacated(table string, s span) bool {
	return slices.ContainsFunc(u.parts, func(p *partition) bool {
		return p.table == table && p.image && (p.removed || p.now != p.span) && p.span.overlaps(s)
	})
}

// fill adds partitions like p between others up to a block.
func (u *Updater) fill(p *partition, others []*partition, end int64) {
	at := int64(0)
	for i, q := range others {
		at = q.now.end()
		next := end
		if i+1 < len(others) {
			next = min(end, others[i+1].now.start)
		}
		if next-at < blocks {
			continue
		}
		e := u.gpt.bytes(p)
		n := u.gpt.add(u.parts, boot.GUID(e[:16]), binary.LittleEndian.Uint64(e[entryFlags:]), "Gap", span{at, next - at})
		if n == nil {
			u.warn("the GPT is full: a part of the volume is not in a partition", "do not add partitions to the image")
			return
		}
		n.filler = true
		u.parts = append(u.parts, n)
	}
}

// write writes the system area, the catalogue, the boot records and the backup GPT.
func (u *Updater) write(image int64) error {
	for _, table := range []string{"GPT", "APM"} {
		if separate(u.parts, table) {
			u.settle(table)
		}
	}
	changed := image != u.image
	for _, p := range u.parts {
		if p.span != p.now && !p.removed && !p.added {
			u.note("%v: %v, was %v", p, p.now, p.span)
		}
		if p.removed {
			u.note("%v (%v): removed", p, p.span)
		}
		changed = changed || p.span != p.now || p.removed || p.added
	}
	if err := u.checkRange(); err != nil {
		return err
	}
	if changed && !u.refusesTables() {
		putMBR(u.head, u.parts)
		if u.apm != nil {
			u.apm.put(u.parts)
		}
		if err := u.writeGPT(image); err != nil {
			return err
		}
	}
	if err := u.writeDiffs(); err != nil {
		return err
	}
	return u.writeCatalog()
}

// checkRange returns an error if a partition does not fit into the numbers of its table.
func (u *Updater) checkRange() error {
	for _, p := range u.parts {
		limit := int64(1) << 32
		if p.table == "APM" {
			limit *= p.unit
		}
		if p.table == "GPT" || p.removed || p.covers || p.span == p.now {
			continue
		}
		if p.now.start >= limit || p.tail && p.now.count >= limit {
			return &patch.UnsafeError{Why: fmt.Sprintf("%v would begin at block %d, which its table cannot hold", p, p.now.start)}
		}
	}
	return nil
}

// writeGPT writes the GPT, and its backup to the end of the image. The header of the old
// backup is cleared: it would describe partitions that have changed.
func (u *Updater) writeGPT(image int64) error {
	g := u.gpt
	if g == nil {
		return nil
	}
	grown := image != u.image
	if !grown && g.backup == 0 {
		g.put(u.parts, image) // there is no room for a backup
		return nil
	}
	g.last += image - u.image
	if g.backup == 0 {
		g.last = image - g.arrayBack - 1
		u.note("GPT: a backup is added, since there was none")
	}
	if grown && g.backup > 0 && u.image-g.backup <= maxBack {
		if _, err := u.set.WriteAt(make([]byte, boot.BlockSize), g.backup*boot.BlockSize); err != nil {
			return err
		}
		u.note("GPT: the backup moves from block %d to %d", g.backup, image-g.headerBack)
	}
	backup := g.put(u.parts, image)
	if _, err := u.set.WriteAt(g.array, (image-g.arrayBack)*boot.BlockSize); err != nil {
		return err
	}
	_, err := u.set.WriteAt(backup, (image-g.headerBack)*boot.BlockSize)
	return err
}

// writeDiffs writes the blocks of the system area that have changed.
func (u *Updater) writeDiffs() error {
	for off := 0; off < len(u.head); off += boot.BlockSize {
		now := u.head[off:][:boot.BlockSize]
		if bytes.Equal(now, u.before[off:][:boot.BlockSize]) {
			continue
		}
		if _, err := u.set.WriteAt(now, int64(off)); err != nil {
			return err
		}
	}
	return nil
}

// writeCatalog writes the catalogue, and its address into the boot records.
func (u *Updater) writeCatalog() error {
	if !u.changed {
		return nil
	}
	system, at := make([]byte, recordCatalog+4-recordSystem), int64(0)
	if u.cat != nil {
		p, err := u.cat.bytes()
		if err != nil {
			return err
		}
		at = u.cat.lba
		if _, err := u.set.WriteAt(p, at*boot.SectorSize); err != nil {
			return err
		}
		copy(system, elTorito)
	}
	for _, r := range u.records {
		if r.now == at {
			continue
		}
		// The name of the system changes with the first and the last entry.
		off := r.lba*boot.SectorSize + recordCatalog
		b := binary.LittleEndian.AppendUint32(nil, uint32(at))
		if at == 0 || r.now == 0 {
			off, b = r.lba*boot.SectorSize+recordSystem, append(system[:recordCatalog-recordSystem], b...)
		}
		if _, err := u.set.WriteAt(b, off); err != nil {
			return err
		}
	}
	return nil
}
