package udf

import (
	"encoding/binary"
	"fmt"
	"io"
)

var le = binary.LittleEndian

// medium reads the bytes of the volume. Metadata goes through a small cache, since
// the file entries of a directory are usually close together.
type medium struct {
	r     io.ReaderAt
	size  int64 // bytes
	block int64 // size of a logical block in bytes
	cache chunks
}

// read fills p from byte offset off of the volume.
func (m *medium) read(p []byte, off int64) error {
	if off < 0 || int64(len(p)) > m.size-off {
		return m.errBeyond(max(off, m.size))
	}
	if n, err := m.r.ReadAt(p, off); n < len(p) {
		return fmt.Errorf("sector %d: %w", (off+int64(n))/m.block, err)
	}
	return nil
}

// errBeyond is the error of a byte at off that is beyond the end of the volume.
func (m *medium) errBeyond(off int64) error {
	return fmt.Errorf("sector %d is beyond the end of the disc or image (%d sectors of %d bytes): it is truncated",
		off/m.block, m.size/m.block, m.block)
}

// readMeta is read through the cache.
func (m *medium) readMeta(p []byte, off int64) error {
	at := off / chunkSize * chunkSize
	if off < 0 || off+int64(len(p)) > at+chunkSize || at+chunkSize > m.size {
		return m.read(p, off)
	}
	if m.cache.get(p, off) {
		return nil
	}
	chunk := make([]byte, chunkSize)
	if m.read(chunk, at) != nil { // a bad sector must not make the other ones unreadable
		return m.read(p, off)
	}
	m.cache.put(chunk, at)
	copy(p, chunk[off-at:])
	return nil
}
