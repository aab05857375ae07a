package verify

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
	"glassmaster/mastering/volume"
)

// TruncatedError is the error of a disc that ends before its volume does.
type TruncatedError struct {
	volume.Claim
	Name string // of the disc
}

func (e *TruncatedError) Error() string {
	return fmt.Sprintf("%s is incomplete: %s extends to sector %d, but the last sector is %d (%s)",
		e.Name, e.By, e.End-1, e.Have-1, units.Count(e.Missing(), "sector is missing", "sectors are missing"))
}

// Complete returns a *TruncatedError if a volume on the disc, or a file of it, extends
// beyond the end of the disc. name is the name of the disc. Complete walks all folders.
// Any other error is that of ctx.
func Complete(ctx context.Context, d disc.Disc, name string) error {
	c, err := volume.ClaimedByFiles(ctx, d)
	if c.Missing() > 0 {
		return &TruncatedError{c, name}
	}
	return err
}

var errMarked = errors.New("it has the descriptors of a file system, but they are damaged")

// Opens returns an error if a disc has descriptors of a known file system, but the file
// system cannot be opened. It returns nil if there is no known file system.
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

// Files returns an error if folders of the default view of a disc cannot be read in full,
// or if the contents of files cannot be found. It reads all folders, but no contents. It
// returns nil if there is no volume, or none that can be opened.
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
