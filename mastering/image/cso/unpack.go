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

	"glassmaster/mastering/image/packed"
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
			return 0, fmt.Errorf("read the index: %w", packed.NoEOF(err))
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
		return packed.NoEOF(err)
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
	end, ok := lz4End(src, len(dst))
	if !ok || len(src)-end >= padding {
		end = len(src) // so that the error says what is wrong
	}
	n, err := lz4.UncompressBlock(src[:end], dst)
	if err == nil && n != len(dst) {
		err = fmt.Errorf("it has %d bytes instead of %d", n, len(dst))
	}
	return err
}

// lz4End returns where a block ends that unpacks to size bytes, which the format does not
// say (LZ4 Block Format Description). A block consists of sequences. Each begins with a
// byte: the number of literals in its upper half, and that of repeated bytes less 4 in its
// lower half; if one is 15, bytes follow that are added, up to the first that is not 255. The
// literals follow, and the distance in 2 bytes. The last sequence ends with the literals.
func lz4End(src []byte, size int) (int, bool) {
	at, out := 0, 0
	length := func(n int) int {
		if n < 15 {
			return n
		}
		for at < len(src) {
			b := src[at]
			at++
			if n += int(b); b != 255 {
				break
			}
		}
		return n
	}
	for at < len(src) && out <= size {
		token := int(src[at])
		at++
		literals := length(token >> 4)
		out += literals
		if at += literals; at > len(src) {
			return 0, false
		}
		if out == size {
			return at, true
		}
		at += 2
		out += 4 + length(token&15)
	}
	return 0, false
}
