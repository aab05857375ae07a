// Package extract copies files of a volume into a folder of the host.
//
// What comes from a disc is not trusted. Nothing is written outside of the
// folder, not even through symbolic links, which are made after everything else;
// device nodes are left out and set-user-ID bits are dropped. The report says
// whatever is not on the host as it is on the disc.
package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
)

// Options choose what is extracted, and how.
type Options struct {
	Paths    []string // files and folders of the volume, slash-separated; none: everything
	Existing Existing // what happens to files that are there already
	Owners   bool     // give files the user and group of the disc; takes a privileged user
}

// Existing says what happens to a file that is in the folder already.
type Existing uint8

// What can happen to a file that is there.
const (
	Refuse  Existing = iota // it is kept, and the entry of the disc counts as failed
	Replace                 // it is replaced
	Keep                    // it is kept, and the report says so
)

// Report says what was done.
type Report struct {
	Files, Folders, Links int64 // made; Links are symbolic links
	HardLinks             int64 // names that were made as a further name of a file
	Bytes                 int64 // of contents written
	Failed                int64 // entries that are not on the host
	Notes                 []Note
}

// Note is one thing that differs on the host from the disc.
type Note struct {
	Path  string // on the volume
	Text  string
	Error bool // the entry is not on the host
}

// maxNotes bounds the report of a volume that is damaged throughout.
const maxNotes = 10000

// Extract copies the chosen files of v into dir, which is made when it is not
// there. It goes on behind entries that cannot be extracted; then the error says
// how many there are and what is wrong with the first. When ctx ends, the files
// that are complete stay, and the one that is being written is removed.
func Extract(ctx context.Context, v fs.FS, dir string, o Options, rep progress.Reporter) (Report, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return Report{}, fmt.Errorf("extract: make the folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Report{}, fmt.Errorf("extract: open the folder: %w", err)
	}
	defer root.Close()
	x := &extraction{ctx: ctx, v: v, o: o, rep: rep, root: root, names: newNames(), first: map[uint64]made{}, parents: map[string]bool{}}
	if d, ok := v.(volume.Direct); ok {
		x.image = d.Image()
	}
	paths, err := clean(o.Paths)
	if err == nil {
		err = x.run(paths)
	}
	return x.report, err
}

// clean makes the chosen paths what io/fs wants, leaving out those that lie
// below another.
func clean(paths []string) ([]string, error) {
	var list []string
	for _, p := range paths {
		p = strings.Trim(p, "/")
		if p == "" {
			p = "."
		}
		if !fs.ValidPath(p) {
			return nil, fmt.Errorf("extract: %q is not a path on the volume", p)
		}
		list = append(list, p)
	}
	if len(list) == 0 || slices.Contains(list, ".") {
		return []string{"."}, nil
	}
	slices.Sort(list)
	chosen := map[string]bool{}
	return slices.DeleteFunc(list, func(p string) bool {
		for up := p; up != "."; up = path.Dir(up) {
			if chosen[up] {
				return true
			}
		}
		chosen[p] = true
		return false
	}), nil
}

// made is a file on the host that further names may link to.
type made struct {
	path     string
	size     int64
	mode     fs.FileMode
	modified int64
}

// later is what is done to a folder, or made as a link, at the end.
type later struct {
	path, host string
	target     string
	mode       fs.FileMode
	modified   int64
	uid, gid   uint32
}

// extraction is the state of one Extract.
type extraction struct {
	ctx     context.Context
	v       fs.FS
	o       Options
	rep     progress.Reporter
	root    *os.Root
	image   io.ReaderAt // where extents are read; nil: files are opened
	names   *names
	report  Report
	folders []later
	links   []later
	first   map[uint64]made
	parents map[string]bool // folders that are made because a chosen path lies in them
	failure error           // of the first entry that failed
	buf     []byte
}

func (x *extraction) run(paths []string) error {
	x.rep.Phase("extracting", x.total(paths))
	for _, p := range paths {
		if err := x.one(p); err != nil {
			return fmt.Errorf("extract: %w", err)
		}
	}
	for _, l := range x.links {
		x.symlink(l)
	}
	for i := len(x.folders) - 1; i >= 0; i-- { // inner folders first
		x.settle(x.folders[i])
	}
	if x.failure != nil {
		return fmt.Errorf("extract: %d entries are not on the host; the first: %w", x.report.Failed, x.failure)
	}
	return nil
}

// total sums the sizes of what will be extracted.
func (x *extraction) total(paths []string) int64 {
	var n int64
	for _, p := range paths {
		if info, err := fs.Stat(x.v, p); err == nil && !info.IsDir() {
			n += info.Size()
			continue
		}
		// What cannot be read is told when it is to be extracted.
		_ = volume.Walk(x.v, p, func(e *volume.Entry) error {
			if e.Mode.IsRegular() {
				n += e.Size
			}
			return x.ctx.Err()
		})
	}
	return n
}

