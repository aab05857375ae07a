package extract

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/filename"
	"glassmaster/mastering/volume"
)

// plan is what will be created: folders in the order of the walk, each after its parent,
// then files, then symbolic links. It is compact, since a disc may have a million files.
type plan struct {
	x       *extraction
	names   *names
	folders []folder
	files   []file
	links   []link
	more    map[int32][]volume.Extent // all extents of files with several
	total   int64                     // bytes of contents
	text    arena
	above   map[string]int32 // folders that were added because of an entry in them
	inner   map[place]inner  // folders and links by name; built when needed
	open    []level          // the parent folders of the current entry of the walk
}

// folder is a folder that will be created. Number 0 is the destination folder.
type folder struct {
	parent   int32
	failed   bool
	name     string // on the volume
	host     string // on the host
	mode     fs.FileMode
	modified int64
	uid, gid uint32
}

// file is a regular file that will be created.
type file struct {
	folder   int32
	encoded  bool // it must be opened to be read
	name     string
	host     string
	start    disc.LBA // of the first extent
	size     int64
	modified int64
	inode    uint64
	links    uint32 // number of names of the file according to the disc
	place    uint64 // for volume.PlaceOpener
	mode     fs.FileMode
	uid, gid uint32
}

// link is a symbolic link that will be created.
type link struct {
	folder   int32
	name     string
	host     string
	target   string
	modified int64
	uid, gid uint32
}

// level is a folder of the walk: its number and the length of its path.
type level struct {
	folder int32
	length int
}

// arena stores many short strings in few allocations.
type arena struct{ strings.Builder }

// keep returns a copy of a string in the arena.
func (a *arena) keep(p []byte) string {
	if a.Cap()-a.Len() < len(p) {
		a.Builder = strings.Builder{}
		a.Grow(max(64<<10, len(p)))
	}
	from := a.Len()
	a.Write(p)
	return a.String()[from:]
}

func newPlan(x *extraction) *plan {
	return &plan{
		x: x, names: newNames(), folders: make([]folder, 1), more: map[int32][]volume.Extent{},
		above: map[string]int32{}, open: []level{{}},
	}
}

// choose adds a chosen path, its parent folders, and everything below it.
func (p *plan) choose(path string) error {
	p.open = p.open[:1]
	if path != "." {
		for i := range path {
			if path[i] == '/' {
				if err := p.single(path[:i]); err != nil {
					return err
				}
			}
		}
		if err := p.single(path); err != nil {
			return err
		}
		if info, err := fs.Lstat(p.x.v, path); err != nil || !info.IsDir() {
			return nil
		}
	}
	if err := volume.Walk(p.x.v, path, p.add); err != nil {
		return fmt.Errorf("read the folders of the volume: %w", err)
	}
	return nil
}

// notOnDisc is the error of a chosen path that does not exist.
type notOnDisc struct{ error }

func (notOnDisc) Error() string { return "it is not on the disc" }

func (e notOnDisc) Unwrap() error { return e.error }

// single adds one entry without its contents. A folder that was added because of an
// earlier path is not added again.
func (p *plan) single(path string) error {
	if i, ok := p.above[path]; ok {
		p.open = append(p.open, level{i, len(path)})
		return nil
	}
	info, err := fs.Lstat(p.x.v, path)
	if errors.Is(err, fs.ErrNotExist) {
		err = notOnDisc{err}
	}
	if err != nil {
		p.x.fail(path, err)
		return nil
	}
	e := volume.Entry{Path: []byte(path), Mode: info.Mode(), Size: info.Size(), Modified: volume.NoTime, Encoded: true}
	if t := info.ModTime(); !t.IsZero() {
		e.Modified = volume.Nanoseconds(t)
	}
	if a, ok := info.Sys().(*volume.Attributes); ok {
		e.UID, e.GID, e.Inode, e.Links, e.Unreadable = a.UID, a.GID, a.Inode, a.Links, a.Unreadable
		e.Note = a.Note
	}
	if e.Mode.Type() == fs.ModeSymlink {
		target, err := fs.ReadLink(p.x.v, path)
		if err != nil {
			p.x.fail(path, err)
			return nil
		}
		e.Target = []byte(target)
	}
	before := len(p.folders)
	err = p.add(&e)
	if len(p.folders) > before {
		p.above[path] = int32(before)
	}
	if errors.Is(err, fs.SkipDir) {
		return nil
	}
	return err
}

