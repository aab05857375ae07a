package zisofs

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Magic numbers at the start of compressed files, and the lengths of the headers.
// Version 1 has the size at offset 8 (32 bits), the length of the header in words at
// 12 and the logarithm of the block size at 13. Version 2 has the length of the
// header at 9, the algorithm at 10, the logarithm at 11 and the size at 12 (64 bits).
const (
	magic1  = "\x37\xE4\x53\x96\xC9\xDB\xD6\x07"
	magic2  = "\xEF\x22\x55\xA1\xBC\x1B\x95\xA0"
	header1 = 16
	header2 = 24
)

// Entry is the system use entry ZF or Z2 of a compressed file. Without an algorithm,
// the file is not compressed.
type Entry struct {
	Algorithm   string // "pz" or, in version 2, "PZ"
	HeaderWords byte   // length of the header in words of 4 bytes
	BlockLog    byte   // logarithm of the block size
	Size        uint64 // bytes of the contents
}

// Problem returns why a compressed file cannot be read, or "".
func (e Entry) Problem() string {
	switch {
	case e.Algorithm != "pz" && e.Algorithm != "PZ":
		return fmt.Sprintf("it is compressed with zisofs and an unknown method (%q)", e.Algorithm)
	case e.BlockLog < 15 || e.BlockLog > e.largestBlock():
		return fmt.Sprintf("it is compressed with zisofs in blocks of 2^%d bytes; only 2^15 to 2^%d are defined", e.BlockLog, e.largestBlock())
	case e.Size >= 1<<62:
		return "it is compressed with zisofs and claims an impossible size"
	}
	return ""
}

// largestBlock returns the largest valid logarithm of a block size.
func (e Entry) largestBlock() byte {
	if e.Algorithm == "PZ" {
		return 20
	}
	return 17
}

// file reads a compressed file. After the table of pointers come the blocks, each a
// zlib stream. An empty stream is a block of zeros.
type file struct {
	r        io.ReaderAt
	stored   int64 // bytes of the compressed file
	size     int64 // bytes of the contents
	header   int64 // offset of the pointers
	wide     bool  // pointers of 64 bits
	blockLog uint

	mu    sync.Mutex
	block int64 // the block in data, -1 for none
	data  []byte
	raw   []byte
}

// Open opens the compressed file in r, stored bytes long. It checks only the header
// and the bounds of the table. The result has Entry.Size bytes and is safe for
// concurrent use.
func Open(r io.ReaderAt, stored int64, e Entry) (io.ReaderAt, error) {
	if why := e.Problem(); why != "" {
		return nil, errors.New(why)
	}
	f := &file{r: r, stored: stored, size: int64(e.Size), blockLog: uint(e.BlockLog), block: -1}
	if err := f.readHeader(); err != nil {
		return nil, fmt.Errorf("compressed with zisofs: %w", err)
	}
	return f, nil
}

func (f *file) readHeader() error {
	var h [header2]byte
	n, err := f.r.ReadAt(h[:], 0)
	if n < header1 {
		return fmt.Errorf("read its header: %w", noEOF(err))
	}
	var size uint64
	var log byte
	switch string(h[:8]) {
	case magic1:
		size, log, f.header = uint64(binary.LittleEndian.Uint32(h[8:])), h[13], int64(h[12])*4
	case magic2:
		size, log, f.header, f.wide = binary.LittleEndian.Uint64(h[12:]), h[11], int64(h[9])*4, true
		if h[10] != 1 {
			return fmt.Errorf("its header has the unknown method %d", h[10])
		}
	default:
		return errors.New("its header is missing")
	}
	switch {
	case size != uint64(f.size) || uint(log) != f.blockLog:
		return fmt.Errorf("its header says %d bytes in blocks of 2^%d, its directory record %d in blocks of 2^%d", size, log, f.size, f.blockLog)
	case f.header < header1 || f.header+(f.blocks()+1)*f.width() > f.stored:
		return fmt.Errorf("the table for %d blocks does not fit into its %d bytes", f.blocks(), f.stored)
	}
	return nil
}

func (f *file) blocks() int64 { return (f.size + 1<<f.blockLog - 1) >> f.blockLog }

func (f *file) width() int64 {
	if f.wide {
		return 8
	}
	return 4
}

// ReadAt implements io.ReaderAt. It keeps the last block, so that sequential reads in
// small pieces expand each block once.
func (f *file) ReadAt(p []byte, off int64) (n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for n < len(p) {
		at := off + int64(n)
		if at >= f.size {
			return n, io.EOF
		}
		if err := f.expand(at >> f.blockLog); err != nil {
			return n, err
		}
		n += copy(p[n:], f.data[at&(1<<f.blockLog-1):])
	}
	return n, nil
}

// expand reads block i into f.data.
func (f *file) expand(i int64) error {
	if f.block == i {
		return nil
	}
	f.block = -1
	from, to, err := f.pointers(i)
	if err != nil {
		return err
	}
	length := int(min(f.size-i<<f.blockLog, 1<<f.blockLog))
	if cap(f.data) < length {
		f.data = make([]byte, 1<<f.blockLog)
	}
	f.data = f.data[:length]
	switch {
	case from == to:
		clear(f.data)
		f.block = i
		return nil
	case from > to || from < f.header || to > f.stored || to-from > 2<<f.blockLog:
		return fmt.Errorf("zisofs block %d: its pointers, bytes %d to %d, are invalid", i, from, to)
	}
	f.raw = append(f.raw[:0], make([]byte, to-from)...)
	if k, err := f.r.ReadAt(f.raw, from); k < len(f.raw) {
		return fmt.Errorf("zisofs block %d: %w", i, noEOF(err))
	}
	stream, err := zlib.NewReader(bytes.NewReader(f.raw))
	if err != nil {
		return fmt.Errorf("zisofs block %d: %w", i, err)
	}
	if _, err := io.ReadFull(stream, f.data); err != nil {
		return fmt.Errorf("zisofs block %d: %w", i, err)
	}
	var more [1]byte
	if k, err := stream.Read(more[:]); k > 0 || !errors.Is(err, io.EOF) { // also verifies the checksum
		return fmt.Errorf("zisofs block %d: its stream does not end at the end of the block (%v)", i, err)
	}
	f.block = i
	return nil
}

// pointers returns the offsets of the start and the end of the stream of block i.
func (f *file) pointers(i int64) (from, to int64, err error) {
	var p [16]byte
	w := f.width()
	if k, err := f.r.ReadAt(p[:2*w], f.header+i*w); int64(k) < 2*w {
		return 0, 0, fmt.Errorf("zisofs block %d: read its pointer: %w", i, noEOF(err))
	}
	if f.wide {
		return int64(binary.LittleEndian.Uint64(p[:])), int64(binary.LittleEndian.Uint64(p[8:])), nil
	}
	return int64(binary.LittleEndian.Uint32(p[:])), int64(binary.LittleEndian.Uint32(p[4:])), nil
}

func noEOF(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
