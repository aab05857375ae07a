package model

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// OpenFunc opens an image file, or the disc in a drive, by name. Unless start is 0, the image
// file contains a later session alone, which begins at this address of the disc.
type OpenFunc func(ctx context.Context, name string, start disc.LBA) (disc.Disc, error)

// Existing is what happens to a file on the host when one of the same name is
// extracted.
type Existing uint8

// Treatments of existing files.
const (
	Ask      Existing = iota // the user is asked first
	Replace                  // it is replaced
	Skip                     // it is kept, and the file of the disc is not extracted
	KeepBoth                 // it is kept, and the file of the disc gets another name
)

// State is the state of a volume.
type State uint8

// States of a volume.
const (
	Closed State = iota
	Opening
	Ready  // the disc is open; it may have no files
	Broken // the disc cannot be opened
)

// Volume is an open disc as Browse shows it. A job reads all folders, so that showing and
// searching them does not wait for a drive.
type Volume struct {
	List     *Listing
	Outline  *Outline
	OnChange func() // may be nil

	post    Post
	open    OpenFunc
	state   State
	name    string
	track   int      // whose files are shown; 0: the newest data track
	session int      // whose files are shown; 0: the newest one
	start   disc.LBA // of the later session that is alone in the image file; else 0
	err     error
	fsys    volume.FS
	noFiles error // why no files are shown; nil if they are
	views   []string
	all     []volume.Session
	compare *Job
	stop    context.CancelFunc // ends the reads of the disc
	known   []disc.Notice      // known defects of the disc
	more    []volume.Property  // found out after opening
	disc    disc.Disc
	reading *Job
	files   int
	folders int
	bytes   int64
	faults  []disc.Notice
}

// NewVolume returns a closed volume.
func NewVolume(open OpenFunc, post Post) *Volume {
	root := tree.NewFolder("", time.Time{})
	return &Volume{open: open, post: post, List: NewListing(root, post), Outline: NewOutline(root)}
}

// State returns the state.
func (v *Volume) State() State { return v.state }

// Name returns the name of the image file or drive.
func (v *Volume) Name() string { return v.name }

// Err returns why the volume could not be opened, or nil.
func (v *Volume) Err() error { return v.err }

// NoFiles returns why the open disc shows no files, or nil if it does.
func (v *Volume) NoFiles() error { return v.noFiles }

// Track returns the number of the track whose files are shown, 0 for the newest data
// track.
func (v *Volume) Track() int { return v.track }

// FS returns the file system, or nil if none is open.
func (v *Volume) FS() volume.FS { return v.fsys }

// Disc returns the disc, or nil if none is open.
func (v *Volume) Disc() disc.Disc { return v.disc }

// Info returns the properties of the volume.
func (v *Volume) Info() volume.Info {
	if v.fsys == nil {
		return volume.Info{}
	}
	info := v.fsys.Volume()
	info.Views = v.views
	info.Properties = slices.Concat(info.Properties, v.more) // the list is that of the volume
	return info
}

// Reading reports whether folders are still being read.
func (v *Volume) Reading() bool { return v.reading.Running() }

// Totals returns the numbers of files, folders and bytes that were read so far.
func (v *Volume) Totals() (files, folders int, bytes int64) { return v.files, v.folders, v.bytes }

// Problems returns the folders that could not be read.
func (v *Volume) Problems() []disc.Notice { return v.faults }

// Unread returns why a folder has not been read, or "".
func (v *Volume) Unread(dir *tree.Node) string {
	for _, p := range v.faults {
		if p.Path == dir.Path() {
			return "This folder cannot be read"
		}
	}
	if v.Reading() && len(dir.Children()) == 0 {
		return "Reading …"
	}
	return ""
}

// Defects returns the known defects of the disc, the most serious first.
func (v *Volume) Defects() []disc.Notice { return v.known }

// Open opens an image file or drive, and closes what was open.
func (v *Volume) Open(name string) {
	v.start, v.session = 0, 0
	v.load(name, "", 0)
}

// SetStart shows the image file as a later session alone, which begins at this address of
// the disc.
func (v *Volume) SetStart(at disc.LBA) {
	if v.state == Ready {
		v.start, v.session = at, 0
		v.load(v.name, "", 0)
	}
}

// Start returns the address at which the image file begins, 0 unless it is a later session
// alone.
func (v *Volume) Start() disc.LBA { return v.start }

// SetTrack shows the files of a track.
func (v *Volume) SetTrack(number int) {
	if v.state == Ready && number != v.track {
		v.session = 0
		v.load(v.name, "", number)
	}
}

// SetView shows the names of another view, such as Joliet.
func (v *Volume) SetView(view string) {
	if v.state == Ready && view != v.Info().View {
		v.load(v.name, view, v.track)
	}
}

// Close closes the volume.
func (v *Volume) Close() {
	v.reading.Cancel()
	v.release()
	v.state, v.name, v.track, v.session, v.err = Closed, "", 0, 0, nil
	v.clear()
	v.changed()
}

func (v *Volume) load(name, view string, track int) {
	v.reading.Cancel()
	v.release()
	v.state, v.name, v.track, v.err = Opening, name, track, nil
	v.clear()
	reads, stop := context.WithCancel(context.Background()) // until the disc is closed
	v.stop = stop
	var d disc.Disc
	var f volume.FS
	var views []string
	var known []disc.Notice
	var all []volume.Session
	var noFiles error
	start := v.start
	o := volume.Options{View: view, Track: track, Session: v.session}
	var job *Job
	job = Start(v.post, name, func(ctx context.Context, _ progress.Reporter) (err error) {
		if d, err = v.open(ctx, name, start); err != nil {
			return err
		}
		f, noFiles = volume.OpenDisc(reads, d, o)
		views = volume.Views(ctx, d, volume.Options{Track: track, Session: o.Session})
		all = volume.EachSession(ctx, d)
		known = volume.Known(ctx, d)
		return ctx.Err()
	}, func(err error) {
		if v.reading != job { // another one was opened meanwhile
			if d != nil {
				d.Close()
			}
			return
		}
		v.views, v.known, v.all, v.noFiles = views, known, all, noFiles
		v.opened(d, f, err)
	})
	v.reading = job
	v.changed()
}

