package update

import (
	"context"
	"io/fs"
	"slices"

	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/volume"
)

// create adds a node to a directory: as a new file or directory, or as another name of a
// file.
func (u *Updater) create(ctx context.Context, in *object, n *tree.Node) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	characteristics := uint8(0)
	if n.Hidden() {
		characteristics |= ecma167.FIDHidden
	}
	id := u.lvid.next()
	if n.IsDir() {
		return u.createFolder(ctx, in, n, characteristics|ecma167.FIDDirectory, id)
	}
	s := n.Shared()
	if s != nil {
		if at, ok := u.nodes.shared[s]; ok {
			o, err := u.load(at)
			if err != nil {
				return err
			}
			o.addLinks(1)
			u.lvid.countName(1)
			return u.add(in, n.Name, characteristics, at, uint32(id))
		}
	}
	o, err := u.newObject(n, id)
	if err != nil {
		return err
	}
	o.addLinks(1)
	if s != nil {
		u.nodes.shared[s] = o.at
	}
	u.lvid.countName(1)
	u.lvid.countInode(1)
	return u.add(in, n.Name, characteristics, o.at, uint32(id))
}

// createFolder adds a folder with everything in it. Nodes below it that were elsewhere in
// the volume are moved.
func (u *Updater) createFolder(ctx context.Context, in *object, n *tree.Node, characteristics uint8, id uint64) error {
	o, err := u.newObject(n, id)
	if err != nil {
		return err
	}
	parent := make([]byte, ecma167.FIDParentLength)
	ecma167.PutFID(parent, "", ecma167.FIDDirectory|ecma167.FIDParent, in.at, uint32(in.unique()), 0, u.version)
	o.dir = &directory{parent: parent, byText: map[string]*fid{}, changed: true}
	o.addLinks(1)
	in.addLinks(1)
	u.lvid.dirs++
	if err := u.add(in, n.Name, characteristics, o.at, uint32(id)); err != nil {
		return err
	}
	for _, c := range n.Children() {
		if u.nodes.is(c) {
			done, err := u.move(o, c)
			if err != nil {
				return err
			}
			if !done {
				continue
			}
			if err := u.amend(c); err != nil {
				return err
			}
			if c.IsDir() {
				if err := u.folder(ctx, c); err != nil {
					return err
				}
			}
			continue
		}
		if err := u.create(ctx, o, c); err != nil {
			return err
		}
	}
	return nil
}

// newObject makes a file entry without names for a node.
func (u *Updater) newObject(n *tree.Node, id uint64) (*object, error) {
	at, err := u.newICB()
	if err != nil {
		return nil, err
	}
	e := ecma167.Entry{
		Block: at.Block, Kind: ecma167.FileType(n.Mode), Flags: ecma167.ADInline | ecma167.ModeFlags(n.Mode),
		UID: n.UID, GID: n.GID, Permissions: ecma167.Permissions(n.Mode), Time: n.ModTime(), Unique: id,
	}
	if n.Mode&fs.ModeDevice != 0 {
		e.Attributes = ecma167.DeviceAttribute(n.Device(), at.Block, u.version)
	}
	b := make([]byte, blockSize)
	e.Put(b, u.version)
	o := &object{at: at, b: b, head: ecma167.FELength, changed: true, fresh: true}
	if le.Uint16(b) == ecma167.TagEFE {
		o.head = ecma167.EFELength
	}
	o.setAttributes(n, tree.NewNode("", n.Mode, nil))
	u.objects[placeOf(at)] = o
	switch {
	case n.Mode&fs.ModeSymlink != 0:
		return o, u.setTarget(o, n.Target())
	case n.Mode.IsRegular():
		return o, u.firstContents(o, n)
	}
	return o, nil
}

// setTarget records the target of a symbolic link, in the file entry if it fits.
func (u *Updater) setTarget(o *object, target string) error {
	b := ecma167.AppendTarget(nil, target)
	if len(b) <= o.room() {
		o.setADs(ecma167.ADInline, b)
		o.setSize(int64(len(b)), 0)
		return nil
	}
	at, err := u.newBlocks(blocks(int64(len(b))))
	if err != nil {
		return err
	}
	e := extent{ecma167.ExtentRecorded, at.Partition, at.Block, int64(len(b))}
	for p := at; len(b) > 0; p.Block++ {
		block := make([]byte, blockSize)
		b = b[copy(block, b):]
		if err := u.write(p, block); err != nil {
			return err
		}
	}
	return u.setExtents(o, []extent{e}, e.length)
}

