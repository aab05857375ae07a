package update

import (
	"glassmaster/mastering/disc"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// Allocator places the contents of files in the free blocks of a volume.
type Allocator interface {
	// Allocate returns extents of whole sectors for contents of size bytes, apart from the
	// last one, which ends with the contents.
	Allocate(size int64) ([]volume.Extent, error)
}

// Allocator returns what places new contents of files, nil if they go to the end of the
// image. The contents must be placed before Update is called.
func (u *Updater) Allocator() Allocator {
	if !u.space.reuses() {
		return nil
	}
	return u
}

// Allocate implements Allocator.
func (u *Updater) Allocate(size int64) ([]volume.Extent, error) {
	some := u.space.(interface {
		allocateSome(n int64) (at, k int64)
	})
	var list []volume.Extent
	for left := size; left > 0; {
		at, n := some.allocateSome(blocks(left))
		if n == 0 {
			return nil, errFull(blocks(left), u.space.count())
		}
		length := min(n*blockSize, left)
		for s := range n {
			u.owners[u.parts[u.data].Start+at+s] = owner{kind: contents}
		}
		if len(list) == 0 {
			u.placed[u.parts[u.data].Start+at] = true
		}
		list = append(list, volume.Extent{Start: disc.LBA(u.parts[u.data].Start + at), Length: length})
		left -= length
	}
	return list, nil
}

// placed has the first sectors of contents that were placed in free blocks and belong to no
// file yet.
type placed map[int64]bool

// take reports whether contents at extents belong to no file yet. They do afterwards.
func (p placed) take(list []volume.Extent) bool {
	at := int64(list[0].Start)
	free := p[at]
	delete(p, at)
	return free
}

// maxDuplicate is the size in bytes up to which contents are duplicated, since they are held
// in memory.
const maxDuplicate = 64 << 20

// duplicate copies contents that belong to another file, and returns where the copy is. Two
// files must not share blocks that become free with one of them.
func (u *Updater) duplicate(n *tree.Node, list []volume.Extent) ([]volume.Extent, error) {
	if n.Size > maxDuplicate {
		return nil, unsafe("%s is a copy of a file of %d bytes, and would have the same blocks", n.Path(), n.Size)
	}
	b := make([]byte, n.Size)
	if k, err := (volume.ExtentReader{Disc: u.set, Extents: list}).ReadAt(b, 0); k < len(b) {
		return nil, err
	}
	list, err := u.Allocate(n.Size)
	if err != nil {
		return nil, err
	}
	u.placed.take(list)
	for _, x := range list {
		if _, err := u.set.WriteAt(b[:x.Length], int64(x.Start)*disc.SectorSize); err != nil {
			return nil, err
		}
		b = b[x.Length:]
	}
	return list, nil
}
