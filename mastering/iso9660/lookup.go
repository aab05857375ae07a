package iso9660

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/filename"
	"glassmaster/mastering/volume"
)

// maxLinks is the maximum number of symbolic links on a path.
const maxLinks = 40

// errLinks and errOutside say why a symbolic link is not followed.
var (
	errLinks   = errors.New("too many symbolic links")
	errOutside = errors.New("a symbolic link points outside of the volume")
)

// enter checks that a directory reached by its path may be read.
func (v *FS) enter(f *fileInfo) error {
	if f.loop != nil {
		return f.loop
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	_, err := admit(v.reach, v, f.way, f.spans)
	return err
}

// readDir returns the entries of a directory in the order of the disc. With an error,
// it returns the entries that could be read.
func (v *FS) readDir(dir *fileInfo) ([]*fileInfo, error) {
	if err := v.enter(dir); err != nil {
		return nil, err
	}
	var (
		s    scan
		w    window
		it   item
		list []*fileInfo
	)
	it.wantAttributes = true
	s.start(v, dir.spans, &w)
	for left := v.size; s.next(&it); {
		if v.isHidden(dir.at == rootRecord, &it) {
			continue
		}
		// The attributes of an intact volume are smaller than the volume. If many files
		// share the same ones, they are not kept for each.
		if left -= int64(len(it.attributes)); left < 0 {
			it.attributes = it.attributes[:0]
		}
		list = append(list, it.info())
	}
	return list, s.err
}

// isHidden reports whether an entry of the root is the folder of relocated directories
// (RR_MOVED), and contains nothing else. The directories are shown where they belong.
func (v *FS) isHidden(root bool, it *item) bool {
	if !root || !v.susp || !it.Mode.IsDir() || len(it.name) > len(movedName)+1 ||
		!strings.EqualFold(strings.TrimPrefix(string(it.name), "."), movedName) {
		return false
	}
	v.movedOnce.Do(func() { v.moved = v.onlyMoved(slices.Clone(it.spans)) })
	return v.moved
}

// movedName is the name of that folder, in upper or lower case, possibly with a dot
// before it.
const movedName = "rr_moved"

// onlyMoved reports whether a directory contains relocated directories and nothing else.
func (v *FS) onlyMoved(spans []span) bool {
	var (
		s  scan
		w  window
		it item
	)
	s.start(v, spans, &w)
	moved := 0
	for rec, at := s.record(); rec != nil; rec, at = s.record() {
		if rec.isSpecial() {
			continue
		}
		if v.take(&it, rec, at, &w); !it.relocated && !(rec.isDir() && v.isMoved(v.extent(rec), &w)) {
			return false
		}
		moved++
	}
	return moved > 0
}

// isMoved reports whether a directory was relocated: then its record ".." has PL (P1282
// 4.1.5.2), even if the writer has left out RE.
func (v *FS) isMoved(dir span, w *window) bool {
	var (
		s  scan
		it item
	)
	s.start(v, []span{{dir.off, min(dir.n, disc.SectorSize)}}, w)
	if first, _ := s.record(); first == nil || !first.isSpecial() {
		return false
	}
	rec, at := s.record()
	if rec == nil || !rec.isSpecial() {
		return false
	}
	v.take(&it, rec, at, w)
	return it.hasParent
}

// child finds an entry of a directory. The second search in a large directory makes an
// index of its names, which is kept until another large directory is searched twice.
func (v *FS) child(dir *fileInfo, name string) (*fileInfo, error) {
	if err := v.enter(dir); err != nil {
		return nil, err
	}
	if len(dir.spans) == 1 && dir.spans[0].n > chunk && v.searchedLast(dir.spans[0].off) {
		return v.indexed(dir, name)
	}
	var (
		s  scan
		w  window
		it item
	)
	it.wantAttributes = true
	s.start(v, dir.spans, &w)
	for s.next(&it) {
		if string(it.name) == name && !v.isHidden(dir.at == rootRecord, &it) {
			return it.info(), nil
		}
	}
	return nil, missing(s.err)
}

// searchedLast reports whether the large directory at an offset was searched last or has
// the index, and records the search.
func (v *FS) searchedLast(off int64) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.index != nil && v.index.dir == off || v.searched == off {
		return true
	}
	v.searched = off
	return false
}

// missing returns the error for a name that is not in a directory. err is the error of
// reading the directory, nil if it could be read completely.
func missing(err error) error {
	if err != nil {
		return fmt.Errorf("%w in the readable part of its folder: %w", fs.ErrNotExist, err)
	}
	return fs.ErrNotExist
}

// index has the offsets of the records of a directory.
type index struct {
	dir   int64            // offset of the directory
	names map[string]int64 // name -> offset of its first record
	err   error            // error of reading the directory, if it is incomplete
}

