package layout

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"time"

	"glassmaster/mastering/volume"
)

// Bytes is a Source in memory.
type Bytes []byte

// Open implements Opener.
func (b Bytes) Open() (Reader, error) { return memory{bytes.NewReader(b)}, nil }

func (b Bytes) String() string { return "data in memory" }

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

// Folder is a folder of the host that contains sources. Its path is stored once for
// all files.
type Folder struct{ Path string }

// File is a Source in a file of the host.
type File struct {
	Folder *Folder
	Name   string
	// Modified is the modification time when the layout was planned, as returned by
	// volume.Nanoseconds, 0 if it is not known. Reading a file with another one gives
	// ErrChanged.
	Modified int64
	// Size is the size of the file in bytes when the layout was planned, if extents are
	// parts of it; 0: an extent is the whole file.
	Size int64
}

// NewFile returns the file at path as a Source.
func NewFile(path string) *File { return &File{Folder: &Folder{}, Name: path} }

// Open implements Opener.
func (f *File) Open() (Reader, error) {
	r, err := open(f.Path())
	if err != nil {
		return nil, err // not r: a nil pointer in an interface is not nil
	}
	// Block devices may be sources. Pipes and character devices are not what was planned.
	if s, err := r.Stat(); err == nil && s.Mode()&(fs.ModeDir|fs.ModeNamedPipe|fs.ModeSocket|fs.ModeCharDevice) != 0 {
		r.Close()
		return nil, ErrReplaced
	}
	return r, nil
}

// Path returns the path of the file on the host.
func (f *File) Path() string {
	if f.Folder.Path == "" {
		return f.Name
	}
	return f.Folder.Path + string(os.PathSeparator) + f.Name
}

func (f *File) String() string { return f.Path() }

// Watcher is a Source that can report whether it has changed since it was planned.
type Watcher interface {
	Source
	// Unchanged returns ErrChanged if it has changed, or the error of the check.
	Unchanged() error
}

// Unchanged implements Watcher.
func (f *File) Unchanged() error {
	if f.Modified == 0 && f.Size == 0 {
		return nil
	}
	s, err := os.Stat(f.Path())
	switch {
	case err != nil:
		return err
	case f.Size != 0 && s.Size() < f.Size:
		return ErrShrunk
	case f.Size != 0 && s.Size() > f.Size:
		return ErrGrew
	}
	return f.checkTime(s.ModTime())
}

// checkTime returns ErrChanged if the modification time is not the planned one.
func (f *File) checkTime(modified time.Time) error {
	if f.Modified != 0 && f.Modified != volume.Nanoseconds(modified) {
		return ErrChanged
	}
	return nil
}

// unchanged returns the error of Unchanged if the source is a Watcher.
func unchanged(s Source) error {
	if w, ok := s.(Watcher); ok {
		return w.Unchanged()
	}
	return nil
}

// OpenSource opens a source of size bytes. It renders that of a Renderer into memory.
func OpenSource(s Source, size int64) (Reader, error) {
	switch s := s.(type) {
	case Opener:
		return s.Open()
	case Renderer:
		p := make([]byte, size)
		s.Render(p)
		return Bytes(p).Open()
	}
	return nil, fmt.Errorf("a source of type %T cannot be opened", s)
}
