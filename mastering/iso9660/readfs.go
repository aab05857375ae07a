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

// FS is an ISO 9660 volume opened for reading. It is safe for concurrent use.
type FS struct {
	r          io.ReaderAt
	size       int64 // of the image, bytes
	blockSize  int
	set        []descriptor
	sessions   []volume.Session
	root       span
	susp       bool             // system use areas hold Rock Ridge
	skip       int              // bytes of each system use area that are not SUSP's (SP)
	rootSkip   int              // the same for the record "." of the root
	ucs2       bool             // names are UTF-16BE
	free       bool             // names have no structure (ISO 9660:1999)
	highSierra bool             // records have the form of High Sierra
	tracks     bool             // the session has further data tracks, with files of the volume
	charset    filename.Charset // of text that is not Unicode
	info       volume.Info
	tables     []boot.Table // of partitions, in the system area

	mu    sync.Mutex
	reach *volume.Reach // directories that were reached by their paths
	index *index        // of a large directory
	// searched is the offset of the large directory that was searched last.
	searched int64

	bootOnce sync.Once
	boot     *BootCatalog
	bootErr  error

	openMu sync.Mutex
	opened window // for records that are opened by their place

	corrections func() map[uint64]volume.Correction // of files that another view has more of; may be nil

	movedOnce sync.Once
	moved     bool // the root's rr_moved contains only relocated directories
}

// Open opens the volume in r, size bytes long with offset 0 at address 0 of the disc.
// The error wraps volume.ErrUnknown if there is no ISO 9660 volume, or it does not have
// the requested view.
func Open(r io.ReaderAt, size int64, o volume.Options) (*FS, error) {
	o, err := o.ChooseSession(r, size)
	if err != nil {
		return nil, err
	}
	set, err := readDescriptors(r, o.Chosen().Descriptors)
	if err != nil {
		return nil, err
	}
	v := &FS{r: r, size: size, set: set, sessions: o.Sessions, reach: volume.NewReach(size), charset: o.Charset, tracks: o.Tracks}
	if err := v.choose(o.View); err != nil {
		return nil, err
	}
	v.describe(o)
	return v, nil
}

// rootRecord is used as the offset of the record of the root, which has none.
const rootRecord = -1

// choose selects the directory tree that is shown.
func (v *FS) choose(view string) error {
	primary, _ := find(v.set, func(d descriptor) bool { return d.kind() == typePrimary })
	v.blockSize, v.highSierra = checkBlockSize(primary.blockSize()), primary.highSierra
	dot, err := v.rootDot(primary) // if its root is missing, another tree may be intact
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

// checkBlockSize returns a valid logical block size (ECMA-119 6.2.2: a power of two, up
// to a sector): n, or the usual one if n is invalid.
func checkBlockSize(n int) int {
	switch n {
	case 512, 1024, 2048:
		return n
	}
	return disc.SectorSize
}

// rootOf returns the span of the root directory of a descriptor.
func (v *FS) rootOf(d descriptor) (span, error) {
	s := v.extent(d.root())
	if s.off >= v.size || s.off < 0 || s.n == 0 {
		return s, fmt.Errorf("the root directory of the volume descriptor at sector %d should be at sector %d and have %d bytes, but the image has %d sectors: %w",
			d.lba, s.off/disc.SectorSize, s.n, v.size/disc.SectorSize, volume.ErrOutside)
	}
	return s, nil
}

// hasRoot reports whether the root directory of a descriptor is within the image.
func (v *FS) hasRoot(d descriptor) bool {
	_, err := v.rootOf(d)
	return err == nil
}

// rootDot decodes the record "." of the root, which shows whether SUSP is used (P1281
// 4.1, 5.3). It returns nil if the record is damaged.
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
	u := &FS{r: v.r, size: v.size, blockSize: v.blockSize, highSierra: v.highSierra, susp: true} // v has no view yet
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

// xaLength is the length of the CD-ROM XA data at the start of each system use area of
// an XA disc, with the letters XA at offset 6. There, SP follows it (P1281 5.3).
const xaLength = 14

func isXA(use []byte) bool { return len(use) >= xaLength && string(use[6:8]) == "XA" }

// hasRock reports whether the record "." of the root shows that there is Rock Ridge: by
// its extension reference or, from old writers, by its entries.
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

// rootInfo returns the root as an entry.
func (v *FS) rootInfo() *fileInfo {
	it := &item{}
	it.reset()
	it.Mode = fs.ModeDir | 0o755
	var s scan
	var w window
	s.start(v, []span{v.root}, &w)
	if rec, at := s.record(); rec != nil && rec.isSpecial() {
		(&FS{r: v.r, size: v.size, blockSize: v.blockSize, highSierra: v.highSierra, susp: v.susp, skip: v.rootSkip}).take(it, rec, at, &w)
	}
	it.at = rootRecord
	it.spans = append(it.spans[:0], v.root)
	it.flags |= format.FlagDirectory
	v.finish(it)
	f := it.info()
	f.name = "."
	return f
}
