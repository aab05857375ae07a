// Package iso9660 reads and checks the ISO 9660 file system (ECMA-119) with its
// extensions: Joliet, Rock Ridge (IEEE P1281 and P1282), El Torito, ISO
// 9660:1999, zisofs and AAIP. Package plan below it plans volumes.
package iso9660

import (
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/filename"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/volume"
)

// FS is an ISO 9660 volume opened for reading. It is safe for use by several
// goroutines.
type FS struct {
	r         io.ReaderAt
	size      int64 // of the image, bytes
	blockSize int
	set       []descriptor
	sessions  []volume.Session
	root      span
	susp      bool             // system use areas hold Rock Ridge
	skip      int              // bytes of each system use area that are not SUSP's (SP)
	rootSkip  int              // the same of the record "." of the root
	ucs2      bool             // names are UTF-16BE
	free      bool             // names have no parts (ISO 9660:1999)
	charset   filename.Charset // of texts that are not in Unicode
	info      volume.Info
	tables    []boot.Table // of partitions, in the system area

	mu    sync.Mutex
	reach *volume.Reach // of the folders that were reached by their paths
	index *index        // of a large directory
	// searched is the offset of the large directory that was searched last.
	searched int64

	bootOnce sync.Once
	boot     *BootCatalog
	bootErr  error

	openMu sync.Mutex
	opened window // of the records that were opened by their place

	corrections func() map[uint64]volume.Correction // files of which another view knows more; may be nil

	movedOnce sync.Once
	moved     bool // the root's rr_moved holds only what is shown elsewhere
}

// Open opens the volume in r, size bytes long with offset 0 at address 0 of the
// disc. The error wraps volume.ErrUnknown when there is no such volume, or none
// with the view that is asked for.
func Open(r io.ReaderAt, size int64, o volume.Options) (*FS, error) {
	o, err := o.ChooseSession(r, size)
	if err != nil {
		return nil, err
	}
	set, err := readDescriptors(r, o.Chosen().Descriptors)
	if err != nil {
		return nil, err
	}
	v := &FS{r: r, size: size, set: set, sessions: o.Sessions, reach: volume.NewReach(size), charset: o.Charset}
	if err := v.choose(o.View); err != nil {
		return nil, err
	}
	v.describe(o)
	return v, nil
}

// rootRecord is the offset of the root's record, which has none.
const rootRecord = -1

// choose selects the tree of directories that is shown.
func (v *FS) choose(view string) error {
	primary, _ := find(v.set, func(d descriptor) bool { return d.kind() == typePrimary })
	v.blockSize = checkBlockSize(primary.blockSize())
	dot, err := v.rootDot(primary) // a tree whose root is not there may have a good one beside it
	rock := dot != nil && dot.hasRock()
	joliet, hasJoliet := find(v.set, func(d descriptor) bool { return d.joliet() > 0 && v.hasRoot(d) })
	enhanced, hasEnhanced := find(v.set, func(d descriptor) bool { return d.enhanced() && v.hasRoot(d) })
	for _, w := range []struct {
		name string
		have bool
	}{{ViewRockRidge, rock}, {ViewJoliet, hasJoliet}, {ViewEnhanced, hasEnhanced}, {ViewPlain, err == nil}} {
		if w.have {
			v.info.Views = append(v.info.Views, w.name)
		}
	}
	if len(v.info.Views) == 0 {
		return err
	}
	if view == "" {
		view = v.info.Views[0]
	}
	if !slices.Contains(v.info.Views, view) {
		return fmt.Errorf("%w: the ISO 9660 volume has no view called %q, only %q", volume.ErrUnknown, view, v.info.Views)
	}
	v.info.View = view
	main := primary
	switch view {
	case ViewRockRidge:
		v.susp, v.skip, v.rootSkip = true, dot.spSkip, dot.spAt
	case ViewJoliet:
		main, v.ucs2, v.info.Unicode = joliet, true, true
	case ViewEnhanced:
		main, v.free = enhanced, true
	}
	v.blockSize = checkBlockSize(main.blockSize())
	v.root, err = v.rootOf(main)
	v.identify(main, dot)
	return err
}

// checkBlockSize returns a logical block size that can be, the usual one in
// place of nonsense (ECMA-119 6.2.2: a power of two, at most a sector).
func checkBlockSize(n int) int {
	switch n {
	case 512, 1024, 2048:
		return n
	}
	return disc.SectorSize
}

// rootOf returns where the root directory of a descriptor is.
func (v *FS) rootOf(d descriptor) (span, error) {
	s := v.extent(d.root())
	if s.off >= v.size || s.off < 0 || s.n == 0 {
		return s, fmt.Errorf("the root directory of the volume descriptor at sector %d should be at sector %d with %d bytes, but the image has %d sectors: it is cut short, or holds a later session alone",
			d.lba, s.off/disc.SectorSize, s.n, v.size/disc.SectorSize)
	}
	return s, nil
}

// hasRoot reports whether the root directory of a descriptor can be there.
func (v *FS) hasRoot(d descriptor) bool {
	_, err := v.rootOf(d)
	return err == nil
}

// rootDot decodes the record "." of the root, where SUSP introduces itself (P1281
// 4.1, 5.3). It returns nil when the record is damaged.
func (v *FS) rootDot(d descriptor) (*item, error) {
	root, err := v.rootOf(d)
	if err != nil {
		return nil, err
	}
	var s scan
	var w window
	s.start(v, []span{root}, &w)
	rec, at := s.record()
	if rec == nil || !rec.isSpecial() {
		return nil, nil
	}
	it := &item{}
	u := &FS{r: v.r, size: v.size, blockSize: v.blockSize, susp: true} // v has no view yet
	u.take(it, rec, at, &w)
	if !it.hasRock() && isXA(rec.systemUse()) {
		u.skip = xaLength
		u.take(it, rec, at, &w)
		it.spAt = xaLength
		if !it.hasSP {
			it.spSkip = xaLength
		}
	}
	return it, nil
}

// xaLength is the length of what a disc of CD-ROM XA keeps at the beginning of
// each system use area, with the letters XA at 6. There SP comes behind it (P1281
// 5.3).
const xaLength = 14

func isXA(use []byte) bool { return len(use) >= xaLength && string(use[6:8]) == "XA" }

// hasRock reports whether the record "." of the root announces Rock Ridge: by
// its extension reference or, as old writers do, by its mere entries.
func (it *item) hasRock() bool {
	for _, id := range it.extension {
		switch id {
		case "RRIP_1991A", "IEEE_P1282", "IEEE_1282":
			return true
		}
	}
	return it.rock
}

// Image implements volume.Direct.
func (v *FS) Image() io.ReaderAt { return v.r }

// Volume implements volume.FS.
func (v *FS) Volume() volume.Info {
	info := v.info
	info.Views = slices.Clone(info.Views)
	info.Properties = slices.Clone(info.Properties)
	return info
}

// rootInfo is the root as an entry.
func (v *FS) rootInfo() *fileInfo {
	it := &item{}
	it.reset()
	it.Mode = fs.ModeDir | 0o755
	var s scan
	var w window
	s.start(v, []span{v.root}, &w)
	if rec, at := s.record(); rec != nil && rec.isSpecial() {
		(&FS{r: v.r, size: v.size, blockSize: v.blockSize, susp: v.susp, skip: v.rootSkip}).take(it, rec, at, &w)
	}
	it.at = rootRecord
	it.spans = append(it.spans[:0], v.root)
	it.flags |= format.FlagDirectory
	v.finish(it)
	f := it.info()
	f.name = "."
	return f
}
