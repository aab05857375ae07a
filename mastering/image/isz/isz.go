// Package isz reads compressed images of UltraISO (ISZ), after the description of the
// format that its makers published.
//
// A file begins with a header of 48 bytes or more, whose numbers are little-endian:
//
//	 0  4  "IsZ!"
//	 4  1  size of the header
//	 5  1  version: 1
//	10  2  size of a sector, in bytes
//	12  4  number of sectors
//	16  1  encryption: 0: none
//	17  8  size of a segment, in bytes; 0: there is one
//	25  4  number of blocks
//	29  4  size of a block of the contents, in bytes
//	33  1  size of an entry in the table of blocks, in bytes
//	34  1  number of this segment
//	35  4  offset of the table of blocks; 0: there is none
//	39  4  offset of the table of segments; 0: there is one
//	43  4  offset of the data
//	48  4  CRC-32 of the contents, with all bits inverted; in headers of 64 bytes
//	52  4  size of the data, in bytes
//	60  4  CRC-32 of the data as it is stored, with all bits inverted
//
// An entry of the table of blocks has the length of the block in the file, and in its two
// highest bits how it is stored: 0: zeros, 1: uncompressed, 2: zlib, 3: bzip2 with another
// signature. An entry of the table of segments has 24 bytes: the size of the segment (8),
// the number of blocks that begin in it (4), the first of them (4), the offset of its data
// (4), and how many bytes of its last block are in the next segment (4). The bytes of both
// tables are inverted, and exclusive-ored with "IsZ!". The segments after the first are
// NAME.i01 and so on.
package isz

import (
	"bytes"
	"compress/bzip2"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zlib"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/packed"
)

// Format is the format of ISZ images.
var Format = format.Format{Name: "ISZ", Extensions: []string{".isz"}, Unpack: unpack, Plain: true}

const (
	magic      = "IsZ!"
	headerSize = 48
	longHeader = 64       // with checksums
	maxBlock   = 16 << 20 // more than any program uses, in bytes
	// mark is how many blocks there are from one place that is kept to the next.
	mark = 64
)

// image are the blocks of an image.
type image struct {
	size, block int64
	entry       int   // size of an entry, in bytes
	table       int64 // offset of the table in the file; 0: none
	count       int64 // of blocks
	r           io.ReaderAt
	data        io.ReaderAt // of all segments, one after the other
	dataSize    int64
	marks       []int64 // where every 64th block begins in the data
	short       bool    // the file is truncated
	stored      int64   // bytes of the data that are used
}

// unpack returns the contents of an image.
func unpack(ctx context.Context, f *format.Files) (*format.Files, error) {
	h := make([]byte, headerSize)
	if _, err := f.ReadAt(h, 0); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, format.ErrUnknown
		}
		return nil, err
	}
	if string(h[:4]) != magic {
		return nil, format.ErrUnknown
	}
	m := &image{r: f}
	if err := m.header(h, f.Size); err != nil {
		return nil, err
	}
	if err := m.segments(f, h); err != nil {
		return nil, err
	}
	if err := m.index(ctx, f); err != nil {
		return nil, err
	}
	r, err := m.checked(f, h)
	if err != nil {
		return nil, err
	}
	return f.Unpacked(r, m.size, nil), nil
}

// header checks the header.
func (m *image) header(h []byte, fileSize int64) error {
	if h[5] > 1 {
		return fmt.Errorf("offset 5: unknown version %d; version 1 is supported", h[5])
	}
	switch h[16] {
	case 0:
	case 1:
		return errors.New("it needs a password, and images with passwords cannot be opened; save it without one in UltraISO")
	default:
		return errors.New("it is encrypted, and encrypted images cannot be opened; save it without encryption in UltraISO")
	}
	if n := h[34]; n > 1 {
		return fmt.Errorf("it is segment %d of an image; open the first one, which ends in .isz", n)
	}
	le := binary.LittleEndian
	m.size = int64(le.Uint16(h[10:])) * int64(le.Uint32(h[12:]))
	m.count, m.block = int64(le.Uint32(h[25:])), int64(le.Uint32(h[29:]))
	m.entry, m.table = int(h[33]), int64(le.Uint32(h[35:]))
	if err := packed.CheckSize(m.size); err != nil {
		return fmt.Errorf("offset 12: %w", err)
	}
	if m.block < 1 || m.block > maxBlock || m.count != (m.size+m.block-1)/m.block {
		return fmt.Errorf("offset 25: %d blocks of %d bytes do not match the size of %d bytes", m.count, m.block, m.size)
	}
	if m.table > 0 && (m.entry < 2 || m.entry > 4 || m.table+m.count*int64(m.entry) > fileSize) {
		return fmt.Errorf("offset 33: the table of %d blocks does not fit into the file; the file is damaged or truncated", m.count)
	}
	return nil
}

