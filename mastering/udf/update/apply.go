package update

import (
	"context"
	"slices"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/internal/ecma167"
)

// apply changes the directories and file entries in memory.
func (u *Updater) apply(ctx context.Context) error {
	root := u.e.Root
	if root.Origin() == nil {
		return unsafe("the tree was not read from the volume")
	}
	u.claim()
	if u.meta != nil {
		u.meta.expected = int64(u.nodes.fresh)
	}
	for _, c := range u.nodes.moved {
		e, err := u.entry(c.Origin())
		if err != nil {
			return err
		}
		if !e.ok {
			if err := u.absent(c.Origin()); err != nil {
				return err
			}
			continue
		}
		stays, err := u.present(c.Parent())
		if err != nil {
			return err
		}
		e.name.taken = stays
	}
	if err := u.countChanges(); err != nil {
		return err
	}
	if !root.SameAttributes() {
		o, err := u.load(u.s.Root)
		if err != nil {
			return err
		}
		o.setAttributes(root, root.Origin())
	}
	return u.folder(ctx, root)
}

// present reports whether a folder is or will be in the volume: those that other file
// systems of the disc alone have do not get into it.
func (u *Updater) present(n *tree.Node) (bool, error) {
	for ; n != nil; n = n.Parent() {
		if !u.nodes.is(n) {
			continue // it is new if the folder above is in the volume
		}
		e, err := u.entry(n.Origin())
		return e.ok, err
	}
	return false, nil
}

// countChanges counts the names of each file whose contents change. If a file has other
// names, those keep the old contents.
func (u *Updater) countChanges() error {
	for _, c := range u.nodes.files {
		e, err := u.entry(c.Origin())
		if err != nil {
			return err
		}
		if !e.ok {
			continue
		}
		if s := c.Shared(); s != nil {
			u.nodes.shared[s] = e.icb
		}
		o, err := u.load(e.icb)
		if err != nil {
			return err
		}
		k, differs, err := u.change(c, o)
		if err != nil {
			return err
		}
		if differs {
			u.nodes.changes[k]++
		}
	}
	return nil
}

// change reports whether the contents of a file differ from those on the disc, and where
// the new ones begin.
func (u *Updater) change(c *tree.Node, o *object) (change, bool, error) {
	k := change{placeOf(o.at), -1}
	x := u.e.Extents(c)
	if len(x) > 0 {
		k.sector = int64(x[0].Start)
	}
	if !c.SameContents() {
		return k, true, nil
	}
	// All names of a file share the source, so that the origin has the new one, too.
	if c.Shared() == nil || len(x) == 0 || o.inline() {
		return k, c.Shared() != nil && o.inline() && len(x) > 0, nil
	}
	want, err := u.extentsOf(x, c.Size)
	if err != nil {
		return k, false, err
	}
	have, _, err := u.extents(o)
	return k, !slices.Equal(trim(have, c.Size), want) || o.size() != c.Size, err
}

