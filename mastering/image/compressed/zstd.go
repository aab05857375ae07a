package compressed

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/klauspost/compress/zstd"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/packed"
)

// Zstandard is the format of files that zstd compressed (RFC 8878).
var Zstandard = format.Format{Name: "Zstandard", Extensions: []string{".zst"}, Unpack: unpackZstd}

const (
	zstdMagic      = 0xfd2fb528
	zstdSkippable  = 0x184d2a50 // to 0x184d2a5f
	zstdBlock      = 128 << 10  // the most that a block unpacks to
	zstdHeaderSize = 18         // the longest header of a frame, with its magic
	// maxWindow is the largest window, in bytes. By default zstd uses up to 8 MiB
	// to compress, and refuses more than 128 MiB when it decompresses.
	maxWindow = 128 << 20
)

// zstdFrame is a frame of a file.
type zstdFrame struct {
	header   []byte // that replaces the one in the file
	from, to int64  // of its blocks and its checksum in the file
	contents int64  // size of the contents; -1: not recorded
	cut      bool   // it is not complete in the file
	checksum bool
}

// zstdFile are the frames of a file.
type zstdFile struct {
	spans
	r      io.ReaderAt
	frames []zstdFrame
}

// unpackZstd finds the frames. Those that do not record the size of their contents are
// unpacked once.
func unpackZstd(ctx context.Context, f *format.Files) (*format.Files, error) {
	var first [4]byte
	if _, err := f.ReadAt(first[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if m := binary.LittleEndian.Uint32(first[:]); m != zstdMagic && m&^15 != zstdSkippable {
		return nil, format.ErrUnknown
	}
	z := &zstdFile{r: f}
	end, err := z.walk(ctx, f.Size)
	if err != nil {
		return nil, err
	}
	if len(z.frames) == 0 {
		return nil, format.ErrUnknown // only skippable frames: LZ4 has those too
	}
	cut, sums := false, byReading
	frames := z.frames
	z.frames = frames[:0]
	at := int64(0)
	for _, fr := range frames {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := fr.contents
		if n < 0 || fr.cut {
			if n, err = z.measure(ctx, fr); err != nil {
				return nil, fmt.Errorf("the frame at byte %d of the file: %w", fr.from, err)
			}
		}
		if n > packed.MaxSize-at {
			return nil, packed.CheckSize(packed.MaxSize + 1)
		}
		cut = cut || fr.cut
		if n == 0 {
			continue
		}
		if !fr.checksum {
			sums = noChecksums
		}
		z.frames = append(z.frames, fr)
		z.spans = append(z.spans, span{start: at, end: at + n, partial: fr.cut})
		at += n
	}
	if cut {
		if z.spans, err = z.cutToSectors(f, "Zstandard"); err != nil {
			return nil, err
		}
	} else {
		trailing(f, "Zstandard", end)
	}
	if sums == noChecksums {
		f.Note(disc.Notice{Severity: disc.Warning, Text: "The Zstandard file has no checksums of its contents, so damage may go undetected."})
	}
	return open(f, "Zstandard", z, z.spans, sums)
}

// walk finds all frames. It returns where the last one ends.
func (z *zstdFile) walk(ctx context.Context, size int64) (int64, error) {
	p := make([]byte, zstdHeaderSize)
	file := newForward(z.r)
	at := int64(0)
	for at < size {
		if err := ctx.Err(); err != nil {
			return at, err
		}
		clear(p)
		n, err := file.ReadAt(p, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return at, err
		}
		m := binary.LittleEndian.Uint32(p)
		if m&^15 == zstdSkippable && n >= 8 {
			at += 8 + int64(binary.LittleEndian.Uint32(p[4:]))
			if at > size && len(z.frames) > 0 { // the table of a seekable file is truncated
				return size, nil
			}
			continue
		}
		if m != zstdMagic {
			return at, nil
		}
		fr, err := frameAt(ctx, file, p[:n], at, size)
		if err != nil {
			return at, err
		}
		if fr.contents != 0 || fr.cut || len(z.frames) == 0 { // what is empty takes no memory
			z.frames = append(z.frames, fr)
		}
		if err := checkUnits(len(z.frames)); err != nil {
			return at, err
		}
		at = fr.to
	}
	return min(at, size), nil
}

// frameAt finds the end of the frame at a place by the headers of its blocks (RFC 8878
// 3.1.1). p begins with its header.
func frameAt(ctx context.Context, file io.ReaderAt, p []byte, at, size int64) (zstdFrame, error) {
	h, n, err := frameHeader(p)
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return zstdFrame{from: at, to: size, contents: 0, cut: true}, nil
		}
		return zstdFrame{}, fmt.Errorf("byte %d of the file: %w", at, err)
	}
	fr := zstdFrame{from: at + int64(n), contents: h.contents, checksum: h.checksum}
	fr.to = fr.from
	blocks := int64(0)
	for last := false; !last; {
		var b [3]byte
		if blocks%(1<<16) == 0 && ctx.Err() != nil {
			return fr, ctx.Err()
		}
		if _, err := file.ReadAt(b[:], fr.to); err != nil {
			if !errors.Is(err, io.EOF) {
				return fr, err
			}
			fr.cut = true
			break
		}
		v := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
		last = v&1 != 0
		length := int64(v >> 3)
		switch v >> 1 & 3 {
		case 1: // one byte that is repeated
			length = 1
		case 3:
			return fr, fmt.Errorf("byte %d of the file: %w", fr.to, corrupt("unknown block type"))
		}
		fr.to += 3 + length
		blocks++
	}
	if h.checksum && !fr.cut {
		fr.to += 4
	}
	if fr.to > size {
		fr.to, fr.cut = size, true
	}
	if h.contents > blocks*zstdBlock && !fr.cut {
		return fr, fmt.Errorf("byte %d of the file: %w", at, corrupt("the frame claims to contain more than its blocks can"))
	}
	// The decoder allocates the window that the header names.
	h.window = min(h.window, max(blocks*zstdBlock, 1<<10))
	if h.window > maxWindow {
		return fr, fmt.Errorf("the frame at byte %d needs %d MiB of memory to decompress, and the limit is %d MiB; decompress the file with zstd --long=31", at, h.window>>20, maxWindow>>20)
	}
	if fr.cut {
		h.contents = -1
	}
	fr.header = h.encode()
	return fr, nil
}

