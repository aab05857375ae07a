package udf

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"glassmaster/mastering/filename"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/volume"
)

// Volume describes the volume.
func (f *FS) Volume() volume.Info { return f.info }

// maxLinks is the number of symbolic links that are followed to reach a file.
const maxLinks = 40

// errLoop is the error for a directory that contains itself. Walking such a volume
// would never end.
var errLoop = errors.New("the directory contains itself: the volume is damaged")

// rootName returns an entry for the root.
func (f *FS) rootName() name {
	return name{text: ".", icb: f.root, characteristics: ecma167.FIDDirectory}
}

// lookup finds a file. Symbolic links are followed, except that a link at the end of
// the path is followed only if follow is set.
func (f *FS) lookup(op, p string, follow bool) (name, error) {
	if !filename.ValidPath(p) {
		return name{}, &fs.PathError{Op: op, Path: p, Err: fs.ErrInvalid}
	}
	n, _, err := f.resolve(p, follow)
	if err != nil {
		return name{}, &fs.PathError{Op: op, Path: p, Err: err}
	}
	return n, nil
}

// lookupAbove finds a directory, and the places of the directories above it.
func (f *FS) lookupAbove(op, p string) (name, []place, error) {
	if !filename.ValidPath(p) {
		return name{}, nil, &fs.PathError{Op: op, Path: p, Err: fs.ErrInvalid}
	}
	n, way, err := f.resolve(p, true)
	if err != nil {
		return name{}, nil, &fs.PathError{Op: op, Path: p, Err: err}
	}
	return n, way[:len(way)-1], nil
}

// resolve follows the path, and returns the places of the directories on it,
// including the last one.
func (f *FS) resolve(p string, follow bool) (n name, above []place, err error) {
	links := 0
	done, rest := ".", p
	cur := f.rootName()
	above, way := []place{placeOf(cur.icb)}, uint64(0)
	for rest != "." && rest != "" {
		part, after, _ := strings.Cut(rest, "/")
		next, err := f.child(cur, part)
		if err != nil {
			return name{}, nil, err
		}
		if next.characteristics&ecma167.FIDDirectory != 0 {
			if slices.Contains(above, placeOf(next.icb)) {
				return name{}, nil, f.loop(next)
			}
			above, way = append(above, placeOf(next.icb)), next.way(way)
			if err := f.admit(next, way); err != nil {
				return name{}, nil, err
			}
		}
		if next.characteristics&ecma167.FIDDirectory != 0 || after == "" && !follow {
			done, rest, cur = path.Join(done, part), after, next
			continue
		}
		e, err := f.entry(next.icb)
		if err != nil {
			return name{}, nil, err
		}
		if e.kind != ecma167.TypeSymlink {
			if after != "" {
				return name{}, nil, fs.ErrNotExist
			}
			return next, above, nil
		}
		if links++; links > maxLinks {
			return name{}, nil, errors.New("too many symbolic links")
		}
		target, err := f.target(e)
		if err != nil {
			return name{}, nil, err
		}
		to := path.Join(done, target, after)
		if path.IsAbs(target) || !filename.ValidPath(to) {
			return name{}, nil, fmt.Errorf("the target of the symbolic link is outside of the volume: %s: %w", target, fs.ErrNotExist)
		}
		done, rest, cur = ".", to, f.rootName()
		above, way = above[:1], 0
	}
	return cur, above, nil
}

// child returns an entry of a directory.
func (f *FS) child(dir name, text string) (name, error) {
	if dir.characteristics&ecma167.FIDDirectory == 0 {
		return name{}, fs.ErrNotExist
	}
	d, err := f.directory(dir.icb)
	if err != nil {
		return name{}, err
	}
	n, ok := d.find(text)
	switch {
	case !ok && d.err != nil:
		return name{}, d.err
	case !ok:
		return name{}, fs.ErrNotExist
	}
	return n, nil
}

