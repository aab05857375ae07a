package chd

import (
	"bufio"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"hash"
	"io"
	"runtime"
	"sync"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// create writes a disc as a CHD.
func create(ctx context.Context, out *newfile.Set, d disc.Disc, _ format.Options, rep progress.Reporter) error {
	p, err := newPlan(ctx, d)
	if err != nil {
		return fmt.Errorf("write CHD image: %w", err)
	}
	w, err := out.Create()
	if err != nil {
		return err
	}
	file, ok := w.(io.WriterAt)
	if !ok {
		return errors.New("write CHD image: the header is written last, so the image cannot be written to a stream; name a file")
	}
	rep.Phase(progress.Writing, p.size)
	if err := p.write(ctx, w, file, d, rep); err != nil {
		return fmt.Errorf("write CHD image: %w", err)
	}
	return nil
}

// write writes the image: header, metadata, hunks and map. The header is written last.
func (p *plan) write(ctx context.Context, w io.Writer, file io.WriterAt, d disc.Disc, rep progress.Reporter) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.metaAt = headerSize
	meta := p.metadata(p.metaAt)
	buf := bufio.NewWriterSize(w, 1<<20)
	_, _ = buf.Write(make([]byte, headerSize)) // the error remains until Flush
	_, _ = buf.Write(meta)
	c := newCompressor(ctx, p)
	go c.read(sector.AllForms(d))
	m := mapWriter{next: int64(headerSize + len(meta))}
	first := m.next
	for h := range c.ordered {
		<-h.ready
		if h.err != nil {
			cancel()
			c.drain()
			return h.err
		}
		m.add(h)
		if _, err := buf.Write(h.out); err != nil {
			cancel()
			c.drain()
			return err
		}
		rep.Add(int64(h.size))
		c.recycle(h)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	p.mapAt = m.next
	_, _ = buf.Write(m.bytes(first))
	if err := buf.Flush(); err != nil {
		return err
	}
	copy(p.raw[:], c.sum.Sum(nil))
	p.all = sumOf(p.raw, p.meta)
	_, err := file.WriteAt(p.header.bytes(), 0)
	return err
}

// hunk is a hunk on its way into the image.
type hunk struct {
	number int
	size   int    // bytes of the contents; less than a hunk at the end of the image
	data   []byte // a whole hunk
	audio  bool   // contains audio
	other  bool   // contains something else

	ready chan struct{} // closed when the following are known
	err   error
	kind  byte
	same  int // number of the hunk with the same contents, if kind is same
	crc   uint16
	out   []byte // what is stored
}

// maxKnown is how many hunks are remembered in order to find the same ones again.
const maxKnown = 1 << 20

// compressor reads a disc and compresses its hunks, on all processors. Only a few hunks are
// in memory at a time.
type compressor struct {
	*plan
	ctx     context.Context
	ordered chan *hunk // all hunks
	work    chan *hunk // those that have to be compressed
	free    sync.Pool
	sum     hash.Hash // of the contents
	known   map[[16]byte]uint32
}

func newCompressor(ctx context.Context, p *plan) *compressor {
	n := runtime.GOMAXPROCS(0)
	c := &compressor{plan: p, ctx: ctx, ordered: make(chan *hunk, 8*n), work: make(chan *hunk, 8*n), sum: sha1.New(), known: map[[16]byte]uint32{}}
	c.free.New = func() any { return &hunk{data: make([]byte, p.hunk)} }
	for range n {
		go func() {
			e := newEncoder(p.header)
			for h := range c.work {
				if c.ctx.Err() == nil {
					e.compress(h)
				}
				close(h.ready)
			}
		}()
	}
	return c
}

// drain waits until nothing is compressed any more.
func (c *compressor) drain() {
	for h := range c.ordered {
		<-h.ready
	}
}

// recycle makes the memory of a hunk available again.
func (c *compressor) recycle(h *hunk) { c.free.Put(h) }

// take returns an empty hunk.
func (c *compressor) take(number int) *hunk {
	h := c.free.Get().(*hunk)
	*h = hunk{number: number, data: h.data, out: h.out[:0], ready: make(chan struct{})}
	return h
}

// read reads the disc and sends its hunks to be compressed.
func (c *compressor) read(d disc.Disc) {
	defer close(c.ordered)
	defer close(c.work)
	h := c.take(0)
	err := c.units(d, func(unit []byte, audio bool) {
		h.size += copy(h.data[h.size:], unit)
		h.audio = h.audio || audio
		h.other = h.other || !audio
		if h.size == len(h.data) {
			c.send(h)
			h = c.take(h.number + 1)
		}
	})
	switch {
	case err != nil:
		h.err = err
		close(h.ready)
		c.ordered <- h
	case h.size > 0:
		clear(h.data[h.size:])
		c.send(h)
	}
}

// send sends a hunk, unless there was the same one before.
func (c *compressor) send(h *hunk) {
	c.sum.Write(h.data[:h.size])
	s := sha1.Sum(h.data)
	key := [16]byte(s[:])
	c.ordered <- h
	if n, ok := c.known[key]; ok {
		h.kind, h.same = same, int(n)
		close(h.ready)
		return
	}
	if len(c.known) < maxKnown {
		c.known[key] = uint32(h.number)
	}
	c.work <- h
}

// pieceSectors is how many sectors are read at a time.
const pieceSectors = 64

// units reads all units of the image in their order.
func (c *compressor) units(d disc.Disc, emit func(unit []byte, audio bool)) error {
	unit := make([]byte, c.unit)
	p := make([]byte, pieceSectors*disc.RawSub.Size())
	for _, t := range c.parts {
		form := disc.Raw
		switch {
		case t.layout.Sub != runs.NoSub:
			form = disc.RawSub
		case t.layout.Length == disc.SectorSize:
			form = disc.User
		}
		audio := t.layout.Mode == disc.Audio
		for at, end := t.start, t.start+disc.LBA(t.count); at < end; {
			if err := c.ctx.Err(); err != nil {
				return err
			}
			q := p[:min(int64(end-at), pieceSectors)*int64(form.Size())]
			n, err := d.ReadSectors(c.ctx, q, at, form)
			for i := range n {
				t.put(unit, q[i*form.Size():][:form.Size()])
				emit(unit, audio)
			}
			if at += disc.LBA(n); n*form.Size() == len(q) {
				continue
			}
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("read sector %d of %d: %w", at, end, err)
		}
		clear(unit)
		for range t.padding {
			emit(unit, audio)
		}
	}
	return nil
}

// put makes the unit of a sector: its bytes, its sub-channels after them, and zeros.
func (t part) put(unit, p []byte) {
	at := 0
	if len(p) >= sector.Size { // a whole sector
		at = t.layout.At
	}
	n := copy(unit, p[at:at+t.layout.Length])
	if t.layout.Swap {
		runs.Swap(unit[:n])
	}
	if t.layout.Sub != runs.NoSub {
		n += copy(unit[n:], p[len(p)-sector.SubSize:])
	}
	clear(unit[n:])
}
