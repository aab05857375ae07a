package udf

import (
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/volume"
)

// namedContents are contents whose errors name the path of the file.
type namedContents struct {
	*contents
	path string
}

func (c *namedContents) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.contents.ReadAt(p, off)
	if err != nil && err != io.EOF {
		err = &fs.PathError{Op: "read", Path: c.path, Err: err}
	}
	return n, err
}

// dirEntry is an entry of a directory. Its file entry is read when it is needed.
type dirEntry struct {
	fs   *FS
	n    name
	once sync.Once
	info *fileInfo
	err  error
}

func (d *dirEntry) Name() string { return d.n.text }

func (d *dirEntry) IsDir() bool { return d.n.characteristics&ecma167.FIDDirectory != 0 }

func (d *dirEntry) String() string { return fs.FormatDirEntry(d) }

// Type implements fs.DirEntry. It returns fs.ModeIrregular if the file entry cannot
// be read; Info returns the error.
func (d *dirEntry) Type() fs.FileMode {
	if d.IsDir() {
		return fs.ModeDir
	}
	info, err := d.Info()
	if err != nil {
		return fs.ModeIrregular
	}
	return info.Mode().Type()
}

func (d *dirEntry) Info() (fs.FileInfo, error) {
	d.once.Do(func() { d.info, d.err = d.fs.stat(d.n) })
	if d.err != nil {
		return nil, &fs.PathError{Op: "stat", Path: d.n.text, Err: d.err}
	}
	return d.info, nil
}

// fileInfo implements fs.FileInfo for a file entry.
type fileInfo struct {
	fs              *FS
	name            string
	characteristics uint8
	entry           *fileEntry
	once            sync.Once
	attr            volume.Attributes
}

func (i *fileInfo) Name() string { return i.name }

func (i *fileInfo) Size() int64        { return int64(i.entry.size) }
func (i *fileInfo) Mode() fs.FileMode  { return i.entry.mode() }
func (i *fileInfo) ModTime() time.Time { return i.entry.modified }
func (i *fileInfo) IsDir() bool        { return i.Mode().IsDir() }

// Sys returns a *volume.Attributes.
func (i *fileInfo) Sys() any {
	i.once.Do(func() {
		e := i.entry
		i.attr = volume.Attributes{
			UID: owner(e.uid), GID: owner(e.gid), Links: e.names(),
			Inode: e.inode(), Device: e.device, Accessed: e.accessed, Created: e.created, Changed: e.changed,
			Hidden: i.characteristics&ecma167.FIDHidden != 0,
		}
		if e.longer != nil {
			i.attr.Note = e.longer.Note
		}
		c, err := i.fs.contents(e)
		if err != nil {
			i.attr.Unreadable = err.Error()
			return
		}
		if i.Mode().IsRegular() {
			i.attr.Extents, err = c.sectors(nil)
		}
		if err == nil && e.streams.Length&ecma167.LengthMask != 0 {
			i.attr.Streams, err = i.fs.streamNames(e.streams)
		}
		if err != nil {
			i.attr.Unreadable = err.Error()
		}
	})
	return &i.attr
}

// inode returns a number for the place of the ICB. Unlike the unique identifier, it
// cannot be shared by two files.
func (e *fileEntry) inode() uint64 { return uint64(e.at.Partition)<<32 + uint64(e.at.Block) + 1 }

// names returns the link count. For a directory UDF counts names in other
// directories, Unix also "." in the directory itself.
func (e *fileEntry) names() uint32 {
	if e.kind == ecma167.TypeDirectory {
		return uint32(e.links) + 1
	}
	return uint32(e.links)
}

// owner returns a user or group, 0 for one that is not specified.
func owner(id uint32) uint32 {
	if id == ecma167.NoID {
		return 0
	}
	return id
}

// streamNames returns the names in a stream directory.
func (f *FS) streamNames(icb ecma167.LongAD) ([]string, error) {
	d, err := f.directory(icb)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, n := range d.names {
		names = append(names, n.text)
	}
	return names, d.err
}

// sectors appends the extents of the contents. It returns nil if they do not begin at
// sectors of the disc: contents in the file entry, contents with holes, and blocks
// smaller than a sector that begin within one.
func (c *contents) sectors(list []volume.Extent) ([]volume.Extent, error) {
	if c.inline != nil {
		return nil, nil
	}
	if len(c.outside) > 0 {
		return append(list, c.outside...), nil
	}
	for off := int64(0); off < c.size; {
		if off >= c.end {
			return nil, nil
		}
		if off > c.v.size {
			return nil, fmt.Errorf("its contents of %d bytes cannot be on a volume of %d bytes: the volume is damaged or truncated", c.size, c.v.size)
		}
		e, n := c.extentAt(off)
		if e.kind != ecma167.ExtentRecorded {
			return nil, nil
		}
		at, n, err := c.place(e, off, n)
		if err != nil {
			return nil, err
		}
		n = min(n, c.size-off)
		if k := len(list) - 1; k >= 0 && int64(list[k].Start)*disc.SectorSize+list[k].Length == at {
			list[k].Length += n
		} else if at%disc.SectorSize != 0 {
			return nil, nil
		} else {
			list = append(list, volume.Extent{Start: disc.LBA(at / disc.SectorSize), Length: n})
		}
		off += n
	}
	return list, nil
}
