package verify

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// TruncatedError says that a disc ends before its volume does.
type TruncatedError struct {
	volume.Claim
	Name string // of the disc
}

func (e *TruncatedError) Error() string {
	return fmt.Sprintf("%s is incomplete: %s reaches to sector %d, and the last sector that is there has the number %d; sectors missing: %d",
		e.Name, e.By, e.End-1, e.Have-1, e.Missing())
}

// Complete returns an *TruncatedError when a volume on the disc of that name, or a file
// of it, lays claim to more sectors than the disc has. It goes through all folders.
// Any other error is that of ctx.
func Complete(ctx context.Context, d disc.Disc, name string) error {
	c, err := volume.ClaimedByFiles(ctx, d)
	if c.Missing() > 0 {
		return &TruncatedError{c, name}
	}
	return err
}

var errMarked = errors.New("there are descriptors of a file system, and none by which it could be opened: they are damaged")

// Opens returns an error when a disc is marked as having a file system that is known
// here, and it cannot be opened. A disc without a known one is none.
func Opens(ctx context.Context, d disc.Disc) error {
	if _, ok := disc.DataTrack(d); !ok {
		return nil
	}
	_, err := volume.OpenDisc(ctx, d, volume.Options{})
	if errors.Is(err, volume.ErrUnknown) {
		if volume.Marked(ctx, d) {
			return errMarked
		}
		return nil
	}
	return err
}

// Files returns an error when folders of the volume that is shown of a disc cannot be
// read to their end, or the contents of files cannot be found, though all sectors of
// the disc can be read. It reads all folders and no contents. A disc that has no
// volume, or one that cannot be opened, is none.
func Files(ctx context.Context, d disc.Disc) error {
	vol, err := volume.OpenDisc(ctx, d, volume.Options{})
	if err != nil {
		return nil
	}
	var first error
	count := 0
	err = volume.Walk(vol, ".", func(e *volume.Entry) error {
		bad := e.Err
		if bad == nil && e.Unreadable != "" {
			bad = fmt.Errorf("%s: %s", e.Path, e.Unreadable)
		}
		if bad != nil {
			if count++; first == nil {
				first = bad
			}
		}
		return ctx.Err()
	})
	switch {
	case err != nil:
		return err
	case count > 1:
		return fmt.Errorf("%d places are damaged; the first: %w", count, first)
	}
	return first
}
