package compilation

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"sync"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/units"
	"glassmaster/mastering/zisofs"
)

// Contents are options for processing the contents of files. With Identical and Zisofs,
// Plan reads files, which can take a long time.
type Contents struct {
	// Identical stores files with the same contents once.
	Identical bool `json:"identical,omitempty"`
	// Checksums adds a file SHA256SUMS to the root, for "sha256sum -c".
	Checksums bool `json:"checksums,omitempty"`
	// Zisofs compresses files; nil: none.
	Zisofs *zisofs.Options `json:"zisofs,omitempty"`
	// MD5 embeds a checksum of the whole image, for checkisomd5 and installers.
	MD5 bool `json:"md5,omitempty"`
}

// changes reports whether planning modifies the tree.
func (c Contents) changes() bool { return c.Identical || c.Checksums || c.Zisofs != nil }

// content is the contents of one or several files.
type content struct {
	nodes  []*tree.Node // all names, including hard links
	sum    [sha256.Size]byte
	wanted bool // its checksum is needed
	err    error
}

// preparation is the processing of contents before a disc is planned.
type preparation struct {
	ctx      context.Context
	rep      progress.Reporter
	root     *tree.Node
	o        Contents
	contents []*content
	starts   map[*content]bool // boot images; true: changed when the disc is planned
	notices  []disc.Notice
	late     *checksums // computed later; nil: none
	closer   io.Closer  // of the sources; nil: none
}

// prepare processes the contents. It modifies the tree.
func (p *preparation) prepare(options *master.Options) error {
	if p.o.Checksums && p.root.Child(checksumFile) != nil {
		return fmt.Errorf("the root already has a file %s; rename or remove it, or do not add checksums", checksumFile)
	}
	if p.o.Zisofs != nil && options.NoRockRidge {
		return errors.New("compression with zisofs needs Rock Ridge, which marks compressed files; enable Rock Ridge, or do not compress")
	}
	if p.o.Zisofs != nil && options.HasUDF() {
		return errors.New("UDF does not support files compressed with zisofs; leave out one of the two")
	}
	p.collect()
	p.findBoot(options.Boot)
	late := p.o.Checksums && !p.o.Identical && p.o.Zisofs == nil
	if !late {
		if err := p.hash(); err != nil {
			return err
		}
	}
	if p.o.Identical {
		options.Identical = p.merge()
	}
	if p.o.Checksums {
		p.insertChecksums(options, late)
	}
	if p.o.Zisofs != nil {
		return p.compress(options.Hidden())
	}
	return nil
}

func (p *preparation) warn(format string, args ...any) {
	p.notices = append(p.notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf(format, args...)})
}

// collect finds the contents of the tree.
func (p *preparation) collect() {
	shared := map[*tree.Shared]*content{}
	_ = p.root.Walk(func(n *tree.Node) error {
		if !n.Mode.IsRegular() || n.Source() == nil {
			return nil
		}
		s := n.Shared()
		c := shared[s]
		if s == nil || c == nil {
			c = &content{wanted: p.o.Checksums}
			p.contents = append(p.contents, c)
			if s != nil {
				shared[s] = c
			}
		}
		c.nodes = append(c.nodes, n)
		return nil
	})
	if !p.o.Identical {
		return
	}
	bySize := map[int64]*content{} // the first content of each size
	for _, c := range p.contents {
		n := c.nodes[0]
		if n.Size == 0 {
			continue
		}
		if first := bySize[n.Size]; first != nil {
			first.wanted, c.wanted = true, true
		} else {
			bySize[n.Size] = c
		}
	}
}

// findBoot finds the contents of boot images.
func (p *preparation) findBoot(o *boot.Options) {
	if o == nil {
		return
	}
	changed := map[*tree.Node]bool{}
	for _, i := range o.Images {
		if n := p.root.Lookup(i.Path); i.Path != "" && n != nil {
			changed[n] = changed[n] || i.InfoTable || i.GRUBInfo
		}
	}
	p.starts = map[*content]bool{}
	for _, c := range p.contents {
		for _, n := range c.nodes {
			if patch, ok := changed[n]; ok {
				p.starts[c] = p.starts[c] || patch
			}
		}
	}
}

