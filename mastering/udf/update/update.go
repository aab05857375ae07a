package update

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/volume"
)

// udfView is the view of a UDF volume.
const udfView = "UDF"

const revision102 = 0x0102

// Updater changes one volume. It is used once.
type Updater struct {
	blockMap
	fs      *udf.FS // the volume without the changes
	s       udf.Structure
	e       patch.Edit
	version uint16 // descriptor version: 2 of NSR02, 3 of NSR03
	data    uint16 // reference number of the partition with the contents of files
	virtual bool   // file entries are in a virtual partition
	space   space
	placed  placed
	meta    *metadata        // nil: no metadata partition
	table   *allocationTable // nil: no virtual partition
	lvid    *integrity

	objects map[place]*object
	nodes   nodes
	notices []disc.Notice

	// Blocks that become free at the end: of the partition with the contents of files, and
	// of the metadata partition.
	freed, freedMeta []udf.Run
}

// New prepares the change of the UDF volume of an image: the newest one, or that of the
// session in o. It returns nil without an error if there is none. It reads the image without
// the changes of the set. The error is a *patch.UnsafeError if the volume cannot be changed.
func New(set *patch.Set, e patch.Edit, o volume.Options) (*Updater, error) {
	o.View = udfView
	f, err := udf.Open(set.Base(), set.BaseSize(), o)
	if errors.Is(err, volume.ErrUnknown) {
		return nil, nil
	}
	if err != nil {
		return nil, unsafe("%v", err)
	}
	s, err := f.Structure()
	if err != nil {
		return nil, unsafe("%v", err)
	}
	u := &Updater{blockMap: blockMap{set: set, old: s.Partitions, parts: slices.Clone(s.Partitions), owners: map[int64]owner{}}, fs: f, s: s, e: e, objects: map[place]*object{}, placed: placed{}}
	if err := u.prepare(); err != nil {
		return nil, err
	}
	return u, nil
}

// prepare reads what the change of any volume needs.
func (u *Updater) prepare() error {
	s := &u.s
	if s.Block != blockSize {
		return unsafe("its logical blocks have %d bytes; only blocks of %d bytes can be changed", s.Block, blockSize)
	}
	if len(s.Anchors) == 0 {
		return unsafe("its anchors differ")
	}
	physical := -1
	for i, p := range s.Partitions {
		if p.Kind == udf.Virtual && int(s.Root.Partition) != i {
			return unsafe("it has a virtual partition, but the directories are not in it")
		}
		if p.Kind != udf.Physical && p.Kind != udf.Sparable {
			continue
		}
		if physical >= 0 {
			return unsafe("it has more than one partition for the contents of files")
		}
		physical = i
	}
	if physical < 0 {
		return unsafe("it has no partition for the contents of files")
	}
	u.data = uint16(physical)
	if int(s.Root.Partition) >= len(s.Partitions) {
		return unsafe("the root directory is in partition %d, which does not exist", s.Root.Partition)
	}
	root, err := u.load(s.Root)
	if err != nil {
		return unsafe("the root directory: %v", err)
	}
	u.version = le.Uint16(root.b[2:])
	u.virtual = s.Partitions[s.Root.Partition].Kind == udf.Virtual
	if u.lvid, err = u.readIntegrity(); err != nil {
		return err
	}
	if err := u.openSpace(); err != nil {
		return err
	}
	if err := u.openTable(); err != nil {
		return err
	}
	return u.openMetadata()
}

// Update writes the changed directories and file entries, and the descriptors that do not
// depend on the size of the image. Contents of new files must be in the Set by then.
func (u *Updater) Update(ctx context.Context) ([]disc.Notice, error) {
	err := u.update(ctx)
	if err != nil && ctx.Err() == nil {
		if _, ok := errors.AsType[*patch.UnsafeError](err); !ok {
			err = unsafe("%v", err)
		}
	}
	return u.notices, err
}

func (u *Updater) update(ctx context.Context) error {
	if err := u.grown(); err != nil {
		return err
	}
	if err := u.apply(ctx); err != nil {
		return err
	}
	if err := u.flush(ctx); err != nil {
		return err
	}
	if u.e.Label != nil {
		return u.setLabel(*u.e.Label)
	}
	return nil
}

