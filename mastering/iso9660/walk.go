package iso9660

import (
	"errors"
	"fmt"
	"io/fs"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// walk is the state of a Walk: a scan for each open directory, and one item and one path
// for all of them.
type walk struct {
	v     *FS
	f     func(*volume.Entry) error
	it    item
	path  []byte
	scans []*scan
	w     window
	reach *volume.Reach
	above []int64 // offsets of the directories that are open
	more  func() *volume.Attributes
}

// attributes returns the attributes of the current entry.
func (w *walk) attributes() *volume.Attributes { return &w.it.info().attributes }

// Walk implements volume.Walker.
func (v *FS) Walk(root string, f func(*volume.Entry) error) error {
	way, err := v.wayTo(root, true)
	if err == nil && !way[len(way)-1].IsDir() {
		err = errors.New("not a folder")
	}
	if err != nil {
		return &fs.PathError{Op: "walk", Path: root, Err: err}
	}
	dir := way[len(way)-1]
	w := &walk{v: v, f: f, reach: volume.NewReach(v.size), above: offsets(way[:len(way)-1])}
	v.openMu.Lock()
	v.opened.taken = 0 // each file may be opened once more
	v.openMu.Unlock()
	w.it.wantAttributes = true
	w.more = w.attributes
	if root != "." {
		w.path = append(w.path, root...)
	}
	err = w.folder(0, dir.way, dir.spans, dir.at == rootRecord)
	if errors.Is(err, fs.SkipAll) {
		return nil
	}
	return err
}

// Limits of the depth of a walk, in directories and in bytes of the path: twice what
// systems allow. Without the second limit, which also applies to Check, the paths of a
// volume could be as long as the square of its size.
const (
	maxDepth = 2048
	maxPath  = 8 << 10
)

// scan returns the scan for a depth.
func (w *walk) scan(depth int) *scan {
	if depth == len(w.scans) {
		w.scans = append(w.scans, &scan{})
	}
	return w.scans[depth]
}

// folder walks the directory whose path is in w.path.
func (w *walk) folder(depth int, way uint64, spans []span, root bool) error {
	if len(w.path) > maxPath {
		return w.report(fmt.Errorf("the path is longer than %d bytes", maxPath))
	}
	if depth > maxDepth {
		return w.report(fmt.Errorf("folders are nested deeper than %d", maxDepth))
	}
	if err := loop(w.above, spans); err != nil {
		return w.report(err)
	}
	again, err := admit(w.reach, w.v, way, spans)
	if err != nil {
		return w.report(err)
	}
	if len(spans) > 0 {
		w.above = append(w.above, spans[0].off)
		defer func() { w.above = w.above[:len(w.above)-1] }()
	}
	s := w.scan(depth)
	s.start(w.v, spans, &w.w)
	base := len(w.path)
	for s.next(&w.it) {
		if root && w.v.isHidden(root, &w.it) {
			continue
		}
		w.path = w.path[:base]
		if base > 0 {
			w.path = append(w.path, '/')
		}
		w.path = append(w.path, w.it.name...)
		if again {
			if err := w.reach.Charge(int64(len(w.path))); err != nil {
				w.path = w.path[:base]
				return w.report(err)
			}
		}
		w.it.Path, w.it.More, w.it.Place = w.path, w.more, uint64(w.it.at)
		err := w.f(&w.it.Entry)
		if w.it.Mode.IsDir() {
			if errors.Is(err, fs.SkipDir) {
				continue
			}
			if err == nil {
				err = w.folder(depth+1, volume.Way(way, uint64(w.it.at)), w.it.spans, false)
			}
		}
		if err != nil {
			return err
		}
	}
	w.path = w.path[:base]
	if s.err != nil {
		return w.report(s.err)
	}
	return nil
}

// OpenPlace implements volume.PlaceOpener. The place is the offset of the record.
func (v *FS) OpenPlace(place uint64) (fs.File, error) {
	v.openMu.Lock()
	defer v.openMu.Unlock()
	var it item
	at := int64(place)
	if at < 0 || at >= v.size {
		return nil, fs.ErrNotExist
	}
	if err := v.recordAt(&it, at, v.size, &v.opened); err != nil {
		return nil, fmt.Errorf("the record at byte %d: %w", at, err)
	}
	f := it.info()
	if f.IsDir() {
		return nil, fmt.Errorf("%w: the record at byte %d belongs to a folder", fs.ErrInvalid, at)
	}
	return v.openFile(f, f.name)
}

// recordAt decodes the record at offset at of a directory that ends at offset end. It
// reads one sector first.
func (v *FS) recordAt(it *item, at, end int64, w *window) error {
	var s scan
	sector := at &^ (disc.SectorSize - 1)
	first := min(end-sector, disc.SectorSize)
	s.start(v, []span{{sector, first}, {sector + first, end - sector - first}}, w)
	s.begun, s.alone = true, true
	s.skip = int(at - sector)
	if !s.next(it) || it.at != at {
		return missing(s.err)
	}
	return nil
}

// report reports that the directory in w.path cannot be read completely.
func (w *walk) report(err error) error {
	path := w.path
	if len(path) == 0 {
		path = []byte(".")
	}
	return w.f(&volume.Entry{
		Path: path, Mode: fs.ModeDir | 0o755, Modified: volume.NoTime,
		Err: fmt.Errorf("folder /%s: %w", w.path, err),
	})
}
