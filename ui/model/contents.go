package model

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/mastering/progress"
)

// Contents is what is on a disc, for the question whether it may be erased.
type Contents struct {
	Label          string // of its volume
	Format         string // of its volume; empty when no known file system was found
	Files, Folders int
	Bytes          int64  // of the files
	Partly         bool   // there is more than was counted, or it cannot be read
	Print          string // differs between two discs
}

// Loss says what is lost when the disc is erased.
func (c Contents) Loss(in Inserted) string {
	disc := "The " + in.Medium + " in " + in.Drive.Title()
	if c.Format == "" {
		return disc + " holds data, on which no known file system was found. All of it will be lost."
	}
	name := "a volume without a label"
	if c.Label != "" {
		name = "“" + c.Label + "”"
	}
	least := ""
	if c.Partly {
		least = "at least "
	}
	return fmt.Sprintf("%s holds %s (%s): %s%s in %s, %s. All of it will be lost.", disc, name, c.Format, least,
		Count(c.Files, "file", "files"), Count(c.Folders, "folder", "folders"), Bytes(c.Bytes))
}

// errSwapped says that the disc is not the one that may be erased.
var errSwapped = errors.New("the disc in the drive is not the one that you agreed to erase; nothing was written: look at it again, and decide anew")

// Erases reports whether the burn erases or overwrites what is on the disc.
func (b *Burn) Erases() bool {
	in, isDrive := b.Inserted()
	return isDrive && b.Options.Blank && !b.Options.Simulate && in.Status != "blank"
}

// Examine looks at what is on the disc that is going to be erased.
func (b *Burn) Examine(then func(Contents)) {
	if b.examining.Running() {
		return
	}
	name := b.target.Drive
	var c Contents
	b.examining = Start(b.post, "looking at the disc", func(ctx context.Context, _ progress.Reporter) (err error) {
		c, err = b.engine.Contents(ctx, name)
		return err
	}, func(err error) {
		if err == nil && b.target.Drive == name && b.Erases() {
			then(c)
		}
		if err != nil {
			b.preview.Err = err
		}
		b.changed()
	})
	b.changed()
}

// Agree says that a disc with these contents may be erased.
func (b *Burn) Agree(c Contents) { b.agreed = &c }

// sameDisc refuses to erase a disc that nobody has agreed to erase.
func (b *Burn) sameDisc(ctx context.Context, drive string, agreed *Contents) error {
	c, err := b.engine.Contents(ctx, drive)
	if err != nil {
		return err
	}
	if agreed == nil || c != *agreed {
		return errSwapped
	}
	return nil
}