// flush writes what was changed.
func (u *Updater) flush(ctx context.Context) error {
	byPlace := func(a, b *object) int {
		return cmp.Or(cmp.Compare(a.at.Partition, b.at.Partition), cmp.Compare(a.at.Block, b.at.Block))
	}
	list := make([]*object, 0, len(u.objects))
	for _, o := range u.objects {
		list = append(list, o)
	}
	slices.SortFunc(list, byPlace)
	for _, o := range list {
		if o.dir == nil || !o.dir.changed || o.discarded {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := u.store(o); err != nil {
			return err
		}
	}
	if u.meta != nil {
		if err := u.meta.store(); err != nil {
			return err
		}
	}
	for _, o := range list {
		if !o.changed || o.discarded {
			continue
		}
		o.seal()
		if u.parts[o.at.Partition].Kind == udf.Virtual {
			if err := u.relocate(o.at); err != nil {
				return err
			}
		}
		if err := u.writeAs(owner{entries, placeOf(o.at)}, o.at, o.b); err != nil {
			return err
		}
	}
	return nil
}

// changedName reports a name that could not be recorded as it is.
func (u *Updater) changedName(name, text string) {
	u.notices = append(u.notices, disc.Notice{Severity: disc.Warning, Path: name, Text: fmt.Sprintf("the name is recorded as %q in the UDF volume", text)})
}

// newICB allocates a block for a file entry.
func (u *Updater) newICB() (ecma167.LongAD, error) {
	if !u.virtual {
		return u.newBlocks(1)
	}
	p := &u.parts[u.s.Root.Partition]
	p.Table = append(p.Table, unusedEntry)
	return ecma167.LongAD{Length: blockSize, Block: uint32(len(p.Table) - 1), Partition: u.s.Root.Partition}, nil
}

// unusedEntry marks a virtual block that is not in use.
const unusedEntry = 0xFFFFFFFF

// relocate gives a virtual block a new place.
func (u *Updater) relocate(a ecma167.LongAD) error {
	block, err := u.space.allocate(1)
	if err != nil {
		return err
	}
	u.parts[a.Partition].Table[a.Block] = uint32(block)
	return nil
}

// newBlocks allocates n contiguous blocks for a directory or allocation descriptors.
func (u *Updater) newBlocks(n int64) (ecma167.LongAD, error) {
	a := ecma167.LongAD{Length: uint32(n * blockSize), Partition: u.data}
	var block int64
	var err error
	if u.meta != nil {
		a.Partition = u.s.Root.Partition
		block, err = u.meta.allocate(n)
	} else {
		block, err = u.space.allocate(n)
	}
	a.Block = uint32(block)
	return a, err
}

// release makes blocks free that are in old and not in kept, at the end.
func (u *Updater) release(old, kept []extent) {
	for _, e := range old {
		if e.kind == ecma167.ExtentHole {
			continue
		}
		rest := []udf.Run{{Block: int64(e.block), Blocks: blocks(e.length)}}
		for _, k := range kept {
			if k.partition == e.partition && k.kind != ecma167.ExtentHole {
				rest = without(rest, int64(k.block), int64(k.block)+blocks(k.length))
			}
		}
		switch {
		case e.partition == u.data:
			u.freed = append(u.freed, rest...)
		case u.meta != nil && e.partition == u.meta.reference:
			u.freedMeta = append(u.freedMeta, rest...)
		}
	}
}

// without returns runs without a range of blocks.
func without(runs []udf.Run, from, end int64) []udf.Run {
	var list []udf.Run
	for _, r := range runs {
		if n := min(from, r.Block+r.Blocks) - r.Block; n > 0 {
			list = append(list, udf.Run{Block: r.Block, Blocks: n})
		}
		if at := max(end, r.Block); at < r.Block+r.Blocks {
			list = append(list, udf.Run{Block: at, Blocks: r.Block + r.Blocks - at})
		}
	}
	return list
}
