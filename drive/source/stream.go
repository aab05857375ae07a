package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/compressed"
	"glassmaster/mastering/volume"
)

// Stdin is the name of standard input as a source.
const Stdin = "-"

// stdin is standard input. Tests replace it.
var stdin io.Reader = os.Stdin

const (
	// streamHead is how much of a stream is read when it is opened and kept, in bytes: the
	// descriptors and folders of most volumes are there.
	streamHead = 8 << 20
	// streamWindow is how much of what was read last is kept, in bytes.
	streamWindow = 32 << 20
	// streamStep is by how much a read may go on at a time, in bytes.
	streamStep = 16 << 20
)

// ErrOnce is in the chain of the error of reading a part of a stream that is gone, or that
// has not come yet.
var ErrOnce = errors.New("standard input can only be read once, in order")

// openStream opens an ISO 9660 or UDF image that standard input delivers, compressed or not.
func openStream(ctx context.Context) (*Source, error) {
	fail := func(err error) (*Source, error) { return nil, fmt.Errorf("standard input: %w", err) }
	r, packed, err := compressed.NewReader(stdin)
	if err != nil {
		return fail(err)
	}
	s := &stream{r: r, head: make([]byte, streamHead)}
	n, err := io.ReadFull(r, s.head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fail(err)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	s.head, s.next = s.head[:n], int64(n)
	const most = disc.MaxSectors
	end := volume.ClaimedEnd(bytes.NewReader(s.head), most*disc.SectorSize)
	if end <= 0 || end > most {
		return fail(fmt.Errorf("%w: only ISO and UDF images can be read from it, and this is none; name the file instead", image.ErrUnknown))
	}
	s.size = int64(end) * disc.SectorSize
	format := "ISO"
	if packed != "" {
		format += " in " + packed
	}
	return &Source{Disc: disc.FromReaderAt(s, s.size, nil), Kind: "image", Format: format, Once: true}, nil
}

// stream is a stream as an io.ReaderAt. It delivers its head, what was read last, and what
// follows that.
type stream struct {
	mu   sync.Mutex
	r    io.Reader
	size int64 // of the contents, as the volume says it
	head []byte
	last []byte // the bytes before next
	next int64  // the place of r
	err  error  // of reading; io.EOF at the end
}

// ReadAt implements io.ReaderAt.
func (s *stream) ReadAt(p []byte, off int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if off >= s.size {
		return 0, io.EOF
	}
	short := int64(len(p)) > s.size-off
	if short {
		p = p[:s.size-off]
	}
	if err := s.advance(off, off+int64(len(p))); err != nil {
		return 0, err
	}
	n := 0
	if off < int64(len(s.head)) {
		n = copy(p, s.head[off:])
	}
	if n < len(p) {
		at := off + int64(n) - (s.next - int64(len(s.last)))
		if at < 0 {
			return n, fmt.Errorf("%w: byte %d was read before; save standard input to a file and name the file", ErrOnce, off+int64(n))
		}
		n += copy(p[n:], s.last[min(at, int64(len(s.last))):])
	}
	if n < len(p) {
		return n, s.failure()
	}
	if off+int64(n) == s.size {
		if err := s.finish(); err != nil {
			return 0, err
		}
	}
	if short {
		return n, io.EOF
	}
	return n, nil
}

// advance reads on, so that bytes from off to end are there.
func (s *stream) advance(off, end int64) error {
	if end <= s.next || s.err != nil {
		return nil
	}
	if off > s.next || end-s.next > streamStep {
		return fmt.Errorf("%w: byte %d is too far ahead; save standard input to a file and name the file", ErrOnce, off)
	}
	if len(s.last) > 2*streamWindow {
		s.last = append(s.last[:0], s.last[len(s.last)-streamWindow:]...)
	}
	at := len(s.last)
	s.last = append(s.last, make([]byte, end-s.next)...)
	n, err := io.ReadFull(s.r, s.last[at:])
	s.last = s.last[:at+n]
	s.next += int64(n)
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) && n > 0 {
			err = io.EOF // or the end of damaged compressed data: neither is the end of the volume
		}
		s.err = err
	}
	return nil
}

// failure returns the error of a stream that ended before the volume does.
func (s *stream) failure() error {
	if s.err == nil || errors.Is(s.err, io.EOF) {
		return fmt.Errorf("standard input ended after %d of %d bytes: the program that sends the image failed, or the image is incomplete: %w", s.next, s.size, io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("standard input failed after %d of %d bytes: %w", s.next, s.size, s.err)
}

// finish reads what follows the volume. Zeros are padding; anything else is an error, and so
// is a wrong checksum of compressed data.
func (s *stream) finish() error {
	more := func(p []byte) error {
		if len(bytes.Trim(p, "\x00")) == 0 {
			return nil
		}
		return fmt.Errorf("standard input continues after the end of the volume at byte %d, and the rest would be left out; save standard input to a file and name the file", s.size)
	}
	if s.size < int64(len(s.head)) {
		if err := more(s.head[s.size:]); err != nil {
			return err
		}
	}
	if s.err != nil {
		if errors.Is(s.err, io.EOF) {
			return nil
		}
		return s.err
	}
	p := make([]byte, 64<<10)
	for s.err == nil {
		n, err := s.r.Read(p)
		if s.err = more(p[:n]); s.err == nil {
			s.err = err
		}
	}
	return s.finish()
}
