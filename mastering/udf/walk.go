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

// Limits of a walk, twice what operating systems allow. Without maxWalkPath, the
// length of a listing could grow with the square of the size of the volume.
const (
	maxDepth    = 2048    // directories
	maxWalkPath = 8 << 10 // bytes of a path
)

// tooDeep returns an error for a directory whose path has too many bytes, or that
// has too many directories above it.
func tooDeep(path, depth int) error {
	switch {
	case path > maxWalkPath:
		return fmt.Errorf("the path is longer than %d bytes", maxWalkPath)
	case depth > maxDepth:
		return fmt.Errorf("directories are nested deeper than %d", maxDepth)
	}
	return nil
}

// Image returns the reader that the volume was opened with. It implements
// volume.Direct.
func (f *FS) Image() io.ReaderAt { return f.r }

// Walk implements volume.Walker.
func (f *FS) Walk(root string, visit func(*volume.Entry) error) error {
	n, above, err := f.lookupAbove("walk", root)
	if err != nil {
		return err
	}
	if n.characteristics&ecma167.FIDDirectory == 0 {
		return &fs.PathError{Op: "walk", Path: root, Err: errors.New("not a directory")}
	}
	w := &walk{f: f, visit: visit, left: f.followed.Load() + walkFactor*f.size + walkSpare}
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
	left  int64 // limit of state.followed
	info  *fileInfo
	more  func() *volume.Attributes
}

// attributes returns the attributes of the current entry.
func (w *walk) attributes() *volume.Attributes { return w.info.Sys().(*volume.Attributes) }

// Limit of what a walk reads: walkFactor times the size of the volume, and
// walkSpare bytes. Directories, file entries and descriptors do not overlap, so
// together they are smaller than the volume, apart from hard links. More is read
// only if damage makes many of them share the same blocks.
const (
	walkFactor = 4
	walkSpare  = 1 << 20
)

var errWalkLimit = errors.New("the directories and file entries take more space than the volume has: it is damaged")

// folder visits the entries of the directory n, whose path is in w.path.
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
			return w.report(errWalkLimit)
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

// admit counts a directory, and reports whether it was reached by another path
// before.
func (w *walk) admit(n name, d *directory, way uint64) (again bool, err error) {
	number, size := placeOf(n.icb).number(), w.f.block
	if w.reach.Known(number, way) {
		size = d.size()
	}
	return w.reach.Admit(number, way, size)
}

// report visits an entry with an error: the directory in w.path cannot be read to
// its end.
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

// fill fills w.entry for the entry n, whose path is in w.path, and reports whether
// it is a directory.
func (w *walk) fill(n name) bool {
	target, extents := w.entry.Target[:0], w.entry.Extents[:0]
	w.entry = volume.Entry{Path: w.path, Modified: volume.NoTime, Mode: fs.ModeIrregular}
	dir := n.characteristics&ecma167.FIDDirectory != 0
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

// OpenPlace implements volume.PlaceOpener. A place is that of an ICB.
func (f *FS) OpenPlace(place uint64) (fs.File, error) {
	if place--; place>>48 != 0 {
		return nil, fs.ErrNotExist
	}
	icb := ecma167.LongAD{Length: uint32(f.block), Block: uint32(place), Partition: uint16(place >> 32)}
	return f.openName(icb.String(), name{icb: icb})
}

// contents fills in where the contents of a file are.
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
