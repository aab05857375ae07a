package update

import (
	"maps"
	"slices"

	"glassmaster/mastering/iso9660/internal/format"
)

// write writes the directories, path tables and root records.
func (h *hierarchy) write() error {
	list := h.changed()
	for _, d := range list {
		if err := d.layOut(); err != nil {
			return err
		}
	}
	list, err := h.afterPrimary(list)
	if len(list) == 0 || err != nil {
		return err
	}
	if _, err := h.movedDirectory(); err != nil {
		return err
	}
	if list, err = h.allocate(list); err != nil {
		return err
	}
	if err := h.writeAreas(); err != nil {
		return err
	}
	for _, d := range list {
		if err := d.refer(); err != nil {
			return err
		}
	}
	if err := h.writeTables(); err != nil {
		return err
	}
	for _, d := range h.sorted() {
		if err := d.write(); err != nil {
			return err
		}
	}
	return nil
}

// sorted returns the directories in the order of the image, new ones in the order in which
// they were made, so that the result is always the same.
func (h *hierarchy) sorted() []*directory {
	var list []*directory
	for _, off := range slices.Sorted(maps.Keys(h.dirs)) {
		list = append(list, h.dirs[off])
	}
	slices.SortStableFunc(list, func(a, b *directory) int {
		switch {
		case a.off < 0 && b.off < 0:
			return int(b.off - a.off)
		case a.off < 0:
			return 1
		case b.off < 0:
			return -1
		}
		return 0
	})
	return list
}

// changed returns the directories that change and are not removed.
func (h *hierarchy) changed() []*directory {
	var list []*directory
	for _, d := range h.sorted() {
		if d.changes() && !d.isGone() {
			list = append(list, d)
		}
	}
	return list
}

// isGone reports whether a directory was removed with one above it.
func (d *directory) isGone() bool {
	for ; d.parent != d; d = d.parent {
		if d.entry != nil && d.entry.gone {
			return true
		}
	}
	return false
}

// layOut makes the records of the directory and divides them among sectors.
func (d *directory) layOut() error {
	if err := d.finishSpecials(); err != nil {
		return err
	}
	if !d.dirty {
		return nil
	}
	for _, list := range [][]*entry{d.entries, d.added} {
		for _, e := range list {
			if e.gone {
				continue
			}
			if err := d.finish(e); err != nil {
				return err
			}
		}
	}
	d.merge()
	d.fill()
	return nil
}

// finishSpecials makes the records "." and ".." from their drafts.
func (d *directory) finishSpecials() error {
	for _, s := range []struct {
		x   *draft
		rec *[]byte
	}{{d.selfDraft, &d.self}, {d.aboveDraft, &d.above}} {
		if s.x == nil {
			continue
		}
		b, err := d.h.assemble(s.x.rec, s.x.id, &s.x.use, s.x.old, false)
		if err != nil {
			return err
		}
		*s.rec = b
	}
	d.selfDraft, d.aboveDraft = nil, nil
	return nil
}

// merge puts the new entries among the others.
func (d *directory) merge() {
	compare := d.order()
	slices.SortStableFunc(d.added, func(a, b *entry) int { return compare(a.id(), b.id()) })
	var list []*entry
	i := 0
	for _, e := range d.entries {
		if e.gone {
			continue
		}
		for i < len(d.added) && compare(d.added[i].id(), e.id()) < 0 {
			list = append(list, d.added[i])
			i++
		}
		list = append(list, e)
	}
	for _, e := range d.added[i:] {
		if !e.gone {
			list = append(list, e)
		}
	}
	d.entries, d.added = slices.DeleteFunc(list, func(e *entry) bool { return e.gone }), nil
}

// fill divides the records among sectors. Records stay in their sectors as long as those
// have room, so that few sectors change; if the directory would become longer by that,
// they fill as few sectors as possible.
func (d *directory) fill() {
	d.pack(d.off >= 0)
	if int64(len(d.sectors))*sectorSize > d.roomFor() {
		d.pack(false)
	}
}

