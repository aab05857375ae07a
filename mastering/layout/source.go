package layout

import (
	"bytes"
	"os"
)

// Bytes is a Source in memory.
type Bytes []byte

// Open implements Opener.
func (b Bytes) Open() (Reader, error) { return memory{bytes.NewReader(b)}, nil }

func (b Bytes) String() string { return "data in memory" }

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

// Folder is a folder of the host whose files are sources. Files refer to it, so
// that a path is stored once for all files of a folder.
type Folder struct{ Path string }

// File is a Source in a file of the host.
type File struct {
	Folder *Folder
	Name   string
}

// NewFile returns the file at path as a Source.
func NewFile(path string) *File { return &File{&Folder{}, path} }

// Open implements Opener.
func (f *File) Open() (Reader, error) { return os.Open(f.Path()) }

// Path returns the path of the file on the host.
func (f *File) Path() string {
	if f.Folder.Path == "" {
		return f.Name
	}
	return f.Folder.Path + string(os.PathSeparator) + f.Name
}

func (f *File) String() string { return f.Path() }
