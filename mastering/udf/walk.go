package udf

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/volume"
)

// How deep a walk goes: so many directories, and so many bytes of path, twice
// what systems allow. Without the second a listing of paths could be as long as
// the square of the volume.
const (
	maxDepth    = 2048
	maxWalkPath = 8 << 10
)

// tooDeep refuses a directory by the bytes of its path and how many are above it.
func tooDeep(path, depth int) error {
	switch {
	case path > maxWalkPath:
		return fmt.Errorf("the path is longer than %d bytes", maxWalkPath)
	case depth > maxDepth:
		return fmt.Errorf("directories are nested deeper than %d", maxDepth)
	}
	return nil
}

// Image returns the volume as it was opened, for files that are read at their
// extents. It implements volume.Direct.
func (f *FS) Image() io.ReaderAt { return f.r }

// Walk implements volume.Walker.
func (f *FS) Walk(root string, visit func(*volume.Entry) error) error {
	n, above, err := f.lookupWay("walk", root)
	if err != nil {
		return err
	}
	if n.traits&ecma167.FIDDirectory == 0 {
		return &fs.PathError{Op: "walk", Path: root, Err: errors.New("not a directory")}
	}
	w := &walk{f: f, visit: visit, left: f.followed.Load() + walkRoom*f.size + walkSpare}
	w.above, w.reach = above, volume.NewReach(f.size)
	w.more = w.attributes
	if root != "." {
		w.path = append(w.path, root...)
	}
	if err := w.folder(n, 0, 0); !errors.Is(err, fs.SkipAll) {
		return err
	}
	return nil
}

// walk is the state of one Walk.
type walk struct {
	f     *FS
	visit func(*volume.Entry) error
	path  []byte
	above []place // the directories that are open
	reach *volume.Reach
	entry volume.Entry
	left  int64 // up to where state.followed may get
	info  *fileInfo
	more  func() *volume.Attributes
}

// attributes returns what the entry has that the walk is at.
func (w *walk) attributes() *volume.Attributes { return w.info.Sys().(*volume.Attributes) }

// What a walk may read: directories, chains of entries and descriptors, and
// extents do not overlap, so that all of them are smaller than the volume but for
// files of several names. More than some times that is read only where damage
// makes many of them share the same blocks.
const (
	walkRoom  = 4
	walkSpare = 1 << 20
)

var errRoom = errors.New("the directories and file entries claim more room than the volume has: it is damaged")

// folder visits what is in the directory n, whose path is in w.path.
func (w *walk) folder(n name, way uint64, depth int) error {
	if err := tooDeep(len(w.path), depth); err != nil {
		return w.report(err)
	}
	if slices.Contains(w.above, placeOf(n.icb)) {
		return w.report(w.f.loop(n))
	}
	d, err := w.f.directory(n.icb)
	if err != nil {
		return w.report(err)
	}
	again, err := w.admit(n, d, way)
	if err != nil {
		return w.report(err)
	}
	w.above = append(w.above, placeOf(n.icb))
	defer func() { w.above = w.above[:len(w.above)-1] }()
	base := len(w.path)
	for _, c := range d.names {
		w.path = w.path[:base]
		if w.left < w.f.followed.Load() {
			return w.report(errRoom)
		}
		if base > 0 {
			w.path = append(w.path, '/')
		}
		w.path = append(w.path, c.text...)
		if again {
			if err := w.reach.Charge(int64(len(w.path))); err != nil {
				w.path = w.path[:base]
				return w.report(err)
			}
		}
		dir := w.fill(c)
		if c.changed {
			w.entry.Recorded = []byte(c.recorded)
		}
		err := w.visit(&w.entry)
		if dir {
			if errors.Is(err, fs.SkipDir) {
				continue
			}
			if err == nil {
				err = w.folder(c, c.way(way), depth+1)
			}
		}
		if err != nil {
			return err
		}
	}
	w.path = w.path[:base]
	if d.err != nil {
		return w.report(d.err)
	}
	return nil
}

// admit takes up a directory, and reports whether it was reached on another way
// before.
func (w *walk) admit(n name, d *directory, way uint64) (again bool, err error) {
	number, size := placeOf(n.icb).number(), w.f.block
	if w.reach.Known(number, way) {
		size = d.size()
	}
	return w.reach.Admit(number, way, size)
}

// report tells that the directory in w.path cannot be read to its end.
func (w *walk) report(err error) error {
	path := w.path
	if len(path) == 0 {
		path = []byte(".")
	}
	return w.visit(&volume.Entry{
		Path: path, Mode: fs.ModeDir | 0o755, Modified: volume.NoTime,
		Err: fmt.Errorf("folder /%s: %w", w.path, err),
	})
}

// fill describes the entry n, whose path is in w.path, and reports whether it is
// a directory.
func (w *walk) fill(n name) bool {
	target, extents := w.entry.Target[:0], w.entry.Extents[:0]
	w.entry = volume.Entry{Path: w.path, Modified: volume.NoTime, Mode: fs.ModeIrregular}
	dir := n.traits&ecma167.FIDDirectory != 0
	if dir {
		w.entry.Mode = fs.ModeDir | 0o755
	}
	info, err := w.f.stat(n)
	if err != nil {
		w.entry.Unreadable = err.Error()
		return dir
	}
	e, out := info.entry, &w.entry
	w.info, out.More = info, w.more
	out.Mode, out.Size = e.mode(), int64(e.size)
	if !e.modified.IsZero() {
		out.Modified = volume.Nanoseconds(e.modified)
	}
	out.UID, out.GID, out.Links, out.Inode, out.Device = owner(e.uid), owner(e.gid), e.names(), e.inode(), e.device
	out.Place = e.inode()
	if e.longer != nil {
		out.Note = e.longer.Note
	}
	switch {
	case out.Mode.IsRegular():
		err = w.contents(e, extents)
	case out.Mode&fs.ModeSymlink != 0:
		var text string
		text, err = w.f.target(e)
		out.Target = append(target, text...)
		w.left -= int64(len(text))
	}
	if err != nil {
		out.Unreadable = err.Error()
	}
	return dir
}

// OpenPlace implements volume.PlaceOpener; the place is that of the ICB.
func (f *FS) OpenPlace(place uint64) (fs.File, error) {
	if place--; place>>48 != 0 {
		return nil, fs.ErrNotExist
	}
	icb := ecma167.LongAD{Length: uint32(f.block), Block: uint32(place), Partition: uint16(place >> 32)}
	return f.openName(icb.String(), name{icb: icb})
}

// contents says where the contents of a file are.
func (w *walk) contents(e *fileEntry, extents []volume.Extent) error {
	c, err := w.f.contents(e)
	if err != nil {
		return err
	}
	list, err := c.sectors(extents)
	if err != nil {
		return err
	}
	w.left -= int64(max(len(list)-1, 0)) * w.f.block
	w.entry.Extents = list
	w.entry.Encoded = len(list) == 0 && e.size > 0
	return nil
}