// pack divides the records among sectors. stay says that a record does not go before the
// sector where it was. A record does not cross a sector boundary (ECMA-119 6.8.1.1).
func (d *directory) pack(stay bool) {
	d.sectors = [][][]byte{nil}
	used := 0
	next := func() {
		d.sectors = append(d.sectors, nil)
		used = 0
	}
	put := func(rec []byte) {
		if used+len(rec) > sectorSize {
			next()
		}
		last := len(d.sectors) - 1
		d.sectors[last] = append(d.sectors[last], rec)
		used += len(rec)
	}
	put(d.self)
	put(d.above)
	for _, e := range d.entries {
		for stay && e.sector >= len(d.sectors) {
			next()
		}
		for _, rec := range e.records {
			put(rec)
		}
	}
}

// roomFor returns the bytes of whole sectors that the directory occupies.
func (d *directory) roomFor() int64 {
	if d.off < 0 || d.frozen() {
		return 0
	}
	return d.size / sectorSize * sectorSize
}

// frozen reports whether the directory is in an earlier session, which does not change.
func (d *directory) frozen() bool { return d.off >= 0 && d.off < d.h.start }

// position sets the extent of a record that refers to the directory.
func (d *directory) position(rec []byte) {
	setPosition(rec, d.block(), uint32(d.newSize))
	rec[1] = byte(d.extended)
}

// block returns the address of the directory, with its extended attribute record.
func (d *directory) block() uint32 { return d.h.address(d.newOff) - uint32(d.extended) }

// refer makes the records that refer to the directory, or that depend on its place, agree
// with it.
func (d *directory) refer() error {
	moved := d.newOff != d.off
	if moved {
		d.position(d.self)
		if err := d.announce(); err != nil {
			return err
		}
	}
	if d.rehomed || d.off < 0 {
		if err := d.setParent(); err != nil {
			return err
		}
	}
	if !moved {
		return nil
	}
	for _, e := range d.entries {
		if e.dir == nil && !e.isDirectory() && d.h.moved == nil {
			continue
		}
		sub, err := d.subdirectory(e)
		if err != nil {
			return err
		}
		if sub == nil {
			continue
		}
		if err := sub.setParent(); err != nil {
			return err
		}
	}
	return nil
}

// announce sets the address of the directory in its record, in the descriptors if it is
// the root, and in the CL field if it is relocated.
func (d *directory) announce() error {
	h := d.h
	if d == h.root {
		for _, v := range h.list {
			d.position(v.root())
		}
		d.position(d.above)
		return nil
	}
	if d.entry != nil {
		d.position(d.entry.record())
		d.parent.touched = true
	}
	if d.link == nil {
		return nil
	}
	d.logical.touched = true
	return h.setLink(d.link.record(), "CL", d.block())
}

// setParent sets the address of the parent in the record "..", and in its PL field if the
// directory is relocated.
func (d *directory) setParent() error {
	h := d.h
	if d.frozen() && d.newOff == d.off {
		return nil
	}
	self, above, err := h.specials(d)
	if err != nil {
		return err
	}
	d.parent.position(above)
	if d.logical != nil {
		if err := h.setLink(above, "PL", d.logical.block()); err != nil {
			return err
		}
	}
	d.touched = true
	if d.raw != nil || d.off < 0 {
		return nil
	}
	return h.u.put(above, d.off+int64(len(self)), d.owner())
}

// setLink sets the address in a CL or PL field of a record (P1282 4.1.5).
func (h *hierarchy) setLink(rec []byte, signature string, block uint32) error {
	u, err := h.useOf(rec, h.use.Skip)
	if err != nil {
		return err
	}
	i := u.find(signature)
	if i < 0 || len(u.list[i].data) < 12 {
		return nil
	}
	f := u.list[i]
	format.PutBoth32(f.data[4:], block)
	if !f.outside {
		return nil // it is a part of rec
	}
	return h.u.put(f.data, f.at, owner{off: areas})
}

// write writes the sectors of the directory that have changed.
func (d *directory) write() error {
	u := d.h.u
	switch {
	case d.isGone():
		return nil
	case !d.dirty && d.touched && d.raw != nil:
		return u.overwrite(d.raw, make([]byte, len(d.raw)), d.off, d.owner())
	case !d.dirty:
		return nil
	}
	b := make([]byte, d.newSize)
	for i, list := range d.sectors {
		at := i * sectorSize
		for _, rec := range list {
			at += copy(b[at:], rec)
		}
	}
	return u.overwrite(b, make([]byte, len(b)), d.newOff, d.owner())
}