func (v *Volume) opened(d disc.Disc, f volume.FS, err error) {
	v.disc = d
	if err != nil {
		v.state, v.err = Broken, err
		v.changed()
		return
	}
	v.state = Ready
	if v.noFiles == nil {
		v.fsys = f
		v.readAhead(f)
	}
	v.changed()
}

// batch is the entries of one folder, read by the job that reads folders.
type batch struct {
	folder   *tree.Node
	children []*tree.Node
	err      error
}

// readAhead reads all folders, those near the root first. The job changes only nodes
// that are not yet in the tree.
func (v *Volume) readAhead(f volume.FS) {
	root := v.List.Root()
	var job *Job
	deliver := func(b []batch) {
		v.post(func() {
			if v.reading == job {
				v.take(b)
			}
		})
	}
	var more []volume.Property
	job = Start(v.post, "reading folders", func(ctx context.Context, _ progress.Reporter) error {
		err := readFolders(ctx, f, root, deliver)
		if d, ok := f.(volume.Describer); ok && err == nil {
			more = d.Describe()
		}
		return err
	}, func(error) {
		if v.reading == job {
			v.more = more
			v.changed()
		}
	})
	v.reading = job
}

// maxDepth is the depth to which folders are read: in a damaged volume a folder may
// contain itself.
const maxDepth = 128

type place struct {
	node  *tree.Node
	path  string
	depth int
}

func readFolders(ctx context.Context, f volume.FS, root *tree.Node, deliver func([]batch)) error {
	queue := []place{{root, ".", 0}}
	var ready []batch
	sent := time.Now()
	for len(queue) > 0 && ctx.Err() == nil {
		at := queue[0]
		queue = queue[1:]
		b := batch{folder: at.node}
		if at.depth > maxDepth {
			b.err = fmt.Errorf("the folder is nested more than %d levels deep; the volume is probably damaged", maxDepth)
		} else {
			b.children, b.err = readFolder(f, at.path)
		}
		for _, c := range b.children {
			if c.IsDir() {
				queue = append(queue, place{c, path.Join(at.path, c.Name), at.depth + 1})
			}
		}
		ready = append(ready, b)
		if at.path == "." || time.Since(sent) > 100*time.Millisecond {
			deliver(ready)
			ready, sent = nil, time.Now()
		}
	}
	deliver(ready)
	return ctx.Err()
}

// readFolder returns the entries of a folder as nodes of their own.
func readFolder(f volume.FS, dir string) ([]*tree.Node, error) {
	entries, err := f.ReadDir(dir)
	nodes := make([]*tree.Node, 0, len(entries))
	for _, e := range entries {
		info, ierr := e.Info()
		if ierr != nil {
			err = ierr
			continue
		}
		nodes = append(nodes, nodeOf(f, dir, info))
	}
	return nodes, err
}

func nodeOf(f volume.FS, dir string, info fs.FileInfo) *tree.Node {
	var content any
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := f.ReadLink(path.Join(dir, info.Name()))
		if err == nil {
			content = tree.Symlink(target)
		}
	}
	n := tree.NewNode(info.Name(), info.Mode(), content)
	if !info.IsDir() {
		n.Size = info.Size()
	}
	if t := info.ModTime(); !t.IsZero() {
		n.Modified = volume.Nanoseconds(t)
	}
	return n
}

func (v *Volume) take(ready []batch) {
	shown := false
	for _, b := range ready {
		if b.err != nil {
			v.faults = append(v.faults, disc.Notice{Severity: disc.Error, Path: b.folder.Path(), Text: b.err.Error()})
		}
		b.folder.SetChildren(b.children)
		shown = shown || b.folder == v.List.Folder()
		for _, c := range b.children {
			if c.IsDir() {
				v.folders++
				continue
			}
			v.files++
			v.bytes = volume.Sum(v.bytes, c.Size)
		}
	}
	v.Outline.Refresh()
	if shown || v.List.Query() != "" {
		v.List.Refresh()
	}
	v.changed()
}

func (v *Volume) clear() {
	root := tree.NewFolder("", time.Time{})
	v.files, v.folders, v.bytes, v.faults, v.more, v.known, v.all, v.noFiles = 0, 0, 0, nil, nil, nil, nil, nil
	v.Outline.setRoot(root)
	v.List.setRoot(root)
}

// Suspend closes the disc, so that its file can be replaced. What is shown of it stays
// until it is opened again, but cannot be read.
func (v *Volume) Suspend() {
	v.reading.Cancel()
	v.release()
}

func (v *Volume) release() {
	v.compare.Cancel()
	if v.stop != nil {
		v.stop()
	}
	if v.disc != nil {
		v.disc.Close()
	}
	v.stop, v.disc, v.fsys = nil, nil, nil
}

func (v *Volume) changed() {
	if v.OnChange != nil {
		v.OnChange()
	}
}

// Inside returns the path of a node in its file system.
func Inside(n *tree.Node) string {
	if p := n.Path(); p != "/" {
		return p[1:]
	}
	return "."
}