// one extracts a chosen path and what is below it.
func (x *extraction) one(p string) error {
	for i := range p {
		if p[i] != '/' || x.parents[p[:i]] {
			continue
		}
		x.parents[p[:i]] = true
		if err := x.single(p[:i]); err != nil {
			return err
		}
	}
	if p != "." {
		if err := x.single(p); err != nil {
			return err
		}
		if info, err := fs.Lstat(x.v, p); err != nil || !info.IsDir() {
			return nil
		}
	}
	return volume.Walk(x.v, p, x.entry)
}

// single extracts one entry without what is below it.
func (x *extraction) single(p string) error {
	info, err := fs.Lstat(x.v, p)
	if err != nil {
		x.fail(p, err)
		return nil
	}
	e := volume.Entry{Path: []byte(p), Mode: info.Mode(), Size: info.Size(), Modified: volume.NoTime, Encoded: true}
	if t := info.ModTime(); !t.IsZero() {
		e.Modified = t.UnixNano()
	}
	if a, ok := info.Sys().(*volume.Attributes); ok {
		e.UID, e.GID, e.Inode, e.Unreadable = a.UID, a.GID, a.Inode, a.Unreadable
	}
	if e.Mode.Type() == fs.ModeSymlink {
		target, err := fs.ReadLink(x.v, p)
		if err != nil {
			x.fail(p, err)
			return nil
		}
		e.Target = []byte(target)
	}
	return x.entry(&e)
}

// entry extracts what a walk came to. It returns an error only when the whole
// extraction ends.
func (x *extraction) entry(e *volume.Entry) error {
	if err := x.ctx.Err(); err != nil {
		return err
	}
	p := string(e.Path)
	if e.Err != nil {
		x.fail(p, e.Err)
		return nil
	}
	host, err := x.names.host(p)
	if err != nil {
		x.fail(p, err)
		return skip(e)
	}
	if path.Base(host) != path.Base(p) {
		x.note(p, fmt.Sprintf("is called %q on this computer, which cannot hold its name", path.Base(host)))
	}
	switch {
	case e.IsDir():
		if err := x.folder(p, host, e); err != nil {
			x.fail(p, err)
			return fs.SkipDir
		}
	case e.Mode.IsRegular():
		if err := x.file(p, host, e); err != nil {
			if x.ctx.Err() != nil {
				return x.ctx.Err()
			}
			x.fail(p, err)
		}
	case e.Mode.Type() == fs.ModeSymlink:
		x.links = append(x.links, later{path: p, host: host, target: string(e.Target), modified: e.Modified, uid: e.UID, gid: e.GID})
	default:
		x.fail(p, errors.New("a device node, pipe or socket is never made from a disc"))
	}
	return nil
}

// skip leaves out what is below a folder that failed.
func skip(e *volume.Entry) error {
	if e.IsDir() {
		return fs.SkipDir
	}
	return nil
}

func (x *extraction) fail(p string, err error) {
	x.report.Failed++
	if x.failure == nil {
		x.failure = fmt.Errorf("%s: %w", p, err)
	}
	x.add(Note{p, err.Error(), true})
	x.rep.Message(progress.Error, fmt.Sprintf("%s: %v", p, err))
}

func (x *extraction) note(p, text string) {
	x.add(Note{p, text, false})
	x.rep.Message(progress.Warning, p+" "+text)
}

func (x *extraction) add(n Note) {
	if len(x.report.Notes) < maxNotes {
		x.report.Notes = append(x.report.Notes, n)
	}
}

// perm returns the permissions that a file gets, and tells when bits that would
// give its user's rights away are dropped.
func (x *extraction) perm(p string, m fs.FileMode) fs.FileMode {
	if m&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
		x.note(p, "has lost its set-user-ID or set-group-ID bit")
	}
	return m.Perm()
}

// time returns a recorded time, or now.
func when(ns int64) time.Time {
	if ns == volume.NoTime {
		return time.Now()
	}
	return time.Unix(0, ns)
}

// spansOf returns a reader of the contents of a file.
func (x *extraction) contents(p string, e *volume.Entry) (io.ReadCloser, error) {
	if x.image == nil || e.Encoded {
		return x.v.Open(p)
	}
	var parts []io.Reader
	for _, s := range e.Extents {
		parts = append(parts, io.NewSectionReader(x.image, int64(s.Start)*disc.SectorSize, s.Length))
	}
	return io.NopCloser(io.MultiReader(parts...)), nil
}
