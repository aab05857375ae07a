package chd

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"sync"

	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/packed"
)

// image reads the contents of a CHD.
type image struct {
	header
	file     io.ReaderAt
	contents *packed.Checked // what ReadAt reads, with its SHA-1
	fileSize int64
	places   places
	parent   *image
	decoders sync.Pool

	cache cache
}

// openImage opens a CHD, and its parents. depth is the number of its children.
func openImage(ctx context.Context, f *format.Files, r io.ReaderAt, size int64, depth int) (*image, error) {
	h, err := parseHeader(r, size)
	if err != nil {
		return nil, err
	}
	m := &image{header: h, file: r, fileSize: size}
	for _, c := range h.codecs {
		if c != (codec{}) && c.missing() != "" {
			return nil, fmt.Errorf("it is compressed with %s", c.missing())
		}
	}
	if err := m.readMap(ctx); err != nil {
		return nil, err
	}
	m.decoders.New = func() any { return &decoder{header: &m.header} }
	m.cache.init(m)
	m.contents = m.checked()
	if h.parent == (sum{}) {
		return m, nil
	}
	if depth == maxParents {
		return nil, fmt.Errorf("the CHD has more than %d parents", maxParents)
	}
	p, err := findParent(f, h.parent)
	if err != nil {
		return nil, err
	}
	m.parent, err = openImage(ctx, f, p.ReaderAt, p.Size, depth+1)
	if err != nil {
		return nil, fmt.Errorf("open its parent %s: %w", p.Name, err)
	}
	return m, nil
}

// findParent opens the CHD with this SHA-1 in the folder of the image.
func findParent(f *format.Files, all sum) (format.Part, error) {
	dir := filepath.Dir(f.Name())
	list, err := os.ReadDir(dir)
	if err != nil {
		return format.Part{}, err
	}
	for _, e := range list {
		if !e.Type().IsRegular() || !strings.EqualFold(filepath.Ext(e.Name()), ".chd") {
			continue
		}
		if h, err := headerOf(filepath.Join(dir, e.Name())); err == nil && h.all == all {
			return f.Beside(e.Name())
		}
	}
	return format.Part{}, fmt.Errorf("it contains only the differences from its parent, a CHD with the SHA-1 %x, which is not in its folder; put it beside %s", all, filepath.Base(f.Name()))
}

// headerOf returns the header of a file.
func headerOf(path string) (header, error) {
	f, err := os.Open(path)
	if err != nil {
		return header{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return header{}, err
	}
	return parseHeader(f, info.Size())
}

// ReadAt reads contents of the image. The checksum of every hunk is checked.
func (m *image) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		at := off + int64(n)
		if at >= m.size {
			return n, io.EOF
		}
		want := p[n:min(int64(len(p)), int64(n)+m.size-at)]
		hunk := int(at / int64(m.hunk))
		last := int((at + int64(len(want)) - 1) / int64(m.hunk))
		data, err := m.cache.get(hunk, last)
		if err != nil {
			return n, err
		}
		n += copy(want, data[at-int64(hunk)*int64(m.hunk):])
	}
	return n, nil
}

// maxSame is how many hunks in a row may be the same as an earlier one that is the same as
// an earlier one. In images of chdman it is one.
const maxSame = 16

// load reads and decompresses a hunk into p.
func (m *image) load(p []byte, hunk int) error {
	at := m.places.at(hunk)
	for range maxSame {
		if at.kind != same {
			break
		}
		at = m.places.at(int(at.offset))
	}
	switch at.kind {
	case same:
		return fmt.Errorf("%w: hunk %d begins a chain of more than %d references", errMap, hunk, maxSame)
	case zeros:
		clear(p)
		return nil
	case inParent:
		n, err := m.parent.ReadAt(p, at.offset*int64(m.unit))
		if err != nil && err != io.EOF {
			return fmt.Errorf("read the parent of the CHD: %w", err)
		}
		clear(p[n:])
		return nil
	}
	d := m.decoders.Get().(*decoder)
	defer m.decoders.Put(d)
	src := p
	if at.kind != plain {
		src = d.input(int(at.length))
	}
	if n, err := m.file.ReadAt(src, at.offset); n < len(src) {
		return fmt.Errorf("read hunk %d at byte %d of the file: %w", hunk, at.offset, err)
	}
	if at.kind != plain {
		if err := d.decode(m.codecs[at.kind], p, src); err != nil {
			return fmt.Errorf("hunk %d at byte %d of the file is damaged: %w", hunk, at.offset, err)
		}
	}
	if !m.compressed() { // no checksums
		return nil
	}
	if crc := crc16(crcStart, p); crc != at.crc {
		return fmt.Errorf("hunk %d at byte %d of the file is damaged: its checksum is %04x instead of %04x", hunk, at.offset, crc, at.crc)
	}
	return nil
}

