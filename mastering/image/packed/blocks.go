package packed

import (
	"container/list"
	"io"
	"runtime"
	"sync"
)

// Block is a unit that is unpacked as a whole.
type Block struct {
	Index      int
	Start, End int64 // of its bytes in the contents
}

// Blocks are the units of an image that are unpacked as a whole. Its methods are
// called by several goroutines at a time.
type Blocks interface {
	// Find returns the block that contains the byte at off.
	Find(off int64) (Block, error)
	// Unpack fills p with the bytes of a block from start on, which is its own start and p
	// its whole size, unless it is Plain.
	Unpack(b Block, p []byte, start int64) error
	// Plain reports whether any part of the block can be delivered without unpacking the
	// rest: it is stored uncompressed, or zero.
	Plain(b Block) bool
}

// maxCached is how many bytes of unpacked blocks are kept.
const maxCached = 16 << 20

// NewBlocks returns a reader of contents of a number of bytes.
func NewBlocks(b Blocks, size int64) io.ReaderAt {
	return &blocks{Blocks: b, size: size, known: map[int]*list.Element{}}
}

type blocks struct {
	Blocks
	size int64

	mu     sync.Mutex
	known  map[int]*list.Element // of recent
	recent list.List             // of *unpacked; the last one used first
	bytes  int64
}

type unpacked struct {
	index int
	data  []byte
}

// piece is a part of a block that is read into p.
type piece struct {
	Block
	p   []byte
	off int64
}

// ReadAt implements io.ReaderAt. The blocks of a long read are unpacked in parallel.
func (r *blocks) ReadAt(p []byte, off int64) (int, error) {
	p, end := window(p, off, r.size)
	if end != nil && end != io.EOF {
		return 0, end
	}
	var pieces []piece
	for n := 0; n < len(p); {
		b, err := r.Find(off + int64(n))
		if err != nil {
			k, e := r.all(pieces)
			if e == nil {
				e = err
			}
			return k, e
		}
		m := min(int64(len(p)-n), b.End-off-int64(n))
		pieces = append(pieces, piece{b, p[n : n+int(m)], off + int64(n)})
		n += int(m)
	}
	n, err := r.all(pieces)
	if err == nil {
		err = end
	}
	return n, err
}

// minParallel is how many bytes a goroutine unpacks at least.
const minParallel = 32 << 10

// all reads pieces, and returns how many bytes of the first ones are good.
func (r *blocks) all(pieces []piece) (int, error) {
	total := 0
	for _, x := range pieces {
		total += len(x.p)
	}
	errs := make([]error, len(pieces))
	workers := min(runtime.GOMAXPROCS(0), len(pieces), total/minParallel)
	if workers < 2 {
		for i, x := range pieces {
			if errs[i] = r.read(x); errs[i] != nil {
				break
			}
		}
	} else {
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				for i := len(pieces) * w / workers; i < len(pieces)*(w+1)/workers; i++ {
					if errs[i] = r.read(pieces[i]); errs[i] != nil {
						break
					}
				}
			})
		}
		wg.Wait()
	}
	n := 0
	for i, x := range pieces {
		if errs[i] != nil {
			return n, errs[i]
		}
		n += len(x.p)
	}
	return n, nil
}

// read reads a piece: directly if it is a whole block, otherwise through the cache.
func (r *blocks) read(x piece) error {
	if int64(len(x.p)) == x.End-x.Start || r.Plain(x.Block) {
		if data := r.cached(x.Index); data != nil {
			copy(x.p, data[x.off-x.Start:])
			return nil
		}
		return r.Unpack(x.Block, x.p, x.off)
	}
	data := r.cached(x.Index)
	if data == nil {
		data = make([]byte, x.End-x.Start)
		if err := r.Unpack(x.Block, data, x.Start); err != nil {
			return err
		}
		r.keep(&unpacked{x.Index, data})
	}
	copy(x.p, data[x.off-x.Start:])
	return nil
}

// cached returns the bytes of a block that is kept, or nil.
func (r *blocks) cached(index int) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.known[index]
	if e == nil {
		return nil
	}
	r.recent.MoveToFront(e)
	return e.Value.(*unpacked).data
}

// keep caches an unpacked block and evicts the least recently used ones.
func (r *blocks) keep(u *unpacked) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known[u.index] != nil {
		return
	}
	r.known[u.index] = r.recent.PushFront(u)
	r.bytes += int64(len(u.data))
	for r.bytes > maxCached && r.recent.Len() > 1 {
		e := r.recent.Back()
		old := r.recent.Remove(e).(*unpacked)
		delete(r.known, old.index)
		r.bytes -= int64(len(old.data))
	}
}
