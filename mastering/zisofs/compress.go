package zisofs

import (
	"context"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
)

// Compression is the result of Compress. Close it when the volume is no longer
// needed.
type Compression struct {
	Sources map[*tree.Node]*Compressed // the files that became smaller
	Failed  []error                    // one for each file that could not be read
	TooLong int                        // number of files that are too large for version 1
	spool   *spool
}

// Close frees the memory and removes the temporary file.
func (c *Compression) Close() error { return c.spool.Close() }

// spoolMemory is the number of compressed bytes that are kept in memory; the rest go
// to a temporary file.
const spoolMemory = 64 << 20

// Compress compresses files on all processors, so that their lengths are known before
// a volume is planned. It does not change the nodes: the caller sets the sources of
// those in Compression.Sources.
func Compress(ctx context.Context, files []*tree.Node, o Options, rep progress.Reporter) (*Compression, error) {
	return compress(ctx, files, o, rep, spoolMemory)
}

// compress is Compress with a limit on the compressed bytes in memory.
func compress(ctx context.Context, files []*tree.Node, o Options, rep progress.Reporter, memory int64) (*Compression, error) {
	o, err := o.check()
	if err != nil {
		return nil, err
	}
	if rep == nil {
		rep = progress.Discard
	}
	c := &Compression{Sources: map[*tree.Node]*Compressed{}, spool: newSpool(memory)}
	var list []*input
	total := int64(0)
	for _, n := range files {
		if n.Size > o.limit() {
			c.TooLong++
			continue
		}
		if n.Size > disc.SectorSize { // smaller files cannot save a sector
			list = append(list, &input{node: n})
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

// take stores a block. It is called for the blocks in their order.
func (c *Compression) take(ctx context.Context, b *block, o Options) error {
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
	before, after := f.node.Size, z.Stored()
	if after > o.limit() || after > before-before/100*int64(o.Gain)-before%100*int64(o.Gain)/100 ||
		(after+disc.SectorSize-1)/disc.SectorSize >= (before+disc.SectorSize-1)/disc.SectorSize {
		c.spool.size = f.at
		return nil
	}
	c.Sources[f.node] = z
	return nil
}
