package volume

import (
	"errors"
	"io/fs"
	"math"
	"path"
	"time"
)

// NoTime is the value of Entry.Modified if no time is recorded.
const NoTime = math.MinInt64

// The first and last time that Unix time in nanoseconds can represent, in 1677 and
// 2262.
var (
	firstTime = time.Unix(0, NoTime+1)
	lastTime  = time.Unix(0, math.MaxInt64)
)

// Nanoseconds returns a time as Unix time in nanoseconds. A time out of range becomes
// the nearest one in range.
func Nanoseconds(t time.Time) int64 {
	switch {
	case t.Before(firstTime):
		return NoTime + 1
	case t.After(lastTime):
		return math.MaxInt64
	}
	return t.UnixNano()
}

// Entry is a file, folder, link or device that Walk visits. The entry and everything it
// points to are valid only during the call: Walk reuses them.
type Entry struct {
	Path       []byte      // from the root of the volume, without a leading slash
	Recorded   []byte      // the name on the disc, if the last element of Path differs from it because the name is not valid or not unique; else nil
	Mode       fs.FileMode // type and permissions
	Size       int64       // bytes
	Modified   int64       // Unix time in nanoseconds, or NoTime
	Target     []byte      // of a symbolic link
	UID, GID   uint32
	Links      uint32   // number of names of this file; 0: unknown
	Inode      uint64   // names of the same file have the same number; 0: unknown
	Device     uint64   // major<<32 | minor of a device node
	Extents    []Extent // where the contents are, in order
	Encoded    bool     // the contents are not the bytes of the extents: Open the file to read it
	Unreadable string   // why the contents cannot be read; else empty
	Note       string   // how the views of the disc disagree about the contents; else empty
	Place      uint64   // for PlaceOpener; 0: unknown
	Err        error    // not nil: this folder could not be read to its end; the walk continues after it
	// More returns all attributes of the entry, during the call. It is nil if the walk
	// has no faster way than Lstat of the path, which reads all parent folders again.
	More func() *Attributes
}

// Sum adds the sizes of two files, in bytes. Sizes on a damaged disc can have any value:
// a sum out of range becomes the largest int64.
func Sum(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// IsDir reports whether the entry is a folder.
func (e *Entry) IsDir() bool { return e.Mode.IsDir() }

// Walk lists everything below the folder root of v, as Walker does, for any file
// system. fs.SkipDir has no effect if the entry is not a folder.
func Walk(v fs.FS, root string, f func(e *Entry) error) error {
	visit := func(e *Entry) error {
		err := f(e)
		if err != nil && (e.Err != nil || !e.IsDir()) && errors.Is(err, fs.SkipDir) {
			return nil
		}
		return err
	}
	if w, ok := v.(Walker); ok {
		return w.Walk(root, visit)
	}
	err := walkFolder(v, root, visit)
	if errors.Is(err, fs.SkipAll) {
		return nil
	}
	return err
}

func walkFolder(v fs.FS, folder string, f func(e *Entry) error) error {
	list, listErr := fs.ReadDir(v, folder)
	for _, d := range list {
		name := path.Join(folder, d.Name())
		e, err := entryOf(v, name, d)
		if err != nil {
			return err
		}
		err = f(&e)
		if errors.Is(err, fs.SkipDir) && e.IsDir() {
			continue
		}
		if err == nil && e.IsDir() {
			err = walkFolder(v, name, f)
		}
		if err != nil {
			return err
		}
	}
	if listErr != nil {
		return f(&Entry{Path: []byte(folder), Mode: fs.ModeDir | 0o755, Modified: NoTime, Err: listErr})
	}
	return nil
}

func entryOf(v fs.FS, name string, d fs.DirEntry) (Entry, error) {
	info, err := d.Info()
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Path: []byte(name), Mode: info.Mode(), Size: info.Size(), Modified: NoTime, Encoded: true}
	if t := info.ModTime(); !t.IsZero() {
		e.Modified = Nanoseconds(t)
	}
	if a, ok := info.Sys().(*Attributes); ok {
		e.UID, e.GID, e.Links, e.Inode, e.Device = a.UID, a.GID, a.Links, a.Inode, a.Device
		e.Extents, e.Unreadable, e.Note = a.Extents, a.Unreadable, a.Note
	}
	if e.Mode.Type() == fs.ModeSymlink {
		target, err := fs.ReadLink(v, name)
		if err != nil {
			e.Unreadable = err.Error()
		}
		e.Target = []byte(target)
	}
	return e, nil
}
