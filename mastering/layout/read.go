package layout

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// OnError sets a function that ReadAt calls for errors of sources, as WriteTo calls
// WriteOptions.OnError. It must be set before the first read. It is called for every
// read that is affected, and by several goroutines.
func (l *Layout) OnError(f func(*SourceError) error) { l.onError = f }

// ReadAt implements io.ReaderAt. Offsets count from address 0 of the disc; those
// before the start of the layout are read from the previous disc, or give ErrBefore.
// A source that cannot be read, is too short or has changed gives a *SourceError,
// unless the function set by OnError returns nil.
func (l *Layout) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("layout: read at negative offset %d", off)
	}
	if off >= l.size {
		return 0, io.EOF
	}
	var eof error
	if int64(len(p)) > l.size-off {
		p, eof = p[:l.size-off], io.EOF
	}
	n := 0
	if off < l.start {
		var err error
		if n, err = l.readBefore(p, off); err != nil {
			return n, err
		}
	}
	for i := l.search(off + int64(n)); n < len(p); i++ {
		at := off + int64(n)
		if i == len(l.extents) {
			clear(p[n:])
			n = len(p)
			break
		}
		e := l.extents[i]
		if gap := e.Start - at; gap > 0 {
			k := int(min(gap, int64(len(p)-n)))
			clear(p[n : n+k])
			n += k
			if n == len(p) {
				break
			}
			at = e.Start
		}
		k := int(min(e.End()-at, int64(len(p)-n)))
		m, err := l.readExtent(p[n:n+k], e, at-e.Start)
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, eof
}

// readBefore fills the part of p that is before the start of the layout.
func (l *Layout) readBefore(p []byte, off int64) (int, error) {
	if l.previous == nil {
		return 0, ErrBefore
	}
	p = p[:min(int64(len(p)), l.start-off)]
	n, err := l.previous.ReadAt(p, off)
	switch {
	case n == len(p):
		err = nil
	case err == nil || errors.Is(err, io.EOF): // the gap between two sessions
		clear(p[n:])
		n, err = len(p), nil
	}
	return n, err
}

// readExtent fills p from within one extent.
func (l *Layout) readExtent(p []byte, e Extent, off int64) (int, error) {
	switch s := e.Source.(type) {
	case nil:
		clear(p)
		return len(p), nil
	case Bytes:
		return copy(p, s[e.Offset+off:]), nil
	case Renderer:
		if off == 0 && int64(len(p)) == e.Length {
			s.Render(p)
			return len(p), nil
		}
	}
	r, err := l.cache.open(e)
	if err != nil {
		return l.missing(p, 0, sourceError(e.Source, err, false))
	}
	defer l.cache.release(r)
	n, err := r.ReadAt(p, e.Offset+off)
	if n < len(p) {
		if err == nil || errors.Is(err, io.EOF) {
			err = ErrShrunk
		}
		return l.missing(p, n, sourceError(e.Source, err, false))
	}
	// After every read, because the file may be written to between reads.
	if err := checkOpen(r.Reader, e); err != nil {
		return n, l.handle(sourceError(e.Source, err, delivers(err)))
	}
	return n, nil
}

// handle returns the error of the OnError function.
func (l *Layout) handle(err *SourceError) error {
	if l.onError == nil {
		return err
	}
	return l.onError(err)
}

// missing fills the bytes that a source did not deliver with zeros, if the OnError
// function allows it. The first n bytes of p are valid.
func (l *Layout) missing(p []byte, n int, err *SourceError) (int, error) {
	if err := l.handle(err); err != nil {
		return n, err
	}
	clear(p[n:])
	return len(p), nil
}

// checkOpen compares an open source with what was planned.
func checkOpen(r Reader, e Extent) error {
	f, ok := r.(*os.File)
	if !ok {
		return unchanged(e.Source)
	}
	s, err := f.Stat()
	if err != nil {
		return err
	}
	return e.check(s.Size(), s.ModTime())
}

// cache keeps the sources that were read last open, so that reading a large file in
// pieces opens it only once.
type cache struct {
	mu      sync.Mutex
	readers []*cached
}

type cached struct {
	Reader
	source Source
	users  int
	gone   bool // the last user closes it
}

// cacheSize is the number of sources that stay open.
const cacheSize = 8

// open returns an open reader for the source of the extent.
func (c *cache) open(e Extent) (*cached, error) {
	c.mu.Lock()
	for i, k := range c.readers {
		if k.source == e.Source {
			copy(c.readers[1:i+1], c.readers[:i])
			c.readers[0] = k
			k.users++
			c.mu.Unlock()
			return k, nil
		}
	}
	c.mu.Unlock()
	r, err := OpenSource(e.Source, e.Length)
	if err != nil {
		return nil, err
	}
	k := &cached{Reader: r, source: e.Source, users: 1}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.readers) == cacheSize {
		last := c.readers[cacheSize-1]
		last.gone = true
		if last.users == 0 {
			last.Close()
		}
		c.readers = c.readers[:cacheSize-1]
	}
	c.readers = append([]*cached{k}, c.readers...)
	return k, nil
}

func (c *cache) release(k *cached) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k.users--
	if k.gone && k.users == 0 {
		k.Close()
	}
}

// Close closes the sources that are still open. The layout can still be read
// afterwards.
func (l *Layout) Close() error {
	l.cache.mu.Lock()
	defer l.cache.mu.Unlock()
	for _, k := range l.cache.readers {
		k.gone = true
		if k.users == 0 {
			k.Close()
		}
	}
	l.cache.readers = nil
	return nil
}
