package update

import (
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/tree"
)

const warning = disc.Warning

// unix converts Unix nanoseconds to a time.
func unix(ns int64) time.Time { return time.Unix(0, ns) }

// seconds rounds Unix nanoseconds down to seconds.
func seconds(ns int64) int64 { return time.Unix(0, ns).Unix() }

// sync makes a directory agree with a folder of the tree that changes, and everything
// below.
func (h *hierarchy) sync(d *directory, n *tree.Node) error {
	c := &h.u.claims
	d.node, d.recall = n, n.Recall()
	if err := d.load(); err != nil {
		return err
	}
	for _, o := range n.Recall() {
		k := c.owner[o]
		stays := k != nil && k.Parent() == n
		if stays && k.Name == o.Name {
			continue
		}
		e, err := d.entryOf(o)
		if err != nil {
			return err
		}
		switch {
		case e == nil:
		case stays:
			d.remove(e) // so that its identifier is free for others
		default:
			if err := h.take(d, e, k == nil); err != nil {
				return err
			}
		}
	}
	for _, k := range n.Children() {
		var err error
		switch {
		case c.owns(k) && c.home(k):
			err = h.keep(d, k)
		case c.owns(k):
			err = h.bring(d, k)
		default:
			err = h.create(d, k)
		}
		if err != nil {
			return err
		}
	}
	return h.setLinks(d)
}

// take removes an entry from a directory. forever says that it is not moved elsewhere.
func (h *hierarchy) take(d *directory, e *entry, forever bool) error {
	sub, err := d.subdirectory(e)
	if err != nil {
		return err
	}
	d.remove(e)
	if forever {
		if err := h.lose(e, sub); err != nil {
			return err
		}
	}
	if sub == nil {
		return nil
	}
	d.folders--
	if !forever {
		return nil
	}
	if e.linked && sub.entry == nil {
		return nil
	}
	if e.linked {
		sub.parent.remove(sub.entry)
	}
	t, err := h.paths()
	if err != nil {
		return err
	}
	return t.remove(sub)
}

// keep changes an entry that stays in its directory.
func (h *hierarchy) keep(d *directory, n *tree.Node) error {
	o := n.Origin()
	below := n.IsDir() && h.u.claims.changed[n]
	if n.Name == o.Name && n.SameAttributes() && n.SameContents() && !below {
		return nil
	}
	e, err := d.entryOf(o)
	if e == nil || err != nil {
		return err
	}
	return h.revise(d, e, n)
}

// bring moves an entry from another directory.
func (h *hierarchy) bring(d *directory, n *tree.Node) error {
	o := n.Origin()
	from, err := h.folder(o.Parent())
	if err != nil {
		return err
	}
	if from == nil { // its folder was hidden, not the entry itself
		return h.create(d, n)
	}
	e, err := from.entryOf(o)
	if e == nil || err != nil {
		return err
	}
	sub, err := from.subdirectory(e)
	if err != nil {
		return err
	}
	moved := &entry{name: n.Name, records: e.records, before: e.before, dir: e.dir, linked: e.linked}
	if err := d.rename(moved, n); err != nil {
		return err
	}
	d.add(moved)
	if sub == nil && h.u.claims.owner[o.Parent()] == nil {
		if err := h.saveName(e.before); err != nil { // from a folder that is removed
			return err
		}
	}
	if sub != nil {
		d.folders++
		if err := h.rehome(sub, moved, d); err != nil {
			return err
		}
	}
	return h.revise(d, moved, n)
}

// rehome makes a directory a subdirectory of another one.
func (h *hierarchy) rehome(sub *directory, e *entry, d *directory) error {
	if e.linked { // it stays where relocated directories are
		sub.logical, sub.link = d, e
		sub.rehomed = true
		return nil
	}
	sub.parent, sub.entry = d, e
	sub.rehomed = true
	sub.id = e.draft.id
	t, err := h.paths()
	if err != nil {
		return err
	}
	return t.move(sub)
}

