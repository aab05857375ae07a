package compressed

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/packed"
)

// XZ is the format of files that xz compressed (The .xz File Format 1.2.1).
var XZ = format.Format{Name: "xz", Extensions: []string{".xz"}, Unpack: unpackXZ}

const (
	xzMagic    = "\xfd7zXZ\x00"
	xzFooter   = "YZ"
	xzHeadSize = 12       // of a stream header, and of a stream footer
	maxIndex   = 16 << 20 // largest size of an index, in bytes: that of maxUnits blocks is smaller
)

// xzBlock is a block of an xz file.
type xzBlock struct {
	check byte  // the kind of its checksum (2.1.1.2)
	size  int64 // of the block without its padding, in bytes
}

// xzFile are the blocks of an xz file.
type xzFile struct {
	spans
	r      io.ReaderAt
	size   int64 // of the file
	blocks []xzBlock
}

// unpackXZ finds the blocks by the index at the end of each stream, or, if the file is
// truncated, by reading it from the beginning on.
func unpackXZ(ctx context.Context, f *format.Files) (*format.Files, error) {
	if ok, err := head(f, xzMagic); err != nil || !ok {
		return nil, orUnknown(err)
	}
	x := &xzFile{r: f, size: f.Size}
	err := x.index(ctx, f)
	if err != nil {
		if !errors.Is(err, errNoIndex) {
			return nil, err
		}
		var end int64
		x.spans, x.blocks = nil, nil
		end, err = x.walk(ctx)
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF):
			if x.spans, err = x.cutToSectors(f, "xz"); err != nil {
				return nil, err
			}
		case err != nil:
			return nil, err
		default:
			trailing(f, "xz", end)
		}
	}
	sums := byReading
	for _, b := range x.blocks {
		if b.check == 0 {
			sums = noChecksums
			f.Note(disc.Notice{Severity: disc.Warning, Text: "The xz file has no checksums of its contents, so damage may go undetected."})
			break
		}
	}
	return open(f, "xz", x, x.spans, sums)
}

func orUnknown(err error) error {
	if err == nil {
		err = format.ErrUnknown
	}
	return err
}

// errNoIndex is the error of a file without a usable index at its end.
var errNoIndex = errors.New("there is no index at the end of the xz file")

// index reads the indexes of all streams, the last one first.
func (x *xzFile) index(ctx context.Context, f *format.Files) error {
	var found []span
	for end := f.Size; end > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		last, err := skipZeros(f, end) // stream padding (2.2)
		if err != nil {
			return err
		}
		start, list, blocks, err := stream(f, last)
		if err != nil {
			return err
		}
		slices.Reverse(list)
		slices.Reverse(blocks)
		found = append(found, list...)
		x.blocks = append(x.blocks, blocks...)
		if err := checkUnits(len(x.blocks)); err != nil {
			return err
		}
		end = start
	}
	slices.Reverse(found)
	slices.Reverse(x.blocks)
	at := int64(0)
	var blocks []xzBlock
	for i, s := range found {
		if s.end == 0 {
			continue // an empty block
		}
		if s.end > packed.MaxSize-at {
			return packed.CheckSize(packed.MaxSize + 1)
		}
		s.start, s.end = at, at+s.end
		at = s.end
		x.spans = append(x.spans, s)
		blocks = append(blocks, x.blocks[i])
	}
	x.blocks = blocks
	return nil
}

