// Package cso reads compressed ISO images of the kind that PlayStation Portable and
// PlayStation 2 programs use, and writes one of them: CSO version 1 and 2 (magic CISO), and ZSO
// (ZISO). There is no standard; the layout is that of the programs ciso and maxcso
// and their descriptions.
//
// All numbers are little-endian. CSO and ZSO begin with a header of 24 bytes:
//
//	 0  4  "CISO" or "ZISO"
//	 4  4  size of the header; 0 in many files of version 1
//	 8  8  size of the contents, in bytes
//	16  4  size of a block of the contents, in bytes, usually 2048
//	20  1  version: 0 or 1, or 2
//	21  1  by how many bits the offsets in the index are shifted right
//	22  2  zero
//
// The index follows: an offset of 4 bytes for each block and one for the end. Its highest
// bit says that the block is stored uncompressed; in version 2 that it is compressed with LZ4,
// and a block that is as long as its contents is uncompressed. Blocks are compressed
// with deflate (RFC 1951) in CSO, and with LZ4 (block format) in ZSO. Bytes up to the next
// multiple of the shifted offset are padding.
package cso

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/packed"
)

// Format is the format of CSO and ZSO images. Those of version 1 of CSO are written.
var Format = format.Format{Name: "CSO", Extensions: []string{".cso", ".ciso"}, Unpack: unpack, Plain: true, Create: create}

const (
	headerSize = 24
	stored     = 1 << 31 // bit of an offset in the index
	// maxBlock is more than any program uses for a block, in bytes.
	maxBlock = 1 << 20
)

// image are the blocks of a CSO or ZSO image.
type image struct {
	r        io.ReaderAt
	fileSize int64
	size     int64 // of the contents
	block    int64
	shift    uint
	version  byte
	lz4      bool // ZSO
	index    *pages
}

// unpack returns the contents of a CSO or ZSO image.
func unpack(_ context.Context, f *format.Files) (*format.Files, error) {
	m, err := header(f)
	if err != nil {
		return nil, err
	}
	size, err := m.present(f)
	if err != nil {
		return nil, err
	}
	return f.Unpacked(packed.NewBlocks(m, size), size, nil), nil
}

// header reads and checks the header.
func header(f *format.Files) (*image, error) {
	p := make([]byte, headerSize)
	if _, err := f.ReadAt(p, 0); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, format.ErrUnknown
		}
		return nil, err
	}
	m := &image{r: f, fileSize: f.Size, version: p[20], shift: uint(p[21])}
	switch string(p[:4]) {
	case "CISO":
	case "ZISO":
		m.lz4 = true
	default:
		return nil, format.ErrUnknown
	}
	if m.version > 2 || m.lz4 && m.version > 1 {
		return nil, fmt.Errorf("offset 20: unknown version %d; versions 0 to 2 are supported", m.version)
	}
	m.size = int64(binary.LittleEndian.Uint64(p[8:]))
	m.block = int64(binary.LittleEndian.Uint32(p[16:]))
	if err := packed.CheckSize(m.size); err != nil {
		return nil, fmt.Errorf("offset 8: %w", err)
	}
	if m.block < 1 || m.block > maxBlock {
		return nil, fmt.Errorf("offset 16: invalid block size of %d bytes", m.block)
	}
	if m.shift > 20 {
		return nil, fmt.Errorf("offset 21: invalid offset shift of %d bits", m.shift)
	}
	if headerSize+4*(m.blocks()+1) > m.fileSize {
		return nil, fmt.Errorf("the index of %d blocks is longer than the file; the file is damaged or truncated", m.blocks())
	}
	m.index = &pages{r: f, start: headerSize}
	return m, nil
}

// blocks returns the number of blocks.
func (m *image) blocks() int64 { return (m.size + m.block - 1) / m.block }

// present returns the size of the contents as far as their blocks are in the file.
func (m *image) present(f *format.Files) (int64, error) {
	end, _, err := m.offset(m.blocks())
	if err != nil || end <= m.fileSize {
		return m.size, err
	}
	low, high := int64(0), m.blocks() // low blocks are there; high: not
	for high-low > 1 {
		mid := (low + high) / 2
		at, _, err := m.offset(mid)
		switch {
		case err != nil:
			return 0, err
		case at <= m.fileSize:
			low = mid
		default:
			high = mid
		}
	}
	size := low * m.block / disc.SectorSize * disc.SectorSize
	if size == 0 {
		return 0, fmt.Errorf("the file is truncated before the end of its first block")
	}
	f.Note(format.Truncated("CSO", m.size, size))
	return size, nil
}

// offset returns the offset of a block in the file, and the highest bit of its entry.
func (m *image) offset(i int64) (int64, bool, error) {
	v, err := m.index.uint32(i)
	return int64(v&^stored) << m.shift, v&stored != 0, err
}

// Find implements packed.Blocks.
func (m *image) Find(off int64) (packed.Block, error) {
	i := off / m.block
	return packed.Block{Index: int(i), Start: i * m.block, End: min((i+1)*m.block, m.size)}, nil
}

// Plain implements packed.Blocks.
func (m *image) Plain(packed.Block) bool { return false }

// Unpack implements packed.Blocks.
func (m *image) Unpack(b packed.Block, p []byte, _ int64) error {
	i := int64(b.Index)
	at, bit, err := m.offset(i)
	if err != nil {
		return err
	}
	end, _, err := m.offset(i + 1)
	if err != nil {
		return err
	}
	// A block that does not shrink may be a little longer than its contents, and padded.
	length := end - at
	if length < 0 || at < headerSize || length > 2*m.block+1<<m.shift {
		return m.damaged(i, fmt.Errorf("its offsets, %d and %d, are invalid", at, end))
	}
	whole := bit && m.version < 2 || m.version == 2 && length >= m.block
	if whole {
		if length < int64(len(p)) {
			return m.damaged(i, fmt.Errorf("its stored size of %d bytes is invalid", length))
		}
		if _, err := m.r.ReadAt(p, at); err != nil {
			return m.damaged(i, packed.NoEOF(err))
		}
		return nil
	}
	src := buffers.get(int(length))
	defer buffers.put(src)
	if n, err := m.r.ReadAt(*src, at); n < len(*src) {
		return m.damaged(i, packed.NoEOF(err))
	}
	if m.lz4 || bit {
		err = unLZ4(p, *src, 1<<m.shift)
	} else {
		err = inflate(p, *src)
	}
	if err != nil {
		return m.damaged(i, err)
	}
	return nil
}

func (m *image) damaged(i int64, err error) error {
	return fmt.Errorf("the compressed block %d (bytes %d to %d of the contents) is damaged: %w", i, i*m.block, min((i+1)*m.block, m.size)-1, err)
}
