package update

import (
	"bytes"
	"strings"

	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/iso9660/internal/susp"
	"glassmaster/mastering/tree"
)

// maxLevel is the maximum depth of directories (ECMA-119 6.8.2.1).
const maxLevel = 8

// child returns the block of a relocated directory (P1282 4.1.5.1), if an entry has a CL
// field.
func (h *hierarchy) child(e *entry) (uint32, bool, error) {
	if e.draft != nil {
		return linkOf(&e.draft.use, "CL")
	}
	u, err := h.useOf(e.record(), h.use.Skip)
	if err != nil {
		return 0, false, err
	}
	return linkOf(&u, "CL")
}

func linkOf(u *use, signature string) (uint32, bool, error) {
	i := u.find(signature)
	if i < 0 || len(u.list[i].data) < 12 {
		return 0, false, nil
	}
	return format.Both32(u.list[i].data[4:]), true, nil
}

// relocated returns the directory at an offset, to which the CL field of an entry of d
// refers.
func (d *directory) relocated(e *entry, off int64) (*directory, error) {
	h := d.h
	moved, err := h.movedDirectory()
	if err != nil {
		return nil, err
	}
	if moved != nil {
		for _, k := range moved.entries {
			if !k.isDirectory() || h.offset(blockOf(k.record())) != off {
				continue
			}
			sub, err := moved.subdirectory(k)
			if err != nil {
				return nil, err
			}
			e.dir, e.linked = sub, true
			sub.logical, sub.link = d, e
			return sub, nil
		}
	}
	return d.elsewhere(e, off)
}

// elsewhere returns a relocated directory that is in no other directory of the hierarchy, as
// genisoimage refers to those of an earlier session.
func (d *directory) elsewhere(e *entry, off int64) (*directory, error) {
	var head [format.RecordHead + 1]byte
	if n, _ := d.h.u.set.ReadAt(head[:], off); n < len(head) || head[32] != 1 || head[33] != 0 {
		return nil, unsafef("there is no relocated directory at sector %d", off/sectorSize)
	}
	setPosition(head[:], d.h.address(off), format.Both32(head[10:]))
	sub, err := d.h.directoryAt(head[:], d)
	if err != nil {
		return nil, err
	}
	e.dir, e.linked = sub, true
	sub.logical, sub.link = d, e
	return sub, nil
}

// movedDirectory returns the directory of relocated directories, nil if there is none.
func (h *hierarchy) movedDirectory() (*directory, error) {
	if h.moved != nil || !h.use.RockRidge {
		return h.moved, nil
	}
	if err := h.root.load(); err != nil {
		return nil, err
	}
	for _, e := range h.root.entries {
		id := strings.TrimPrefix(string(e.id()), "_")
		if !e.isDirectory() || !strings.EqualFold(strings.TrimPrefix(id, "."), "rr_moved") {
			continue
		}
		d, err := h.root.subdirectory(e)
		if err != nil {
			return nil, err
		}
		if err := d.load(); err != nil {
			return nil, err
		}
		h.moved = d
		return d, nil
	}
	return nil, nil
}

// level returns the level of a directory in the hierarchy, 1 for the root.
func (d *directory) level() int {
	n := 1
	for ; d.parent != d && n <= maxWalk; d = d.parent {
		n++
	}
	return n
}

