package model

import (
	"context"
	"errors"

	"glassmaster/drive/record"
	"glassmaster/mastering/progress"
)

// Continues returns the disc that the source continues, nil if the source is a disc of its own.
func (b *Burn) Continues() *Continued {
	if b.source.Kind != FromCompilation || b.Continued == nil {
		return nil
	}
	return b.Continued()
}

// CanContinue reports whether the files of the disc in the target drive can be kept, and others
// added to them. That needs the compilation, which then contains them.
func (b *Burn) CanContinue() bool {
	in, ok := b.Inserted()
	if !ok || !in.Offers.Continue || len(b.target.Also) > 0 || b.adding() {
		return false
	}
	on := b.Continued
	if on == nil || on() == nil || !SameDrive(on().Drive, in.Drive.Name) {
		return true
	}
	return errors.Is(b.preflight.Err, record.ErrChangedDisc)
}

// Continue reads the disc in the target drive, whose files are to be kept. then is called with
// it.
func (b *Burn) Continue(then func(*Continued, error)) {
	in, _ := b.Inserted()
	var on *Continued
	b.reading = Start(b.post, "Reading the disc", func(ctx context.Context, rep progress.Reporter) (err error) {
		on, err = b.engine.Continue(ctx, in.Drive.Name, rep)
		return err
	}, func(err error) {
		if err == nil {
			on.Title, on.Capacity = in.Drive.Title(), in.Capacity
		}
		then(on, err)
		if err == nil {
			b.Options.Appendable = true // closing a disc cannot be taken back
			b.SetSource(Source{Kind: FromCompilation})
		}
		b.changed()
	})
	b.changed()
}

// otherDrive returns why a compilation that continues a disc cannot be burned in the target,
// or "".
func (b *Burn) otherDrive() string {
	on := b.Continues()
	switch {
	case on == nil:
		return ""
	case b.target.File != "":
		return "The compilation continues the disc in " + on.Title + ", and cannot become an image file"
	case len(b.target.Also) > 0 || !SameDrive(on.Drive, b.target.Drive):
		return "The compilation continues the disc in " + on.Title + ": choose that drive alone, or leave that disc in Compile"
	case b.Copies > 1:
		return "A session is made for one disc: choose one copy"
	}
	return ""
}