// way returns the way that continues through the name.
func (n name) way(way uint64) uint64 {
	return volume.Way(volume.Way(way, uint64(n.at)), placeOf(n.icb).number())
}

// admit counts a directory that is reached by its path.
func (f *FS) admit(n name, way uint64) error {
	number := placeOf(n.icb).number()
	f.mu.Lock()
	known := f.reach.Known(number, way)
	f.mu.Unlock()
	size := f.block
	if known {
		d, err := f.directory(n.icb)
		if err != nil {
			return err
		}
		size = d.size()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := f.reach.Admit(number, way, size)
	return err
}

// size returns roughly how many bytes the names take.
func (d *directory) size() int64 { return int64(len(d.names)) * ecma167.FIDLength }

// loop returns the error for a directory that contains itself.
func (f *FS) loop(n name) error {
	return fmt.Errorf("file entry at %s, sector %d: %w", n.icb, f.offset(n.icb)/f.block, errLoop)
}

// Open implements fs.FS. Regular files implement io.ReaderAt and io.Seeker.
func (f *FS) Open(p string) (fs.File, error) {
	n, err := f.lookup("open", p, true)
	if err != nil {
		return nil, err
	}
	return f.openName(p, n)
}

// openName opens the file or directory of the entry n.
func (f *FS) openName(p string, n name) (fs.File, error) {
	info, err := f.stat(n)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: p, Err: err}
	}
	info.name = path.Base(p)
	if info.IsDir() {
		return volume.OpenFolder(p, info, func() ([]fs.DirEntry, error) {
			return f.list(p, name{icb: info.entry.at, characteristics: ecma167.FIDDirectory})
		}), nil
	}
	c, err := f.contents(info.entry)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: p, Err: err}
	}
	return volume.OpenFile(&namedContents{c, p}, info), nil
}

// ReadDir implements fs.ReadDirFS. For a damaged directory it returns the entries
// that can be read, and the error.
func (f *FS) ReadDir(p string) ([]fs.DirEntry, error) {
	n, err := f.lookup("readdir", p, true)
	if err != nil {
		return nil, err
	}
	return f.list(p, n)
}

func (f *FS) list(p string, n name) ([]fs.DirEntry, error) {
	if n.characteristics&ecma167.FIDDirectory == 0 {
		return nil, &fs.PathError{Op: "readdir", Path: p, Err: errors.New("not a directory")}
	}
	d, err := f.directory(n.icb)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: p, Err: err}
	}
	entries := make([]dirEntry, len(d.names))
	list := make([]fs.DirEntry, len(d.names))
	for i, k := range d.names {
		entries[i] = dirEntry{fs: f, n: k}
		list[i] = &entries[i]
	}
	if d.err != nil {
		return list, &fs.PathError{Op: "readdir", Path: p, Err: d.err}
	}
	return list, nil
}

// Stat implements fs.StatFS.
func (f *FS) Stat(p string) (fs.FileInfo, error) { return f.statPath("stat", p, true) }

// Lstat implements fs.ReadLinkFS.
func (f *FS) Lstat(p string) (fs.FileInfo, error) { return f.statPath("lstat", p, false) }

func (f *FS) statPath(op, p string, follow bool) (fs.FileInfo, error) {
	n, err := f.lookup(op, p, follow)
	if err != nil {
		return nil, err
	}
	info, err := f.stat(n)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: p, Err: err}
	}
	info.name = path.Base(p)
	return info, nil
}

// stat reads the file entry of an entry.
func (f *FS) stat(n name) (*fileInfo, error) {
	e, err := f.entry(n.icb)
	if err != nil {
		return nil, err
	}
	if (e.kind == ecma167.TypeDirectory) != (n.characteristics&ecma167.FIDDirectory != 0) {
		return nil, wrongKind(e)
	}
	return &fileInfo{fs: f, name: n.text, characteristics: n.characteristics, entry: e}, nil
}

