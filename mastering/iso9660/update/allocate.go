package update

import (
	"slices"

	"glassmaster/mastering/iso9660/internal/format"
)

// allocate finds the places of directories. It returns them with those that moved along.
//
// Most readers find a directory wherever it is. Some, such as libarchive, read a disc once
// from its beginning to its end, and do not find a directory before the one that refers to
// it. So what is below a directory that moves follows it, unless that is large.
func (h *hierarchy) allocate(list []*directory) ([]*directory, error) {
	slices.SortStableFunc(list, func(a, b *directory) int { return a.level() - b.level() })
	for _, d := range slices.Clone(list) {
		if err := d.allocate(); err != nil {
			return nil, err
		}
		var err error
		switch {
		case d.newOff != d.off && d.off >= 0:
			list, err = h.follow(d, list)
		case d.rehomed && d.parent.newOff > d.newOff && h.small(d.off, d.size):
			if list, err = h.pull(d, list); err == nil && d.newOff != d.off {
				list, err = h.follow(d, list)
			}
		}
		if err == nil {
			list, err = h.thaw(d, list)
		}
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// thaw moves the directories that refer to one that moves, if they belong to an earlier
// session.
func (h *hierarchy) thaw(d *directory, list []*directory) ([]*directory, error) {
	if d.newOff == d.off {
		return list, nil
	}
	for _, p := range []*directory{d.parent, d.logical} {
		if p == nil || !p.frozen() || p.newOff != p.off {
			continue
		}
		var err error
		if list, err = h.pull(p, list); err == nil {
			list, err = h.thaw(p, list)
		}
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Directories that follow have up to a part of the image in all, or a number of bytes.
const (
	followPart  = 128
	followBytes = 256 << 10
)

// small reports whether a directory and those below it are small enough to follow.
func (h *hierarchy) small(off, size int64) bool {
	limit := max(h.u.set.BaseSize()/followPart, followBytes)
	return h.below(off, size, limit) <= limit
}

// below returns the number of bytes of a directory and of those below it, or more than
// limit.
func (h *hierarchy) below(off, size, limit int64) int64 {
	if size > limit || size <= 0 || off < 0 || off+size > h.size {
		return limit + 1
	}
	b := make([]byte, size)
	if n, _ := h.u.set.ReadAt(b, off); n < len(b) {
		return limit + 1
	}
	total := size
	for _, rec := range records(b) {
		if rec[25]&format.FlagDirectory == 0 || isSelf(identifierOf(rec)) {
			continue
		}
		total += h.below(h.offset(format.Both32(rec[2:]))+int64(rec[1])*h.block, int64(format.Both32(rec[10:])), limit-total)
		if total > limit {
			return total
		}
	}
	return total
}

// follow moves the directories below d after it.
func (h *hierarchy) follow(d *directory, list []*directory) ([]*directory, error) {
	if h.kind != primary && h.u.hasRockRidge() || !h.small(d.off, d.size) {
		return list, nil
	}
	return h.followers(d, list)
}

func (h *hierarchy) followers(d *directory, list []*directory) ([]*directory, error) {
	for _, e := range d.entries {
		if !e.isDirectory() {
			continue
		}
		sub, err := d.subdirectory(e)
		if err != nil {
			return nil, err
		}
		if sub.newOff > d.newOff {
			continue
		}
		if list, err = h.pull(sub, list); err != nil {
			return nil, err
		}
		if list, err = h.followers(sub, list); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// pull moves a directory to the end of the image.
func (h *hierarchy) pull(d *directory, list []*directory) ([]*directory, error) {
	if err := d.load(); err != nil {
		return nil, err
	}
	if !d.dirty {
		d.dirty = true
		if err := d.layOut(); err != nil {
			return nil, err
		}
	}
	if !slices.Contains(list, d) {
		list = append(list, d)
	}
	if d.newOff != d.off {
		return list, nil
	}
	return list, d.move()
}

// afterPrimary adds the root of a Joliet hierarchy to the directories that change if that of
// the primary one has moved behind it: libarchive takes the hierarchy whose root is first.
func (h *hierarchy) afterPrimary(list []*directory) ([]*directory, error) {
	p := h.u.hierarchies[0]
	if h.kind != joliet || h.base != p.base || p.root.newOff == p.root.off || p.root.off > h.root.off {
		return list, nil
	}
	return h.pull(h.root, list)
}

// hasRockRidge reports whether the volume has Rock Ridge, so that readers which support it
// do not read the other hierarchies.
func (u *Updater) hasRockRidge() bool {
	return slices.ContainsFunc(u.hierarchies, func(h *hierarchy) bool { return h.use.RockRidge })
}

// allocate finds the place of the directory: where it is, if it still fits there.
func (d *directory) allocate() error {
	if !d.dirty || d.off >= 0 && d.newOff != d.off || int64(len(d.sectors))*sectorSize <= d.roomFor() {
		return nil
	}
	return d.move()
}

// move places the directory at the end of the image.
func (d *directory) move() error {
	h := d.h
	n := int64(len(d.sectors))
	if err := d.takeAreas(); err != nil {
		return err
	}
	x := (d.extended*h.block + sectorSize - 1) / sectorSize
	d.newOff, d.newSize = (h.u.set.Allocate(x+n, 1)+x)*sectorSize, n*sectorSize
	if d.extended == 0 {
		return nil
	}
	attributes := make([]byte, d.extended*h.block)
	if k, err := h.u.set.ReadAt(attributes, d.off-int64(len(attributes))); k < len(attributes) {
		return unsafef("the extended attribute record before sector %d cannot be read: %v", d.off/sectorSize, err)
	}
	return h.u.put(attributes, d.newOff-int64(len(attributes)), d.owner())
}

// takeAreas copies the continuation areas of a directory that moves to the end of the
// image, except for those of files, whose contents are not after it.
func (d *directory) takeAreas() error {
	h := d.h
	if !h.use.RockRidge || d.off < 0 {
		return nil
	}
	skip := h.use.Skip
	if d == h.root {
		skip = h.use.RootSkip
	}
	if err := h.takeArea(d.self, skip); err != nil {
		return err
	}
	if err := h.takeArea(d.above, h.use.Skip); err != nil {
		return err
	}
	for _, e := range d.entries {
		if rec := e.record(); format.Both32(rec[10:]) == 0 || e.isDirectory() {
			if err := h.takeArea(rec, h.use.Skip); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeArea copies the old continuation areas of a record.
func (h *hierarchy) takeArea(rec []byte, skip int) error {
	p := systemUse(rec)
	if len(p) < skip {
		return nil
	}
	var inside use
	if ce, err := inside.take(p[skip:], 0, false); err != nil || ce == nil || format.Both32(ce[4:]) == 0 {
		return err // there is none, or it is a new one
	}
	u, err := h.useOf(rec, skip)
	if err != nil {
		return err
	}
	var list []field
	for _, f := range u.list {
		if f.outside {
			list = append(list, f)
		}
	}
	if len(list) > 0 {
		h.spill(list, u.ce, false) // a part of rec
	}
	return nil
}