// stream reads the index of the stream that ends at a place. It returns where the stream
// starts, and its blocks; the end of each span is the size of its contents.
func stream(f *format.Files, end int64) (int64, []span, []xzBlock, error) {
	var foot [xzHeadSize]byte
	if end < 2*xzHeadSize {
		return 0, nil, nil, errNoIndex
	}
	if _, err := f.ReadAt(foot[:], end-xzHeadSize); err != nil {
		return 0, nil, nil, err
	}
	size := (int64(binary.LittleEndian.Uint32(foot[4:])) + 1) * 4
	if string(foot[10:]) != xzFooter || crc32.ChecksumIEEE(foot[4:10]) != binary.LittleEndian.Uint32(foot[:]) || size > end-2*xzHeadSize {
		return 0, nil, nil, errNoIndex
	}
	if size > maxIndex {
		return 0, nil, nil, fmt.Errorf("the index of the stream that ends at byte %d has %d bytes, which is too much; unpack the file with xz", end, size)
	}
	p := make([]byte, size)
	at := end - xzHeadSize - size
	if _, err := f.ReadAt(p, at); err != nil {
		return 0, nil, nil, err
	}
	if p[0] != 0 || crc32.ChecksumIEEE(p[:size-4]) != binary.LittleEndian.Uint32(p[size-4:]) {
		return 0, nil, nil, errNoIndex
	}
	p = p[1 : size-4]
	count, p := number(p)
	if count > uint64(len(p)/2) {
		return 0, nil, nil, errNoIndex
	}
	if err := checkUnits(int(count)); err != nil {
		return 0, nil, nil, err
	}
	var list []span
	var blocks []xzBlock
	total := int64(0)
	for range count {
		var packedSize, contents uint64
		packedSize, p = number(p)
		contents, p = number(p)
		if packedSize > uint64(at) || contents > packed.MaxSize {
			return 0, nil, nil, errNoIndex
		}
		list = append(list, span{end: int64(contents), from: total})
		blocks = append(blocks, xzBlock{foot[9] & 15, int64(packedSize)})
		total += (int64(packedSize) + 3) / 4 * 4
		if total > at {
			return 0, nil, nil, errNoIndex
		}
	}
	start := at - total
	for i := range list {
		list[i].from += start
	}
	start -= xzHeadSize
	if start < 0 {
		return 0, nil, nil, errNoIndex
	}
	if flags, err := streamHeader(f, start); err != nil || flags != foot[9] {
		return 0, nil, nil, errNoIndex
	}
	return start, list, blocks, nil
}

// streamHeader checks a stream header (2.1.1) and returns its flags.
func streamHeader(f io.ReaderAt, at int64) (byte, error) {
	var h [xzHeadSize]byte
	n, err := f.ReadAt(h[:], at)
	if n < len(h) && strings.HasPrefix(xzMagic, string(h[:min(n, 6)])) {
		return 0, packed.NoEOF(err)
	}
	if n < len(h) || string(h[:6]) != xzMagic || h[6] != 0 || h[7] > 15 || crc32.ChecksumIEEE(h[6:8]) != binary.LittleEndian.Uint32(h[8:]) {
		return 0, corrupt(fmt.Sprintf("invalid header of the stream at byte %d", at))
	}
	return h[7], nil
}

// number reads a number of variable length (1.2). It returns a number that is too large for
// anything if it is not one.
func number(p []byte) (uint64, []byte) {
	v, n := binary.Uvarint(p)
	if n <= 0 || n > 9 {
		return 1<<64 - 1, nil
	}
	return v, p[n:]
}

// walk finds the blocks from the beginning on. Blocks whose headers do not say their sizes
// are unpacked. It returns where the last stream ends; the error is io.ErrUnexpectedEOF if
// the file is truncated.
func (x *xzFile) walk(ctx context.Context) (int64, error) {
	at, contents := int64(0), int64(0)
	file := newForward(x.r)
	for {
		flags, err := streamHeader(file, at)
		if err != nil {
			if at > 0 && !errors.Is(err, io.ErrUnexpectedEOF) {
				return at, nil // what follows is not a stream
			}
			return at, err
		}
		at += xzHeadSize
		blocks := uint64(0)
		for ; ; blocks++ {
			if err := ctx.Err(); err != nil {
				return at, err
			}
			var first [1]byte
			if _, err := file.ReadAt(first[:], at); err != nil {
				return at, packed.NoEOF(err)
			}
			if first[0] == 0 {
				break // the index
			}
			n, packedSize, err := x.measure(ctx, at, flags)
			if n > 0 {
				s := span{start: contents, end: contents + n, from: at, partial: err != nil}
				x.spans = append(x.spans, s)
				x.blocks = append(x.blocks, xzBlock{flags, packedSize})
				contents += n
			}
			if err == nil {
				err = checkUnits(len(x.blocks))
			}
			if err != nil {
				return at, err
			}
			if contents > packed.MaxSize {
				return at, packed.CheckSize(contents)
			}
			at += (packedSize + 3) / 4 * 4
		}
		indexSize, err := skipIndex(file, at, blocks)
		if err != nil {
			return at, err
		}
		at += indexSize + xzHeadSize
		if at > x.size {
			return at, io.ErrUnexpectedEOF
		}
		var quad [4]byte
		for {
			if _, err := file.ReadAt(quad[:], at); err != nil {
				return at, nil
			}
			if quad != [4]byte{} {
				break
			}
			at += 4
		}
	}
}

