package cso

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/pierrec/lz4/v4"
)

// pages reads the numbers of an index in pages, and keeps some of them: the index of a DVD
// has more than 8 MB.
type pages struct {
	r     io.ReaderAt
	start int64 // of the index in the file

	mu   sync.Mutex
	kept [64]struct {
		number int64 // of the page, plus 1
		data   [4096]byte
	}
}

// uint32 returns number i of the index.
func (x *pages) uint32(i int64) (uint32, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	const perPage = 4096 / 4
	page := i / perPage
	k := &x.kept[page%int64(len(x.kept))]
	if k.number != page+1 {
		k.number = 0
		n, err := x.r.ReadAt(k.data[:], x.start+page*4096)
		if n <= int(i%perPage)*4+3 {
			return 0, fmt.Errorf("read the index: %w", noEOF(err))
		}
		k.number = page + 1
	}
	return binary.LittleEndian.Uint32(k.data[i%perPage*4:]), nil
}

// pool keeps buffers for packed blocks.
type pool struct{ sync.Pool }

var buffers pool

func (b *pool) get(n int) *[]byte {
	p, _ := b.Get().(*[]byte)
	if p == nil || cap(*p) < n {
		p = new([]byte)
		*p = make([]byte, n)
	}
	*p = (*p)[:n]
	return p
}

func (b *pool) put(p *[]byte) { b.Put(p) }

// inflaters are decoders of deflate.
var inflaters = sync.Pool{New: func() any { return flate.NewReader(bytes.NewReader(nil)) }}

// inflate unpacks a block that was compressed with deflate. Bytes after its end are
// padding.
func inflate(dst, src []byte) error {
	r := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(r)
	if err := r.(flate.Resetter).Reset(bytes.NewReader(src), nil); err != nil {
		return err
	}
	if _, err := io.ReadFull(r, dst); err != nil {
		return noEOF(err)
	}
	var more [1]byte
	if n, err := io.ReadFull(r, more[:]); n > 0 || !errors.Is(err, io.EOF) {
		return fmt.Errorf("it is longer than %d bytes, or its end is missing", len(dst))
	}
	return nil
}

// unLZ4 unpacks a block that was compressed with LZ4. It may be followed by less than
// padding bytes.
func unLZ4(dst, src []byte, padding int) error {
	var first error
	for cut := 0; cut < padding && cut < len(src); cut++ {
		n, err := lz4.UncompressBlock(src[:len(src)-cut], dst)
		if err == nil && n == len(dst) {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("it has %d bytes instead of %d", n, len(dst))
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = io.ErrUnexpectedEOF
	}
	return first
}
