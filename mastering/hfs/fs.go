package hfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"glassmaster/mastering/filename"
	"glassmaster/mastering/volume"
)

// Volume describes the volume.
func (v *FS) Volume() volume.Info { return v.info }

// maxLinks is the number of symbolic links that are followed to reach a file, and
// maxTarget the longest target, in bytes.
const (
	maxLinks  = 40
	maxTarget = 4096
)

// lookup finds a file. Symbolic links are followed, except that a link at the end of the
// path is followed only if follow is set.
func (v *FS) lookup(op, p string, follow bool) (*node, error) {
	if !filename.ValidPath(p) {
		return nil, &fs.PathError{Op: op, Path: p, Err: fs.ErrInvalid}
	}
	n, err := v.resolve(p, follow)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: p, Err: err}
	}
	return n, nil
}

func (v *FS) resolve(p string, follow bool) (*node, error) {
	t := v.load()
	cur, done, rest := t.root, ".", p
	for links := 0; rest != "." && rest != ""; {
		part, after, _ := strings.Cut(rest, "/")
		next := cur.byName[part]
		switch {
		case next == nil && t.err != nil:
			return nil, fmt.Errorf("%w (%w)", fs.ErrNotExist, t.err)
		case next == nil:
			return nil, fs.ErrNotExist
		case next.mode.IsDir() || after == "" && (!follow || next.mode&fs.ModeSymlink == 0):
			cur, done, rest = next, path.Join(done, part), after
			continue
		case next.mode&fs.ModeSymlink == 0:
			return nil, fs.ErrNotExist // a file is not a folder
		}
		if links++; links > maxLinks {
			return nil, errors.New("too many symbolic links")
		}
		target, err := v.target(next)
		if err != nil {
			return nil, err
		}
		to := path.Join(done, target, after)
		if path.IsAbs(target) || !filename.ValidPath(to) {
			return nil, fmt.Errorf("the target of the symbolic link is outside of the volume: %s: %w", target, fs.ErrNotExist)
		}
		cur, done, rest = t.root, ".", to
	}
	return cur, nil
}

// target returns the target of a symbolic link.
func (v *FS) target(n *node) (string, error) {
	if n.data.size > maxTarget {
		return "", errors.New("the target of the symbolic link is too long")
	}
	r, err := v.contents(n, dataFork)
	if err != nil {
		return "", err
	}
	p := make([]byte, r.size)
	if k, err := r.ReadAt(p, 0); k < len(p) {
		return "", err
	}
	return string(p), nil
}

// contents opens a fork of a file.
func (v *FS) contents(n *node, kind byte) (*forkReader, error) {
	f := n.data
	if kind == resourceFork {
		f = n.resource
	}
	f, err := v.load().whole(f, n.id, kind)
	if err != nil {
		return nil, err
	}
	return v.openFork(f)
}

// Open implements fs.FS. Regular files implement io.ReaderAt and io.Seeker.
func (v *FS) Open(p string) (fs.File, error) {
	n, err := v.lookup("open", p, true)
	if err != nil {
		return nil, err
	}
	info := &fileInfo{v: v, node: n, name: path.Base(p), size: n.data.size}
	if n.mode.IsDir() {
		return volume.OpenFolder(p, info, func() ([]fs.DirEntry, error) { return v.ReadDir(p) }), nil
	}
	return v.openFile(p, info, n, dataFork)
}

// openFile opens one fork of a file as a file.
func (v *FS) openFile(p string, info *fileInfo, n *node, kind byte) (fs.File, error) {
	if why := n.unreadable(); why != "" && kind == dataFork {
		return nil, &fs.PathError{Op: "open", Path: p, Err: errors.New(why)}
	}
	r, err := v.contents(n, kind)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: p, Err: err}
	}
	return volume.OpenFile(named{r, p}, info), nil
}

// named adds the path to the errors of a fork.
type named struct {
	r    *forkReader
	path string
}

func (n named) ReadAt(p []byte, off int64) (int, error) {
	k, err := n.r.ReadAt(p, off)
	if err != nil && err != io.EOF {
		err = &fs.PathError{Op: "read", Path: n.path, Err: err}
	}
	return k, err
}

