package record

import (
	"context"
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
)

// ringBytes is how much of the source is read ahead. At the highest speed, 70 MB/s, it
// lasts for half a second.
const ringBytes = 32 << 20

// stream reads the source ahead of the writer, in chunks as they are written,
// the last one filled up with zeros.
type stream struct {
	full  chan []byte
	empty chan []byte
	size  int // chunks that the ring holds
	// primed is closed when the ring has been full for the first time.
	primed chan struct{}
	err    error
	sent   *sent // of the sectors of the source
}

// newStream begins to read sectors sectors of src from address start on, and delivers
// padded ones. Reading ends when the context is cancelled.
func newStream(ctx context.Context, src disc.Disc, start disc.LBA, sectors, padded int64, chunk int) *stream {
	size := int(min(int64(max(ringBytes/(chunk*disc.SectorSize), 2)), (padded+int64(chunk)-1)/int64(chunk)))
	s := &stream{full: make(chan []byte, size), empty: make(chan []byte, size), size: size, primed: make(chan struct{}), sent: newSent()}
	for range size {
		s.empty <- make([]byte, chunk*disc.SectorSize)
	}
	go func() {
		defer close(s.full)
		s.err = s.read(ctx, src, start, sectors, padded)
		s.ready()
	}()
	return s
}

func (s *stream) read(ctx context.Context, src disc.Disc, start disc.LBA, sectors, padded int64) error {
	for at := int64(0); at < padded; {
		var p []byte
		select {
		case <-ctx.Done():
			return ctx.Err()
		case p = <-s.empty:
		}
		p = p[:cap(p)]
		n := min(int64(len(p)/disc.SectorSize), padded-at)
		p = p[:n*disc.SectorSize]
		data := max(min(n, sectors-at), 0) * disc.SectorSize
		clear(p[data:])
		if data > 0 {
			if err := readFull(ctx, src, p[:data], start+disc.LBA(at)); err != nil {
				return err
			}
			_, _ = s.sent.Write(p[:data])
		}
		at += n
		select {
		case <-ctx.Done():
			return ctx.Err()
		case s.full <- p:
		}
		if len(s.full) == s.size {
			s.ready()
		}
	}
	return nil
}

// ready ends the wait of prime. Only the reading goroutine calls it.
func (s *stream) ready() {
	select {
	case <-s.primed:
	default:
		close(s.primed)
	}
}

// readFull reads all of p. A panic of the source is turned into an error: in a goroutine
// of its own it would end the program and leave the tray locked.
func readFull(ctx context.Context, src disc.Disc, p []byte, lba disc.LBA) (err error) {
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
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case p, ok := <-s.full:
		switch {
		case ok:
			return p, nil
		case s.err != nil:
			return nil, s.err
		}
		return nil, io.EOF
	}
}

// done returns a written chunk to the ring.
func (s *stream) done(p []byte) { s.empty <- p }

// level returns how full the ring is, from 0 to 1.
func (s *stream) level() float64 { return float64(len(s.full)) / float64(s.size) }

// prime waits until the ring is full or the whole source has been read, so that the
// drive begins with a full buffer.
func (s *stream) prime(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-s.primed:
	}
}
