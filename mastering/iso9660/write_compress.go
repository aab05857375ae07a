package iso9660

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
)

// zisofsFile is a file that is being compressed.
type zisofsFile struct {
	node   *tree.Node
	reader layout.Reader
	ends   []int64
	at     int64 // in the spool
	err    error // first one, known where blocks are taken
	closed sync.Once
}

func (f *zisofsFile) close() {
	f.closed.Do(func() {
		if f.reader != nil {
			f.reader.Close()
		}
	})
}

// zisofsBlock is a block of a file on its way.
type zisofsBlock struct {
	file   *zisofsFile
	index  int64
	length int
	last   bool
	out    []byte
	buf    *bytes.Buffer
	err    error
	done   chan struct{}
}

// compressedBuffers hold compressed blocks until they are stored.
var compressedBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (b *zisofsBlock) free() {
	if b.buf != nil {
		compressedBuffers.Put(b.buf)
		b.buf, b.out = nil, nil
	}
}

// compressBlocks reads and compresses the blocks of all files, several at a time.
// The channel delivers them in their order, each perhaps before it is done; it
// is closed at the end, or when ctx is done.
func compressBlocks(ctx context.Context, files []*zisofsFile, o Zisofs) <-chan *zisofsBlock {
	workers := runtime.GOMAXPROCS(0)
	ordered := make(chan *zisofsBlock, 4*workers)
	work := make(chan *zisofsBlock)
	var busy sync.WaitGroup
	for range workers {
		busy.Go(func() {
			w := newZisofsWorker(o)
			for b := range work {
				w.compress(b)
				close(b.done)
			}
		})
	}
	go func() {
		open := 0 // files before this one have been opened
		defer func() {
			close(work)
			busy.Wait()
			if ctx.Err() != nil { // nobody takes the last blocks of these
				for _, f := range files[:open] {
					f.close()
				}
			}
			close(ordered)
		}()
		for _, f := range files {
			reader, err := openContents(f.node)
			if err == nil {
				f.reader = reader
			}
			open++
			size := int64(o.Block) << 10
			for at := int64(0); at < f.node.Size; at += size {
				b := &zisofsBlock{
					file: f, index: at / size, length: int(min(size, f.node.Size-at)),
					last: at+size >= f.node.Size, err: err, done: make(chan struct{}),
				}
				for _, to := range []chan<- *zisofsBlock{ordered, work} {
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

// openContents opens the source of a file.
func openContents(n *tree.Node) (layout.Reader, error) {
	switch s := n.Source().(type) {
	case layout.Opener:
		return s.Open()
	case layout.Renderer:
		p := make([]byte, n.Size)
		s.Render(p)
		return layout.Bytes(p).Open()
	}
	return nil, fmt.Errorf("a source of type %T cannot be opened", n.Source())
}

// zisofsWorker compresses blocks, with memory that is used again.
type zisofsWorker struct {
	size int64
	in   []byte
	z    *zlib.Writer
}

func newZisofsWorker(o Zisofs) *zisofsWorker {
	z, err := zlib.NewWriterLevel(io.Discard, o.Level)
	if err != nil {
		panic(err) // the level has been checked
	}
	return &zisofsWorker{size: int64(o.Block) << 10, in: make([]byte, o.Block<<10), z: z}
}

// compress reads and compresses a block. One of zeros becomes nothing.
func (w *zisofsWorker) compress(b *zisofsBlock) {
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
	w.z.Write(in) // into memory: this does not fail
	w.z.Close()
	b.out = b.buf.Bytes()
}

// spool holds bytes that are appended: the first of them in memory, what is
// beyond a limit in a temporary file.
type spool struct {
	limit  int64 // bytes in memory
	chunks [][]byte
	file   *os.File
	size   int64 // appended; less takes back what was appended last
}

const spoolChunk = 1 << 20

func newSpool(limit int64) *spool { return &spool{limit: limit} }

func (s *spool) append(p []byte) error {
	for len(p) > 0 && s.size < s.limit {
		i, at := s.size/spoolChunk, s.size%spoolChunk
		if i == int64(len(s.chunks)) {
			s.chunks = append(s.chunks, make([]byte, spoolChunk))
		}
		n := copy(s.chunks[i][at:min(spoolChunk, at+s.limit-s.size)], p)
		p = p[n:]
		s.size += int64(n)
	}
	if len(p) == 0 {
		return nil
	}
	if s.file == nil {
		f, err := os.CreateTemp("", "glassmaster-compressed-*")
		if err != nil {
			return err
		}
		s.file = f
		os.Remove(f.Name()) // where a system does not allow it yet, Close does it
	}
	n, err := s.file.WriteAt(p, s.size-s.limit)
	s.size += int64(n)
	return err
}

// ReadAt implements io.ReaderAt.
func (s *spool) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) && off < min(s.limit, s.size) {
		k := copy(p[n:], s.chunks[off/spoolChunk][off%spoolChunk:min(spoolChunk, off%spoolChunk+min(s.limit, s.size)-off)])
		n += k
		off += int64(k)
	}
	if n == len(p) {
		return n, nil
	}
	if s.file == nil {
		return n, io.EOF
	}
	k, err := s.file.ReadAt(p[n:], off-s.limit)
	return n + k, err
}

// Close gives everything back.
func (s *spool) Close() error {
	s.chunks, s.size, s.limit = nil, 0, 0
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	err := f.Close()
	if rerr := os.Remove(f.Name()); rerr != nil && !errors.Is(rerr, os.ErrNotExist) {
		err = errors.Join(err, rerr)
	}
	return err
}
