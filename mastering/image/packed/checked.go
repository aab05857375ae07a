package packed

import (
	"fmt"
	"io"
	"sync"
)

// Sum is a checksum of a part of contents.
type Sum struct {
	Start, End int64 // of the part, in bytes
	Want       uint32
	// Update returns the checksum of bytes that follow those whose checksum is sum. The
	// first ones have the sum First.
	Update func(sum uint32, p []byte) uint32
	First  uint32
	Name   string // of the part, for errors
}

// NewChecked returns a reader of the same contents that verifies checksums of parts which
// are too large to be read at once. A part is verified when it was read in order from its
// beginning to its end; if its checksum is wrong, the read that reaches its end fails, and
// so do all later reads of it.
func NewChecked(r io.ReaderAt, sums []Sum) io.ReaderAt {
	c := &checked{r: r}
	for _, s := range sums {
		c.sums = append(c.sums, running{Sum: s, next: s.Start, sum: s.First})
	}
	return c
}

type checked struct {
	r    io.ReaderAt
	mu   sync.Mutex
	sums []running
}

// running is a checksum of what was read.
type running struct {
	Sum
	next int64 // the byte that follows
	sum  uint32
	err  error
}

// ReadAt implements io.ReaderAt.
func (c *checked) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.mu.Lock()
	defer c.mu.Unlock()
	end := off + int64(n)
	for i := range c.sums {
		s := &c.sums[i]
		if off >= s.End || end <= s.Start {
			continue
		}
		s.read(p[:n], off, end)
		if s.err != nil {
			return int(max(0, s.Start-off)), s.err
		}
	}
	return n, err
}

// read updates the checksum with bytes of the contents.
func (s *running) read(p []byte, off, end int64) {
	if s.next < off || s.next >= end || s.next == s.End {
		return
	}
	to := min(end, s.End)
	s.sum = s.Update(s.sum, p[s.next-off:to-off])
	s.next = to
	if s.next == s.End && s.sum != s.Want {
		s.err = fmt.Errorf("%s is damaged: the checksum of its bytes %d to %d is wrong", s.Name, s.Start, s.End-1)
	}
}
