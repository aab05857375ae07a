package layout

import (
	"context"
	"errors"
	"io"
	"os"

	"glassmaster/mastering/progress"
)

// WriteOptions are the options for writing a layout.
type WriteOptions struct {
	Reporter progress.Reporter // nil: progress is not reported
	// OnError is called if a source does not deliver its bytes, or has changed since
	// the layout was planned. If it returns nil, writing continues, with zeros for the
	// bytes that are missing. Otherwise writing ends with its error. It may be called
	// more than once for a source. If OnError is nil, the first error ends writing.
	OnError func(*SourceError) error
}

// Sizes of reads and writes. A chunk of small extents is read by one goroutine.
// Writes of 64 to 128 KiB are the fastest; larger ones can take several times the
// CPU time on some file systems.
const (
	chunkSize = 512 << 10
	writeSize = 128 << 10
	// bigExtent is the minimum length of extents that are copied separately, by the
	// kernel if possible.
	bigExtent = writeSize
	// ringSize is the number of chunks that are read ahead.
	ringSize = 4
)

// WriteTo writes the layout to w, from its start to its end. What is on the disc
// before the start is not written.
//
// Several goroutines read small extents ahead, and one goroutine writes in the order
// of the image. If w is an empty regular file, the kernel copies large files if it
// can, and holes of sparse files and long ranges of zeros become holes.
func (l *Layout) WriteTo(ctx context.Context, w io.Writer, o WriteOptions) error {
	out := newOutput(w)
	if err := l.write(ctx, out, o); err != nil {
		return err
	}
	return out.finish(l.size - l.start)
}

// WriteInto writes the layout into w at the offset where it begins on the disc, as WriteTo
// does. If w is a file, the bytes in the place of the layout must be zero, or after the end
// of the file: zeros are not written. It does not set the size of the file.
func (l *Layout) WriteInto(ctx context.Context, w io.WriterAt, o WriteOptions) error {
	out := &output{w: io.NewOffsetWriter(w, l.start), off: l.start}
	if f, ok := w.(*os.File); ok {
		out.file, out.copy = f, true
	}
	return l.write(ctx, out, o)
}

