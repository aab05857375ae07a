package audio

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// codec decodes a compressed file.
type codec interface {
	// begin returns a decoder whose first sample is at pos or not far before it, and the
	// number of that sample.
	begin(pos int64) (decoder, int64, error)
}

// decoder decodes a compressed file forwards.
type decoder interface {
	// next returns further samples, 4 bytes each. They are valid until the next call.
	next() ([]byte, error)
}

// stream is the samples of a compressed file. It keeps decoders, so that a read can go on
// where another one ended.
type stream struct {
	codec codec
	size  int64 // in bytes

	mu   sync.Mutex
	idle []*cursor // the one that was used last at the end
}

// cursor is a decoder and the samples that it has decoded but that were not read yet.
type cursor struct {
	decoder
	at   int64 // of rest, in bytes
	rest []byte
}

// Limits of a stream.
const (
	maxIdle = 4                  // decoders that are kept
	maxSkip = rate * sampleBytes // bytes that are decoded in vain rather than begin anew
)

// newStream returns the decoded audio of a codec. samples is its length.
func newStream(c codec, samples int64) *Sound {
	s := &stream{codec: c, size: samples * sampleBytes}
	return &Sound{ReaderAt: s, size: s.size}
}

// ReadAt implements io.ReaderAt.
func (s *stream) ReadAt(p []byte, off int64) (n int, err error) {
	switch {
	case off < 0:
		return 0, errors.New("read at negative offset")
	case off >= s.size:
		return 0, io.EOF
	case int64(len(p)) > s.size-off:
		p, err = p[:s.size-off], io.EOF
	}
	defer func() {
		if r := recover(); r != nil { // the decoders are made for files without damage
			n, err = 0, fmt.Errorf("the sound file is damaged at or after %s: the decoder failed (%v)", place(off/sampleBytes), r)
		}
	}()
	c, e := s.take(off)
	if e != nil {
		return 0, e
	}
	n, e = c.read(p, off)
	if e != nil {
		if errors.Is(e, io.EOF) {
			e = fmt.Errorf("the sound file ends at %s, before its last sample: %w", place(c.at/sampleBytes), io.ErrUnexpectedEOF)
		}
		return n, e
	}
	s.put(c)
	return n, err
}

// take returns a cursor that is at an offset or before it.
func (s *stream) take(off int64) (*cursor, error) {
	if c := s.nearest(off); c != nil {
		return c, nil
	}
	d, at, err := s.codec.begin(off / sampleBytes)
	if err != nil {
		return nil, err
	}
	return &cursor{decoder: d, at: at * sampleBytes}, nil
}

// nearest removes the cursor that is nearest before an offset, and returns it.
func (s *stream) nearest(off int64) *cursor {
	s.mu.Lock()
	defer s.mu.Unlock()
	best := -1
	for i, c := range s.idle {
		if c.at <= off && off-c.at <= maxSkip && (best < 0 || c.at > s.idle[best].at) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	c := s.idle[best]
	s.idle = append(s.idle[:best], s.idle[best+1:]...)
	return c
}

// put caches a cursor and evicts the least recently used one.
func (s *stream) put(c *cursor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.idle) == maxIdle {
		s.idle = append(s.idle[:0], s.idle[1:]...)
	}
	s.idle = append(s.idle, c)
}

// read fills p with the bytes at off.
func (c *cursor) read(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		if len(c.rest) == 0 {
			if c.rest, err = c.next(); err != nil {
				return n, err
			}
			continue
		}
		if skip := off + int64(n) - c.at; skip > 0 {
			skip = min(skip, int64(len(c.rest)))
			c.at, c.rest = c.at+skip, c.rest[skip:]
			continue
		}
		k := copy(p[n:], c.rest)
		n, c.at, c.rest = n+k, c.at+int64(k), c.rest[k:]
	}
	return n, nil
}
