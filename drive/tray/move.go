package tray

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
)

// ErrLocked is in the chain of the error of a tray that another program has locked.
var ErrLocked = errors.New("another program has locked the tray")

// ErrStillClosed is in the chain of the error of a drive that reported success for
// opening its tray, and still has the disc.
var ErrStillClosed = errors.New("the drive reported that the tray is open, but the disc is still in the drive: press its eject button")

// EjectDisc opens the tray for the user, and checks that it is open.
func EjectDisc(ctx context.Context, t scsi.Transport) error {
	err := mmc.RetryUnitAttention(func() error { return Eject(ctx, t) })
	switch {
	case scsi.Is(err, scsi.KeyIllegalRequest, 0x53, 0x02):
		return fmt.Errorf("open the tray: %w: %w", ErrLocked, err)
	case err != nil:
		return fmt.Errorf("open the tray: %w", err)
	}
	err = read.Ready(ctx, t)
	switch {
	case err == nil:
		return ErrStillClosed
	case errors.Is(err, read.ErrNoMedium):
		return nil
	}
	return err
}

// LoadDisc closes the tray for the user, waits until the drive is ready, and returns the
// profile of the disc. Without a disc the error is read.ErrNoMedium.
func LoadDisc(ctx context.Context, t scsi.Transport) (mmc.Profile, error) {
	if err := mmc.RetryUnitAttention(func() error { return Load(ctx, t) }); err != nil {
		return mmc.NoProfile, fmt.Errorf("close the tray: %w", err)
	}
	if err := read.Ready(ctx, t); err != nil {
		return mmc.NoProfile, err
	}
	return mmc.CurrentProfile(ctx, t)
}