func (l *Layout) write(ctx context.Context, out *output, o WriteOptions) error {
	if o.Reporter == nil {
		o.Reporter = progress.Discard
	}
	if o.OnError == nil {
		o.OnError = func(e *SourceError) error { return e }
	}
	o.Reporter.Phase(progress.Writing, l.size-l.start)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for c := range l.chunks(ctx) {
		if err := l.writeChunk(ctx, out, c, o); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// chunk is a part of the image: small extents in a buffer, one big extent, or a long
// range of zeros.
type chunk struct {
	start, end  int64
	first, last int // its extents, last excluded
	big         bool
	buf         []byte
	errs        []*SourceError
	ready       chan struct{}
}

func (l *Layout) writeChunk(ctx context.Context, out *output, c *chunk, o WriteOptions) error {
	if c.big {
		if c.first == c.last {
			o.Reporter.Add(c.end - c.start)
			return out.zeros(ctx, c.end-c.start)
		}
		return l.copyExtent(ctx, out, l.extents[c.first], o)
	}
	select {
	case <-c.ready:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	for _, e := range c.errs {
		if err := o.OnError(e); err != nil {
			return err
		}
	}
	err := out.writePieces(c.buf)
	o.Reporter.Add(c.end - c.start)
	putBuffer(c.buf)
	return err
}

// copyExtent copies one big extent. Bytes that its source does not deliver are filled
// with zeros if OnError allows it.
func (l *Layout) copyExtent(ctx context.Context, out *output, e Extent, o WriteOptions) error {
	end := out.off + e.Length
	err := l.copySource(ctx, out, e, o)
	var bad *SourceError
	if !errors.As(err, &bad) {
		return err
	}
	if err := o.OnError(bad); err != nil {
		return err
	}
	o.Reporter.Add(end - out.off)
	return out.zeros(ctx, end-out.off)
}

func (l *Layout) copySource(ctx context.Context, out *output, e Extent, o WriteOptions) error {
	if e.Source == nil {
		o.Reporter.Add(e.Length)
		return out.zeros(ctx, e.Length)
	}
	r, err := OpenSource(e.Source, e.Length)
	if err != nil {
		return sourceError(e.Source, err, false)
	}
	defer r.Close()
	if f, ok := r.(*os.File); ok {
		return out.copyWatched(ctx, f, e, o)
	}
	if err := out.copyReader(ctx, r, e, e.Offset, e.Length, o.Reporter); err != nil {
		return err
	}
	if err := unchanged(e.Source); err != nil {
		return sourceError(e.Source, err, true)
	}
	return nil
}

// copyWatched copies a big extent from a file of the host, which is compared with what
// was planned before and after. A file that is too short is copied up to its end.
func (o *output) copyWatched(ctx context.Context, f *os.File, e Extent, w WriteOptions) error {
	before := checkFile(f, e)
	if before != nil && before.Delivered {
		if err := w.OnError(before); err != nil {
			return err
		}
	}
	if err := o.copyFile(ctx, f, e, w.Reporter); err != nil {
		return err
	}
	after := checkFile(f, e)
	if after == nil || after.Delivered && before != nil && errors.Is(after, before.Err) {
		return nil
	}
	return after
}

// checkFile compares an open file with what was planned, and returns nil if it is the
// same.
func checkFile(f *os.File, e Extent) *SourceError {
	s, err := f.Stat()
	if err != nil {
		return sourceError(e.Source, err, false)
	}
	if err := e.check(s.Size(), s.ModTime()); err != nil {
		return sourceError(e.Source, err, delivers(err))
	}
	return nil
}

// output is where a layout is written to. For a regular file it keeps the offset, so
// that holes need no writing.
type output struct {
	w    io.Writer
	file *os.File // not nil: a regular file, written by offset
	off  int64
	copy bool // the kernel can copy from other files to this one
}

func newOutput(w io.Writer) *output {
	o := &output{w: w}
	f, ok := w.(*os.File)
	if !ok {
		return o
	}
	// Other programs may write to the file of a redirected standard output. Write by
	// offset only if the file is empty, at its beginning, and not opened for appending.
	s, err := f.Stat()
	if err != nil || !s.Mode().IsRegular() || s.Size() != 0 || appends(f) {
		return o
	}
	if at, err := f.Seek(0, io.SeekCurrent); err == nil && at == 0 {
		o.file, o.copy = f, true
	}
	return o
}

func (o *output) write(p []byte) error {
	var n int
	var err error
	if o.file != nil {
		n, err = o.file.WriteAt(p, o.off)
	} else {
		n, err = o.w.Write(p)
	}
	o.off += int64(n)
	return err
}

func (o *output) writePieces(p []byte) error {
	for len(p) > 0 {
		n := min(len(p), writeSize)
		if err := o.write(p[:n]); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// blank is the source of zeros.
var blank [64 << 10]byte

func (o *output) zeros(ctx context.Context, n int64) error {
	if o.file != nil {
		o.off += n // a hole
		return nil
	}
	for n > 0 {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		k := min(n, int64(len(blank)))
		if err := o.write(blank[:k]); err != nil {
			return err
		}
		n -= k
	}
	return nil
}

// copyReader copies n bytes of a source through a buffer.
func (o *output) copyReader(ctx context.Context, r io.ReaderAt, e Extent, off, n int64, rep progress.Reporter) error {
	buf := getBuffer()
	defer putBuffer(buf)
	for n > 0 {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		k := int(min(n, chunkSize))
		m, err := r.ReadAt(buf[:k], off)
		if werr := o.write(buf[:m]); werr != nil {
			return werr
		}
		rep.Add(int64(m))
		off, n = off+int64(m), n-int64(m)
		if m < k {
			if err == nil || errors.Is(err, io.EOF) {
				err = ErrShrunk
			}
			return sourceError(e.Source, err, false)
		}
	}
	return nil
}

// finish sets the size of a regular file, which may end with a hole.
func (o *output) finish(size int64) error {
	if o.file == nil {
		return nil
	}
	if err := o.file.Truncate(size); err != nil {
		return err
	}
	_, err := o.file.Seek(size, io.SeekStart) // the next write appends
	return err
}
