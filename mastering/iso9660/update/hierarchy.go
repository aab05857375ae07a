package update

import (
	"errors"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// kind is the kind of a directory hierarchy.
type kind uint8

const (
	primary kind = iota // with or without Rock Ridge
	joliet
	enhanced // of ISO 9660:1999
)

func (k kind) String() string {
	return [...]string{"the primary directory tree", "the Joliet directory tree", "the ISO 9660:1999 directory tree"}[k]
}

// hierarchy is a hierarchy of directories, to which one or several descriptors refer.
type hierarchy struct {
	u       *Updater
	kind    kind
	base    int64 // offset in the image from which addresses count, in bytes
	block   int64 // bytes of a logical block
	size    int64 // bytes of the image
	start   int64 // offset of the session; directories before it belong to earlier ones
	names   *iso9660.FS
	use     iso9660.SystemUse
	viewed  bool // the edited tree was read from it
	list    []*descriptor
	root    *directory
	dirs    map[int64]*directory // by offset in the image; new ones have negative keys
	made    int64                // number of new directories
	of      map[*tree.Node]*directory
	parent  map[int64]*directory // of every directory that a record refers to, by its offset
	read    []span               // directories that were read
	moved   *directory           // of relocated directories (RR_MOVED), nil if there is none
	rules   *rules
	later   []*pending
	reserve reserve
	forms   *forms
	table   *table           // nil: no directory was added, removed, moved or renamed
	serial  uint32           // the highest file serial number
	lost    map[identity]int // names of hard-linked files that go
	walked  int64            // bytes of the directories in which they were searched for
	serials map[any]uint32   // of new files; nil: serial is not known yet
}

// span is a run of bytes of the image.
type span struct{ from, to int64 }

// findHierarchies finds the directory hierarchies to which the descriptors refer.
func (u *Updater) findHierarchies() error {
	type key struct{ base, root int64 }
	known := map[key]*hierarchy{}
	for _, s := range u.sets {
		for _, d := range s.list {
			root := s.base*sectorSize + (int64(format.Both32(d.root()[2:]))+int64(d.root()[1]))*d.block()
			if h := known[key{s.base, root}]; h != nil {
				h.list = append(h.list, d)
				continue
			}
			h, err := u.hierarchy(s, d)
			if err != nil {
				return err
			}
			known[key{s.base, root}] = h
			u.hierarchies = append(u.hierarchies, h)
		}
	}
	return nil
}

// hierarchy opens the hierarchy of a descriptor.
func (u *Updater) hierarchy(s *descriptorSet, d *descriptor) (*hierarchy, error) {
	h := &hierarchy{
		u: u, base: s.base * sectorSize, block: d.block(), size: u.set.BaseSize(), start: int64(u.options.Chosen().Start) * sectorSize, list: []*descriptor{d},
		dirs: map[int64]*directory{}, of: map[*tree.Node]*directory{}, parent: map[int64]*directory{},
	}
	views := []string{iso9660.ViewRockRidge, iso9660.ViewPlain}
	switch {
	case d.joliet():
		h.kind, views = joliet, []string{iso9660.ViewJoliet}
	case d.kind() == typeSupplementary && d.version() == 2:
		h.kind, views = enhanced, []string{iso9660.ViewEnhanced}
	case d.kind() == typeSupplementary:
		return nil, unsafef("its supplementary volume descriptor at sector %d has an unknown character set", d.lba)
	}
	for i, name := range views {
		v, err := u.open(s, name)
		if errors.Is(err, volume.ErrUnknown) && i < len(views)-1 {
			continue
		}
		if err != nil {
			return nil, unsafef("%v cannot be read: %v", h.kind, err)
		}
		if i == 0 {
			h.use = v.SystemUse()
		}
		h.names, h.viewed = v, name == u.edit.View
		if u.edit.View != iso9660.ViewPlain {
			break
		}
	}
	if err := h.findRoot(); err != nil {
		return nil, err
	}
	if h.use.RockRidge && u.edit.View == iso9660.ViewPlain {
		if moved, err := h.movedDirectory(); moved != nil || err != nil {
			return nil, unsafef("it has relocated directories, which only the Rock Ridge view shows in their place: open that view")
		}
	}
	return h, nil
}

// open opens a view of the volume of a descriptor set.
func (u *Updater) open(s *descriptorSet, view string) (*iso9660.FS, error) {
	o := u.options
	o.View = view
	r, size := io.ReaderAt(u.set), u.set.BaseSize()
	if s.base > 0 {
		r, size = io.NewSectionReader(u.set, s.base*sectorSize, size-s.base*sectorSize), size-s.base*sectorSize
		o = volume.Options{View: view, Charset: o.Charset, Sessions: []volume.Session{{
			Number: 1, End: disc.LBA(size / sectorSize), Descriptors: format.SystemArea,
		}}}
	}
	return iso9660.Open(r, size, o)
}

// findRoot makes the root directory.
func (h *hierarchy) findRoot() error {
	rec := h.list[0].root()
	d, err := h.directoryAt(rec, nil)
	if err != nil {
		return err
	}
	d.id = []byte{0}
	d.parent = d
	h.root = d
	if o := h.u.edit.Root.Origin(); o != nil {
		h.of[o] = d
	}
	return nil
}

// offset returns the offset in the image of a block.
func (h *hierarchy) offset(block uint32) int64 { return h.base + int64(block)*h.block }

// address returns the block at an offset in the image.
func (h *hierarchy) address(off int64) uint32 { return uint32((off - h.base) / h.block) }

// update changes the directories in memory.
func (h *hierarchy) update() error {
	n := h.u.edit.Root
	if err := h.rootAttributes(n); err != nil {
		return err
	}
	if !h.u.claims.changed[n] {
		return nil
	}
	if n.Origin() == nil {
		return errors.New("the edited tree does not come from this volume")
	}
	if err := h.sync(h.root, n); err != nil {
		return err
	}
	if err := h.orphans(); err != nil {
		return err
	}
	return h.loseLinks()
}

// rootAttributes changes the attributes of the root, if they were changed.
func (h *hierarchy) rootAttributes(n *tree.Node) error {
	if n.Origin() == nil || n.SameAttributes() {
		return nil
	}
	if err := h.root.load(); err != nil {
		return err
	}
	for _, d := range h.list {
		format.PutShortDate(d.root()[18:], seconds(n.Modified))
	}
	if err := h.ownAttributes(h.root, n); err != nil {
		return err
	}
	return h.parentAttributes(h.root)
}