// add adds an entry of the walk.
func (p *plan) add(e *volume.Entry) error {
	if err := p.x.ctx.Err(); err != nil {
		return err
	}
	if e.Err != nil {
		err := e.Err
		if inner := errors.Unwrap(err); inner != nil { // without the path, which is reported separately
			err = inner
		}
		p.x.fail(string(e.Path), err)
		return nil
	}
	cut := bytes.LastIndexByte(e.Path, '/')
	length := max(cut, 0)
	for len(p.open) > 1 && p.open[len(p.open)-1].length != length {
		p.open = p.open[:len(p.open)-1]
	}
	parent := p.open[len(p.open)-1].folder
	name := p.text.keep(e.Path[cut+1:])
	if err := check(name); err != nil {
		p.x.fail(string(e.Path), err)
		return skip(e)
	}
	if e.Recorded != nil {
		why := "another entry of the folder has the same name"
		if _, changed := filename.Protect(bytes.Clone(e.Recorded), 0); changed {
			why = "a file cannot have this name"
		}
		p.x.note(string(e.Path), fmt.Sprintf("its name on the disc is %q: %s", e.Recorded, why))
	}
	switch {
	case e.IsDir():
		p.open = append(p.open, level{int32(len(p.folders)), len(e.Path)})
		p.folders = append(p.folders, folder{
			parent: parent, name: name, mode: p.x.perm(e), modified: e.Modified, uid: e.UID, gid: e.GID,
		})
	case e.Mode.IsRegular():
		if e.Unreadable != "" {
			p.x.fail(string(e.Path), errors.New(e.Unreadable))
			return nil
		}
		if e.Note != "" {
			p.x.note(string(e.Path), "the views of the disc disagree: "+e.Note)
		}
		p.addFile(parent, name, e)
	case e.Unreadable != "":
		p.x.fail(string(e.Path), errors.New(e.Unreadable))
	case e.Mode.Type() == fs.ModeSymlink:
		p.links = append(p.links, link{parent, name, "", string(e.Target), e.Modified, e.UID, e.GID})
	default:
		p.x.fail(string(e.Path), errors.New("device nodes, pipes and sockets are not extracted"))
	}
	return nil
}

func (p *plan) addFile(parent int32, name string, e *volume.Entry) {
	f := file{
		folder: parent, name: name, size: e.Size, modified: e.Modified, inode: e.Inode, links: e.Links,
		place: e.Place, mode: p.x.perm(e), uid: e.UID, gid: e.GID, encoded: e.Encoded,
	}
	if len(e.Extents) > 0 {
		f.start = e.Extents[0].Start
	}
	if len(e.Extents) > 1 {
		p.more[int32(len(p.files))] = append([]volume.Extent(nil), e.Extents...)
	}
	p.files = append(p.files, f)
	p.total = volume.Sum(p.total, e.Size)
}

// skip skips the contents of a folder that failed.
func skip(e *volume.Entry) error {
	if e.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// perm returns the permissions of an entry. Set-user-ID and set-group-ID bits are dropped,
// with a notice. A folder keeps its sticky bit, without which others could remove entries
// in it.
func (x *extraction) perm(e *volume.Entry) fs.FileMode {
	if e.Mode&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
		x.note(string(e.Path), "its set-user-ID or set-group-ID bit was dropped")
	}
	if e.IsDir() {
		return e.Mode & (fs.ModePerm | fs.ModeSticky)
	}
	if e.Mode&fs.ModeSticky != 0 {
		x.note(string(e.Path), "its sticky bit was dropped")
	}
	return e.Mode.Perm()
}

// path returns the path of a folder on the volume.
func (p *plan) path(i int32) string {
	f := &p.folders[i]
	if i == 0 || f.parent == 0 {
		return f.name
	}
	return p.path(f.parent) + "/" + f.name
}

// in returns the path of an entry of a folder on the volume.
func (p *plan) in(i int32, name string) string {
	if i == 0 {
		return name
	}
	return p.path(i) + "/" + name
}
