// Package changes compares two volumes, such as those of two sessions of a disc: which files
// were added, changed, renamed and removed.
//
// The contents of files are read only if nothing else says whether they are equal. Files of the
// same disc in the same sectors are equal, and files of different sizes are not.
package changes

import (
	"bytes"
	"cmp"
	"context"
	"io/fs"
	"slices"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// Kind is what happened to a file, folder, link or device.
type Kind uint8

// Kinds of changes.
const (
	Added Kind = iota
	Changed
	Renamed
	Removed
)

func (k Kind) String() string {
	return [...]string{"added", "changed", "renamed", "removed"}[k]
}

// What is a set of properties of a file that differ.
type What uint8

// Properties of a file.
const (
	Type        What = 1 << iota // a file became a folder, for example
	Contents                     // or the target of a link, or the number of a device
	Time                         // of the last change
	Permissions                  // and the owner
)

// Names returns the names of the properties in the set.
func (w What) Names() []string {
	var names []string
	for i, name := range []string{"type", "contents", "time", "permissions"} {
		if w&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// File is what is compared of a file, folder, link or device.
type File struct {
	Mode     fs.FileMode
	Size     int64 // bytes
	Modified int64 // Unix time in nanoseconds, or volume.NoTime
	UID, GID uint32
	Device   uint64
	Target   string // of a symbolic link
	Extents  []volume.Extent
}

// Change is a difference between two volumes.
type Change struct {
	Kind Kind
	Path string // in the new volume, or of what was removed
	From string // the path in the old volume, if it was renamed
	Old  File   // not of what was added
	New  File   // not of what was removed
	What What   // what differs, if it was changed; it can be 0 if Err is set
	Err  error  // the contents could not be compared: what could not be read
}

// Options say how volumes are compared.
type Options struct {
	// SameDisc says that both volumes are on one disc, so that equal extents have equal
	// contents.
	SameDisc bool
	// Contents says that the contents of files with the same size and time are compared too,
	// unless they are in the same sectors of the same disc. Otherwise they are taken to be
	// equal if the volumes are on different discs.
	Contents bool
}

// Result is what a comparison found.
type Result struct {
	Changes []Change // in the order of their paths
	Same    int64    // number of entries that do not differ
	Read    int64    // bytes of contents that were read of each volume
	Folders []error  // folders that could not be read: the comparison is not complete
}

// Count returns the number of changes of a kind.
func (r *Result) Count(k Kind) int {
	n := 0
	for _, c := range r.Changes {
		if c.Kind == k {
			n++
		}
	}
	return n
}

// Compare compares a volume with an older one, file by file. nil stands for an empty volume.
// The error is that of ctx.
func Compare(ctx context.Context, before, after volume.FS, o Options) (*Result, error) {
	c := comparison{ctx: ctx, o: o, before: before, after: after, old: map[string]*entry{}}
	if before != nil {
		if err := c.walk(before, c.remember); err != nil {
			return nil, err
		}
	}
	if after != nil {
		if err := c.walk(after, c.compare); err != nil {
			return nil, err
		}
	}
	c.finish()
	return &c.Result, nil
}

// entry is an entry of the old volume.
type entry struct {
	File
	found bool // in the new volume
}

// comparison is the state of one Compare.
type comparison struct {
	Result
	ctx           context.Context
	o             Options
	before, after volume.FS
	old           map[string]*entry // by path
}

// walk calls f for each entry of a volume, and notes folders that cannot be read.
func (c *comparison) walk(v volume.FS, f func(*volume.Entry) error) error {
	return volume.Walk(v, ".", func(e *volume.Entry) error {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		if e.Err != nil {
			c.Folders = append(c.Folders, e.Err)
			return nil
		}
		return f(e)
	})
}

// fileOf returns what is compared of an entry. The extents are a copy.
func fileOf(e *volume.Entry) File {
	f := File{Mode: e.Mode, Size: e.Size, Modified: e.Modified, UID: e.UID, GID: e.GID, Device: e.Device, Target: string(e.Target)}
	if e.Mode.IsRegular() {
		f.Extents = slices.Clone(e.Extents)
	}
	return f
}

func (c *comparison) remember(e *volume.Entry) error {
	c.old[string(e.Path)] = &entry{File: fileOf(e)}
	return nil
}

// compare compares an entry of the new volume with that of the same path in the old one.
func (c *comparison) compare(e *volume.Entry) error {
	is := fileOf(e)
	path := string(e.Path)
	was := c.old[path]
	if was == nil || was.found { // names are unique, except on damaged discs
		c.Changes = append(c.Changes, Change{Kind: Added, Path: path, New: is})
		return nil
	}
	was.found = true
	x := Change{Kind: Changed, Path: path, Old: was.File, New: is}
	x.What = attributes(was.File, is)
	if x.What&Type == 0 {
		different, err := c.different(path, was.File, is)
		if c.ctx.Err() != nil {
			return c.ctx.Err()
		}
		if x.Err = err; different {
			x.What |= Contents
		}
	}
	if x.What == 0 && x.Err == nil {
		c.Same++
		return nil
	}
	c.Changes = append(c.Changes, x)
	return nil
}

// attributes returns which attributes of two files differ. The times of folders are not
// compared: they follow from what is in them.
func attributes(was, is File) What {
	if was.Mode.Type() != is.Mode.Type() {
		return Type
	}
	var w What
	if was.Modified != is.Modified && !is.Mode.IsDir() {
		w |= Time
	}
	if was.Mode&^fs.ModeType != is.Mode&^fs.ModeType || was.UID != is.UID || was.GID != is.GID {
		w |= Permissions
	}
	return w
}

// different reports whether the contents of two entries of the same type differ.
func (c *comparison) different(path string, was, is File) (bool, error) {
	if !is.Mode.IsRegular() {
		return was.Target != is.Target || was.Device != is.Device, nil
	}
	if was.Size != is.Size {
		return true, nil
	}
	switch {
	case is.Size == 0:
		return false, nil
	case c.o.SameDisc && len(is.Extents) > 0 && slices.Equal(was.Extents, is.Extents):
		return false, nil
	case !c.o.SameDisc && !c.o.Contents && was.Modified == is.Modified && is.Modified != volume.NoTime:
		return false, nil
	}
	return c.readBoth(path, path)
}

// finish finds what was removed, and what of that was renamed.
func (c *comparison) finish() {
	var gone []string
	for path, e := range c.old {
		if !e.found {
			gone = append(gone, path)
		}
	}
	slices.Sort(gone)
	c.rename(&gone)
	for _, path := range gone {
		c.Changes = append(c.Changes, Change{Kind: Removed, Path: path, Old: c.old[path].File})
	}
	slices.SortStableFunc(c.Changes, func(a, b Change) int { return cmp.Compare(a.Path, b.Path) })
}

// rename makes one change of a file that was removed and one that was added with the same
// sectors. On different discs that cannot be seen. It takes them out of gone.
func (c *comparison) rename(gone *[]string) {
	if !c.o.SameDisc {
		return
	}
	at := map[disc.LBA][]string{}
	for _, path := range *gone {
		if x := c.old[path].Extents; len(x) > 0 {
			at[x[0].Start] = append(at[x[0].Start], path)
		}
	}
	for i := range c.Changes {
		x := &c.Changes[i]
		if x.Kind != Added || len(x.New.Extents) == 0 {
			continue
		}
		here := at[x.New.Extents[0].Start]
		k := slices.IndexFunc(here, func(path string) bool {
			was := c.old[path]
			return !was.found && was.Size == x.New.Size && slices.Equal(was.Extents, x.New.Extents)
		})
		if k < 0 {
			continue
		}
		was := c.old[here[k]]
		was.found = true
		x.Kind, x.From, x.Old, x.What = Renamed, here[k], was.File, attributes(was.File, x.New)
	}
	*gone = slices.DeleteFunc(*gone, func(path string) bool { return c.old[path].found })
}

// pieceBytes is how much of a file is read at a time.
const pieceBytes = 1 << 20

// readBoth reports whether the contents of a file differ between the volumes.
func (c *comparison) readBoth(was, is string) (bool, error) {
	a, err := c.before.Open(was)
	if err != nil {
		return false, err
	}
	defer a.Close()
	b, err := c.after.Open(is)
	if err != nil {
		return false, err
	}
	defer b.Close()
	p, q := make([]byte, pieceBytes), make([]byte, pieceBytes)
	for {
		if err := c.ctx.Err(); err != nil {
			return false, err
		}
		n, end, err := fill(a, p)
		if err != nil {
			return false, err
		}
		m, _, err := fill(b, q)
		if err != nil {
			return false, err
		}
		c.Read += int64(n)
		if !bytes.Equal(p[:n], q[:m]) {
			return true, nil
		}
		if end {
			return false, nil
		}
	}
}
