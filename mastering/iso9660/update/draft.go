package update

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"maps"

	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/iso9660/internal/susp"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
	"glassmaster/mastering/zisofs"
)

// draft is a record that changes.
type draft struct {
	rec []byte // its fixed part, of which length, extent and identifier are set later
	id  []byte
	use use
	old *use // the area as it was; nil: the record is new
	// early says that it is the record of a file with new contents
	early bool
}

// draftOf begins to change a record.
func (h *hierarchy) draftOf(rec []byte, skip int) (*draft, error) {
	u, err := h.useOf(rec, skip)
	if err != nil {
		return nil, err
	}
	old := u
	old.list = append([]field(nil), u.list...)
	return &draft{rec: bytes.Clone(rec[:format.RecordHead]), id: bytes.Clone(identifierOf(rec)), use: u, old: &old}, nil
}

// draft returns the main record of an entry for changing it.
func (d *directory) draft(e *entry) (*draft, error) {
	d.dirty = true
	if e.draft == nil {
		var err error
		if e.draft, err = d.h.draftOf(e.record(), d.h.use.Skip); err != nil {
			return nil, err
		}
	}
	return e.draft, nil
}

// own returns the record "." for changing it.
func (d *directory) own() (*draft, error) {
	d.dirty = true
	if d.selfDraft == nil {
		skip := d.h.use.Skip
		if d == d.h.root {
			skip = d.h.use.RootSkip
		}
		var err error
		if d.selfDraft, err = d.h.draftOf(d.self, skip); err != nil {
			return nil, err
		}
	}
	return d.selfDraft, nil
}

// finish makes the records of an entry from its draft.
func (d *directory) finish(e *entry) error {
	if e.draft == nil {
		return nil
	}
	h := d.h
	b, err := h.assemble(e.draft.rec, e.draft.id, &e.draft.use, e.draft.old, e.draft.early)
	if err != nil {
		return err
	}
	renamed := !bytes.Equal(e.id(), e.draft.id)
	main := e.main()
	for i, r := range e.records {
		switch {
		case i == main:
			e.records[i] = b
		case r[25]&format.FlagAssociated != 0:
			if !renamed {
				continue
			}
			x, err := h.draftOf(r, h.use.Skip)
			if err != nil {
				return err
			}
			if e.records[i], err = h.assemble(x.rec, e.draft.id, &x.use, x.old, false); err != nil {
				return err
			}
		default: // another section of the file (ECMA-119 9.1.6)
			next := bytes.Clone(b)
			h.repeat(b, next)
			copy(next[2:18], r[2:18])
			next[25] = next[25]&^format.FlagMulti | r[25]&format.FlagMulti
			e.records[i] = next
		}
	}
	e.draft = nil
	return nil
}

// setName gives a record another name.
func (x *draft) setName(h *hierarchy, name string) {
	if !h.use.RockRidge {
		return
	}
	var f susp.Fields
	f.NM(name)
	x.use.replace("RR", nil) // which fields there are: the others say so themselves
	x.use.replace("NM", fieldsOf(&f), "PX", "TF", "CL", "RE")
}

// setPosition sets the extent of a record (ECMA-119 9.1.3, 9.1.4).
func setPosition(rec []byte, block, size uint32) {
	format.PutBoth32(rec[2:], block)
	format.PutBoth32(rec[10:], size)
}

// setAttributes changes the attributes of a record to those of a node, as far as they
// differ from those of its origin.
func (x *draft) setAttributes(h *hierarchy, n *tree.Node) {
	o := n.Origin()
	if n.Modified != o.Modified {
		format.PutShortDate(x.rec[18:], seconds(n.Modified))
	}
	if n.Hidden() != o.Hidden() && !isSelf(x.id) {
		x.rec[25] &^= format.FlagHidden
		if n.Hidden() {
			x.rec[25] |= format.FlagHidden
		}
	}
	if !h.use.RockRidge {
		return
	}
	if i := x.use.find("PX"); i >= 0 && len(x.use.list[i].data) >= 36 && (n.Mode != o.Mode || n.UID != o.UID || n.GID != o.GID) {
		b := x.use.patch(i)
		format.PutBoth32(b[4:], format.PosixMode(n.Mode))
		format.PutBoth32(b[20:], n.UID)
		format.PutBoth32(b[28:], n.GID)
	}
	was, is := times(o), times(n)
	for bit := range was {
		if was[bit] != is[bit] {
			x.setTime(bit, is[bit])
		}
	}
	if !sameAttributes(o.Extra(), n.Extra()) {
		x.setAL(h, n)
	}
}

func isSelf(id []byte) bool { return len(id) == 1 && id[0] <= 1 }

// times returns the times of a node in the order of TF: creation, modification, access and
// change of attributes, 0 if one is not known.
func times(n *tree.Node) [4]int64 {
	t := [4]int64{1: n.Modified}
	if x := n.Extra(); x != nil {
		t[0], t[2], t[3] = x.Created, x.Accessed, x.Changed
	}
	return t
}

// setTime changes a time in the TF fields that have it (P1282 4.1.6).
func (x *draft) setTime(bit int, ns int64) {
	for i, f := range x.use.list {
		if !f.is("TF") || len(f.data) < 5 || f.data[4]&(1<<bit) == 0 {
			continue
		}
		at, size := 5, timeLength(f.data[4])
		for b := range bit {
			if f.data[4]&(1<<b) != 0 {
				at += size
			}
		}
		if at+size <= len(f.data) {
			putTime(x.use.patch(i)[at:at+size], ns)
		}
	}
}

