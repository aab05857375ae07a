package record

import (
	"context"
	"errors"
	"fmt"
	"io"

	"glassmaster/drive/ring"
	"glassmaster/mastering/disc"
)

// sectorReader is what sectors are read from: the source, or a Feed.
type sectorReader interface {
	ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error)
}

// feed returns what delivers the sectors to be written.
func (r *burning) feed() sectorReader {
	if r.o.Feed != nil {
		return r.o.Feed
	}
	return r.src
}

// stream reads the source ahead of the writer, in chunks as they are written,
// the last one filled up with zeros.
type stream struct {
	ring   *ring.Ring
	writer *ring.Writer
	ended  chan struct{} // closed when the source is no longer read
	sent   *sent         // of the sectors of the source
}

// newStream begins to read sectors sectors of src from address start on, and delivers
// padded ones. Reading ends when the context is cancelled. size is that of the ring in
// bytes; 0 is the default.
func newStream(ctx context.Context, src sectorReader, start disc.LBA, sectors, padded int64, chunk int, size int64) *stream {
	if size == 0 {
		size = ring.DefaultSize
	}
	most := (padded + int64(chunk) - 1) / int64(chunk)
	slots := int(min(int64(ring.Slots(size, chunk*disc.SectorSize)), most))
	s := &stream{ring: ring.New(slots, chunk*disc.SectorSize, 1), ended: make(chan struct{}), sent: newSent()}
	s.writer = s.ring.Writer(0)
	if f, ok := src.(Feed); ok {
		f.Fills(s.ring)
	}
	at := int64(0)
	go func() {
		defer close(s.ended)
		s.ring.Run(ctx, func(c *ring.Chunk) error {
			n := min(int64(chunk), padded-at)
			if n == 0 {
				return io.EOF
			}
			c.LBA, c.Block, c.Data = start+disc.LBA(at), disc.SectorSize, c.Data[:n*disc.SectorSize]
			data := max(min(n, sectors-at), 0) * disc.SectorSize
			clear(c.Data[data:])
			if data > 0 {
				if err := readFull(ctx, src, c.Data[:data], c.LBA); err != nil {
					return err
				}
				_, _ = s.sent.Write(c.Data[:data])
			}
			at += n
			return nil
		})
	}()
	return s
}

// readFull reads all of p. A panic of the source is turned into an error: in a goroutine
// of its own it would end the program and leave the tray locked.
func readFull(ctx context.Context, src sectorReader, p []byte, lba disc.LBA) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("read the source at sector %d: internal error of the program: %v", lba, fault)
		}
	}()
	for len(p) > 0 {
		n, err := src.ReadSectors(ctx, p, lba, disc.User)
		p = p[n*disc.SectorSize:]
		lba += disc.LBA(n)
		if len(p) == 0 {
			return nil
		}
		if err == nil && n > 0 {
			continue
		}
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("read the source at sector %d: %w", lba, err)
	}
	return nil
}

// next returns the next chunk to write, or io.EOF after the last one.
func (s *stream) next(ctx context.Context) ([]byte, error) {
	c, err := s.writer.Next(ctx)
	if err != nil {
		return nil, err
	}
	return c.Data, nil
}

// done returns the chunk that next returned to the ring.
func (s *stream) done() { s.writer.Done() }

// level returns how full the ring is, from 0 to 1.
func (s *stream) level() float64 { return s.ring.Level() }

// prime waits until the ring is full or the whole source has been read, so that the
// drive begins with a full buffer.
func (s *stream) prime(ctx context.Context) { s.ring.Prime(ctx) }