// checked returns a reader of the contents that verifies their checksum, if there is one. It
// adds that checksum, and that of the data as it is stored, to those of the disc.
func (m *image) checked(f *format.Files, h []byte) (io.ReaderAt, error) {
	r := packed.NewBlocks(m, m.size)
	if h[4] < longHeader || m.short {
		return r, nil
	}
	var p [longHeader - headerSize]byte
	if _, err := f.ReadAt(p[:], headerSize); err != nil {
		return nil, packed.NoEOF(err)
	}
	sum := func(r io.ReaderAt, name string, size int64, p []byte) io.ReaderAt {
		crc := binary.LittleEndian.Uint32(p)
		if crc == 0 {
			return r
		}
		c := packed.NewChecked(r, []packed.Sum{{
			Kind: "CRC-32", Name: name, End: size, Hash: crc32.NewIEEE(), Want: binary.BigEndian.AppendUint32(nil, ^crc), Late: true,
		}})
		f.AddChecksums(c.Checksums)
		return c
	}
	sum(m.data, "the stored data of the ISZ file", m.stored, p[12:])
	return sum(r, "the contents of the ISZ file", m.size, p[:]), nil
}

// plain makes the bytes of a table readable. off is their offset in the table.
func plain(p []byte, off int64) {
	for i := range p {
		p[i] ^= ^magic[(off+int64(i))%4]
	}
}

// segments joins the data of the segments.
func (m *image) segments(f *format.Files, h []byte) error {
	at, data := int64(binary.LittleEndian.Uint32(h[39:])), int64(binary.LittleEndian.Uint32(h[43:]))
	if at == 0 {
		m.data, m.dataSize = io.NewSectionReader(f, data, f.Size-data), f.Size-data
		return nil
	}
	j := &joined{}
	for i := range 100 {
		e := make([]byte, 24)
		if _, err := f.ReadAt(e, at+int64(i)*24); err != nil {
			return fmt.Errorf("the table of segments at byte %d: %w", at, packed.NoEOF(err))
		}
		plain(e, int64(i)*24)
		size := int64(binary.LittleEndian.Uint64(e))
		if size == 0 {
			break
		}
		start := int64(binary.LittleEndian.Uint32(e[16:]))
		var r io.ReaderAt = f
		have := f.Size
		if i > 0 {
			stem := strings.TrimSuffix(filepath.Base(f.Name()), filepath.Ext(f.Name()))
			p, n, err := f.Find(fmt.Sprintf("%s.i%02d", stem, i))
			if err != nil {
				return err
			}
			if n.Text != "" {
				f.Note(n)
			}
			r, have = p, p.Size
		}
		if size < start || size > have {
			return fmt.Errorf("segment %d has %d bytes instead of %d; it is damaged or truncated", i+1, have, size)
		}
		j.add(io.NewSectionReader(r, start, size-start))
	}
	m.data, m.dataSize = j, j.size
	return nil
}

// joined are readers one after the other.
type joined struct {
	list []*io.SectionReader
	size int64
}

func (j *joined) add(r *io.SectionReader) {
	j.list = append(j.list, r)
	j.size += r.Size()
}

// ReadAt implements io.ReaderAt.
func (j *joined) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for _, r := range j.list {
		if off >= r.Size() {
			off -= r.Size()
			continue
		}
		k, err := r.ReadAt(p[n:min(int64(len(p)), int64(n)+r.Size()-off)], off)
		n += k
		if n == len(p) {
			return n, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return n, err
		}
		off = 0
	}
	return n, io.EOF
}

// kinds of blocks
const (
	zeros = iota
	stored
	zlibbed
	bzipped
)