// wrongKind returns the error for a file entry whose file type contradicts the file
// identifier that points to it.
func wrongKind(e *fileEntry) error {
	return fmt.Errorf("file entry at %s: file type %d contradicts the entry of the directory", e.at, e.kind)
}

// ReadLink implements fs.ReadLinkFS.
func (f *FS) ReadLink(p string) (string, error) {
	n, err := f.lookup("readlink", p, false)
	if err != nil {
		return "", err
	}
	e, err := f.entry(n.icb)
	if err == nil && e.kind != ecma167.TypeSymlink {
		err = errors.New("not a symbolic link")
	}
	if err == nil {
		var target string
		if target, err = f.target(e); err == nil {
			return target, nil
		}
	}
	return "", &fs.PathError{Op: "readlink", Path: p, Err: err}
}

// OpenStream opens a named stream of a file (UDF 3.3.5). An empty path means the
// streams of the volume.
func (f *FS) OpenStream(p, stream string) (fs.File, error) {
	fail := func(err error) (fs.File, error) {
		return nil, &fs.PathError{Op: "open stream", Path: p + ":" + stream, Err: err}
	}
	at := f.streams
	if p != "" {
		n, err := f.lookup("open stream", p, true)
		if err != nil {
			return nil, err
		}
		e, err := f.entry(n.icb)
		if err != nil {
			return fail(err)
		}
		at = e.streams
	}
	if at.Length&ecma167.LengthMask == 0 {
		return fail(fs.ErrNotExist)
	}
	d, err := f.directory(at)
	if err != nil {
		return fail(err)
	}
	n, ok := d.find(stream)
	if !ok {
		return fail(fs.ErrNotExist)
	}
	return f.openName(path.Join(p, stream), n)
}

// maxTarget is the longest target of a symbolic link in Linux, in bytes.
const maxTarget = 4096

// pathSetRoot is the type of a path component for the root of the volume set
// (ECMA-167 4/14.16.1.1).
const pathSetRoot = 1

// target returns the target of a symbolic link, from the mirror of the metadata
// partition if the main copy is damaged.
func (f *FS) target(e *fileEntry) (string, error) {
	target, err := f.readTarget(e)
	if err != nil && f.hasMirror {
		if other, again := (reader{f.state, true}).readTarget(e); again == nil {
			return other, nil
		}
	}
	return target, err
}

// readTarget reads the path components of a symbolic link (ECMA-167 4/14.16). Each
// has its type at BP 0, the length of the name at BP 1 and the name at BP 4.
func (v reader) readTarget(e *fileEntry) (string, error) {
	c, err := v.contents(e)
	if err != nil {
		return "", err
	}
	p := make([]byte, min(c.size, 4*maxTarget))
	if n, err := c.ReadAt(p, 0); n < len(p) {
		return "", err
	}
	var parts []string
	for len(p) >= 4 {
		n := int(p[1])
		if 4+n > len(p) {
			return "", fmt.Errorf("file entry at %s: a path component of a symbolic link is truncated", e.at)
		}
		switch p[0] {
		case pathSetRoot, ecma167.PathRoot:
			parts = []string{""}
		case ecma167.PathParent:
			parts = append(parts, "..")
		case ecma167.PathSelf:
			parts = append(parts, ".")
		case ecma167.PathName:
			text, err := ecma167.DecodeCS0(p[4 : 4+n])
			if err != nil {
				return "", fmt.Errorf("file entry at %s: %w", e.at, err)
			}
			if protected, changed := filename.Protect([]byte(text), 0); changed {
				text = string(protected)
			}
			parts = append(parts, text)
		default:
			return "", fmt.Errorf("file entry at %s: a path component of a symbolic link has the unknown type %d", e.at, p[0])
		}
		p = p[4+n:]
	}
	if len(parts) == 1 && parts[0] == "" {
		return "/", nil
	}
	return strings.Join(parts, "/"), nil
}
