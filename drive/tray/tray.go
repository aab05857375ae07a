// Package tray moves the tray of a drive (MMC-6 6.39). It also makes the drive read the
// disc again before a verification, and updates what the operating system has cached of
// the disc after a burn.
package tray

import (
	"context"
	"errors"
	"fmt"
	"time"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// closeTimeout is how long Reload waits for the user to close the tray.
const closeTimeout = 10 * time.Minute

// ReloadResult is how a drive was made to read the disc again.
type ReloadResult int

// Results of Reload.
const (
	NotReloaded ReloadResult = iota // the drive rejected all commands: it may answer from its cache
	Restarted                       // the disc was stopped and started again
	Reopened                        // the tray was opened and closed
)

// Eject opens the tray, and lets the operating system notice that the disc was removed.
func Eject(ctx context.Context, t scsi.Transport) error {
	if err := mmc.StartStop(ctx, t, mmc.Eject); err != nil {
		return err
	}
	_, _ = scsi.SystemSize(t) // the call matters, not the size
	return nil
}

// Load closes the tray.
func Load(ctx context.Context, t scsi.Transport) error { return mmc.StartStop(ctx, t, mmc.Load) }

// Reload makes the drive discard its cache and read the disc again, before a
// verification. If the drive reports that it can close its tray, Reload opens and closes
// it; otherwise the tray might stay open, so Reload stops and starts the disc. warn gets
// messages for the user. Cancelling the context ends the wait for the user, but no
// command. Reload sends nothing more to a drive that hangs.
func Reload(ctx context.Context, t scsi.Transport, config mmc.Configuration, warn func(string)) (ReloadResult, error) {
	work := context.WithoutCancel(ctx)
	if mechanismOf(config).closes {
		opened, err := reopen(work, t)
		if err != nil && opened {
			warn(err.Error())
		}
		if opened && !scsi.Gone(err) {
			return Reopened, awaitDisc(ctx, t, warn)
		}
		if scsi.Gone(err) {
			return NotReloaded, err
		}
	}
	how := NotReloaded
	err := mmc.StartStop(work, t, mmc.Stop)
	if err == nil {
		how = Restarted
		if err = mmc.StartStop(work, t, mmc.Start); err != nil && !scsi.Gone(err) {
			warn(fmt.Sprintf("the disc could not be started again: %v", err))
		}
	}
	if scsi.Gone(err) {
		return how, err
	}
	return how, read.Ready(work, t)
}

// awaitDisc waits until the drive is ready, and asks the user to close the tray if it has
// stayed open.
func awaitDisc(ctx context.Context, t scsi.Transport, warn func(string)) error {
	var backoff mmc.Backoff
	for asked := false; ; asked = true {
		err := read.Ready(context.WithoutCancel(ctx), t)
		if !errors.Is(err, read.ErrNoMedium) || backoff.Elapsed() >= closeTimeout {
			return err
		}
		if !asked {
			warn("the tray is open: close it, so that the disc can be verified")
		}
		if backoff.Sleep(ctx) != nil {
			return err
		}
	}
}

// RefreshSystem makes sure that the operating system knows the size of the disc after it
// was written. Linux caches the size until it notices that the disc was removed, so
// RefreshSystem opens and closes the tray if the size is wrong. The tray of a drive that
// cannot close it (slot-in, notebook) stays open, and the error says so. Older drives do
// not report whether they can close it, so it has to be tried.
//
// RefreshSystem does nothing for drives of which the system caches nothing: those over
// iSCSI, and virtual ones.
func RefreshSystem(ctx context.Context, t scsi.Transport, config mmc.Configuration) error {
	ctx = context.WithoutCancel(ctx)
	const consequence = "other programs do not see the new data on the disc yet"
	current, err := systemCurrent(ctx, t)
	if current || err != nil {
		return err
	}
	if !mechanismOf(config).opens {
		return errors.New(consequence + ": remove the disc and insert it again")
	}
	if opened, err := reopen(ctx, t); err != nil && !opened {
		return fmt.Errorf("%s: %w; remove the disc and insert it again", consequence, err)
	}
	switch err := read.Ready(ctx, t); {
	case errors.Is(err, read.ErrNoMedium):
		return errors.New("the tray was opened, so that other programs see the new data on the disc, and the drive did not close it: close it by hand")
	case err != nil:
		return fmt.Errorf("%s: the drive is not ready after its tray was closed: %w", consequence, err)
	}
	current, err = systemCurrent(ctx, t)
	if current || err != nil {
		return err
	}
	return errors.New(consequence + ", although the tray was opened and closed: remove the disc and insert it again")
}

// reopen opens the tray, lets the operating system notice that, and closes the tray. It
// reports whether the tray was opened.
func reopen(ctx context.Context, t scsi.Transport) (bool, error) {
	if err := Eject(ctx, t); err != nil {
		return false, fmt.Errorf("the tray could not be opened: %w", err)
	}
	if err := Load(ctx, t); err != nil {
		return true, fmt.Errorf("the tray could not be closed: %w", err)
	}
	return true, nil
}

// unknownSize is the size in bytes that Linux assumes for a disc when READ CAPACITY fails
// (sr.c: 1FFFFFh sectors of 512 bytes).
const unknownSize = 0x1FFFFF * 512

// systemCurrent reports whether the size of the disc that the operating system has is not
// less than the drive reports. It may be more: the system counts what was written last to
// a disc that is not closed.
func systemCurrent(ctx context.Context, t scsi.Transport) (bool, error) {
	size, err := scsi.SystemSize(t)
	if errors.Is(err, errors.ErrUnsupported) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("get the size of the disc from the operating system: %w", err)
	}
	last, sector, err := mmc.ReadCapacity(ctx, t)
	if err != nil {
		return false, fmt.Errorf("get the size of the disc from the drive: %w", err)
	}
	if sector <= 0 {
		sector = disc.SectorSize
	}
	have := (last + 1) * int64(sector)
	return size == have || size > have && size != unknownSize, nil
}

// mechanism is the loading mechanism of a drive.
type mechanism struct {
	opens  bool // it opens by command
	closes bool // it closes by command, as the drive reports
}

// mechanismOf decodes feature 0003h, byte 4: bits 5 to 7 the mechanism (0 caddy or slot,
// 1 tray, 2 pop-up, 4 and 5 changers), bit 4 Load, bit 3 Eject (MMC-6 5.3.4). The Load
// bit was added late: many drives that can close their tray do not set it. All drives
// should have this feature; opening the tray of one without it is tried.
func mechanismOf(config mmc.Configuration) mechanism {
	const load, eject, tray, changer = 0x10, 0x08, 1, 4
	f, ok := config.Feature(mmc.FeatureRemovable)
	if !ok || len(f.Data) == 0 {
		return mechanism{opens: true}
	}
	kind := f.Data[0] >> 5
	opens := f.Data[0]&eject != 0 && kind < changer
	return mechanism{opens: opens, closes: opens && kind == tray && f.Data[0]&load != 0}
}