// revise changes name, attributes and contents of an entry to those of its node, and then
// what is in it.
func (h *hierarchy) revise(d *directory, e *entry, n *tree.Node) error {
	o := n.Origin()
	if !n.SameContents() && !n.IsDir() {
		same, err := h.sameType(e, n)
		if err != nil {
			return err
		}
		if !same { // another view shows it as an empty file
			if err := h.take(d, e, true); err != nil {
				return err
			}
			return h.create(d, n)
		}
	}
	if n.Name != o.Name && !e.fresh {
		var err error
		if e, err = h.renameInPlace(d, e, n); err != nil {
			return err
		}
	}
	if !n.SameContents() && !n.IsDir() {
		if err := h.newContents(d, e, n); err != nil {
			return err
		}
	}
	attributes := !n.SameAttributes()
	if attributes {
		x, err := d.draft(e)
		if err != nil {
			return err
		}
		x.setAttributes(h, n)
	}
	if !n.IsDir() || !attributes && !h.u.claims.changed[n] && !e.linked {
		return nil
	}
	sub, err := d.subdirectory(e)
	if sub == nil || err != nil {
		return err
	}
	if attributes {
		if err := h.ownAttributes(sub, n); err != nil {
			return err
		}
	}
	if e.linked {
		if err := h.twin(sub, n); err != nil {
			return err
		}
	}
	if h.u.claims.changed[n] {
		return h.sync(sub, n)
	}
	return nil
}

// renameInPlace changes the name of an entry that stays in its directory. It returns the
// entry that takes its place.
func (h *hierarchy) renameInPlace(d *directory, e *entry, n *tree.Node) (*entry, error) {
	sub, err := d.subdirectory(e)
	if err != nil {
		return nil, err
	}
	d.remove(e)
	renamed := &entry{name: n.Name, records: e.records, before: e.before, draft: e.draft, dir: e.dir, linked: e.linked}
	if err := d.rename(renamed, n); err != nil {
		return nil, err
	}
	d.add(renamed)
	switch {
	case sub == nil:
		return renamed, nil
	case e.linked:
		sub.link = renamed
		return renamed, nil
	}
	sub.entry, sub.id = renamed, renamed.draft.id
	t, err := h.paths()
	if err != nil {
		return nil, err
	}
	return renamed, t.move(sub)
}

// sameType reports whether a record has the type of a node, as far as it says.
func (h *hierarchy) sameType(e *entry, n *tree.Node) (bool, error) {
	u, err := h.useOf(e.record(), h.use.Skip)
	if err != nil {
		return false, err
	}
	i := u.find("PX")
	if i < 0 || len(u.list[i].data) < 12 {
		return true, nil
	}
	return format.FileMode(format.Both32(u.list[i].data[4:])).Type() == n.Mode.Type(), nil
}

// newContents changes the contents of an entry.
func (h *hierarchy) newContents(d *directory, e *entry, n *tree.Node) error {
	x, err := d.draft(e)
	if err != nil {
		return err
	}
	if h.use.RockRidge {
		x.dropChecksum()
	}
	if !n.Mode.IsRegular() {
		x.setTarget(n)
		return nil
	}
	if h.use.RockRidge {
		x.setCompression(n)
		if n.Shared() == nil { // it is no longer one of several names
			if err := h.lose(e, nil); err != nil {
				return err
			}
			x.setLinks(1)
		}
	}
	x.early = true
	e.setSections(h.extents(n))
	return nil
}

// ownAttributes changes the attributes in the record "." of a directory.
func (h *hierarchy) ownAttributes(d *directory, n *tree.Node) error {
	if err := d.load(); err != nil {
		return err
	}
	x, err := d.own()
	if err != nil {
		return err
	}
	x.setAttributes(h, n)
	return nil
}

// parentAttributes copies the attributes of the record "." of the root to "..".
func (h *hierarchy) parentAttributes(d *directory) error {
	x, err := h.draftOf(d.above, h.use.Skip)
	if err != nil {
		return err
	}
	x.setAttributes(h, h.u.edit.Root)
	d.aboveDraft = x
	return nil
}

// setLinks changes the number of links of a directory, which counts its subdirectories.
func (h *hierarchy) setLinks(d *directory) error {
	by := d.folders
	d.folders = 0
	if by == 0 || !h.use.RockRidge {
		return nil
	}
	x, err := d.own()
	if err != nil {
		return err
	}
	x.addLinks(by)
	for _, at := range []struct {
		d *directory
		e *entry
	}{{d.parent, d.entry}, {d.logical, d.link}} {
		if at.e == nil {
			continue
		}
		x, err := at.d.draft(at.e)
		if err != nil {
			return err
		}
		x.addLinks(by)
	}
	return nil
}