// place adds the entry of a new directory to d: at the place where relocated directories
// are, if the volume has one and the directory would be too deep.
func (h *hierarchy) place(d, sub *directory, e *entry) error {
	moved, err := h.movedDirectory()
	if err != nil {
		return err
	}
	d.add(e)
	if moved == nil || d.level() < maxLevel {
		return nil
	}
	there := &entry{dir: sub}
	x := *e.draft
	x.use.list = append([]field(nil), e.draft.use.list...)
	var re susp.Fields
	re.Link("RE", 0)
	x.use.replace("RE", fieldsOf(&re), "PX", "TF")
	x.id = moved.identifier(sub.node.Name, true)
	there.draft, there.records = &x, [][]byte{x.rec}
	x.rec = bytes.Clone(x.rec)
	there.records[0] = x.rec
	moved.add(there)
	var cl susp.Fields
	cl.Link("CL", 0)
	e.draft.use.replace("CL", fieldsOf(&cl), "PX", "TF")
	e.draft.rec[25] &^= format.FlagDirectory
	e.linked = true
	setPosition(e.draft.rec, h.address(max(h.u.set.BaseSectors()-1, 0)*sectorSize), 0)
	var pl susp.Fields
	pl.Link("PL", 0)
	above, err := h.parentDraft(moved)
	if err != nil {
		return err
	}
	sub.aboveDraft = above
	sub.above = above.rec
	above.use.replace("PL", fieldsOf(&pl), "PX", "TF")
	sub.parent, sub.entry, sub.id = moved, there, x.id
	sub.logical, sub.link = d, e
	return nil
}

// twin makes the record of a relocated directory agree with that in the directory that it
// was relocated from.
func (h *hierarchy) twin(sub *directory, n *tree.Node) error {
	o := n.Origin()
	if n.Name == o.Name && n.SameAttributes() || sub.entry == nil {
		return nil
	}
	x, err := sub.parent.draft(sub.entry)
	if err != nil {
		return err
	}
	if n.Name != o.Name && x.use.find("NM") >= 0 {
		x.setName(h, n.Name)
	}
	x.setAttributes(h, n)
	return nil
}

// orphans removes relocated directories that were in directories which were removed, and
// the directory for them when it is empty.
func (h *hierarchy) orphans() error {
	if h.table == nil {
		return nil
	}
	moved, err := h.movedDirectory()
	if moved == nil || err != nil {
		return err
	}
	left := 0
	for again := true; again; {
		again, left = false, len(moved.added)
		for _, e := range moved.entries {
			if e.gone {
				continue
			}
			left++
			lost, err := h.isLost(moved, e)
			if err != nil {
				return err
			}
			if lost {
				moved.remove(e)
				if err := h.table.remove(e.dir); err != nil {
					return err
				}
				again = true
			}
		}
	}
	if left > 0 || moved.raw == nil || !moved.dirty || h.root.byName[moved.entry.name] == moved.entry {
		return nil
	}
	h.root.remove(moved.entry)
	h.root.folders--
	if err := h.table.remove(moved); err != nil {
		return err
	}
	moved.dirty = false
	return h.setLinks(h.root)
}

// isLost reports whether the directory in which a relocated directory belongs was removed.
func (h *hierarchy) isLost(moved *directory, e *entry) (bool, error) {
	if !e.isDirectory() {
		return false, nil
	}
	sub, err := moved.subdirectory(e)
	if err != nil {
		return false, err
	}
	if sub.logical != nil {
		r, err := h.table.row(sub.logical)
		return err == nil && r.removed(), err
	}
	_, above, err := h.specials(sub)
	if err != nil {
		return false, err
	}
	u, err := h.useOf(above, h.use.Skip)
	if err != nil {
		return false, err
	}
	block, ok, err := linkOf(&u, "PL")
	if !ok || err != nil {
		return false, err
	}
	r := h.table.of[h.offset(block)]
	return r != nil && r.removed(), nil
}

// specials returns the records "." and ".." of a directory, which need not be read.
func (h *hierarchy) specials(d *directory) (self, above []byte, err error) {
	if d.raw != nil || d.off < 0 {
		return d.self, d.above, nil
	}
	b := make([]byte, min(d.size, sectorSize))
	if n, err := h.u.set.ReadAt(b, d.off); n < len(b) {
		return nil, nil, unsafef("the directory at sector %d cannot be read: %v", d.off/sectorSize, err)
	}
	for _, rec := range records(b) {
		switch {
		case !isSelf(identifierOf(rec)):
		case self == nil:
			self = rec
			continue
		default:
			above = rec
		}
		break
	}
	if above == nil {
		return nil, nil, unsafef("the directory at sector %d has no records of itself and its parent", d.off/sectorSize)
	}
	return self, above, nil
}
