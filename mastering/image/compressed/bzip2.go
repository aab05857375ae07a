package compressed

import (
	"bytes"
	"compress/bzip2"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"runtime"
	"sync"

	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/packed"
)

// Bzip2 is the format of files that bzip2 compressed. A stream begins with "BZh" and the
// size of its blocks in 100 kB, as a digit. A block begins with a signature and its CRC, and
// a stream ends with another signature, the CRC of all its blocks, and bits up to the next
// byte. Signatures are at any bit.
var Bzip2 = format.Format{Name: "bzip2", Extensions: []string{".bz2"}, Unpack: unpackBzip2}

const (
	bzBlock = 0x314159265359 // signature of a block
	bzEnd   = 0x177245385090 // signature of the end of a stream
	bzBits  = 48             // of a signature
	// minBzUnit is less than what a signature and what follows it take, in bytes: a block
	// has tables of more than 20 bytes, and after the end of a stream, one with a block follows.
	minBzUnit = 16
	// maxBzBlock is more than a block of 900 kB can take if it does not shrink, in bytes.
	maxBzBlock = 4 << 20
)

// bzUnit is a block of a file.
type bzUnit struct {
	from, to int64 // of its bits in the file
	crc      uint32
	contents int64 // size, in bytes
	err      error
}

// bzFile are the blocks of a file.
type bzFile struct {
	spans
	r     io.ReaderAt
	size  int64 // of the file
	units []bzUnit
}

// unpackBzip2 finds the blocks, and unpacks all to learn their sizes.
func unpackBzip2(ctx context.Context, f *format.Files) (*format.Files, error) {
	var p [10]byte
	if _, err := f.ReadAt(p[:], 0); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, format.ErrUnknown
		}
		return nil, err
	}
	first := binary.BigEndian.Uint64(append([]byte{0, 0}, p[4:]...))
	if string(p[:3]) != "BZh" || p[3] < '1' || p[3] > '9' || first != bzBlock && first != bzEnd {
		return nil, format.ErrUnknown
	}
	b := &bzFile{r: f, size: f.Size}
	marks, err := b.marks(ctx)
	if err != nil {
		return nil, err
	}
	end, err := b.measure(ctx, marks)
	cut := errors.Is(err, io.ErrUnexpectedEOF)
	if err != nil && !cut {
		return nil, err
	}
	at := int64(0)
	for _, u := range b.units {
		b.spans = append(b.spans, span{start: at, end: at + u.contents})
		at += u.contents
	}
	if cut {
		if b.spans, err = b.cutToSectors(f, "bzip2"); err != nil {
			return nil, err
		}
	} else {
		trailing(f, "bzip2", end)
	}
	return open(f, "bzip2", b, b.spans, byOpening)
}

// mark is a signature in a file. Some are not what they seem: any bits can be in a block.
type mark struct {
	bit int64
	end bool // of a stream
}

// marks finds all signatures.
func (b *bzFile) marks(ctx context.Context) ([]mark, error) {
	var list []mark
	p := make([]byte, 256<<10)
	v, have := uint64(0), int64(0)
	for at := int64(0); at < b.size; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, err := b.r.ReadAt(p[:min(int64(len(p)), b.size-at)], at)
		if n == 0 {
			return nil, packed.NoEOF(err)
		}
		for _, c := range p[:n] {
			v = v<<8 | uint64(c)
			have += 8
			for shift := int64(7); shift >= 0; shift-- {
				if s := v >> shift & (1<<bzBits - 1); s == bzBlock || s == bzEnd {
					if bit := have - shift - bzBits; bit >= 32 {
						list = append(list, mark{bit, s == bzEnd})
					}
				}
			}
		}
		at += int64(n)
		if int64(len(list)) > at/minBzUnit+minBzUnit {
			return nil, corrupt("there are more blocks than fit into the file")
		}
	}
	return list, nil
}

// measure unpacks all blocks, in parallel, and checks the streams. It returns the byte of
// the file where the last stream ends. The error is io.ErrUnexpectedEOF if the file is
// truncated.
func (b *bzFile) measure(ctx context.Context, marks []mark) (int64, error) {
	total := int64(0)
	crc := uint32(0)
	expect := int64(32) // the bit where the next signature has to be
	ended := int64(0)   // the byte after the last stream
	tried := map[int]bzUnit{}
	for i := 0; i < len(marks); {
		m := marks[i]
		if m.bit != expect {
			if m.bit < expect {
				i++ // bits of a block, or between two streams, that look like a signature
				continue
			}
			break
		}
		if m.end {
			want, err := b.bits32(m.bit + bzBits)
			if err != nil {
				return ended, err
			}
			if want != crc {
				return ended, fmt.Errorf("byte %d of the file: %w", m.bit/8, corrupt("the checksum of a stream is wrong"))
			}
			ended = (m.bit + bzBits + 32 + 7) / 8
			crc = 0
			expect = -1
			if b.header(ended) {
				expect = (ended + 4) * 8
			}
			if expect < 0 {
				return ended, nil
			}
			i++
			continue
		}
		if err := ctx.Err(); err != nil {
			return ended, err
		}
		u, ok := tried[i]
		if !ok {
			tried = b.try(marks, i)
			u = tried[i]
		}
		next := i + 1
		for u.err != nil && next < len(marks) && next < i+4 { // the signature at its end is not one
			next++
			u = b.unit(m.bit, marks, next)
		}
		if u.err != nil {
			if next >= len(marks) {
				return ended, io.ErrUnexpectedEOF
			}
			return ended, fmt.Errorf("the block at byte %d of the file, which has bytes %d and following of the contents: %w: %w", m.bit/8, total, errCorrupt, u.err)
		}
		b.units = append(b.units, u)
		total += u.contents
		if total > packed.MaxSize {
			return ended, packed.CheckSize(total)
		}
		crc = bits.RotateLeft32(crc, 1) ^ u.crc
		expect, i = u.to, next
	}
	return ended, io.ErrUnexpectedEOF
}

