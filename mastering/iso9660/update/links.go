package update

import (
	"glassmaster/mastering/iso9660/internal/format"
)

// identity is what the names of a hard-linked file have in common: the file serial number
// or, before Rock Ridge 1.12, the extent.
type identity struct{ serial, block, size uint32 }

// identityOf returns the identity of a file with several names, and where PX is among its
// fields.
func identityOf(rec []byte, u *use) (id identity, px int, ok bool) {
	px = u.find("PX")
	if px < 0 || rec[25]&format.FlagDirectory != 0 {
		return id, px, false
	}
	b := u.list[px].data
	if len(b) < 20 || format.Both32(b[12:]) < 2 {
		return id, px, false
	}
	if len(b) >= 44 {
		if id.serial = format.Both32(b[36:]); id.serial != 0 {
			return id, px, true
		}
	}
	id.block, id.size = blockOf(rec), format.Both32(rec[10:])
	return id, px, id.size > 0
}

// lose records that names of hard-linked files go: that of an entry, and those in its
// directory.
func (h *hierarchy) lose(e *entry, sub *directory) error {
	if !h.use.RockRidge {
		return nil
	}
	if sub != nil {
		return h.loseBelow(sub.off, sub.size, map[int64]bool{})
	}
	return h.loseName(e.before)
}

func (h *hierarchy) loseName(records [][]byte) error { return h.countName(records, 1) }

// saveName takes back that a name goes.
func (h *hierarchy) saveName(records [][]byte) error { return h.countName(records, -1) }

func (h *hierarchy) countName(records [][]byte, by int) error {
	if len(records) == 0 || !h.use.RockRidge { // a new entry
		return nil
	}
	u, err := h.useOf(records[0], h.use.Skip)
	if err != nil {
		return err
	}
	if id, _, ok := identityOf(records[0], &u); ok {
		if h.lost == nil {
			h.lost = map[identity]int{}
		}
		h.lost[id] += by
	}
	return nil
}

// loseBelow is lose for what is in a directory. What is damaged there is not needed.
func (h *hierarchy) loseBelow(off, size int64, seen map[int64]bool) error {
	if off < 0 || size > h.size-off || size > maxDirectory || seen[off] {
		return nil
	}
	seen[off] = true
	if h.walked += size; h.walked > h.size || len(seen) > maxWalk {
		return unsafef("its directories are larger than the image")
	}
	b := make([]byte, size)
	if n, _ := h.u.set.ReadAt(b, off); n < len(b) {
		return nil
	}
	for _, rec := range records(b) {
		switch {
		case isSelf(identifierOf(rec)):
		case rec[25]&format.FlagDirectory != 0:
			if err := h.loseBelow(h.offset(blockOf(rec))+int64(rec[1])*h.block, int64(format.Both32(rec[10:])), seen); err != nil {
				return err
			}
		default:
			_ = h.loseName([][]byte{rec})
		}
	}
	return nil
}

// loseLinks reduces the number of links of the other names of files of which names have
// gone. To find them, all directories are read.
func (h *hierarchy) loseLinks() error {
	if len(h.lost) == 0 {
		return nil
	}
	for _, d := range h.sorted() {
		for _, list := range [][]*entry{d.entries, d.added} {
			for _, e := range list {
				if err := d.loseLinks(e); err != nil {
					return err
				}
			}
		}
	}
	var failed error
	t := &table{h: h, of: map[int64]*row{}}
	err := t.walk(func(dir, at int64, rec []byte) {
		if failed == nil && at >= h.start && !h.isLoaded(at) {
			failed = h.patchLinks(dir, at, rec)
		}
	})
	if err == nil {
		err = failed
	}
	return err
}

// isLoaded reports whether the records at an offset of the image are in memory.
func (h *hierarchy) isLoaded(at int64) bool {
	for _, s := range h.read {
		if at >= s.from && at < s.to {
			return true
		}
	}
	return false
}

// loseLinks reduces the number of links of an entry that is in memory.
func (d *directory) loseLinks(e *entry) error {
	if e.gone || len(e.before) == 0 {
		return nil
	}
	u, err := d.h.useOf(e.before[0], d.h.use.Skip)
	if err != nil {
		return err
	}
	id, _, ok := identityOf(e.before[0], &u)
	if !ok || d.h.lost[id] <= 0 {
		return nil
	}
	x, err := d.draft(e)
	if err != nil {
		return err
	}
	x.addLinks(-d.h.lost[id])
	return nil
}

// patchLinks reduces the number of links in a record, at an offset of the image, of the
// directory at the offset dir, which is not in memory.
func (h *hierarchy) patchLinks(dir, at int64, rec []byte) error {
	u, err := h.useOf(rec, h.use.Skip)
	if err != nil {
		return nil // a damaged record stays as it is
	}
	id, px, ok := identityOf(rec, &u)
	if !ok || h.lost[id] <= 0 {
		return nil
	}
	f := u.list[px]
	format.PutBoth32(f.data[12:], uint32(max(int64(format.Both32(f.data[12:]))-int64(h.lost[id]), 1)))
	if f.outside {
		return h.u.put(f.data, f.at, owner{off: areas})
	}
	return h.u.put(rec, at, owner{h, dir})
}
