package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"glassmaster/drive/ring"
	"glassmaster/mastering/disc"
)

// share is one read of a source for several drives. What is read goes into a ring from
// which each drive takes the sectors at its own pace. The drive that is the first to need
// sectors reads them.
//
// If a drive is slower than the others, they wait for it while the ring is full, until one
// of them has less than a quarter left in its own buffer. Then the slow drive has to read
// the source again by itself. If the source can be read only once, the others wait: the
// buffer underrun protection of the drives is for that, and a drive that hangs is given up
// by its burn after the limits of package record.
type share struct {
	src  disc.Disc
	once bool // the source can be read only once, in order
	ring *ring.Ring
	lead chan struct{} // has a token unless a drive is reading the source

	mu      sync.Mutex
	waiting int           // drives that have not begun to write, and are still in use
	ready   chan struct{} // closed when there are none
}

// shareChunk is the size of the chunks in bytes: a usual WRITE, in any form of sectors.
const shareChunk = 64 << 10

// newShare returns the shared read of a source for some drives. size is that of the ring
// in bytes.
func newShare(src disc.Disc, once bool, drives int, size int64) *share {
	s := &share{
		src: src, once: once, ring: ring.New(ring.Slots(size, shareChunk), shareChunk, drives),
		lead: make(chan struct{}, 1), waiting: drives, ready: make(chan struct{}),
	}
	s.lead <- struct{}{}
	return s
}

// feed returns what delivers the sectors to the drive with a number, counted from 0.
func (s *share) feed(i int) *feed { return &feed{share: s, writer: s.ring.Writer(i)} }

// arrive counts a drive that is ready to write, or no longer in use.
func (s *share) arrive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting--; s.waiting == 0 {
		close(s.ready)
	}
}

// feed delivers the sectors of a shared read to one drive.
type feed struct {
	share   *share
	writer  *ring.Writer
	fills   *ring.Ring // the buffer of the drive; nil: unknown
	arrived sync.Once
	again   atomic.Int64 // sectors that were read again for this drive alone
}

// Fills implements record.Feed.
func (f *feed) Fills(r *ring.Ring) { f.fills = r }

// leave ends the part of a drive: the others no longer wait for it.
func (f *feed) leave() {
	f.arrived.Do(f.share.arrive)
	f.writer.Leave()
}

// ReadSectors implements record.Feed. The first call waits until all drives are ready to
// write, since one that is still erasing its disc would miss the beginning.
func (f *feed) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, form disc.Form) (int, error) {
	f.arrived.Do(f.share.arrive)
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-f.share.ready:
	}
	size := form.Size()
	for n := 0; ; {
		k, err := f.read(ctx, p[n*size:], lba+disc.LBA(n), form)
		if n += k; err != nil || n*size >= len(p) {
			return n, err
		}
	}
}

// read reads at least one sector.
func (f *feed) read(ctx context.Context, p []byte, lba disc.LBA, form disc.Form) (int, error) {
	for {
		c, err := f.find(lba, form)
		switch {
		case err != nil:
			return f.readAgain(ctx, p, lba, form)
		case c != nil:
			return f.take(c, p, lba, form)
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-f.writer.Added():
		case <-f.share.lead:
			err := f.advance(ctx, lba, form, len(p)/form.Size())
			f.share.lead <- struct{}{}
			if err != nil {
				return 0, err
			}
		}
	}
}

// errElsewhere is the error of sectors that are not the next ones of the shared read.
var errElsewhere = errors.New("these sectors are not in the buffer")

// find returns the chunk that contains a sector. It returns nil if the drive has taken
// everything that was read so far.
func (f *feed) find(lba disc.LBA, form disc.Form) (*ring.Chunk, error) {
	has := func(c *ring.Chunk) bool {
		at := int64(lba - c.LBA)
		return c.Block == form.Size() && at >= 0 && (at < int64(c.Blocks()) || at == 0 && c.Err != nil)
	}
	for {
		c, err := f.writer.TryNext()
		switch {
		case c == nil && err == nil:
			return nil, nil
		case c != nil && has(c):
			return c, nil
		case c != nil && c.Block == form.Size() && c.LBA+disc.LBA(max(c.Blocks(), 1)) <= lba:
			f.writer.Done() // the drive did without these sectors, such as one that cannot be read
			continue
		case c != nil:
			f.writer.Keep()
		}
		if !f.writer.Rejoin(has) {
			f.writer.Miss() // the others do not wait for a drive that needs something else
			return nil, errElsewhere
		}
	}
}

// take copies sectors from a chunk.
func (f *feed) take(c *ring.Chunk, p []byte, lba disc.LBA, form disc.Form) (int, error) {
	if c.Err != nil {
		err := c.Err
		f.writer.Keep() // reading it again fails again
		return 0, err
	}
	size := form.Size()
	at := int(lba - c.LBA)
	n := copy(p, c.Data[at*size:]) / size
	if at+n < c.Blocks() {
		f.writer.Keep()
	} else {
		f.writer.Done()
	}
	return n, nil
}

// readAgain reads sectors only for this drive, which has fallen behind.
func (f *feed) readAgain(ctx context.Context, p []byte, lba disc.LBA, form disc.Form) (int, error) {
	if f.share.once {
		return 0, fmt.Errorf("sector %d has passed, and the source can be read only once", lba)
	}
	n, err := f.share.src.ReadSectors(ctx, p, lba, form)
	f.again.Add(int64(n))
	return n, err
}

// advance reads the next chunk for all drives, of which this one needs the first sectors.
// An error of the source reaches all drives at its place; one that ends the read is that
// of the context of this drive, and does not concern the others.
func (f *feed) advance(ctx context.Context, lba disc.LBA, form disc.Form, sectors int) error {
	if c, err := f.writer.TryNext(); c != nil || err != nil {
		if c != nil {
			f.writer.Keep()
		}
		return nil // another drive has read it in the meantime
	}
	c, err := f.slot(ctx)
	if err != nil {
		return err
	}
	size := form.Size()
	n := min(sectors, len(c.Data)/size)
	k, err := f.share.fill(ctx, c.Data[:n*size], lba, form)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.LBA, c.Block, c.Data = lba, size, c.Data[:k*size]
	if k == 0 {
		c.Err = err
		if err == nil {
			c.Err = io.ErrUnexpectedEOF
		}
	}
	f.share.ring.Put()
	return nil
}

// fill reads from the source. A panic becomes an error, which all drives get.
func (s *share) fill(ctx context.Context, p []byte, lba disc.LBA, form disc.Form) (n int, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			n, err = 0, fmt.Errorf("internal error of the program: %v", fault)
		}
	}()
	return s.src.ReadSectors(ctx, p, lba, form)
}

// slot waits for a free slot of the ring. While others are slower it waits until the
// buffer of this drive is low.
func (f *feed) slot(ctx context.Context) (*ring.Chunk, error) {
	var low <-chan struct{}
	if f.fills != nil && !f.share.once {
		low = f.fills.Low()
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if c, ok := f.share.ring.TrySlot(); ok {
			return c, nil
		}
		if low != nil && f.fills.IsLow() && f.share.ring.Drop() {
			continue
		}
		select {
		case <-ctx.Done():
		case <-f.share.ring.Freed():
		case <-low:
		}
	}
}
