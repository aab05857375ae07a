package record

import (
	"context"
	"io"

	"glassmaster/mastering/disc"
)

// DefaultBuffer is the size in bytes of the buffer between reading and writing. At the
// highest speed, 70 MB/s, it lasts for half a second.
const DefaultBuffer = 32 << 20

// stream reads the source ahead of the writer, in chunks as they are written.
type stream struct {
	full  chan chunk
	empty chan []byte
	size  int // chunks that the ring holds
	// primed is closed when the ring has been full for the first time.
	primed chan struct{}
	err    error
	sent   *sent // what was read
}

// chunk is what one WRITE carries.
type chunk struct {
	area  *area
	first int64 // index of the first block in the area, whose address is known when it is written
	p     []byte
}

// at returns the address of the chunk on the medium.
func (c chunk) at() disc.LBA { return c.area.at + disc.LBA(c.first) }

// blocks returns the number of blocks of a chunk.
func (c chunk) blocks() int64 { return int64(len(c.p) / c.area.block.size) }

// newStream begins to read the areas from src, and delivers them in chunks of count(block)
// blocks. The buffer has so many bytes, 0: DefaultBuffer. Reading ends when the context is
// cancelled.
func newStream(ctx context.Context, src disc.Disc, areas []*area, count func(block) int, buffer int64) *stream {
	if buffer <= 0 {
		buffer = DefaultBuffer
	}
	largest, chunks := 0, int64(0)
	for _, a := range areas {
		n := count(a.block)
		largest = max(largest, n*a.block.size)
		chunks += (a.padded + int64(n) - 1) / int64(n)
	}
	size := int(min(max(buffer/int64(largest), 2), max(chunks, 1)))
	s := &stream{full: make(chan chunk, size), empty: make(chan []byte, size), size: size, primed: make(chan struct{}), sent: newSent(areas)}
	for range size {
		s.empty <- make([]byte, largest)
	}
	go func() {
		defer close(s.full)
		defer s.ready()
		for i := range areas {
			if s.err = s.read(ctx, src, areas[i], count(areas[i].block), s.sent.areas[i]); s.err != nil {
				return
			}
		}
	}()
	return s
}

// read delivers an area in chunks of n blocks.
func (s *stream) read(ctx context.Context, src disc.Disc, a *area, n int, sums *areaSums) error {
	size := int64(a.block.size)
	for at := int64(0); at < a.padded; {
		var p []byte
		select {
		case <-ctx.Done():
			return ctx.Err()
		case p = <-s.empty:
		}
		n := min(int64(n), a.padded-at)
		p = p[:n*size]
		data := max(min(n, a.sectors-at), 0) * size
		clear(p[data:])
		if data > 0 {
			if err := a.read(ctx, src, p[:data], at); err != nil {
				return err
			}
			s.sent.add(sums, p[:data])
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case s.full <- chunk{a, at, p}:
		}
		at += n
		if len(s.full) == s.size {
			s.ready()
		}
	}
	return nil
}

// ready ends the wait of prime. Only the reading goroutine calls it.
func (s *stream) ready() {
	select {
	case <-s.primed:
	default:
		close(s.primed)
	}
}

// next returns the next chunk to write, or io.EOF after the last one.
func (s *stream) next(ctx context.Context) (chunk, error) {
	if err := ctx.Err(); err != nil {
		return chunk{}, err
	}
	select {
	case <-ctx.Done():
		return chunk{}, ctx.Err()
	case c, ok := <-s.full:
		switch {
		case ok:
			return c, nil
		case s.err != nil:
			return chunk{}, s.err
		}
		return chunk{}, io.EOF
	}
}

// done returns a written chunk to the ring.
func (s *stream) done(c chunk) { s.empty <- c.p[:cap(c.p)] }

// level returns how full the ring is, from 0 to 1.
func (s *stream) level() float64 { return float64(len(s.full)) / float64(s.size) }

// prime waits until the ring is full or the whole source has been read, so that the
// drive begins with a full buffer.
func (s *stream) prime(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-s.primed:
	}
}
