package isomd5

import (
	"context"
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/progress"
)

// DamagedError says that an image is not what it was when its checksum was
// implanted.
type DamagedError struct {
	Want, Got Sum
	// From and To are the bytes among which the first damage lies.
	From, To int64
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the image is damaged: its MD5 sum is %s and should be %s; the first damage lies in sectors %d to %d",
		e.Got, e.Want, e.From/sectorSize, (e.To-1)/sectorSize)
}

// Check compares an image, or a disc, with the checksum that is implanted in it,
// which it returns. The error is ErrNone where there is none, and a
// *DamagedError where the image is another. What is not covered by the sum is
// not read.
func Check(ctx context.Context, r io.ReaderAt, rep progress.Reporter) (Sum, error) {
	t, err := find(r)
	if err != nil {
		return Sum{}, fmt.Errorf("check implanted checksum: %w", err)
	}
	want, err := parse(t.use[:])
	if err != nil {
		return Sum{}, err
	}
	h := newHash(t.size, t.at, want.Skip, want.Count)
	if err := h.read(ctx, r, progress.Checking, rep); err != nil {
		return want, fmt.Errorf("check implanted checksum: %w", err)
	}
	got := h.Sum()
	if got.MD5 == want.MD5 {
		return want, nil
	}
	from, to := h.damage(want)
	return want, &DamagedError{want, got, from, to}
}

// Image is an image that can be changed, as an *os.File opened for reading and
// writing.
type Image interface {
	io.ReaderAt
	io.WriterAt
}

// ErrUsed says that the place of the checksum holds something else.
var ErrUsed = errors.New("the application use field, where the checksum goes, holds something else; implant with force to replace it")

// Implant computes the checksum of an image and puts it in. An older checksum is
// replaced, anything else only with force.
func Implant(ctx context.Context, f Image, force bool, rep progress.Reporter) (Sum, error) {
	t, err := find(f)
	if err != nil {
		return Sum{}, fmt.Errorf("implant checksum: %w", err)
	}
	if _, err := parse(t.use[:]); errors.Is(err, ErrNone) && !force {
		for _, c := range t.use {
			if c != ' ' && c != 0 {
				return Sum{}, fmt.Errorf("implant checksum: %w", ErrUsed)
			}
		}
	}
	h := newHash(t.size, t.at, skipSectors, fragmentCount)
	if err := h.read(ctx, f, progress.EmbeddingMD5, rep); err != nil {
		return Sum{}, fmt.Errorf("implant checksum: %w", err)
	}
	s := h.Sum()
	s.Put(&t.use)
	if _, err := f.WriteAt(t.use[:], t.at); err != nil {
		return Sum{}, fmt.Errorf("implant checksum: %w", err)
	}
	return s, nil
}

// readSize is how much is read at a time.
const readSize = 1 << 20

// read hashes what the sum covers of an image.
func (h *Hash) read(ctx context.Context, r io.ReaderAt, phase progress.Phase, rep progress.Reporter) error {
	if rep == nil {
		rep = progress.Discard
	}
	rep.Phase(phase, h.total)
	buf := make([]byte, min(readSize, h.total))
	for h.at < h.total {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		at := h.at
		n, err := r.ReadAt(buf[:min(int64(len(buf)), h.total-at)], at)
		if n == 0 {
			if err == nil || errors.Is(err, io.EOF) {
				return fmt.Errorf("the image ends at sector %d, before the volume in it does: %w", at/sectorSize, io.ErrUnexpectedEOF)
			}
			return fmt.Errorf("read sector %d: %w", at/sectorSize, err)
		}
		h.Write(buf[:n])
		rep.Add(int64(n))
	}
	return nil
}