// cacheBytes is the memory for decompressed hunks.
const cacheBytes = 8 << 20

// cache holds the hunks that were read last. Where hunks are read one after the other, it
// decompresses the following ones at the same time, one on each processor.
type cache struct {
	image *image
	most  int           // hunks
	ahead int           // hunks that are read before they are wanted
	run   chan struct{} // a place for each hunk that is decompressed in the background

	mu    sync.Mutex
	hunks map[int]*cached
	clock int // counts uses
	next  int // the hunk after the last one that was wanted
}

// cached is a hunk in the cache. data and err are valid when ready is closed.
type cached struct {
	ready chan struct{}
	data  []byte
	err   error
	used  int
}

func (c *cache) init(m *image) {
	c.image = m
	c.most = max(16, cacheBytes/m.hunk)
	c.ahead = min(4*runtime.GOMAXPROCS(0), c.most/2)
	c.run = make(chan struct{}, runtime.GOMAXPROCS(0))
	c.hunks = make(map[int]*cached)
}

// get returns a decompressed hunk. last is the last hunk that the caller wants too.
func (c *cache) get(hunk, last int) ([]byte, error) {
	c.mu.Lock()
	sequential := hunk == c.next || hunk == c.next-1 || last > hunk
	c.next = hunk + 1
	h, ok := c.hunks[hunk]
	if !ok {
		h = c.add(hunk)
	}
	c.clock++
	h.used = c.clock
	if sequential {
		c.fetch(hunk+1, min(max(last, hunk+c.ahead), c.image.hunks()-1))
	}
	c.mu.Unlock()
	if !ok {
		c.fill(h, hunk)
	}
	<-h.ready
	return h.data, h.err
}

// fetch begins to decompress hunks in the background. c.mu is locked.
func (c *cache) fetch(first, last int) {
	last = min(last, first+c.most/2)
	for i := first; i <= last; i++ {
		if _, ok := c.hunks[i]; ok {
			continue
		}
		select {
		case c.run <- struct{}{}:
		default:
			return
		}
		h := c.add(i)
		go func() {
			c.fill(h, i)
			<-c.run
		}()
	}
}

// add makes a place for a hunk in the cache. c.mu is locked.
func (c *cache) add(hunk int) *cached {
	if len(c.hunks) >= c.most {
		c.drop()
	}
	c.clock++
	h := &cached{ready: make(chan struct{}), used: c.clock}
	c.hunks[hunk] = h
	return h
}

// drop removes the half of the hunks that was used least recently. c.mu is locked.
func (c *cache) drop() {
	used := make([]int, 0, len(c.hunks))
	for _, h := range c.hunks {
		used = append(used, h.used)
	}
	sort.Ints(used)
	limit := used[len(used)/2]
	for i, h := range c.hunks {
		if h.used < limit {
			delete(c.hunks, i)
		}
	}
}

// fill decompresses a hunk. A hunk that cannot be read is not kept.
func (c *cache) fill(h *cached, hunk int) {
	data := make([]byte, c.image.hunk)
	if h.err = c.image.load(data, hunk); h.err == nil {
		h.data = data
	} else {
		c.mu.Lock()
		if c.hunks[hunk] == h {
			delete(c.hunks, hunk)
		}
		c.mu.Unlock()
	}
	close(h.ready)
}
