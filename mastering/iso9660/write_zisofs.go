package iso9660

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
)

// Zisofs says which files are stored compressed, and how. Linux and a few
// programs expand them while they read; all others see compressed contents.
type Zisofs struct {
	// Patterns choose the files; a folder stands for all in it. Without patterns all
	// files are tried.
	Patterns Patterns `json:"patterns,omitempty"`
	// Gain is how much smaller a file must become, in percent. It must save one
	// sector in any case.
	Gain int `json:"gain,omitempty"`
	// Version is that of the header: 1, which 0 stands for, for files below 4 GiB,
	// or 2, which the Linux kernel does not know, for all.
	Version int `json:"version,omitempty"`
	// Block is how much is compressed as one, in KiB: 32, 64 or 128; 0 is 32.
	Block int `json:"block,omitempty"`
	// Level is that of zlib, 1 to 9; 0 is 6.
	Level int `json:"level,omitempty"`
}

// check completes the options and refuses what cannot be.
func (z Zisofs) check() (Zisofs, error) {
	if z.Version == 0 {
		z.Version = 1
	}
	if z.Block == 0 {
		z.Block = 32
	}
	if z.Level == 0 {
		z.Level = 6
	}
	switch {
	case z.Version != 1 && z.Version != 2:
		return z, fmt.Errorf("zisofs: there are versions 1 and 2, not %d", z.Version)
	case z.Block != 32 && z.Block != 64 && z.Block != 128:
		return z, fmt.Errorf("zisofs: blocks have 32, 64 or 128 KiB, not %d", z.Block)
	case z.Level < 1 || z.Level > 9:
		return z, fmt.Errorf("zisofs: compression has levels 1 to 9, not %d", z.Level)
	case z.Gain < 0 || z.Gain > 99:
		return z, fmt.Errorf("zisofs: a gain of %d percent cannot be asked for", z.Gain)
	}
	return z, z.Patterns.Check()
}

func (z Zisofs) blockLog() byte {
	log := byte(15)
	for size := 32; size < z.Block; size *= 2 {
		log++
	}
	return log
}

func (z Zisofs) width() int64 {
	if z.Version == 2 {
		return 8
	}
	return 4
}

func (z Zisofs) headLength() int64 {
	if z.Version == 2 {
		return zisofsHeader2
	}
	return zisofsHeader1
}

// limit is the greatest size of a file, and of what becomes of it.
func (z Zisofs) limit() int64 {
	if z.Version == 2 {
		return math.MaxInt64
	}
	return math.MaxUint32
}

// Compressed is the source of a file that is stored compressed.
type Compressed struct {
	o     Zisofs
	base  layout.Source
	size  int64   // of the contents
	ends  []int64 // of the blocks, counted from the first
	spool *spool
	at    int64 // of the first block in the spool
}

// String names the file that was compressed.
func (c *Compressed) String() string { return c.base.String() }

