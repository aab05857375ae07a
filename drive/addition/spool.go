package addition

import (
	"fmt"
	"io"
	"os"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
)

// inMemory is how many bytes of contents are kept in memory; what is more goes into a
// temporary file.
const inMemory = 32 << 20

// spool keeps contents of a disc that have to be written again.
type spool struct {
	kept int64
	file *os.File // temporary, nil: not needed yet
	end  int64
}

// keep returns the contents of a file as a source that does not read the disc.
func (s *spool) keep(n *tree.Node) (layout.Source, error) {
	if _, ok := n.Source().(layout.Bytes); ok || n.Source() == nil {
		return n.Source(), nil
	}
	r, err := layout.OpenSource(n.Source(), n.Size)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	in := io.NewSectionReader(r, 0, n.Size)
	if s.kept+n.Size <= inMemory {
		b := make([]byte, n.Size)
		if _, err := io.ReadFull(in, b); err != nil {
			return nil, err
		}
		s.kept += n.Size
		return layout.Bytes(b), nil
	}
	if s.file == nil {
		if s.file, err = os.CreateTemp("", "glassmaster-disc-"); err != nil {
			return nil, fmt.Errorf("create a temporary file: %w", err)
		}
	}
	p := &part{s.file, s.end, n.Size, n.Path()}
	if _, err := io.Copy(io.NewOffsetWriter(s.file, s.end), in); err != nil {
		return nil, err
	}
	s.end += n.Size
	return p, nil
}

// close removes the temporary file.
func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if e := os.Remove(s.file.Name()); err == nil {
		err = e
	}
	s.file = nil
	return err
}

// part is a part of the temporary file.
type part struct {
	file     *os.File
	at, size int64
	path     string // on the disc
}

func (p *part) String() string { return p.path + " of the disc" }

// Open implements layout.Opener.
func (p *part) Open() (layout.Reader, error) {
	return partReader{io.NewSectionReader(p.file, p.at, p.size)}, nil
}

type partReader struct{ *io.SectionReader }

func (partReader) Close() error { return nil }

// unreadable is contents that could not be kept.
type unreadable struct {
	path string // on the disc
	err  error
}

func (u unreadable) String() string { return u.path + " of the disc" }

// Open implements layout.Opener.
func (u unreadable) Open() (layout.Reader, error) { return nil, u.err }
