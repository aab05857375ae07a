package udf

import (
	"sync"
)

// Size of the metadata cache.
const (
	chunkSize  = 32 * 1024 // bytes of a chunk
	chunkCount = 16
)

// chunks caches the parts of the volume that were read last.
type chunks struct {
	mu   sync.Mutex
	list []chunk // newest first
}

type chunk struct {
	off  int64
	data []byte
}

// get fills p from the cache, if one chunk holds all of it.
func (c *chunks) get(p []byte, off int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := off / chunkSize * chunkSize
	for i, k := range c.list {
		if k.off == at {
			copy(c.list[1:i+1], c.list[:i])
			c.list[0] = k
			copy(p, k.data[off-at:])
			return true
		}
	}
	return false
}

func (c *chunks) put(data []byte, off int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.list) < chunkCount {
		c.list = append(c.list, chunk{})
	}
	copy(c.list[1:], c.list)
	c.list[0] = chunk{off, data}
}
