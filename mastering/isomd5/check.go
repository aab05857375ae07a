package isomd5

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/progress"
)

// DamagedError is returned for an image that does not match its embedded checksum.
type DamagedError struct {
	Want, Got Sum
	// From and To are the offsets between which the first damage is.
	From, To int64
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the image is damaged: its MD5 sum is %s, but should be %s; the first damage is in sectors %d to %d",
		e.Got, e.Want, e.From/sectorSize, (e.To-1)/sectorSize)
}

// Check compares an image, or a disc, with its embedded checksum, and returns that
// checksum. It returns ErrNone if there is none, and a *DamagedError if the image
// differs. It reads nothing that the checksum does not cover.
func Check(ctx context.Context, r io.ReaderAt, rep progress.Reporter) (Sum, error) {
	t, err := find(r)
	if err != nil {
		return Sum{}, fmt.Errorf("check the MD5 checksum in the image: %w", err)
	}
	want, err := parse(t.use[:])
	if err != nil {
		return Sum{}, err
	}
	h := newHash(t.size, t.at, want.Skip, want.Count)
	if err := h.read(ctx, r, rep); err != nil {
		return want, fmt.Errorf("check the MD5 checksum in the image: %w", err)
	}
	got := h.Sum()
	if got.MD5 == want.MD5 {
		return want, nil
	}
	from, to := h.damage(want)
	return want, &DamagedError{want, got, from, to}
}

// Renew computes the embedded checksum of an image that was changed. It returns the new
// contents of the application use field, and its offset in the image. The sum covers what
// the old one covered. It returns ErrNone if there is none.
func Renew(ctx context.Context, r io.ReaderAt, rep progress.Reporter) (use []byte, at int64, err error) {
	t, err := find(r)
	if err != nil {
		return nil, 0, err
	}
	old, err := parse(t.use[:])
	if err != nil {
		return nil, 0, err
	}
	h := newHash(t.size, t.at, old.Skip, old.Count)
	if err := h.read(ctx, r, rep); err != nil {
		return nil, 0, fmt.Errorf("compute the MD5 checksum in the image: %w", err)
	}
	was := t.use
	h.Sum().Put(&t.use)
	if bytes.Contains(was[:], []byte(supported)) {
		copy(t.use[bytes.Index(t.use[:], []byte(unsupported)):], supported)
	}
	return t.use[:], t.at, nil
}

// Has reports whether an image has an embedded checksum. It may be wrong.
func Has(r io.ReaderAt) bool {
	t, err := find(r)
	return err == nil && bytes.Contains(t.use[:], []byte(marker))
}

// The status says whether the maker of the image supports it; checkisomd5 does not use it.
const (
	supported   = "RHLISOSTATUS=1"
	unsupported = "RHLISOSTATUS=0"
)

// readSize is how much is read at a time.
const readSize = 1 << 20

// read hashes the part of an image that the sum covers.
func (h *Hash) read(ctx context.Context, r io.ReaderAt, rep progress.Reporter) error {
	if rep == nil {
		rep = progress.Discard
	}
	rep.Phase(progress.Checking, h.total)
	buf := make([]byte, min(readSize, h.total))
	for h.at < h.total {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		at := h.at
		n, err := r.ReadAt(buf[:min(int64(len(buf)), h.total-at)], at)
		if n == 0 {
			if err == nil || errors.Is(err, io.EOF) {
				return fmt.Errorf("the image ends at sector %d, before the end of its volume: %w", at/sectorSize, io.ErrUnexpectedEOF)
			}
			return fmt.Errorf("read sector %d: %w", at/sectorSize, err)
		}
		h.Write(buf[:n])
		rep.Add(int64(n))
	}
	return nil
}