// zstdHeader is the header of a frame (RFC 8878 3.1.1.1).
type zstdHeader struct {
	window   int64 // size, in bytes
	contents int64 // size; -1: not recorded
	checksum bool
}

// frameHeader decodes the header of a frame, and returns its length.
func frameHeader(p []byte) (zstdHeader, int, error) {
	if len(p) < 6 {
		return zstdHeader{}, 0, io.ErrUnexpectedEOF
	}
	d := p[4]
	single := d&0x20 != 0
	h := zstdHeader{contents: -1, checksum: d&4 != 0}
	if d&8 != 0 {
		return h, 0, corrupt("invalid frame header")
	}
	n := 5
	if !single {
		exponent, mantissa := p[n]>>3, p[n]&7
		h.window = int64(1)<<(exponent+10) + int64(1)<<(exponent+10)/8*int64(mantissa)
		n++
	}
	idSize := [4]int{0, 1, 2, 4}[d&3]
	size := [4]int{0, 2, 4, 8}[d>>6]
	if size == 0 && single {
		size = 1
	}
	if len(p) < n+idSize+size {
		return h, 0, io.ErrUnexpectedEOF
	}
	if len(bytes.Trim(p[n:n+idSize], "\x00")) > 0 {
		return h, 0, errors.New("it was compressed with a dictionary, which is not in the file; decompress it with zstd -D DICTIONARY")
	}
	n += idSize
	switch size {
	case 1:
		h.contents = int64(p[n])
	case 2:
		h.contents = int64(binary.LittleEndian.Uint16(p[n:])) + 256
	case 4:
		h.contents = int64(binary.LittleEndian.Uint32(p[n:]))
	case 8:
		h.contents = int64(binary.LittleEndian.Uint64(p[n:]) &^ (1 << 63))
	}
	if h.contents > packed.MaxSize {
		return h, 0, packed.CheckSize(h.contents)
	}
	if single {
		h.window = h.contents
	}
	return h, n + size, nil
}

// encode returns the header with a window that is as large or larger.
func (h zstdHeader) encode() []byte {
	p := binary.LittleEndian.AppendUint32(nil, zstdMagic)
	d := byte(0)
	if h.contents >= 0 {
		d |= 3 << 6
	}
	if h.checksum {
		d |= 4
	}
	exponent := max(0, bits.Len64(uint64(max(h.window, 1)-1))-10)
	p = append(p, d, byte(exponent)<<3)
	if h.contents >= 0 {
		p = binary.LittleEndian.AppendUint64(p, uint64(h.contents))
	}
	return p
}

// measure unpacks a frame, and returns the size of its contents as far as they are there.
func (z *zstdFile) measure(ctx context.Context, fr zstdFrame) (int64, error) {
	if fr.header == nil {
		return 0, nil
	}
	r, err := z.open(fr)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	p := make([]byte, 256<<10)
	total := int64(0)
	for {
		n, err := r.Read(p)
		total += int64(n)
		switch {
		case errors.Is(err, io.EOF) || fr.cut && errors.Is(err, io.ErrUnexpectedEOF):
			return total, nil
		case err == nil:
			err = ctx.Err()
		}
		if err == nil && total > packed.MaxSize {
			err = packed.CheckSize(total)
		}
		if err != nil {
			return 0, err
		}
	}
}

// Open implements packed.Streams.
func (z *zstdFile) Open(b packed.Block) (io.ReadCloser, error) {
	r, err := z.open(z.frames[b.Index])
	if err != nil {
		return nil, err
	}
	return z.spans[b.Index].limit(r), nil
}

// open opens a frame.
func (z *zstdFile) open(fr zstdFrame) (io.ReadCloser, error) {
	r := io.MultiReader(bytes.NewReader(fr.header), io.NewSectionReader(z.r, fr.from, fr.to-fr.from))
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(2*maxWindow))
	if err != nil {
		return nil, packed.NoEOF(err)
	}
	return d.IOReadCloser(), nil
}
