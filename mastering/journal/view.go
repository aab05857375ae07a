package journal

import (
	"fmt"
	"io"
	"sort"

	"glassmaster/mastering/disc"
)

// View reads an image of which an update was broken off, and that cannot be written, as it
// was before the update. It is safe for concurrent use.
type View struct {
	image   io.ReaderAt
	journal file
	ranges  []place
	size    int64
}

// place is where the old bytes of a range of the image are in the journal.
type place struct {
	off, n, at int64
}

// view returns a view of an image of this size. restored: with the bytes of the journal.
func (s *settling) view(size int64, restored bool) (*View, []disc.Notice, error) {
	v := &View{size: size}
	if !restored {
		return v, nil, nil
	}
	err := s.book.each(func(r record) error {
		v.ranges = append(v.ranges, place{r.off, int64(len(r.old)), r.at})
		return nil
	})
	if err == nil {
		v.journal, err = s.sys.Open(s.update, false)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%w, and the image cannot be written: %w", ErrHalf, err)
	}
	return v, []disc.Notice{{
		Severity: disc.Warning,
		Text:     fmt.Sprintf("An update of this image from %s was broken off. The image cannot be written, so it is not rolled back, but it is read as it was before the update.", s.book.time()),
		Advice:   "open it once with the right to write it",
	}}, nil
}

// Size returns the size of the image in bytes.
func (v *View) Size() int64 { return v.size }

// Close closes the journal, not the image.
func (v *View) Close() error {
	if v.journal == nil {
		return nil
	}
	return v.journal.Close()
}

// ReadAt implements io.ReaderAt.
func (v *View) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("read at negative offset %d", off)
	}
	if off >= v.size {
		return 0, io.EOF
	}
	var eof error
	if int64(len(p)) > v.size-off {
		p, eof = p[:v.size-off], io.EOF
	}
	if n, err := v.image.ReadAt(p, off); n < len(p) {
		return n, noEOF(err)
	}
	end := off + int64(len(p))
	for i := sort.Search(len(v.ranges), func(i int) bool { return v.ranges[i].off+v.ranges[i].n > off }); i < len(v.ranges) && v.ranges[i].off < end; i++ {
		r := v.ranges[i]
		from, to := max(r.off, off), min(r.off+r.n, end)
		if n, err := v.journal.ReadAt(p[from-off:to-off], r.at+from-r.off); int64(n) < to-from {
			return int(from - off), noEOF(err)
		}
	}
	return len(p), eof
}
