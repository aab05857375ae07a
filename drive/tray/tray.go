// Package tray moves the tray of a drive. It makes the drive forget what it knows
// of the disc, and the operating system too, which keeps an idea of its own of
// what is in the drive.
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

// patience is how long Reload waits for somebody to close a tray.
const patience = 10 * time.Minute

// ReloadResult is what made a drive forget the disc.
type ReloadResult int

// Ways to make a drive forget the disc.
const (
	NotReloaded ReloadResult = iota // the drive refused everything: it may answer from memory
	Restarted                       // the disc was stopped and started again
	Reopened                        // the tray was opened and closed
)

// Eject opens the tray (MMC-6 6.39), and has the system see that there is no disc
// any more.
func Eject(ctx context.Context, t scsi.Transport) error {
	if err := mmc.StartStop(ctx, t, mmc.Eject); err != nil {
		return err
	}
	_, _ = scsi.SystemSize(t) // of no disc: only looking counts
	return nil
}

// Load closes the tray (MMC-6 6.39).
func Load(ctx context.Context, t scsi.Transport) error { return mmc.StartStop(ctx, t, mmc.Load) }

// Reload has the drive forget what it knows of the disc, and read it anew, before
// the disc is checked. A drive that says it can close its tray opens and closes
// it; others, whose tray might stay open, stop and start the disc. What a person
// should know goes to warn. Cancelling the context ends the waiting for a person,
// and no command. A drive that hangs is sent nothing more.
func Reload(ctx context.Context, t scsi.Transport, config mmc.Configuration, warn func(string)) (ReloadResult, error) {
	work := context.WithoutCancel(ctx)
	if mechanismOf(config).closes {
		opened, err := reopen(work, t)
		if err != nil && opened {
			warn(err.Error())
		}
		if opened && !scsi.Gone(err) {
			return Reopened, await(ctx, t, warn)
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
			warn(fmt.Sprintf("could not spin the disc up again: %v", err))
		}
	}
	if scsi.Gone(err) {
		return how, err
	}
	return how, read.Ready(work, t)
}

// await waits until the disc is in the drive again, and asks for a hand where the
// tray has stayed open.
func await(ctx context.Context, t scsi.Transport, warn func(string)) error {
	var pauses mmc.Backoff
	for asked := false; ; asked = true {
		err := read.Ready(context.WithoutCancel(ctx), t)
		if !errors.Is(err, read.ErrNoMedium) || pauses.Elapsed() >= patience {
			return err
		}
		if !asked {
			warn("the tray has stayed open: close it, so that the disc can be checked")
		}
		if pauses.Sleep(ctx) != nil {
			return err
		}
	}
}

// RefreshSystem makes sure that the operating system sees the disc as it is now, after it
// was written. Linux keeps the size that the disc had before until it has seen the
// drive without a disc, so the tray is opened and closed where it has to be. A
// drive that cannot close its tray (slot-in, notebook) is left open, which the
// error then says: nothing but trying tells, since older drives do not say whether
// they can.
//
// It does nothing where the system has no idea of its own of the disc: with drives
// behind iSCSI, and virtual ones.
func RefreshSystem(ctx context.Context, t scsi.Transport, config mmc.Configuration) error {
	ctx = context.WithoutCancel(ctx)
	const consequence = "programs of this system do not see yet what was burned"
	known, err := seen(ctx, t)
	if known || err != nil {
		return err
	}
	if !mechanismOf(config).opens {
		return errors.New(consequence + ": take the disc out and put it in again")
	}
	if opened, err := reopen(ctx, t); err != nil && !opened {
		return fmt.Errorf("%s: %w; take the disc out and put it in again", consequence, err)
	}
	switch err := read.Ready(ctx, t); {
	case errors.Is(err, read.ErrNoMedium):
		return errors.New("the tray was opened, so that this system looks at the disc anew, and the drive did not close it: close it by hand")
	case err != nil:
		return fmt.Errorf("%s: the drive is not ready after its tray was closed: %w", consequence, err)
	}
	known, err = seen(ctx, t)
	if known || err != nil {
		return err
	}
	return errors.New(consequence + ", though the tray was opened and closed: take the disc out and put it in again")
}

// reopen opens the tray, has the system see that, and closes the tray. It reports
// whether the tray was opened.
func reopen(ctx context.Context, t scsi.Transport) (bool, error) {
	if err := Eject(ctx, t); err != nil {
		return false, fmt.Errorf("could not open the tray: %w", err)
	}
	if err := Load(ctx, t); err != nil {
		return true, fmt.Errorf("could not close the tray: %w", err)
	}
	return true, nil
}

// unknownSize is the size in bytes that Linux takes a disc to have whose size it
// could not ask for (sr.c: 1FFFFFh sectors of 512 bytes).
const unknownSize = 0x1FFFFF * 512

// seen has the system look, and reports whether it sees all that the drive says can
// be read. Systems may see more: what was written last on a disc that is open.
func seen(ctx context.Context, t scsi.Transport) (bool, error) {
	size, err := scsi.SystemSize(t)
	if errors.Is(err, errors.ErrUnsupported) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("ask this system how large it takes the disc to be: %w", err)
	}
	last, sector, err := mmc.ReadCapacity(ctx, t)
	if err != nil {
		return false, fmt.Errorf("ask the drive how large the disc is: %w", err)
	}
	if sector <= 0 {
		sector = disc.SectorSize
	}
	have := (last + 1) * int64(sector)
	return size == have || size > have && size != unknownSize, nil
}

// mechanism is how a disc gets into a drive and out of it.
type mechanism struct {
	opens  bool // by command
	closes bool // by command, and says so
}

// mechanismOf reads feature 0003h, byte 4: bits 5 to 7 the mechanism (0 caddy or
// slot, 1 tray, 2 pop-up, 4 and 5 changers), bit 4 Load, bit 3 Eject (MMC-6 5.3.4).
// The bit Load came late: many drives do not set it and close their tray. Nobody
// knows of a drive without this feature, so opening its tray is tried.
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
