package verify

import (
	"errors"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// IncompleteError says that a disc ends before its volume does.
type IncompleteError struct {
	volume.Claim
	Name string // of the disc
}

func (e *IncompleteError) Error() string {
	return fmt.Sprintf("%s is incomplete: %s reaches to sector %d, and the last sector that is there has the number %d; sectors missing: %d",
		e.Name, e.By, e.End-1, e.Have-1, e.Missing())
}

// Complete returns an *IncompleteError when a volume on the disc of that name, or a file
// of it, lays claim to more sectors than the disc has. It goes through all folders.
func Complete(d disc.Disc, name string) error {
	if c := volume.ClaimedByFiles(d); c.Missing() > 0 {
		return &IncompleteError{c, name}
	}
	return nil
}

// Opens returns an error when a disc is marked as having a file system that is known
// here, and it cannot be opened. A disc without a known one is none.
func Opens(d disc.Disc) error {
	if _, ok := disc.DataTrack(d); !ok {
		return nil
	}
	_, err := volume.OpenDisc(d, volume.Options{})
	if errors.Is(err, volume.ErrUnknown) {
		return nil
	}
	return err
}
