package packed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"sort"
	"sync"

	"glassmaster/mastering/disc"
)

// Sum is a checksum of a part of contents.
type Sum struct {
	Kind       string // "CRC-32"
	Name       string // of the part, for errors: "the ECM file"
	Start, End int64  // of the part, in bytes
	Gaps       []Gap  // bytes of it that the checksum does not cover, in their order
	Hash       hash.Hash
	Want       []byte

	// Late says that a wrong checksum is no error of a read. It is then computed only if
	// Checked.Checksums was called.
	Late bool
}

// Gap are bytes of the contents from Start to before End.
type Gap struct{ Start, End int64 }

// NewChecked returns a reader of the same contents that verifies checksums of parts which
// are too large to be read at once. A part is verified when it was read in order from its
// beginning to its end; if its checksum is wrong, the read that reaches its end fails, and
// so do all later reads of it, unless Sum.Late is set.
func NewChecked(r io.ReaderAt, sums []Sum) *Checked {
	c := &Checked{r: r}
	for _, s := range sums {
		c.sums = append(c.sums, &running{Sum: s, next: s.Start, on: !s.Late})
	}
	return c
}

// Checked is a reader that verifies checksums.
type Checked struct {
	r    io.ReaderAt
	mu   sync.Mutex
	sums []*running
}

// running is a checksum of what was read.
type running struct {
	Sum
	on   bool  // it is computed
	leap bool  // Checked.Checksums was called: see maxLeap
	next int64 // the byte that follows
	err  error
}

// maxLeap is the maximum number of bytes that are read only to continue a checksum when an
// image is checked: the padding between the tracks of a CD, and their pre-gaps.
const maxLeap = 1 << 20

// ReadAt implements io.ReaderAt.
func (c *Checked) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.mu.Lock()
	defer c.mu.Unlock()
	end := off + int64(n)
	for _, s := range c.sums {
		if off >= s.End || end <= s.Start || !s.on {
			continue
		}
		if s.leap && s.next < off && s.next > s.Start && off-s.next <= maxLeap {
			leap := make([]byte, off-s.next)
			if k, _ := c.r.ReadAt(leap, s.next); k == len(leap) {
				s.add(leap, s.next, off)
			}
		}
		s.add(p[:n], off, end)
		if s.err != nil && !s.Late {
			return int(max(0, s.Start-off)), s.err
		}
	}
	return n, err
}

// add updates the checksum with the bytes p of the contents, from off to before end.
func (s *running) add(p []byte, off, end int64) {
	if s.next < off || s.next >= end || s.next == s.End {
		return
	}
	to := min(end, s.End)
	for s.next < to {
		gap := Gap{to, to}
		if i := sort.Search(len(s.Gaps), func(i int) bool { return s.Gaps[i].End > s.next }); i < len(s.Gaps) {
			gap = s.Gaps[i]
		}
		if s.next < gap.Start {
			stop := min(gap.Start, to)
			s.Hash.Write(p[s.next-off : stop-off])
			s.next = stop
		}
		if s.next < to {
			s.next = min(gap.End, to)
		}
	}
	if s.next < s.End {
		return
	}
	if got := s.Hash.Sum(nil); !bytes.Equal(got, s.Want) {
		s.err = fmt.Errorf("%s is damaged: the %s of its bytes %d to %d is wrong: %x instead of %x (%w)", s.Name, s.Kind, s.Start, s.End-1, got, s.Want, disc.ErrChecksum)
	}
}

// Checksums returns the checksums for disc.Checksummed.
func (c *Checked) Checksums() []disc.Checksum {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []disc.Checksum
	for _, s := range c.sums {
		s.on, s.leap = true, true
		list = append(list, disc.Checksum{
			Name: fmt.Sprintf("the %s of %s", s.Kind, s.Name), Size: s.End - s.Start,
			Check: func(ctx context.Context, read func(int64)) error { return c.check(ctx, s, read) },
		})
	}
	return list
}

// check reads what was not read in order yet, and returns the error of a wrong checksum.
func (c *Checked) check(ctx context.Context, s *running, read func(int64)) error {
	at, err := c.state(s)
	read(at - s.Start)
	buf := make([]byte, min(s.End-at, 1<<20))
	for at < s.End && err == nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, e := c.ReadAt(buf[:min(int64(len(buf)), s.End-at)], at)
		before := at
		if at, err = c.state(s); err == nil && at == before {
			if n > 0 || e == nil || errors.Is(e, io.EOF) {
				e = io.ErrUnexpectedEOF
			}
			return e
		}
		read(at - before)
	}
	return err
}

// state returns the byte up to which a part was read, and the error of its checksum.
func (c *Checked) state(s *running) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return s.next, s.err
}