// resourceStream is the name of the stream for the resource fork.
const resourceStream = "rsrc"

// OpenStream implements volume.Streamer.
func (v *FS) OpenStream(p, stream string) (fs.File, error) {
	if p == "" {
		p = "."
	}
	n, err := v.lookup("open stream", p, true)
	if err != nil {
		return nil, err
	}
	if stream != resourceStream || n.resource.size == 0 {
		return nil, &fs.PathError{Op: "open stream", Path: p + ":" + stream, Err: fs.ErrNotExist}
	}
	return v.openFile(p, &fileInfo{v: v, node: n, name: stream, size: n.resource.size}, n, resourceFork)
}

// ReadDir implements fs.ReadDirFS. If the catalog is damaged, it returns the entries that
// were found, and the error.
func (v *FS) ReadDir(p string) ([]fs.DirEntry, error) {
	n, err := v.lookup("readdir", p, true)
	if err != nil {
		return nil, err
	}
	if !n.mode.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: p, Err: errors.New("not a directory")}
	}
	list := make([]fs.DirEntry, len(n.children))
	for i, c := range n.children {
		list[i] = fs.FileInfoToDirEntry(&fileInfo{v: v, node: c, name: c.name, size: c.data.size})
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	if err := v.load().err; err != nil {
		return list, &fs.PathError{Op: "readdir", Path: p, Err: err}
	}
	return list, nil
}

// Stat implements fs.StatFS.
func (v *FS) Stat(p string) (fs.FileInfo, error) { return v.stat("stat", p, true) }

// Lstat implements fs.ReadLinkFS.
func (v *FS) Lstat(p string) (fs.FileInfo, error) { return v.stat("lstat", p, false) }

func (v *FS) stat(op, p string, follow bool) (fs.FileInfo, error) {
	n, err := v.lookup(op, p, follow)
	if err != nil {
		return nil, err
	}
	return &fileInfo{v: v, node: n, name: path.Base(p), size: n.data.size}, nil
}

// ReadLink implements fs.ReadLinkFS.
func (v *FS) ReadLink(p string) (string, error) {
	n, err := v.lookup("readlink", p, false)
	if err != nil {
		return "", err
	}
	if n.mode&fs.ModeSymlink == 0 {
		return "", &fs.PathError{Op: "readlink", Path: p, Err: errors.New("not a symbolic link")}
	}
	target, err := v.target(n)
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: p, Err: err}
	}
	return target, nil
}

// unreadable returns why the contents of a file cannot be read, or "".
func (n *node) unreadable() string {
	if n.compressed && n.data.size == 0 && n.mode.IsRegular() {
		return "compressed by HFS Plus, which is not supported"
	}
	return ""
}

// fileInfo implements fs.FileInfo.
type fileInfo struct {
	v    *FS
	node *node
	name string
	size int64
}

func (i *fileInfo) Name() string       { return i.name }
func (i *fileInfo) Mode() fs.FileMode  { return i.node.mode }
func (i *fileInfo) ModTime() time.Time { return i.node.modified }
func (i *fileInfo) IsDir() bool        { return i.node.mode.IsDir() }

// Size is 0 for folders.
func (i *fileInfo) Size() int64 {
	if i.IsDir() {
		return 0
	}
	return i.size
}

// Sys returns a *volume.Attributes.
func (i *fileInfo) Sys() any {
	n := i.node
	a := &volume.Attributes{
		UID: n.uid, GID: n.gid, Links: max(n.links, 1), Inode: uint64(n.id),
		Accessed: n.accessed, Created: n.created, Changed: n.changed, Hidden: n.hidden, Unreadable: n.unreadable(),
	}
	if n.mode&fs.ModeDevice != 0 {
		a.Device = uint64(n.special>>24)<<32 | uint64(n.special&0xFFFFFF)
	}
	if n.resource.size > 0 {
		a.Streams = []string{resourceStream}
	}
	if n.mode.IsRegular() && a.Unreadable == "" {
		r, err := i.v.contents(n, dataFork)
		if err != nil {
			a.Unreadable = err.Error()
		} else {
			a.Extents = r.sectors()
		}
	}
	return a
}
