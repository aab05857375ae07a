package zisofs

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"io"
	"runtime"
	"sync"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
)

// input is a file that is being compressed.
type input struct {
	node   *tree.Node
	reader layout.Reader
	ends   []int64
	at     int64 // in the spool
	err    error // the first one; used by take only
	closed sync.Once
}

func (f *input) close() {
	f.closed.Do(func() {
		if f.reader != nil {
			f.reader.Close()
		}
	})
}

// block is a block of a file that is being compressed.
type block struct {
	file   *input
	index  int64
	length int
	last   bool
	out    []byte
	buf    *bytes.Buffer
	err    error
	done   chan struct{}
}

// compressedBuffers are reusable buffers for compressed blocks.
var compressedBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (b *block) free() {
	if b.buf != nil {
		compressedBuffers.Put(b.buf)
		b.buf, b.out = nil, nil
	}
}

// compressBlocks reads and compresses the blocks of all files, several at a time. The
// channel delivers the blocks in their order, possibly before they are done. It is
// closed at the end, or when ctx is done.
func compressBlocks(ctx context.Context, files []*input, o Options) <-chan *block {
	workers := runtime.GOMAXPROCS(0)
	ordered := make(chan *block, 4*workers)
	work := make(chan *block)
	var busy sync.WaitGroup
	for range workers {
		busy.Go(func() {
			w := newWorker(o)
			for b := range work {
				w.compress(b)
				close(b.done)
			}
		})
	}
	go func() {
		open := 0 // number of files that have been opened
		defer func() {
			close(work)
			busy.Wait()
			if ctx.Err() != nil { // their last blocks are not taken
				for _, f := range files[:open] {
					f.close()
				}
			}
			close(ordered)
		}()
		for _, f := range files {
			reader, err := layout.OpenSource(f.node.Source(), f.node.Size)
			if err == nil {
				f.reader = reader
			}
			open++
			size := int64(o.Block) << 10
			for at := int64(0); at < f.node.Size; at += size {
				b := &block{
					file: f, index: at / size, length: int(min(size, f.node.Size-at)),
					last: at+size >= f.node.Size, err: err, done: make(chan struct{}),
				}
				for _, to := range []chan<- *block{ordered, work} {
					select {
					case to <- b:
					case <-ctx.Done():
						return
					}
				}
			}
		}
	}()
	return ordered
}

// worker compresses blocks and reuses its buffers.
type worker struct {
	size int64
	in   []byte
	z    *zlib.Writer
}

func newWorker(o Options) *worker {
	z, err := zlib.NewWriterLevel(io.Discard, o.Level)
	if err != nil {
		panic(err) // impossible: the level has been checked
	}
	return &worker{size: int64(o.Block) << 10, in: make([]byte, o.Block<<10), z: z}
}

// compress reads and compresses a block. A block of zeros becomes empty.
func (w *worker) compress(b *block) {
	if b.err != nil {
		return
	}
	in := w.in[:b.length]
	if n, err := b.file.reader.ReadAt(in, b.index*w.size); n < len(in) {
		if err == nil || errors.Is(err, io.EOF) {
			err = layout.ErrShrunk
		}
		b.err = err
		return
	}
	if len(bytes.TrimLeft(in, "\x00")) == 0 {
		return
	}
	b.buf = compressedBuffers.Get().(*bytes.Buffer)
	b.buf.Reset()
	w.z.Reset(b.buf)
	w.z.Write(in) // to memory, so that it cannot fail
	w.z.Close()
	b.out = b.buf.Bytes()
}