// firstContents records the contents of a new file. A copy of a file that is in its file
// entry is in the file entry, too.
func (u *Updater) firstContents(o *object, n *tree.Node) error {
	origin := n.Origin()
	if origin == nil {
		return u.setContents(o, n)
	}
	e, err := u.entry(origin)
	if err != nil || !e.ok {
		return u.setContents(o, n)
	}
	old, err := u.load(e.icb)
	if err != nil {
		return err
	}
	if old.hasStreams() || old.lengthEA() > 0 {
		return unsafe("%s is a copy of a file with named streams or extended attributes", n.Path())
	}
	if old.inline() && n.SameContents() && u.e.Extents(n) == nil {
		o.setADs(ecma167.ADInline, slices.Clone(old.ads()[:old.size()]))
		o.setSize(old.size(), 0)
		return nil
	}
	return u.setContents(o, n)
}

// extentsOf converts extents of the disc with size bytes in total.
func (u *Updater) extentsOf(list []volume.Extent, size int64) ([]extent, error) {
	var all []extent
	for i, x := range list {
		if x.Length <= 0 || x.Length > size || i < len(list)-1 && x.Length%blockSize != 0 {
			return nil, unsafe("the extent of %d bytes at sector %d cannot be recorded", x.Length, x.Start)
		}
		size -= x.Length
		block, err := u.block(int64(x.Start), u.data)
		if err != nil {
			return nil, err
		}
		if _, err := u.block(int64(x.Start)+blocks(x.Length)-1, u.data); err != nil {
			return nil, err
		}
		all = join(all, extent{ecma167.ExtentRecorded, u.data, block, x.Length})
	}
	if size != 0 {
		return nil, unsafe("the extents of a file hold %d bytes less than its size", size)
	}
	return all, nil
}

// unlink removes a name that is not in its directory any more: of a file, which is removed
// with its last name, or of a directory with everything in it that was not moved.
func (u *Updater) unlink(f *fid) error {
	done := map[place]bool{}
	for list := []*fid{f}; len(list) > 0; {
		f := list[len(list)-1]
		list = list[:len(list)-1]
		icb := f.icb()
		if f.isDir() && done[placeOf(icb)] {
			continue
		}
		done[placeOf(icb)] = true
		o, err := u.load(icb)
		if err != nil {
			return err
		}
		if !f.isDir() {
			u.lvid.countName(-1)
			if o.discarded {
				continue
			}
			if o.links() > 1 {
				o.addLinks(-1)
				continue
			}
			u.lvid.countInode(-1)
			if err := u.discard(o); err != nil {
				return err
			}
			continue
		}
		d, err := u.directory(o)
		if err != nil {
			return err
		}
		for i := range d.names {
			if n := &d.names[i]; n.shown() && !n.taken && n.text != "" {
				n.gone = true
				list = append(list, n)
			}
		}
		u.lvid.dirs--
		d.changed = false
		if err := u.discard(o); err != nil {
			return err
		}
	}
	return nil
}

// discard forgets a file or directory without names, and makes its blocks free at the end.
func (u *Updater) discard(o *object) error {
	if u.parts[o.at.Partition].Kind == udf.Virtual {
		u.parts[o.at.Partition].Table[o.at.Block] = unusedEntry
	}
	o.changed, o.discarded = false, true
	if o.dir != nil {
		o.dir.changed = false
	}
	if !u.space.reuses() && (u.meta == nil || u.meta.bitmap == nil) {
		return nil
	}
	if o.hasStreams() {
		if err := u.discardStreams(o.streams()); err != nil {
			return err
		}
	}
	u.release([]extent{{partition: o.at.Partition, block: o.at.Block, length: blockSize}}, nil)
	list, chain, err := u.occupied(o)
	u.release(append(list, chain...), nil)
	return err
}

// discardStreams makes the blocks of a stream directory and its streams free.
func (u *Updater) discardStreams(icb ecma167.LongAD) error {
	o, err := u.load(icb)
	if err != nil || o.discarded {
		return err
	}
	d, err := u.directory(o)
	if err != nil {
		return err
	}
	for i := range d.names {
		if n := &d.names[i]; n.shown() {
			s, err := u.load(n.icb())
			if err != nil {
				return err
			}
			if s.discarded || s == o {
				continue
			}
			if err := u.discard(s); err != nil {
				return err
			}
		}
	}
	return u.discard(o)
}