// head returns the header and the pointers.
func (c *Compressed) head() []byte {
	z, blocks := c.o, int64(len(c.ends))
	length := z.headLength() + (blocks+1)*z.width()
	b := make([]byte, length)
	if z.Version == 2 {
		copy(b, zisofsMagic2)
		b[9], b[10], b[11] = zisofsHeader2/4, 1, z.blockLog()
		binary.LittleEndian.PutUint64(b[12:], uint64(c.size))
	} else {
		copy(b, zisofsMagic1)
		binary.LittleEndian.PutUint32(b[8:], uint32(c.size))
		b[12], b[13] = zisofsHeader1/4, z.blockLog()
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

// stored returns the length of the compressed file.
func (c *Compressed) stored() int64 {
	n := c.o.headLength() + int64(len(c.ends)+1)*c.o.width()
	if len(c.ends) > 0 {
		n += c.ends[len(c.ends)-1]
	}
	return n
}

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
	want := min(int64(len(p)-n), max(r.c.stored()-int64(len(r.head))-body, 0))
	k, err := r.c.spool.ReadAt(p[n:n+int(want)], r.c.at+body)
	n += k
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

func (r *compressedReader) Close() error { return nil }

// zf is the field of a compressed file (zisofs): algorithm, header length in
// words, logarithm of the block size, size. Version 2 has another signature, so
// that readers that know only the first see the compressed file.
func (f *fields) zf(c *Compressed) {
	if c.o.Version == 2 {
		b := f.add("Z2", 16)
		f.buf[len(f.buf)-13] = 2 // version of the field
		b[0], b[1], b[2], b[3] = 'P', 'Z', zisofsHeader2/4, c.o.blockLog()
		binary.LittleEndian.PutUint64(b[4:], uint64(c.size))
		return
	}
	b := f.add("ZF", 16)
	b[0], b[1], b[2], b[3] = 'p', 'z', zisofsHeader1/4, c.o.blockLog()
	put32(b[4:], uint32(c.size))
}

// storedSize returns how many bytes the contents of a file take on the volume.
func storedSize(n *tree.Node, src layout.Source) int64 {
	if c, ok := src.(*Compressed); ok {
		return c.stored()
	}
	return n.Size
}

// Compression is the outcome of Compress. It is closed when the volume is not
// needed any more.
type Compression struct {
	Sources map[*tree.Node]*Compressed // of the files that have become smaller
	Failed  []error                    // of the files that could not be read
	TooLong int                        // files that version 1 has no room for
	spool   *spool
}

// Close gives back the memory and the temporary file.
func (c *Compression) Close() error { return c.spool.Close() }

// zisofsMemory is how many compressed bytes stay in memory; more go to a
// temporary file.
const zisofsMemory = 64 << 20

// Compress compresses files, with all processors, so that their lengths are
// known before a volume is planned. The nodes stay as they are: whoever asks
// gives those in Sources their new source.
func Compress(ctx context.Context, files []*tree.Node, o Zisofs, rep progress.Reporter) (*Compression, error) {
	return compress(ctx, files, o, rep, newSpool(zisofsMemory))
}

func compress(ctx context.Context, files []*tree.Node, o Zisofs, rep progress.Reporter, s *spool) (*Compression, error) {
	o, err := o.check()
	if err != nil {
		return nil, err
	}
	if rep == nil {
		rep = progress.Discard
	}
	c := &Compression{Sources: map[*tree.Node]*Compressed{}, spool: s}
	var list []*zisofsFile
	total := int64(0)
	for _, n := range files {
		if n.Size > o.limit() {
			c.TooLong++
			continue
		}
		if n.Size > sectorSize { // smaller ones cannot save a sector
			list = append(list, &zisofsFile{node: n})
			total += n.Size
		}
	}
	rep.Phase(progress.Compressing, total)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for b := range compressBlocks(ctx, list, o) {
		if err := c.take(ctx, b, o); err != nil {
			cancel()
			c.Close()
			return nil, err
		}
		rep.Add(int64(b.length))
	}
	if err := context.Cause(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// take stores a block. Blocks come in their order.
func (c *Compression) take(ctx context.Context, b *zisofsBlock, o Zisofs) error {
	select {
	case <-b.done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	f := b.file
	if b.index == 0 {
		f.at = c.spool.size
	}
	if f.err == nil {
		f.err = b.err
	}
	if f.err == nil {
		if err := c.spool.append(b.out); err != nil {
			return fmt.Errorf("store compressed files: %w", err)
		}
		f.ends = append(f.ends, c.spool.size-f.at)
	}
	b.free()
	if !b.last {
		return nil
	}
	f.close()
	if known, ok := f.node.Source().(layout.Watcher); ok && f.err == nil {
		f.err = known.Unchanged()
	}
	if f.err != nil {
		c.Failed = append(c.Failed, fmt.Errorf("compress %s: %w", f.node.Source(), f.err))
		c.spool.size = f.at
		return nil
	}
	z := &Compressed{o: o, base: f.node.Source(), size: f.node.Size, ends: f.ends, spool: c.spool, at: f.at}
	before, after := f.node.Size, z.stored()
	if after > o.limit() || after > before-before/100*int64(o.Gain)-before%100*int64(o.Gain)/100 ||
		(after+sectorSize-1)/sectorSize >= (before+sectorSize-1)/sectorSize {
		c.spool.size = f.at
		return nil
	}
	c.Sources[f.node] = z
	return nil
}