// header reports whether a stream begins at a byte.
func (b *bzFile) header(at int64) bool {
	var p [4]byte
	_, err := b.r.ReadAt(p[:], at)
	return err == nil && string(p[:3]) == "BZh" && p[3] >= '1' && p[3] <= '9'
}

// try unpacks the blocks from mark i on, one in each goroutine.
func (b *bzFile) try(marks []mark, i int) map[int]bzUnit {
	n := min(2*runtime.GOMAXPROCS(0), len(marks)-i)
	list := make([]bzUnit, n)
	var wg sync.WaitGroup
	for k := range n {
		if !marks[i+k].end {
			wg.Go(func() { list[k] = b.unit(marks[i+k].bit, marks, i+k+1) })
		}
	}
	wg.Wait()
	found := map[int]bzUnit{}
	for k, u := range list {
		if !marks[i+k].end {
			found[i+k] = u
		}
	}
	return found
}

// unit unpacks the block from a bit up to a mark, or to the end of the file, and returns
// its size.
func (b *bzFile) unit(from int64, marks []mark, next int) bzUnit {
	u := bzUnit{from: from, to: b.size * 8}
	if next < len(marks) {
		u.to = marks[next].bit
	}
	if u.crc, u.err = b.bits32(from + bzBits); u.err != nil {
		return u
	}
	r, err := b.open(u)
	if err != nil {
		u.err = err
		return u
	}
	u.contents, u.err = io.Copy(io.Discard, r)
	return u
}

// bits32 reads 32 bits.
func (b *bzFile) bits32(bit int64) (uint32, error) {
	var p [8]byte
	if n, err := b.r.ReadAt(p[:], bit/8); n < 5 && (n < 4 || bit%8 != 0) {
		return 0, packed.NoEOF(err)
	}
	return uint32(binary.BigEndian.Uint64(p[:]) << (bit % 8) >> 32), nil
}

// open opens a block as a stream of its own, whose checksum is that of the block.
func (b *bzFile) open(u bzUnit) (io.Reader, error) {
	n := u.to - u.from
	if n > maxBzBlock*8 {
		return nil, corrupt("a block has no end")
	}
	p := make([]byte, (u.from%8+n+7)/8)
	if _, err := b.r.ReadAt(p, u.from/8); err != nil {
		return nil, packed.NoEOF(err)
	}
	w := bitWriter{p: append(make([]byte, 0, len(p)+20), "BZh9"...)}
	w.copy(p, u.from%8, n)
	w.write(bzEnd, bzBits)
	w.write(uint64(u.crc), 32)
	w.write(0, 7)
	return bzip2.NewReader(bytes.NewReader(w.p)), nil
}

// Open implements packed.Streams.
func (b *bzFile) Open(k packed.Block) (io.ReadCloser, error) {
	r, err := b.open(b.units[k.Index])
	if err != nil {
		return nil, err
	}
	return b.spans[k.Index].limit(io.NopCloser(r)), nil
}

// bitWriter appends bits, the highest of each byte first.
type bitWriter struct {
	p  []byte
	v  uint64 // the lowest nb bits were not appended yet
	nb uint
}

// write appends the lowest n bits of v, at most 48.
func (w *bitWriter) write(v uint64, n uint) {
	w.v = w.v<<n | v&(1<<n-1)
	for w.nb += n; w.nb >= 8; w.nb -= 8 {
		w.p = append(w.p, byte(w.v>>(w.nb-8)))
	}
}

// copy appends n bits of p from bit on, which is less than 8. It is used at the beginning
// of a byte.
func (w *bitWriter) copy(p []byte, bit, n int64) {
	for ; n >= 8; n -= 8 {
		v := uint16(p[0]) << 8
		if len(p) > 1 {
			v |= uint16(p[1])
		}
		w.p = append(w.p, byte(v>>(8-bit)))
		p = p[1:]
	}
	if n > 0 {
		v := uint16(p[0]) << 8
		if len(p) > 1 {
			v |= uint16(p[1])
		}
		w.write(uint64(v>>(16-bit-n)), uint(n))
	}
}
