package iso9660

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Magic numbers at the beginning of compressed files, and the length of what
// they begin. Version 1 holds the size at 8 (32 bits), the header's words at 12
// and the logarithm of the block size at 13; version 2 the header's words at 9,
// the algorithm at 10, the logarithm at 11 and the size at 12 (64 bits).
const (
	zisofsMagic1  = "\x37\xE4\x53\x96\xC9\xDB\xD6\x07"
	zisofsMagic2  = "\xEF\x22\x55\xA1\xBC\x1B\x95\xA0"
	zisofsHeader1 = 16
	zisofsHeader2 = 24
)

// problem says why a compressed file cannot be read, "" when it can.
func (z zisofsEntry) problem() string {
	switch {
	case z.algorithm != "pz" && z.algorithm != "PZ":
		return fmt.Sprintf("it is compressed with zisofs by a method that this program does not know (%q)", z.algorithm)
	case z.blockLog < 15 || z.blockLog > z.largestBlock():
		return fmt.Sprintf("it is compressed with zisofs in blocks of 2^%d bytes; only 2^15 to 2^%d are defined", z.blockLog, z.largestBlock())
	case z.size >= 1<<62:
		return "it is compressed with zisofs and claims an impossible size"
	}
	return ""
}

// largestBlock is the largest logarithm of a block size: version 2 has more.
func (z zisofsEntry) largestBlock() byte {
	if z.algorithm == "PZ" {
		return 20
	}
	return 17
}

// zisofs reads a compressed file: blocks of one size, each a zlib stream of its
// own, between a table of pointers and the end. An empty stream is a block of
// zeros.
type zisofs struct {
	r        io.ReaderAt
	stored   int64 // bytes of the compressed file
	size     int64 // bytes of the contents
	header   int64 // where the pointers begin
	wide     bool  // pointers of 64 bits
	blockLog uint

	mu    sync.Mutex
	block int64 // whose contents data holds, -1 for none
	data  []byte
	raw   []byte
}

// openZisofs opens the compressed file in r, of which only the header and the
// bounds of the table are looked at.
func openZisofs(r io.ReaderAt, f *fileInfo) (io.ReaderAt, error) {
	if why := f.compressed.problem(); why != "" {
		return nil, errors.New(why)
	}
	z := &zisofs{r: r, size: f.size, blockLog: uint(f.compressed.blockLog), block: -1}
	for _, s := range f.spans {
		z.stored += s.n
	}
	if err := z.readHeader(); err != nil {
		return nil, fmt.Errorf("compressed with zisofs: %w", err)
	}
	return z, nil
}

func (z *zisofs) readHeader() error {
	var h [zisofsHeader2]byte
	n, err := z.r.ReadAt(h[:], 0)
	if n < zisofsHeader1 {
		return fmt.Errorf("read its header: %w", noEOF(err))
	}
	var size uint64
	var log byte
	switch string(h[:8]) {
	case zisofsMagic1:
		size, log, z.header = uint64(binary.LittleEndian.Uint32(h[8:])), h[13], int64(h[12])*4
	case zisofsMagic2:
		size, log, z.header, z.wide = binary.LittleEndian.Uint64(h[12:]), h[11], int64(h[9])*4, true
		if h[10] != 1 {
			return fmt.Errorf("its header names the unknown method %d", h[10])
		}
	default:
		return errors.New("its header is missing")
	}
	switch {
	case size != uint64(z.size) || uint(log) != z.blockLog:
		return fmt.Errorf("its header says %d bytes in blocks of 2^%d, its directory record %d in blocks of 2^%d", size, log, z.size, z.blockLog)
	case z.header < zisofsHeader1 || z.header+(z.blocks()+1)*z.width() > z.stored:
		return fmt.Errorf("the table for %d blocks does not fit into its %d bytes", z.blocks(), z.stored)
	}
	return nil
}

func (z *zisofs) blocks() int64 { return (z.size + 1<<z.blockLog - 1) >> z.blockLog }

func (z *zisofs) width() int64 {
	if z.wide {
		return 8
	}
	return 4
}

// ReadAt implements io.ReaderAt. The block that was read last is kept, so that
// reading on in small pieces expands each block once.
func (z *zisofs) ReadAt(p []byte, off int64) (n int, err error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	for n < len(p) {
		at := off + int64(n)
		if at >= z.size {
			return n, io.EOF
		}
		if err := z.expand(at >> z.blockLog); err != nil {
			return n, err
		}
		n += copy(p[n:], z.data[at&(1<<z.blockLog-1):])
	}
	return n, nil
}

// expand makes block i the contents of z.data.
func (z *zisofs) expand(i int64) error {
	if z.block == i {
		return nil
	}
	z.block = -1
	from, to, err := z.pointers(i)
	if err != nil {
		return err
	}
	length := int(min(z.size-i<<z.blockLog, 1<<z.blockLog))
	if cap(z.data) < length {
		z.data = make([]byte, 1<<z.blockLog)
	}
	z.data = z.data[:length]
	switch {
	case from == to:
		clear(z.data)
		z.block = i
		return nil
	case from > to || from < z.header || to > z.stored || to-from > 2<<z.blockLog:
		return fmt.Errorf("zisofs block %d: its stream cannot be at bytes %d to %d", i, from, to)
	}
	z.raw = append(z.raw[:0], make([]byte, to-from)...)
	if k, err := z.r.ReadAt(z.raw, from); k < len(z.raw) {
		return fmt.Errorf("zisofs block %d: %w", i, noEOF(err))
	}
	stream, err := zlib.NewReader(bytes.NewReader(z.raw))
	if err != nil {
		return fmt.Errorf("zisofs block %d: %w", i, err)
	}
	if _, err := io.ReadFull(stream, z.data); err != nil {
		return fmt.Errorf("zisofs block %d: %w", i, err)
	}
	var more [1]byte
	if k, err := stream.Read(more[:]); k > 0 || !errors.Is(err, io.EOF) { // the end holds the check sum
		return fmt.Errorf("zisofs block %d: its stream does not end where the block does (%v)", i, err)
	}
	z.block = i
	return nil
}

// pointers returns where the stream of block i begins and ends.
func (z *zisofs) pointers(i int64) (from, to int64, err error) {
	var p [16]byte
	w := z.width()
	if k, err := z.r.ReadAt(p[:2*w], z.header+i*w); int64(k) < 2*w {
		return 0, 0, fmt.Errorf("zisofs block %d: read its pointer: %w", i, noEOF(err))
	}
	if z.wide {
		return int64(binary.LittleEndian.Uint64(p[:])), int64(binary.LittleEndian.Uint64(p[8:])), nil
	}
	return int64(binary.LittleEndian.Uint32(p[:])), int64(binary.LittleEndian.Uint32(p[4:])), nil
}
