package volume

import (
	"io"
	"sync"
	"sync/atomic"

	"glassmaster/mastering/disc"
)

// Opening a volume and looking for known defects takes about sixty reads of a dozen
// sectors. The cache keeps the sectors of the first reads and then disables itself:
// reading the folders of a volume does not read a sector twice.
const (
	cachedReads   = 256
	cachedSectors = 512      // 1 MiB
	cachedLength  = 32 << 10 // longer reads are not kept
)

// cache keeps sectors of user data that were read.
type cache struct {
	over atomic.Bool // the cache is disabled

	mu      sync.Mutex
	reads   int
	sectors map[int64][]byte // by their number
}

// readAt reads from r, or returns what was read from it before.
func (c *cache) readAt(r io.ReaderAt, p []byte, off int64) (int, error) {
	if c.over.Load() || len(p) == 0 || len(p) > cachedLength || off < 0 {
		return r.ReadAt(p, off)
	}
	first := off / disc.SectorSize
	n := int((off+int64(len(p))+disc.SectorSize-1)/disc.SectorSize - first)
	if c.recall(p, first, int(off%disc.SectorSize), n) {
		return len(p), nil
	}
	buf := make([]byte, n*disc.SectorSize)
	have, err := r.ReadAt(buf, first*disc.SectorSize)
	c.keep(buf[:have], first)
	k := copy(p, buf[min(int(off%disc.SectorSize), have):have])
	if k == len(p) {
		err = nil
	}
	return k, err
}

// recall fills p from n cached sectors, beginning skip bytes into the first one. It
// returns false if one of them is not cached.
func (c *cache) recall(p []byte, first int64, skip, n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reads++; c.reads > cachedReads {
		c.sectors = nil
		c.over.Store(true)
		return false
	}
	for i := range n {
		if c.sectors[first+int64(i)] == nil {
			return false
		}
	}
	for i := range n {
		p = p[copy(p, c.sectors[first+int64(i)][skip:]):]
		skip = 0
	}
	return true
}

// keep stores the whole sectors of buf.
func (c *cache) keep(buf []byte, first int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over.Load() {
		return
	}
	if c.sectors == nil {
		c.sectors = make(map[int64][]byte)
	}
	for len(buf) >= disc.SectorSize && len(c.sectors) < cachedSectors {
		c.sectors[first] = buf[:disc.SectorSize:disc.SectorSize]
		first, buf = first+1, buf[disc.SectorSize:]
	}
}
