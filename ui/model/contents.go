package model

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/record"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/units"
)

// Contents describes a disc in the question whether it may be erased.
type Contents struct {
	record.Contents
	Files, Folders int
	Bytes          int64  // of the files
	Partly         bool   // there is more than was counted, or it cannot be read
	Print          string // checksum of the beginning, to tell two discs apart
}

// Loss describes what will be lost when the disc is erased.
func (c Contents) Loss(in Inserted) string {
	text := "The " + in.Medium + " in " + in.Drive.Title() + " holds "
	size := units.Size(c.Sectors * disc.SectorSize)
	switch {
	case c.Format == "" && c.Sectors == 0:
		return text + "data that cannot be read. All of it will be lost."
	case c.Format == "":
		return text + size + " of data of an unknown format. All of it will be lost."
	case c.Label != "":
		text += "“" + c.Label + "” (" + c.Format + ")"
	default:
		text += "a volume without a label (" + c.Format + ")"
	}
	if date := Date(c.Created); date != "" {
		text += " of " + date
	}
	least := ""
	if c.Partly {
		least = "at least "
	}
	text += fmt.Sprintf(": %s%s in %s, %s", least, Count(c.Files, "file", "files"), Count(c.Folders, "folder", "folders"), units.Size(c.Bytes))
	if c.Sessions > 1 {
		text += fmt.Sprintf(", in the last of %d sessions", c.Sessions)
	}
	return text + ". All of it will be lost."
}

// same reports whether it is still the same disc.
func (c Contents) same(x Contents) bool {
	return c.Print == x.Print && c.Label == x.Label && c.Format == x.Format && c.Sectors == x.Sectors && c.Sessions == x.Sessions
}

// errSwapped is the error if the disc is not the one that may be erased.
var errSwapped = errors.New("the disc in the drive is not the one that you agreed to erase, so nothing was written; check the disc and decide again")

// Erases reports whether the burn erases or overwrites data on the disc.
func (b *Burn) Erases() bool {
	return b.target.Drive != "" && !b.Options.Simulate && b.preflight.Plan.Erases.Data
}

// ReadContents reads what is on the disc that will be erased.
func (b *Burn) ReadContents(then func(Contents)) {
	if b.reading.Running() {
		return
	}
	name := b.target.Drive
	var c Contents
	b.reading = Start(b.post, "reading the disc", func(ctx context.Context, _ progress.Reporter) (err error) {
		c, err = b.engine.Contents(ctx, name)
		return err
	}, func(err error) {
		if err != nil {
			b.preflight.Err = err
		} else {
			b.whenPlanned(func() {
				if b.target.Drive == name && b.Erases() {
					then(c)
				}
			})
		}
		b.changed()
	})
	b.changed()
}

// EraseAndBegin begins the burn. The person has agreed to erase a disc with these
// contents.
func (b *Burn) EraseAndBegin(c Contents) {
	b.whenPlanned(func() {
		b.confirmed = &c
		b.Begin()
	})
}

// checkSameDisc returns an error unless the disc is the one that may be erased.
func (b *Burn) checkSameDisc(ctx context.Context, drive string, confirmed *Contents) error {
	c, err := b.engine.Contents(ctx, drive)
	if err != nil {
		return err
	}
	if confirmed == nil || !c.same(*confirmed) {
		return errSwapped
	}
	return nil
}
