package udftest

import (
	"io"

	"glassmaster/mastering/layout"
)

// Marked is the source of a large file that is zero except for a mark at its beginning
// and at its end.
type Marked struct {
	Size int64
	Mark string
}

func (m Marked) String() string { return m.Mark }

func (m Marked) Open() (layout.Reader, error) { return m, nil }

func (m Marked) Close() error { return nil }

func (m Marked) ReadAt(p []byte, off int64) (int, error) {
	n := int(min(int64(len(p)), m.Size-off))
	clear(p[:n])
	for i := range len(m.Mark) {
		for _, at := range []int64{int64(i), m.Size - int64(len(m.Mark)-i)} {
			if at >= off && at < off+int64(n) {
				p[at-off] = m.Mark[i]
			}
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
