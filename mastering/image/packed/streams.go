package packed

import (
	"bytes"
	"container/list"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
)

// Streams are the units of an image that are unpacked from their beginning on. Its methods
// are called by several goroutines at a time.
type Streams interface {
	// Find returns the unit that contains the byte at off.
	Find(off int64) (Block, error)
	// Open returns a reader of all bytes of a unit. It returns io.EOF at the end of the
	// unit only after the checksum, if there is one, was found to be right.
	Open(b Block) (io.ReadCloser, error)
}

const (
	// MaxWhole is the size of the largest unit that is unpacked as a whole and kept, in
	// bytes. Its checksum is verified before any of its bytes are delivered.
	MaxWhole = 64 << 20
	// maxKept is how many bytes of unpacked units are kept.
	maxKept = 128 << 20
	// part is the size of the parts of larger units that are kept, in bytes.
	part = 1 << 20
	// maxCursors is how many readers of larger units are kept open.
	maxCursors = 3
)

// NewStreams returns a reader of contents of a number of bytes.
//
// A unit of more than MaxWhole bytes is read through a few readers that stay open. Reading
// before the place of all of them starts again at the beginning of the unit. Its checksum
// is verified when its end is read; if it is wrong, that and all later reads of the unit
// fail.
func NewStreams(s Streams, size int64) *Unpacker {
	return &Unpacker{Streams: s, size: size, kept: map[key]*list.Element{}, bad: map[int]error{}, good: map[int]bool{}, last: -1}
}

// Unpacker is a reader of contents in units that are unpacked from their beginning.
type Unpacker struct {
	Streams
	size int64

	mu     sync.Mutex
	kept   map[key]*list.Element // of recent
	recent list.List             // of *result; the last one used first
	bytes  int64
	last   int           // index of the unit that was read last
	bad    map[int]error // of units larger than MaxWhole
	good   map[int]bool  // units that were unpacked to their end

	reading sync.Mutex
	cursors []*cursor // the last one used first
}

// key is a part of a unit. Units up to MaxWhole have one part.
type key struct {
	unit int
	part int64
}

// result is an unpacked part. data and err are set when done is closed.
type result struct {
	key
	size int64
	done chan struct{}
	data []byte
	err  error
}

// ReadAt implements io.ReaderAt.
func (s *Unpacker) ReadAt(p []byte, off int64) (int, error) {
	p, end := window(p, off, s.size)
	if end != nil && end != io.EOF {
		return 0, end
	}
	n := 0
	for n < len(p) {
		at := off + int64(n)
		b, err := s.Find(at)
		if err != nil {
			return n, err
		}
		in := at - b.Start
		var data []byte
		if b.End-b.Start <= MaxWhole {
			data, err = s.whole(b)
		} else {
			data, err = s.part(b, in/part)
			in %= part
		}
		if err != nil {
			return n, fmt.Errorf("unpack bytes %d to %d: %w", b.Start, b.End-1, err)
		}
		n += copy(p[n:], data[in:])
	}
	return n, end
}

// whole returns the bytes of a unit. If units are read in their order, those that follow
// are unpacked at the same time.
func (s *Unpacker) whole(b Block) ([]byte, error) {
	r := s.start(b, false)
	s.mu.Lock()
	ahead := s.last == b.Index-1 && s.last >= 0
	s.last = b.Index
	s.mu.Unlock()
	if ahead {
		for range runtime.GOMAXPROCS(0) {
			if b.End >= s.size {
				break
			}
			next, err := s.Find(b.End)
			if err != nil || next.End-next.Start > maxKept/int64(2*runtime.GOMAXPROCS(0)+2) {
				break
			}
			s.start(next, true)
			b = next
		}
	}
	<-r.done
	return r.data, r.err
}

// start begins to unpack a unit unless that was done, and returns the result.
func (s *Unpacker) start(b Block, background bool) *result {
	s.mu.Lock()
	if e := s.kept[key{b.Index, 0}]; e != nil {
		s.recent.MoveToFront(e)
		s.mu.Unlock()
		return e.Value.(*result)
	}
	r := &result{key: key{b.Index, 0}, size: b.End - b.Start, done: make(chan struct{})}
	s.add(r)
	s.mu.Unlock()
	unpack := func() {
		if r.data, r.err = s.unpack(b); r.err == nil {
			s.verified(b)
		}
		close(r.done)
	}
	if background {
		go unpack()
	} else {
		unpack()
	}
	return r
}

// add caches a result and evicts the least recently used ones. The caller
// holds the lock.
func (s *Unpacker) add(r *result) {
	s.kept[r.key] = s.recent.PushFront(r)
	s.bytes += r.size
	for s.bytes > maxKept && s.recent.Len() > 1 {
		old := s.recent.Remove(s.recent.Back()).(*result)
		delete(s.kept, old.key)
		s.bytes -= old.size
	}
}

