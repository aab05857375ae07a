// Package tray moves the tray of a drive, and makes a drive forget what it knows
// of the disc in it.
package tray

import (
	"context"
	"errors"
	"fmt"
	"time"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
)

// patience is how long Reload waits for somebody to close a tray.
const patience = 10 * time.Minute

// How is what made a drive forget the disc.
type How int

// Ways to make a drive forget the disc.
const (
	Nothing  How = iota // the drive refused everything: it may answer from memory
	Stopped             // the disc was stopped and started again
	Reopened            // the tray was opened and closed
)

// Eject opens the tray (MMC-6 6.39).
func Eject(ctx context.Context, t scsi.Transport) error { return mmc.StartStop(ctx, t, mmc.Eject) }

// Load closes the tray (MMC-6 6.39).
func Load(ctx context.Context, t scsi.Transport) error { return mmc.StartStop(ctx, t, mmc.Load) }

// Reload has the drive forget what it knows of the disc, and read it anew. A
// drive that says it can close its tray opens and closes it, so that the system
// too sees a new disc; others, whose tray nobody could close again, stop and
// start the disc. What a person should know goes to warn. Cancelling the context
// ends the waiting for a person, and no command.
func Reload(ctx context.Context, t scsi.Transport, config mmc.Configuration, warn func(string)) (How, error) {
	work := context.WithoutCancel(ctx)
	if closable(config) && Eject(work, t) == nil {
		if err := Load(work, t); err != nil {
			warn(fmt.Sprintf("could not close the tray: %v", err))
		}
		return Reopened, await(ctx, t, warn)
	}
	how := Nothing
	if mmc.StartStop(work, t, mmc.Stop) == nil {
		how = Stopped
		if err := mmc.StartStop(work, t, mmc.Start); err != nil {
			warn(fmt.Sprintf("could not spin the disc up again: %v", err))
		}
	}
	return how, read.Ready(work, t)
}

// await waits until the disc is in the drive again, and asks for a hand where the
// tray has stayed open.
func await(ctx context.Context, t scsi.Transport, warn func(string)) error {
	var pauses mmc.Pauses
	for asked := false; ; asked = true {
		err := read.Ready(context.WithoutCancel(ctx), t)
		if !errors.Is(err, read.ErrNoMedium) || pauses.Total() >= patience {
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

// closable reports whether the drive has a tray that it can open and close by
// itself: feature 0003h, byte 4, mechanism type 001b, Load and Eject (MMC-6
// 5.3.4).
func closable(config mmc.Configuration) bool {
	const load, eject = 0x10, 0x08
	f, ok := config.Feature(mmc.FeatureRemovable)
	return ok && len(f.Data) > 0 && f.Data[0]>>5 == 1 && f.Data[0]&load != 0 && f.Data[0]&eject != 0
}
