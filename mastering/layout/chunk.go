package layout

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
)

// buffers holds buffers of chunkSize bytes and one more, which is used to detect a
// file that has grown.
var buffers = sync.Pool{New: func() any { b := make([]byte, chunkSize+1); return &b }}

func getBuffer() []byte  { return *buffers.Get().(*[]byte) }
func putBuffer(b []byte) { b = b[:cap(b)]; buffers.Put(&b) }

// chunks divides the layout into chunks, and starts goroutines that read them ahead.
// The channel delivers them in order, and is closed at the end or when ctx is done.
func (l *Layout) chunks(ctx context.Context) <-chan *chunk {
	ordered := make(chan *chunk, ringSize)
	work := make(chan *chunk)
	for range min(4, runtime.GOMAXPROCS(0)) {
		go func() {
			var host hostReader
			defer host.close()
			for c := range work {
				l.fill(c, &host)
				close(c.ready)
			}
		}()
	}
	go func() {
		defer close(ordered)
		defer close(work)
		next := 0
		for at := l.start; at < l.size; {
			c := l.plan(at, next)
			at, next = c.end, c.last
			select {
			case ordered <- c:
			case <-ctx.Done():
				return
			}
			if c.big {
				continue
			}
			c.buf = getBuffer()[:c.end-c.start]
			select {
			case work <- c:
			case <-ctx.Done():
				return
			}
		}
	}()
	return ordered
}

// plan returns the chunk that begins at byte at of the image. next is the first
// extent that is not written yet.
func (l *Layout) plan(at int64, next int) *chunk {
	c := &chunk{start: at, end: at, first: next, last: next}
	for c.last < len(l.extents) {
		e := l.extents[c.last]
		if e.Length == 0 {
			c.last++
			continue
		}
		if e.End()-at > chunkSize || e.Start-c.end >= bigExtent || e.Length >= bigExtent {
			break
		}
		c.end = e.End()
		c.last++
	}
	limit := l.size
	if c.last < len(l.extents) {
		limit = l.extents[c.last].Start
	}
	switch {
	case c.end > at: // small extents, and the zeros after them
		c.end = min(limit, at+chunkSize, (c.end+2047)/2048*2048)
		c.ready = make(chan struct{})
	case limit > at && (limit-at >= bigExtent || c.last == len(l.extents)): // a long gap
		c.first, c.end, c.big = c.last, limit, true
	case limit > at: // a short gap before a big extent
		c.end = limit
		c.ready = make(chan struct{})
	default:
		c.first, c.end, c.big = c.last, l.extents[c.last].End(), true
		c.last++
	}
	return c
}

// fill reads the extents of a chunk into its buffer.
func (l *Layout) fill(c *chunk, host *hostReader) {
	at := c.start
	for _, e := range l.extents[c.first:c.last] {
		if e.Length == 0 {
			continue
		}
		clear(c.buf[at-c.start : e.Start-c.start])
		from := e.Start - c.start
		p := c.buf[from : from+e.Length]
		if n, err := fillExtent(p, e, host); err != nil {
			clear(p[n:])
			c.errs = append(c.errs, sourceError(e.Source, err, n == len(p)))
		}
		at = e.End()
	}
	clear(c.buf[at-c.start:])
}

// fillExtent reads one small extent, and returns how many bytes are valid. p must have
// the capacity for one more byte.
func fillExtent(p []byte, e Extent, host *hostReader) (int, error) {
	switch s := e.Source.(type) {
	case nil:
		clear(p)
		return len(p), nil
	case Bytes:
		return copy(p, s[e.Offset:]), nil
	case Renderer:
		s.Render(p)
		return len(p), nil
	case *File:
		if e.Offset == 0 && s.Size == 0 {
			return host.read(s, p)
		}
	}
	r, err := OpenSource(e.Source, e.Length)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	n, err := r.ReadAt(p, e.Offset)
	if n == len(p) {
		return n, unchanged(e.Source)
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = ErrShrunk
	}
	return n, err
}