// unpack returns the bytes of a unit. Memory grows with what is there, not with what the
// image claims.
func (s *Unpacker) unpack(b Block) ([]byte, error) {
	r, err := s.Open(b)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	want := b.End - b.Start
	var data bytes.Buffer
	data.Grow(int(min(want, 1<<20) + bytes.MinRead))
	n, err := data.ReadFrom(io.LimitReader(r, want+1))
	return data.Bytes(), length(n, want, err)
}

// length returns the error of a unit that has n bytes instead of want, or err.
func length(n, want int64, err error) error {
	switch {
	case err != nil:
		return NoEOF(err)
	case n < want:
		return fmt.Errorf("there are only %d bytes: %w", n, io.ErrUnexpectedEOF)
	case n > want:
		return fmt.Errorf("there are more bytes than %d", want)
	}
	return nil
}

// cursor is an open reader of a large unit.
type cursor struct {
	unit int
	next int64 // the part that follows
	io.ReadCloser
}

// part returns a part of a large unit.
func (s *Unpacker) part(b Block, wanted int64) ([]byte, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	s.mu.Lock()
	e, err := s.kept[key{b.Index, wanted}], s.bad[b.Index]
	if e != nil {
		s.recent.MoveToFront(e)
	}
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if e != nil {
		return e.Value.(*result).data, nil
	}
	c, err := s.cursor(b, wanted)
	if err != nil {
		return nil, err
	}
	for {
		data, err := s.advance(c, b)
		if err != nil {
			s.drop(c)
			s.mu.Lock()
			s.bad[b.Index] = err
			s.mu.Unlock()
			return nil, err
		}
		if c.next > wanted {
			return data, nil
		}
	}
}

// advance reads the next part with a cursor. At the end of the unit it closes the cursor.
func (s *Unpacker) advance(c *cursor, b Block) ([]byte, error) {
	at := b.Start + c.next*part
	want := min(part, b.End-at)
	data := make([]byte, want)
	n, err := io.ReadFull(c, data)
	if err != nil {
		return nil, length(int64(n), want, NoEOF(err))
	}
	if at+want == b.End {
		var more [1]byte
		if n, err := io.ReadFull(c, more[:]); n > 0 {
			return nil, length(2, 1, nil)
		} else if !errors.Is(err, io.EOF) {
			return nil, err
		}
		s.drop(c)
		s.verified(b)
	}
	r := &result{key: key{b.Index, c.next}, size: want, data: data}
	c.next++
	s.mu.Lock()
	if s.kept[r.key] == nil {
		s.add(r)
	}
	s.mu.Unlock()
	return data, nil
}

// cursor returns the reader that is nearest before a part, or a new one.
func (s *Unpacker) cursor(b Block, wanted int64) (*cursor, error) {
	best := -1
	for i, c := range s.cursors {
		if c.unit == b.Index && c.next <= wanted && (best < 0 || c.next > s.cursors[best].next) {
			best = i
		}
	}
	if best >= 0 {
		c := s.cursors[best]
		copy(s.cursors[1:best+1], s.cursors[:best])
		s.cursors[0] = c
		return c, nil
	}
	r, err := s.Open(b)
	if err != nil {
		return nil, err
	}
	if len(s.cursors) == maxCursors {
		s.drop(s.cursors[maxCursors-1])
	}
	c := &cursor{unit: b.Index, ReadCloser: r}
	s.cursors = append([]*cursor{c}, s.cursors...)
	return c, nil
}

// drop closes a cursor.
func (s *Unpacker) drop(c *cursor) {
	for i, x := range s.cursors {
		if x == c {
			s.cursors = append(s.cursors[:i:i], s.cursors[i+1:]...)
			c.Close()
			return
		}
	}
}

// verified remembers that a unit was unpacked to its end.
func (s *Unpacker) verified(b Block) {
	s.mu.Lock()
	s.good[b.Index] = true
	s.mu.Unlock()
}

// Verify unpacks the units that were not unpacked to their end yet, and so verifies their
// checksums. It calls read with the number of bytes of each unit.
func (s *Unpacker) Verify(ctx context.Context, read func(n int64)) error {
	for at := int64(0); at < s.size; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		b, err := s.Find(at)
		if err != nil {
			return err
		}
		s.mu.Lock()
		good := s.good[b.Index]
		s.mu.Unlock()
		if !good {
			var last [1]byte
			if _, err := s.ReadAt(last[:], b.End-1); err != nil {
				return err
			}
		}
		read(b.End - b.Start)
		at = b.End
	}
	return nil
}
