package udf

import (
	"fmt"
	"io"
	"strings"
)

// extentAD is an extent of the volume (ECMA-167 3/7.1): bytes (BP 0) and
// sector (BP 4).
type extentAD struct{ length, location uint32 }

func decodeExtentAD(p []byte) extentAD { return extentAD{le.Uint32(p), le.Uint32(p[4:])} }

// longAD is an extent of a partition (ECMA-167 4/14.14.2): bytes and type (BP
// 0), logical block (BP 4), partition reference number (BP 8).
type longAD struct {
	length    uint32
	block     uint32
	partition uint16
}

func decodeLongAD(p []byte) longAD {
	return longAD{le.Uint32(p), le.Uint32(p[4:]), le.Uint16(p[8:])}
}

func (a longAD) String() string {
	return fmt.Sprintf("block %d of partition %d", a.block, a.partition)
}

// same reports whether both begin at the same block.
func (a longAD) same(b longAD) bool { return a.block == b.block && a.partition == b.partition }

// entityID returns the identifier of an entity (ECMA-167 1/7.4, BP 1 to 23).
func entityID(p []byte) string { return strings.TrimRight(string(p[1:24]), "\x00 ") }

// medium reads the bytes of the volume, metadata through a small cache: a
// directory's file entries are mostly neighbours.
type medium struct {
	r     io.ReaderAt
	size  int64 // bytes
	block int64 // size of a logical block in bytes
	cache chunks
}

// read fills p from byte offset off of the volume.
func (m *medium) read(p []byte, off int64) error {
	if off < 0 || int64(len(p)) > m.size-off {
		return m.behind(max(off, m.size))
	}
	if n, err := m.r.ReadAt(p, off); n < len(p) {
		return fmt.Errorf("sector %d: %w", (off+int64(n))/m.block, err)
	}
	return nil
}

// behind tells that the byte at off is not there.
func (m *medium) behind(off int64) error {
	return fmt.Errorf("sector %d is behind the end of the disc or image (%d sectors of %d bytes): it is cut off",
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
	if m.read(chunk, at) != nil { // one bad sector does not take its neighbours along
		return m.read(p, off)
	}
	m.cache.put(chunk, at)
	copy(p, chunk[off-at:])
	return nil
}