// hash computes the checksums that are needed, several at a time. Files that cannot be
// read are remembered; the error is that of the context.
func (p *preparation) hash() error {
	var wanted []*content
	for _, c := range p.contents {
		if c.wanted {
			wanted = append(wanted, c)
		}
	}
	return hashAll(p.ctx, wanted, p.rep)
}

// hashAll computes the checksums of contents, several at a time. The error is that of the
// context.
func hashAll(ctx context.Context, list []*content, rep progress.Reporter) error {
	total := int64(0)
	for _, c := range list {
		total += c.nodes[0].Size
	}
	if total > 0 {
		rep.Phase(progress.Hashing, total)
	}
	work := make(chan *content)
	var busy sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		busy.Go(func() {
			buf := make([]byte, 256<<10)
			for c := range work {
				c.err = c.hash(ctx, buf, rep)
			}
		})
	}
	for _, c := range list {
		if ctx.Err() != nil {
			break
		}
		work <- c
	}
	close(work)
	busy.Wait()
	return context.Cause(ctx)
}

func (c *content) hash(ctx context.Context, buf []byte, rep progress.Reporter) error {
	n := c.nodes[0]
	r, err := layout.OpenSource(n.Source(), n.Size)
	if err != nil {
		return err
	}
	defer r.Close()
	h := sha256.New()
	for at := int64(0); at < n.Size; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		p := buf[:min(int64(len(buf)), n.Size-at)]
		k, err := r.ReadAt(p, at)
		h.Write(p[:k])
		rep.Add(int64(k))
		at += int64(k)
		if k < len(p) {
			if err == nil || errors.Is(err, io.EOF) {
				err = layout.ErrShrunk
			}
			return err
		}
	}
	h.Sum(c.sum[:0])
	return nil
}

// merge makes identical contents one, and returns the number of each file that shares its
// contents with others.
func (p *preparation) merge() map[*tree.Node]int {
	type key struct {
		size int64
		sum  [sha256.Size]byte
	}
	known := map[key]*content{}
	var merged []*content
	for _, c := range p.contents {
		n := c.nodes[0]
		if _, ok := p.starts[c]; ok || !c.wanted || c.err != nil || n.Size == 0 {
			merged = append(merged, c)
			continue
		}
		k := key{n.Size, c.sum}
		if first := known[k]; first != nil {
			first.nodes = append(first.nodes, c.nodes...)
			continue
		}
		known[k] = c
		merged = append(merged, c)
	}
	p.contents = merged
	identical := map[*tree.Node]int{}
	for class, c := range merged {
		if len(c.nodes) > 1 {
			for _, n := range c.nodes {
				identical[n] = class
			}
		}
	}
	return identical
}

// compress replaces the sources of the files that the options choose by compressed ones.
// Files hidden from Rock Ridge stay uncompressed, since no other tree marks compressed
// files.
func (p *preparation) compress(hidden tree.Patterns) error {
	o := *p.o.Zisofs
	if err := o.Patterns.Check(); err != nil {
		return fmt.Errorf("zisofs: %w", err)
	}
	all := map[*tree.Node]*content{}
	var files []*tree.Node
	for _, c := range p.contents {
		n := c.nodes[0]
		if _, ok := p.starts[c]; ok {
			continue // firmware does not decompress
		}
		if !slices.ContainsFunc(c.nodes, func(n *tree.Node) bool { return !hidden.MatchWithin(n) }) {
			continue
		}
		if c.err == nil && n.Size > 0 && (len(o.Patterns) == 0 || slices.ContainsFunc(c.nodes, o.Patterns.MatchWithin)) {
			all[n] = c
			files = append(files, n)
		}
	}
	z, err := zisofs.Compress(p.ctx, files, o, p.rep)
	if err != nil {
		return err
	}
	p.closer = z
	for n, src := range z.Sources {
		for _, name := range all[n].nodes {
			name.SetSource(src)
		}
	}
	if z.TooLong > 0 {
		p.warn("%s not compressed, since zisofs version 1 is limited to 4 GiB", units.Count(z.TooLong, "file is", "files are"))
	}
	for _, err := range z.Failed {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path
		}
		p.warn("not compressed: %v", err)
	}
	return nil
}
