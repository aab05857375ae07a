package volume

import (
	"errors"
	"io"
	"io/fs"
)

// OpenFolder returns a folder of a volume as an open file. Its entries are read by the
// first call of ReadDir. Entries that were read before an error are returned before it.
func OpenFolder(path string, info fs.FileInfo, read func() ([]fs.DirEntry, error)) fs.ReadDirFile {
	return &folder{path: path, info: info, read: read}
}

type folder struct {
	path string
	info fs.FileInfo
	read func() ([]fs.DirEntry, error) // nil after it was called
	list []fs.DirEntry
	err  error
}

func (d *folder) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *folder) Close() error               { return nil }

func (d *folder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.path, Err: errors.New("it is a folder")}
}

// ReadDir implements fs.ReadDirFile.
func (d *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	if d.read != nil {
		d.list, d.err = d.read()
		d.read = nil
	}
	if n <= 0 {
		list, err := d.list, d.err
		d.list, d.err = nil, nil
		return list, err
	}
	if len(d.list) == 0 {
		err := d.err
		if d.err = nil; err == nil {
			err = io.EOF
		}
		return nil, err
	}
	n = min(n, len(d.list))
	list := d.list[:n:n]
	d.list = d.list[n:]
	return list, nil
}