// timeLength returns the length of a date in a TF field with these flags.
func timeLength(flags byte) int {
	if flags&0x80 != 0 {
		return 17
	}
	return 7
}

// putTime writes a date of a TF field, in its short or long form.
func putTime(b []byte, ns int64) {
	if len(b) == 17 {
		format.PutLongDate(b, unix(ns))
		return
	}
	format.PutShortDate(b, seconds(ns))
}

// sameAttributes reports whether two nodes have the same extended attributes.
func sameAttributes(a, b *tree.Extra) bool {
	var x, y map[string][]byte
	if a != nil {
		x = a.Attributes
	}
	if b != nil {
		y = b.Attributes
	}
	return maps.EqualFunc(x, y, bytes.Equal)
}

// setAL replaces the extended attributes and access control lists (AAIP 2.0).
func (x *draft) setAL(h *hierarchy, n *tree.Node) {
	var f susp.Fields
	if b := susp.Attributes(n); len(b) <= susp.MaxAttributes {
		f.AL(b)
	} else {
		h.u.notice(warning, n.Path(), "its extended attributes have more than %d bytes and are left out", susp.MaxAttributes)
	}
	x.use.replace("AL", fieldsOf(&f), "PX", "TF", "NM", "SL", "PN", "ZF", "ER")
}

// dropChecksum removes the number of the checksum that xorriso has recorded for the
// contents, isofs.cx, from the extended attributes.
func (x *draft) dropChecksum() {
	var all []byte
	for _, f := range x.use.list {
		if f.is("AL") && len(f.data) >= 5 {
			all = append(all, f.data[5:]...)
		}
	}
	kept := susp.WithoutAttribute(all, "\x04cx")
	if len(kept) == len(all) {
		return
	}
	var f susp.Fields
	f.AL(kept)
	x.use.replace("AL", fieldsOf(&f))
}

// addLinks changes the number of links in PX. Some writers record 1 for all directories,
// which stays.
func (x *draft) addLinks(by int) {
	i := x.use.find("PX")
	if i < 0 || len(x.use.list[i].data) < 20 || by == 0 {
		return
	}
	if n := int64(format.Both32(x.use.list[i].data[12:])); n >= 2 {
		format.PutBoth32(x.use.patch(i)[12:], uint32(max(n+int64(by), 1)))
	}
}

// setLinks sets the number of links in PX.
func (x *draft) setLinks(n uint32) {
	if i := x.use.find("PX"); i >= 0 && len(x.use.list[i].data) >= 20 {
		format.PutBoth32(x.use.patch(i)[12:], n)
	}
}

// setTarget changes the contents of a node without data: the target of a link, or the
// numbers of a device.
func (x *draft) setTarget(n *tree.Node) {
	var f susp.Fields
	switch {
	case n.Mode&fs.ModeSymlink != 0:
		f.SL(n.Target())
		x.use.replace("SL", fieldsOf(&f), "PX", "TF", "NM")
	case n.Mode&fs.ModeDevice != 0:
		f.PN(n.Device())
		x.use.replace("PN", fieldsOf(&f), "PX", "TF", "NM")
	}
}

// setCompression replaces the field of a compressed file (zisofs) by that of the new
// contents.
func (x *draft) setCompression(n *tree.Node) {
	var f susp.Fields
	switch z := n.Source().(type) {
	case *zisofs.Compressed:
		f.ZF(z.Entry())
	case *zisofs.Recorded:
		f.ZF(z.Entry)
	}
	x.use.replace("Z2", nil)
	x.use.replace("SF", nil)
	x.use.replace("ZF", fieldsOf(&f), "PX", "TF", "NM")
}

// extents returns the sections of the contents of a file: pairs of block and length.
func (h *hierarchy) extents(n *tree.Node) []section {
	var list []section
	var all []volume.Extent
	if n.Mode.IsRegular() {
		all = h.u.edit.Extents(n)
	}
	for _, x := range all {
		off, length := int64(x.Start)*sectorSize, x.Length
		for ; length > 1<<32-1; length -= maxSection {
			list = append(list, section{h.address(off), maxSection})
			off += maxSection
		}
		if length > 0 {
			list = append(list, section{h.address(off), uint32(length)})
		}
	}
	if list == nil {
		list = []section{{h.address(max(h.u.set.BaseSectors()-1, 0) * sectorSize), 0}}
	}
	return list
}

// section is a run of blocks with a part of a file (ECMA-119 6.5.1).
type section struct{ block, size uint32 }

// setSections replaces the sections of a file.
func (e *entry) setSections(list []section) {
	rec := bytes.Clone(e.record())
	rec[1], rec[26], rec[27] = 0, 0, 0 // no extended attribute record, not interleaved
	var records [][]byte
	for _, r := range e.records {
		if r[25]&format.FlagAssociated != 0 {
			records = append(records, r)
		}
	}
	first := len(records)
	for _, s := range list {
		r := bytes.Clone(rec)
		setPosition(r, s.block, s.size)
		r[25] |= format.FlagMulti
		records = append(records, r)
	}
	records[len(records)-1][25] &^= format.FlagMulti
	e.records = records
	if e.draft != nil {
		copy(e.draft.rec[1:], records[first][1:28])
	}
}

// extent reports the block of a record.
func blockOf(rec []byte) uint32 { return binary.LittleEndian.Uint32(rec[2:]) }
