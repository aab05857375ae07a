package zisofs

import (
	"encoding/binary"
	"io"

	"glassmaster/mastering/layout"
)

// Compressed is the source of a compressed file.
type Compressed struct {
	o     Options
	base  layout.Source
	size  int64   // of the file before compression
	ends  []int64 // ends of the blocks, from the start of the first
	spool *spool
	at    int64 // offset of the first block in the spool
}

// String returns the name of the file that was compressed.
func (c *Compressed) String() string { return c.base.String() }

// head returns the header and the table of pointers.
func (c *Compressed) head() []byte {
	z, blocks := c.o, int64(len(c.ends))
	length := z.headLength() + (blocks+1)*z.width()
	b := make([]byte, length)
	if z.Version == 2 {
		copy(b, magic2)
		b[9], b[10], b[11] = header2/4, 1, z.blockLog()
		binary.LittleEndian.PutUint64(b[12:], uint64(c.size))
	} else {
		copy(b, magic1)
		binary.LittleEndian.PutUint32(b[8:], uint32(c.size))
		b[12], b[13] = header1/4, z.blockLog()
	}
	at := b[z.headLength():]
	pointer := func(v int64) {
		if z.Version == 2 {
			binary.LittleEndian.PutUint64(at, uint64(v))
		} else {
			binary.LittleEndian.PutUint32(at, uint32(v))
		}
		at = at[z.width():]
	}
	pointer(length)
	for _, end := range c.ends {
		pointer(length + end)
	}
	return b
}

// Stored returns the length of the compressed file, in bytes.
func (c *Compressed) Stored() int64 {
	n := c.o.headLength() + int64(len(c.ends)+1)*c.o.width()
	if len(c.ends) > 0 {
		n += c.ends[len(c.ends)-1]
	}
	return n
}

// Origin returns the source of the file before compression.
func (c *Compressed) Origin() layout.Source { return c.base }

// Open implements layout.Opener.
func (c *Compressed) Open() (layout.Reader, error) {
	return &compressedReader{c, c.head()}, nil
}

type compressedReader struct {
	c    *Compressed
	head []byte
}

// ReadAt implements io.ReaderAt.
func (r *compressedReader) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	if off < int64(len(r.head)) {
		n = copy(p, r.head[off:])
	}
	body := off + int64(n) - int64(len(r.head))
	want := min(int64(len(p)-n), max(r.c.Stored()-int64(len(r.head))-body, 0))
	k, err := r.c.spool.ReadAt(p[n:n+int(want)], r.c.at+body)
	n += k
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

func (r *compressedReader) Close() error { return nil }

// Entry returns the system use entry of the file.
func (c *Compressed) Entry() Entry {
	e := Entry{Algorithm: "pz", HeaderWords: header1 / 4, BlockLog: c.o.blockLog(), Size: uint64(c.size)}
	if c.o.Version == 2 {
		e.Algorithm, e.HeaderWords = "PZ", header2/4
	}
	return e
}