// entries reads n entries of the table from block i on.
func (m *image) entries(p []byte, i int64, n int64) ([]byte, error) {
	p = p[:n*int64(m.entry)]
	off := i * int64(m.entry)
	if k, err := m.r.ReadAt(p, m.table+off); k < len(p) {
		return nil, fmt.Errorf("read the table of blocks: %w", packed.NoEOF(err))
	}
	plain(p, off)
	return p, nil
}

// decode returns the kind and the length of a block.
func (m *image) decode(p []byte) (kind int, length int64) {
	var v uint32
	for i := range m.entry {
		v |= uint32(p[i]) << (8 * i)
	}
	shift := 8*m.entry - 2
	kind, length = int(v>>shift), int64(v&(1<<shift-1))
	if kind == zeros {
		length = 0
	}
	return kind, length
}

// index finds where the blocks are. If the file is truncated, the contents are shortened.
func (m *image) index(ctx context.Context, f *format.Files) error {
	if m.table == 0 {
		if m.dataSize < m.size {
			return m.cut(f, m.dataSize/m.block)
		}
		m.stored = m.size
		return nil
	}
	at := int64(0)
	buf := make([]byte, mark*4)
	for i := int64(0); i < m.count; i += mark {
		if err := ctx.Err(); err != nil {
			return err
		}
		m.marks = append(m.marks, at)
		n := min(mark, m.count-i)
		p, err := m.entries(buf, i, n)
		if err != nil {
			return err
		}
		for k := range n {
			_, length := m.decode(p[k*int64(m.entry):])
			if at += length; at > m.dataSize {
				return m.cut(f, i+k)
			}
		}
	}
	m.stored = at
	return nil
}

// cut shortens the contents to a number of blocks.
func (m *image) cut(f *format.Files, blocks int64) error {
	size := blocks * m.block / disc.SectorSize * disc.SectorSize
	if size <= 0 {
		return errors.New("the file is truncated before the end of its first block")
	}
	f.Note(format.Truncated("ISZ", m.size, size))
	m.size, m.short = size, true
	return nil
}

// Find implements packed.Blocks.
func (m *image) Find(off int64) (packed.Block, error) {
	i := off / m.block
	return packed.Block{Index: int(i), Start: i * m.block, End: min((i+1)*m.block, m.size)}, nil
}

// Plain implements packed.Blocks.
func (m *image) Plain(packed.Block) bool { return m.table == 0 }

// Unpack implements packed.Blocks.
func (m *image) Unpack(b packed.Block, p []byte, start int64) error {
	if m.table == 0 {
		_, err := m.data.ReadAt(p, start)
		return packed.NoEOF(err)
	}
	i := int64(b.Index)
	first := i / mark * mark
	table, err := m.entries(make([]byte, mark*4), first, i-first+1)
	if err != nil {
		return err
	}
	at := m.marks[first/mark]
	var kind int
	var length int64
	for k := first; k <= i; k++ {
		at += length
		kind, length = m.decode(table[(k-first)*int64(m.entry):])
	}
	if err := m.read(p, kind, at, length); err != nil {
		return fmt.Errorf("the block with bytes %d to %d of the contents is damaged: %w", b.Start, b.End-1, err)
	}
	return nil
}

// read fills p with the contents of a block.
func (m *image) read(p []byte, kind int, at, length int64) error {
	if kind == zeros {
		clear(p)
		return nil
	}
	if length > 2*maxBlock {
		return fmt.Errorf("it has %d bytes", length)
	}
	src := make([]byte, length)
	if n, err := m.data.ReadAt(src, at); n < len(src) {
		return packed.NoEOF(err)
	}
	var r io.Reader
	var err error
	switch kind {
	case stored:
		if len(src) < len(p) {
			return io.ErrUnexpectedEOF
		}
		copy(p, src)
		return nil
	case zlibbed:
		if r, err = zlib.NewReader(bytes.NewReader(src)); err != nil {
			return packed.NoEOF(err)
		}
	case bzipped:
		if len(src) < 4 {
			return io.ErrUnexpectedEOF
		}
		copy(src, "BZh")
		r = bzip2.NewReader(bytes.NewReader(src))
	}
	if _, err := io.ReadFull(r, p); err != nil {
		return packed.NoEOF(err)
	}
	var more [1]byte
	if _, err := io.ReadFull(r, more[:]); err != nil && !errors.Is(err, io.EOF) {
		return err // such as a wrong checksum
	}
	return nil
}