// indexed is child for a large directory.
func (v *FS) indexed(dir *fileInfo, name string) (*fileInfo, error) {
	v.mu.Lock()
	x := v.index
	v.mu.Unlock()
	if x == nil || x.dir != dir.spans[0].off {
		x = v.indexOf(dir)
		v.mu.Lock()
		v.index = x
		v.mu.Unlock()
	}
	at, ok := x.names[name]
	if !ok {
		return nil, missing(x.err)
	}
	var w window
	it := item{wantAttributes: true}
	if err := v.recordAt(&it, at, dir.spans[0].off+dir.spans[0].n, &w); err != nil {
		return nil, err
	}
	it.name = append(it.name[:0], name...) // different if the name occurs twice
	return it.info(), nil
}

// indexOf reads a directory for its index.
func (v *FS) indexOf(dir *fileInfo) *index {
	x := &index{dir: dir.spans[0].off, names: map[string]int64{}}
	var (
		s  scan
		w  window
		it item
	)
	s.start(v, dir.spans, &w)
	for s.next(&it) {
		if _, ok := x.names[string(it.name)]; !ok && !v.isHidden(dir.at == rootRecord, &it) {
			x.names[string(it.name)] = it.at
		}
	}
	x.err = s.err
	return x
}

// lookup finds the entry at a path. follow says whether a symbolic link at its end is
// followed. It reads only the directories on the path.
func (v *FS) lookup(path string, follow bool) (*fileInfo, error) {
	way, err := v.wayTo(path, follow)
	if err != nil {
		return nil, err
	}
	return way[len(way)-1], nil
}

// wayTo is lookup that also returns the folders above the entry, the root first.
func (v *FS) wayTo(path string, follow bool) ([]*fileInfo, error) {
	if !filename.ValidPath(path) {
		return nil, fs.ErrInvalid
	}
	stack := []*fileInfo{v.rootInfo()}
	rest := strings.Split(path, "/")
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		here := stack[len(stack)-1]
		switch {
		case !here.IsDir():
			return nil, fmt.Errorf("%w: %s is not a folder", fs.ErrNotExist, here.name)
		case name == "." || name == "":
			continue
		case name == "..": // only from the target of a link
			if len(stack) == 1 {
				return nil, errOutside
			}
			stack = stack[:len(stack)-1]
			continue
		}
		next, err := v.child(here, name)
		if err != nil {
			return nil, err
		}
		if next.Type() == fs.ModeSymlink && (follow || len(rest) > 0) {
			if links++; links > maxLinks {
				return nil, errLinks
			}
			if strings.HasPrefix(next.target, "/") {
				return nil, errOutside
			}
			rest = append(strings.Split(next.target, "/"), rest...)
			continue
		}
		next.way = volume.Way(here.way, uint64(next.at))
		if next.IsDir() {
			next.loop = loop(offsets(stack), next.spans)
		}
		stack = append(stack, next)
	}
	return stack, nil
}

// Open implements fs.FS. Symbolic links are followed within the volume.
func (v *FS) Open(name string) (fs.File, error) {
	f, err := v.lookup(name, true)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if f.IsDir() {
		return volume.OpenFolder(name, f, func() ([]fs.DirEntry, error) { return v.sortedDir(f) }), nil
	}
	return v.openFile(f, name)
}

// Stat implements fs.StatFS.
func (v *FS) Stat(name string) (fs.FileInfo, error) { return v.stat("stat", name, true) }

// Lstat implements fs.ReadLinkFS.
func (v *FS) Lstat(name string) (fs.FileInfo, error) { return v.stat("lstat", name, false) }

func (v *FS) stat(op, name string, follow bool) (fs.FileInfo, error) {
	f, err := v.lookup(name, follow)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return f, nil
}

// ReadLink implements fs.ReadLinkFS.
func (v *FS) ReadLink(name string) (string, error) {
	f, err := v.lookup(name, false)
	if err == nil && f.Type() != fs.ModeSymlink {
		err = fmt.Errorf("%w: not a symbolic link", fs.ErrInvalid)
	}
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: err}
	}
	return f.target, nil
}

// ReadDir implements fs.ReadDirFS. The entries are sorted by name. With an error, it
// returns the entries that could be read.
func (v *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	f, err := v.lookup(name, true)
	if err == nil && !f.IsDir() {
		err = errors.New("not a folder")
	}
	var list []fs.DirEntry
	if err == nil {
		list, err = v.sortedDir(f)
	}
	if err != nil {
		err = &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	return list, err
}

func (v *FS) sortedDir(f *fileInfo) ([]fs.DirEntry, error) {
	infos, err := v.readDir(f)
	slices.SortStableFunc(infos, func(a, b *fileInfo) int { return strings.Compare(a.name, b.name) })
	list := make([]fs.DirEntry, len(infos))
	for i, info := range infos {
		list[i] = info
	}
	return list, err
}
