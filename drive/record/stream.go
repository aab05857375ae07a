package record

import (
	"context"
	"io"

	"glassmaster/drive/ring"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// sectorReader is what sectors are read from: the source, or a Feed.
type sectorReader interface {
	ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error)
}

// filler is a sectorReader that wants to know which buffer it fills.
type filler interface{ Fills(*ring.Ring) }

// feed returns what delivers the sectors to be written, in all forms.
func (r *burning) feed() sectorReader {
	if r.o.Feed == nil {
		return r.whole()
	}
	return fed{sector.AllForms(fedDisc{r.src, r.o.Feed}), r.o.Feed}
}

// whole returns the source in all forms.
func (r *burning) whole() disc.Disc { return sector.AllForms(r.src) }

// fedDisc is a source whose sectors come from a Feed.
type fedDisc struct {
	disc.Disc
	feed Feed
}

func (f fedDisc) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, form disc.Form) (int, error) {
	return f.feed.ReadSectors(ctx, p, lba, form)
}

// fed are the sectors of a Feed in all forms.
type fed struct {
	disc.Disc
	feed Feed
}

// Fills implements filler.
func (f fed) Fills(r *ring.Ring) { f.feed.Fills(r) }

// stream reads the source ahead of the writer, in chunks as they are written.
type stream struct {
	ring   *ring.Ring
	writer *ring.Writer
	areas  []*area
	ended  chan struct{} // closed when the source is no longer read
	sent   *sent         // what was read
}

// chunk is what one WRITE carries.
type chunk struct {
	area  *area
	first int64 // index of the first block in the area, whose address is known when it is written
	p     []byte
}

// at returns the address of the chunk on the medium.
func (c chunk) at() disc.LBA { return c.area.at + disc.LBA(c.first) }

// blocks returns the number of blocks of a chunk.
func (c chunk) blocks() int64 { return int64(len(c.p) / c.area.block.size) }

// newStream begins to read the areas from src, and delivers them in chunks of count(block)
// blocks. buffer is the size of the ring in bytes, 0: ring.DefaultSize. Reading ends when the context is
// cancelled.
func newStream(ctx context.Context, src sectorReader, areas []*area, count func(block) int, buffer int64) *stream {
	if buffer <= 0 {
		buffer = ring.DefaultSize
	}
	largest, chunks := 0, int64(0)
	for _, a := range areas {
		n := count(a.block)
		largest = max(largest, n*a.block.size)
		chunks += (a.padded + int64(n) - 1) / int64(n)
	}
	slots := int(min(int64(ring.Slots(buffer, largest)), max(chunks, 1)))
	s := &stream{ring: ring.New(slots, largest, 1), areas: areas, ended: make(chan struct{}), sent: newSent(areas)}
	s.writer = s.ring.Writer(0)
	if f, ok := src.(filler); ok {
		f.Fills(s.ring)
	}
	place := place{s: s, count: count}
	go func() {
		defer close(s.ended)
		s.ring.Run(ctx, func(c *ring.Chunk) error { return place.fill(ctx, src, c) })
	}()
	return s
}

// place is how far a stream was read.
type place struct {
	s     *stream
	count func(block) int
	area  int
	at    int64 // blocks of the area
}

// fill reads the next chunk. Its LBA is counted from the beginning of the area.
func (n *place) fill(ctx context.Context, src sectorReader, c *ring.Chunk) error {
	for n.area < len(n.s.areas) && n.at == n.s.areas[n.area].padded {
		n.area++
		n.at = 0
	}
	if n.area == len(n.s.areas) {
		return io.EOF
	}
	a := n.s.areas[n.area]
	blocks, size := min(int64(n.count(a.block)), a.padded-n.at), int64(a.block.size)
	c.LBA, c.Block, c.Tag, c.Data = disc.LBA(n.at), a.block.size, n.area, c.Data[:blocks*size]
	data := max(min(blocks, a.sectors-n.at), 0) * size
	clear(c.Data[data:])
	if data > 0 {
		if err := a.read(ctx, src, c.Data[:data], n.at); err != nil {
			return err
		}
		n.s.sent.add(n.s.sent.areas[n.area], c.Data[:data])
	}
	n.at += blocks
	return nil
}

// next returns the next chunk to write, or io.EOF after the last one.
func (s *stream) next(ctx context.Context) (chunk, error) {
	c, err := s.writer.Next(ctx)
	if err != nil {
		return chunk{}, err
	}
	return chunk{s.areas[c.Tag], int64(c.LBA), c.Data}, nil
}

// done returns the chunk that next returned to the ring.
func (s *stream) done() { s.writer.Done() }

// level returns how full the ring is, from 0 to 1.
func (s *stream) level() float64 { return s.ring.Level() }

// prime waits until the ring is full or the whole source has been read, so that the
// drive begins with a full buffer.
func (s *stream) prime(ctx context.Context) { s.ring.Prime(ctx) }
