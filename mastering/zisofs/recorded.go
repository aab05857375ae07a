package zisofs

import (
	"io"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/volume"
)

// Recorded is the source of a file that is compressed on the disc already, such as one of
// an earlier session. A volume with Rock Ridge refers to the compressed file. Read as a
// source, it has the contents before compression.
type Recorded struct {
	Stored *layout.Recorded // the compressed file
	Entry  Entry            // of its directory record
}

// OnDisc returns where the compressed file is.
func (r *Recorded) OnDisc() *layout.Recorded { return r.Stored }

// Length returns the length of the compressed file, in bytes.
func (r *Recorded) Length() int64 { return volume.ExtentReader{Extents: r.Stored.Extents}.Size() }

func (r *Recorded) String() string { return "compressed " + r.Stored.String() }

// Open implements layout.Opener.
func (r *Recorded) Open() (layout.Reader, error) {
	stored, err := r.Stored.Open()
	if err != nil {
		return nil, err
	}
	z, err := Open(stored, r.Length(), r.Entry)
	if err != nil {
		stored.Close()
		return nil, err
	}
	return expanded{z, stored}, nil
}

type expanded struct {
	io.ReaderAt
	io.Closer
}

// Expanded returns a source with the contents before compression that a planner lays
// out, for volumes that do not support compressed files.
func (r *Recorded) Expanded() layout.Source { return contentsOf{r} }

type contentsOf struct{ r *Recorded }

func (c contentsOf) String() string { return "contents of " + c.r.String() }

// Open implements layout.Opener.
func (c contentsOf) Open() (layout.Reader, error) { return c.r.Open() }
