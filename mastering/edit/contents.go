package edit

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/tree"
	udfupdate "glassmaster/mastering/udf/update"
	"glassmaster/mastering/units"
	"glassmaster/mastering/volume"
)

// checkVideo refuses the update of a DVD-Video: its IFO files contain the distances between
// its files (DVD Specifications for Read-Only Disc, part 3), so that new contents cannot go
// to the end.
func (u *updating) checkVideo() error {
	for _, c := range u.plan.Changes {
		for _, path := range []string{c.Path, c.From} {
			if c.Kind != Label && (strings.EqualFold(path, "/VIDEO_TS") || len(path) > 10 && strings.EqualFold(path[:10], "/VIDEO_TS/")) {
				return &patch.UnsafeError{Why: "the files of a DVD-Video must follow each other at distances that its IFO files contain"}
			}
		}
	}
	return nil
}

// placeContents adds the contents that are not in the image yet at its end, and collects
// the contents that have moved.
func (u *updating) placeContents() error {
	u.where = map[*tree.Node][]volume.Extent{}
	u.links = map[*tree.Shared][]volume.Extent{}
	u.sources = map[*tree.Node]layout.Source{}
	u.used = map[*tree.Node]bool{}
	if err := u.place(u.root); err != nil {
		return err
	}
	u.removed(u.root)
	return u.ctx.Err()
}

// place visits the folders that were read.
func (u *updating) place(dir *tree.Node) error {
	if dir.Unread() {
		return nil
	}
	for _, n := range dir.Children() {
		if o := n.Origin(); o != nil {
			u.used[o] = true
		}
		var err error
		switch {
		case n.IsDir():
			err = u.place(n)
		case u.isBootImage(n):
		case n.Origin() == nil || !n.SameContents():
			err = u.add(n)
		}
		if err != nil {
			return err
		}
	}
	return u.ctx.Err()
}

// add adds the contents of a file.
func (u *updating) add(n *tree.Node) error {
	if !n.Mode.IsRegular() || n.Size == 0 || n.Source() == nil {
		return nil
	}
	old := recorded(n.Origin())
	if r := n.Recorded(); r != nil && r.Disc == u.m.data.ReaderAt {
		u.moved(n, old, r.Extents)
		return nil // a copy of another file of the image
	}
	if s := n.Shared(); s != nil && u.links[s] != nil {
		u.where[n] = u.links[s]
		return nil
	}
	src := n.Source()
	if old != nil && u.boot != nil {
		src = u.boot.Source(old, src, n.Size)
	}
	u.sources[n] = src
	x, err := u.put(src, n.Size)
	if err != nil {
		return fmt.Errorf("%s does not fit: %w", n.Path(), err)
	}
	u.where[n] = x
	if s := n.Shared(); s != nil {
		u.links[s] = x
	}
	u.moved(n, old, x)
	return nil
}

// maxFreed is the most that is put into the free blocks of a volume in one update, in bytes:
// it is kept in memory until it is written.
const maxFreed = 256 << 20

// put adds contents at the end of the image or, if the volume lists its free blocks, in
// them.
func (u *updating) put(src layout.Source, size int64) ([]volume.Extent, error) {
	var in udfupdate.Allocator
	if u.udf != nil && u.iso == nil {
		in = u.udf.Allocator()
	}
	if in == nil {
		lba := u.set.Add(src, size)
		if lba+sectors(size) > disc.MaxSectors {
			return nil, fmt.Errorf("the image would have more than %d sectors", int64(disc.MaxSectors))
		}
		return []volume.Extent{{Start: disc.LBA(lba), Length: size}}, nil
	}
	if u.freed += size; u.freed > maxFreed {
		return nil, &patch.UnsafeError{Why: fmt.Sprintf("in one update, at most %s of new contents can be put into the free blocks of its UDF volume", units.Size(maxFreed))}
	}
	list, err := in.Allocate(size)
	if err != nil {
		return nil, err
	}
	r, err := layout.OpenSource(src, size)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	at := int64(0)
	for _, x := range list {
		b := make([]byte, x.Length)
		if n, err := r.ReadAt(b, at); n < len(b) {
			return nil, cmp.Or(err, io.ErrUnexpectedEOF)
		}
		if _, err := u.set.WriteAt(b, int64(x.Start)*disc.SectorSize); err != nil {
			return nil, err
		}
		at += x.Length
	}
	return list, nil
}

// moved records that what boot structures may refer to is at another place.
func (u *updating) moved(n *tree.Node, from, to []volume.Extent) {
	if from != nil {
		u.moves = append(u.moves, patch.Move{From: from, To: to, Path: n.Path()})
	}
}

// removed collects the contents of files that are no longer in the tree.
func (u *updating) removed(dir *tree.Node) {
	if dir.Unread() {
		return
	}
	for _, n := range dir.Children() {
		if n.IsDir() {
			u.removed(n)
		}
	}
	for _, o := range dir.Recall() {
		u.removedEntry(o)
	}
}

// removedEntry collects the contents of an entry that the image had, unless it is still in
// the tree. Folders that were removed are read if the image boots, since they may contain
// boot images.
func (u *updating) removedEntry(o *tree.Node) {
	if u.used[o] {
		return
	}
	if x := recorded(o); x != nil {
		u.moves = append(u.moves, patch.Move{From: x, Path: o.Path()})
	}
	if !o.IsDir() || u.boot == nil || len(u.boot.Found()) == 0 {
		return
	}
	folder := o.Clone() // the folder itself can be added to the tree again, unread
	folder.SetOrigin(o)
	folder.Children() // reads them
	for _, c := range folder.Recall() {
		u.removedEntry(c)
	}
}

// recorded returns where the contents of an origin are in the image, nil if that is not
// known.
func recorded(o *tree.Node) []volume.Extent {
	if o == nil || !o.Mode.IsRegular() || o.Size == 0 {
		return nil
	}
	if r := o.Recorded(); r != nil {
		return r.Extents
	}
	return nil
}

// extents returns where the contents of a file of the edited tree will be.
func (u *updating) extents(n *tree.Node) []volume.Extent {
	if x := u.where[n]; x != nil {
		return x
	}
	if s := n.Shared(); s != nil && u.links[s] != nil {
		return u.links[s]
	}
	if r := n.Recorded(); r != nil && n.Size > 0 {
		return r.Extents
	}
	return nil
}

// sectors returns the number of sectors for n bytes.
func sectors(n int64) int64 { return (n + disc.SectorSize - 1) / disc.SectorSize }