// skipIndex returns the size in bytes of the index at an offset of the file. The index
// lists the given number of blocks.
func skipIndex(file io.ReaderAt, at int64, blocks uint64) (int64, error) {
	r := &counter{r: io.NewSectionReader(file, at, 1<<62)}
	var b [1]byte
	r.Read(b[:])
	count, err := binary.ReadUvarint(r)
	if err == nil && count != blocks {
		return 0, corrupt(fmt.Sprintf("the index at byte %d", at))
	}
	for ; err == nil && count > 0; count-- {
		if _, err = binary.ReadUvarint(r); err == nil {
			_, err = binary.ReadUvarint(r)
		}
	}
	if err != nil {
		return 0, packed.NoEOF(err)
	}
	return (r.n+3)/4*4 + 4, nil
}

// measure returns the size of the contents of the block at a place, and that of the block
// without its padding.
func (x *xzFile) measure(ctx context.Context, at int64, check byte) (contents, packedSize int64, err error) {
	h, err := readXZHeader(x.r, at)
	if err != nil {
		return 0, 0, err
	}
	if h.packed > 0 && h.contents > 0 {
		n := h.size + h.packed + checkSizes[check&15]
		var last [1]byte
		if _, err := x.r.ReadAt(last[:], at+n-1); err == nil {
			return h.contents, n, nil
		}
	}
	r, err := x.block(at, 0, 0, check)
	if err != nil {
		return 0, 0, err
	}
	defer r.Close()
	p := make([]byte, 256<<10)
	for {
		n, err := r.Read(p)
		contents += int64(n)
		if errors.Is(err, io.EOF) {
			return contents, r.packedSize(), nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && contents > packed.MaxSize {
			err = packed.CheckSize(contents)
		}
		if err != nil {
			return contents, 0, err
		}
	}
}

// Open implements packed.Streams.
func (x *xzFile) Open(b packed.Block) (io.ReadCloser, error) {
	u, k := x.spans[b.Index], x.blocks[b.Index]
	r, err := x.block(u.from, k.size, u.end-u.start, k.check)
	if err != nil {
		return nil, err
	}
	return u.limit(r), nil
}

// counter counts the bytes that are read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// ReadByte implements io.ByteReader.
func (c *counter) ReadByte() (byte, error) {
	var b [1]byte
	if _, err := io.ReadFull(c, b[:]); err != nil {
		return 0, err
	}
	return b[0], nil
}

// xzHeader is a block header (3.1).
type xzHeader struct {
	size     int64 // of the header
	packed   int64 // size of the compressed data; 0: not recorded
	contents int64 // size of the contents; 0: not recorded
	dict     int64 // size of the dictionary, in bytes
}

func readXZHeader(r io.ReaderAt, at int64) (xzHeader, error) {
	p := make([]byte, 1024)
	n, err := r.ReadAt(p, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return xzHeader{}, err
	}
	if n == 0 {
		return xzHeader{}, io.ErrUnexpectedEOF
	}
	size := (int(p[0]) + 1) * 4
	if n < size {
		return xzHeader{}, io.ErrUnexpectedEOF
	}
	p = p[:size]
	bad := corrupt(fmt.Sprintf("invalid header of the block at byte %d", at))
	if crc32.ChecksumIEEE(p[:size-4]) != binary.LittleEndian.Uint32(p[size-4:]) {
		return xzHeader{}, bad
	}
	h := xzHeader{size: int64(size)}
	flags := p[1]
	p = p[2 : size-4]
	for _, f := range []struct {
		bit  byte
		size *int64
	}{{0x40, &h.packed}, {0x80, &h.contents}} {
		if flags&f.bit == 0 {
			continue
		}
		var v uint64
		if v, p = number(p); v > packed.MaxSize {
			return h, bad
		}
		*f.size = int64(v)
	}
	id, p := number(p)
	if flags&3 != 0 || id != 0x21 {
		return h, fmt.Errorf("the block at byte %d is compressed with a filter besides LZMA2, which is not supported; decompress the file with xz", at)
	}
	if len(p) < 2 || p[0] != 1 || p[1] > 40 || len(bytes.Trim(p[2:], "\x00")) > 0 {
		return h, bad
	}
	h.dict = int64(2|p[1]&1) << (p[1]/2 + 11)
	return h, nil
}