// folder makes a directory agree with a folder that is the entry with its origin, and all
// folders below it that were read.
func (u *Updater) folder(ctx context.Context, n *tree.Node) error {
	if n.Unread() {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, o := range n.Recall() {
		if c := u.nodes.claims[o]; c != nil && u.nodes.stays(c) {
			continue
		}
		if err := u.remove(o); err != nil {
			return err
		}
	}
	for _, c := range n.Children() {
		if err := u.child(ctx, n, c); err != nil {
			return err
		}
	}
	return nil
}

// child makes an entry agree with a node of a folder that is in the volume.
func (u *Updater) child(ctx context.Context, n, c *tree.Node) error {
	if u.nodes.stays(c) {
		if err := u.amend(c); err != nil {
			return err
		}
	} else {
		in, err := u.directoryOf(n)
		if err != nil || in == nil { // what is moved there is removed from the volume
			return err
		}
		if !u.nodes.is(c) {
			return u.create(ctx, in, c)
		}
		if done, err := u.move(in, c); !done {
			return err
		}
		if err := u.amend(c); err != nil {
			return err
		}
	}
	if c.IsDir() {
		return u.folder(ctx, c)
	}
	return nil
}

// directoryOf returns the directory of a folder that is the entry with its origin, nil if
// the volume does not have it.
func (u *Updater) directoryOf(n *tree.Node) (*object, error) {
	e, err := u.entry(n.Origin())
	if err != nil {
		return nil, err
	}
	if !e.ok {
		return nil, u.absent(n.Origin())
	}
	o, err := u.load(e.icb)
	if err != nil {
		return nil, err
	}
	_, err = u.directory(o)
	return o, err
}

// remove removes the entry with an origin from its directory. What has another name in the
// edited tree is kept.
func (u *Updater) remove(origin *tree.Node) error {
	e, err := u.entry(origin)
	if err == nil && !e.ok {
		return u.absent(origin)
	}
	if err != nil || e.name.gone {
		return err
	}
	e.name.gone, e.in.dir.changed = true, true
	if e.name.isDir() {
		e.in.addLinks(-1)
	}
	if e.name.taken {
		return nil
	}
	return u.unlink(e.name)
}

// move gives the entry with the origin of a node another name or directory. It returns
// false if it is not in the volume.
func (u *Updater) move(in *object, c *tree.Node) (bool, error) {
	e, err := u.entry(c.Origin())
	if err != nil || !e.ok {
		return false, err
	}
	if c.Name == c.Origin().Name { // the descriptor is kept with the name as it is recorded
		err = in.dir.put(&fid{raw: slices.Clone(e.name.raw), text: e.name.text})
	} else {
		err = u.add(in, c.Name, e.name.characteristics(), e.icb, le.Uint32(e.name.raw[fidUnique:]))
	}
	if err != nil {
		return false, err
	}
	if !e.name.gone { // the folder with the old name is removed as a whole, or was not read
		e.name.gone, e.in.dir.changed = true, true
		if e.name.isDir() {
			e.in.addLinks(-1)
		}
	}
	u.nodes.now[c.Origin()] = entry{in, in.dir.added[len(in.dir.added)-1], e.icb, true}
	if !c.IsDir() {
		return true, nil
	}
	in.addLinks(1)
	o, err := u.load(e.icb)
	if err != nil {
		return false, err
	}
	d, err := u.directory(o)
	if err != nil {
		return false, err
	}
	if d.parent == nil {
		return false, unsafe("the directory %s has no entry for its parent", c.Path())
	}
	if p := ecma167.DecodeLongAD(d.parent[fidICB:]); !p.Same(in.at) {
		u.setParent(d, in)
	}
	return true, nil
}

// setParent makes the parent entry of a directory refer to another one.
func (u *Updater) setParent(d *directory, in *object) {
	ecma167.PutLongAD(d.parent[fidICB:], in.at)
	if u.version == 3 {
		le.PutUint32(d.parent[fidUnique:], uint32(in.unique()))
	}
	ecma167.Reseal(d.parent)
	d.changed = true
}

// amend makes the attributes and contents of an entry agree with its node.
func (u *Updater) amend(c *tree.Node) error {
	attributes := !c.SameAttributes()
	contents := c.Mode.IsRegular() && (!c.SameContents() || c.Shared() != nil)
	if !attributes && !contents {
		return nil
	}
	e, err := u.current(c)
	if err == nil && !e.ok {
		return u.absent(c.Origin())
	}
	if err != nil {
		return err
	}
	o, err := u.load(e.icb)
	if err != nil {
		return err
	}
	if contents {
		k, differs, err := u.change(c, o)
		if err != nil {
			return err
		}
		if differs {
			if o, err = u.replace(c, e, o, k); err != nil {
				return err
			}
		}
	}
	if attributes {
		o.setAttributes(c, c.Origin())
		u.setHidden(e, c)
	}
	return nil
}

// replace gives a file other contents. If it has names that keep the old ones, the others
// get a file of their own.
func (u *Updater) replace(c *tree.Node, e entry, o *object, k change) (*object, error) {
	if at, ok := u.nodes.splits[k]; ok {
		return u.relink(c, e, o, at)
	}
	if int(o.links()) <= u.nodes.changes[k] {
		return o, u.setContents(o, c)
	}
	if o.hasStreams() {
		return nil, unsafe("%s has named streams and another name, which keeps the old contents", c.Path())
	}
	at, err := u.newICB()
	if err != nil {
		return nil, err
	}
	f := &object{at: at, b: slices.Clone(o.b), head: o.head, fresh: true}
	u.objects[placeOf(at)] = f
	ecma167.SetLocation(f.b, at.Block)
	f.setUnique(u.lvid.next())
	le.PutUint16(f.b[fieldLinks:], 0)
	f.setADs(ecma167.ADInline, nil)
	if err := u.setContents(f, c); err != nil {
		return nil, err
	}
	u.lvid.countInode(1)
	u.nodes.splits[k] = at
	return u.relink(c, e, o, at)
}

// relink makes a name of the file o refer to the file at an ICB.
func (u *Updater) relink(c *tree.Node, e entry, o *object, at ecma167.LongAD) (*object, error) {
	f, err := u.load(at)
	if err != nil {
		return nil, err
	}
	u.setICB(e, at, uint32(f.unique()))
	e.icb = at
	u.nodes.now[c.Origin()] = e
	if s := c.Shared(); s != nil {
		u.nodes.shared[s] = at
	}
	o.addLinks(-1)
	f.addLinks(1)
	return f, nil
}

// setContents makes the file entry of a file refer to the new contents.
func (u *Updater) setContents(o *object, c *tree.Node) error {
	old, chain, err := u.occupied(o)
	if err != nil {
		return err
	}
	if c.Size == 0 {
		o.setADs(ecma167.ADInline, nil)
		o.setSize(0, 0)
		u.release(append(old, chain...), nil)
		return nil
	}
	x := u.e.Extents(c)
	if len(x) == 0 {
		if b, ok := c.Source().(layout.Bytes); ok && len(b) <= o.room() && int64(len(b)) == c.Size {
			o.setADs(ecma167.ADInline, b)
			o.setSize(c.Size, 0)
			u.release(append(old, chain...), nil)
			return nil
		}
		return unsafe("it is not known where the new contents of %s are", c.Path())
	}
	list, err := u.extentsOf(x, c.Size)
	if err != nil {
		return err
	}
	if o.size() == c.Size && slices.Equal(trim(old, c.Size), list) { // another name of the file was first
		return nil
	}
	if u.space.reuses() && !u.placed.take(x) {
		if x, err = u.duplicate(c, x); err != nil {
			return err
		}
		if list, err = u.extentsOf(x, c.Size); err != nil {
			return err
		}
	}
	if err := u.setExtents(o, list, c.Size); err != nil {
		return err
	}
	u.release(append(old, chain...), list)
	return nil
}

// occupied returns the extents of the contents of a file, and the blocks with allocation
// descriptors after its file entry. There are none if the contents are in the file entry.
func (u *Updater) occupied(o *object) (list, chain []extent, err error) {
	if o.inline() {
		return nil, nil, nil
	}
	list, at, err := u.extents(o)
	for _, a := range at {
		chain = append(chain, extent{partition: a.Partition, block: a.Block, length: blockSize})
	}
	return list, chain, err
}
