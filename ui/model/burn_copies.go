package model

import (
	"context"
	"slices"

	"glassmaster/drive/job"
	"glassmaster/mastering/progress"
)

// copies is the state of several copies, one after the other, or of a copy with one drive.
type copies struct {
	source    *Source // of all copies after the first; nil: that of the settings
	done      int     // discs that were burned, good or not
	good      int     // rounds of which all discs are usable
	inserting bool    // the next disc is asked for
	job       *Job    // that opens the tray, or checks the disc
	temp      *TempCopy
}

// TempCopy is a temporary image of a disc that is copied with one drive.
type TempCopy struct {
	Path   string
	Result job.Result // of reading
	Remove func() error
}

// flawed adds what was wrong when the disc was read into the image.
func (t *TempCopy) flawed(o job.Outcome) job.Outcome {
	if t != nil {
		o.Result.Unread, o.Result.Short, o.Result.Damaged = t.Result.Unread, t.Result.Short, t.Result.Damaged
	}
	return o
}

// SetTargets chooses several drives as the target.
func (b *Burn) SetTargets(drives []string) {
	if len(drives) == 0 {
		b.SetTarget(Target{})
		return
	}
	b.before = nil
	b.setTarget(Target{Drive: drives[0], Also: slices.Clone(drives[1:])})
}

// Others returns the drives that are not chosen.
func (b *Burn) Others() []Inserted {
	var all []Inserted
	for _, in := range b.drives {
		if !slices.ContainsFunc(b.target.Drives(), func(n string) bool { return n == in.Drive.Name || SameDrive(n, in.Drive.Name) }) {
			all = append(all, in)
		}
	}
	return all
}

// InsertedIn returns a drive with the disc in it.
func (b *Burn) InsertedIn(name string) (Inserted, bool) {
	for _, in := range b.drives {
		if in.Drive.Name == name {
			return in, true
		}
	}
	return Inserted{}, false
}

// readTemp reads the disc into a temporary image, and asks for the blank one then.
func (b *Burn) readTemp() {
	drive, o := b.source.Name, b.write.options
	b.write.reading = true
	var temp *TempCopy
	b.job = enqueue(b.engine.Queue(), b.post, "Reading "+b.write.title, []string{drive}, func(ctx context.Context, rep progress.Reporter) (err error) {
		log := newPhaseLog(rep)
		defer log.end()
		temp, err = b.engine.ReadTemp(ctx, drive, o, log)
		return err
	}, func(err error) {
		if err != nil {
			b.recordings[0].end(job.Outcome{Err: err}, o)
			b.ended = true
			b.changed()
			return
		}
		b.copies.temp = temp
		b.copies.source = &Source{Kind: FromImage, Name: temp.Path}
		b.askNext()
	})
	b.recordings[0].meter = b.job.Meter()
	b.changed()
}

// Copy returns the number of the copy that is burned, was burned, or is asked for, and how
// many there will be.
func (b *Burn) Copy() (n, of int) {
	n = b.copies.done
	if b.copies.inserting || b.job.Running() {
		n++
	}
	return max(n, 1), max(b.Copies, 1)
}

// Remaining returns how many copies are still to be burned after the burn has ended.
func (b *Burn) Remaining() int {
	if b.write.target.File != "" || b.write.options.Simulate || !b.ended {
		return 0
	}
	return max(max(b.Copies, 1)-b.copies.good, 0)
}

// countCopy counts the discs that were burned.
func (b *Burn) countCopy() {
	b.copies.done++
	usable := !slices.ContainsFunc(b.recordings, func(p *Recording) bool {
		return p.outcome.Verdict == Failed || p.outcome.Verdict == Stopped
	})
	if usable {
		b.copies.good++
	}
}

// AskNext asks for the disc of the next copy.
func (b *Burn) AskNext() {
	if b.Stage() != Finished {
		return
	}
	if b.copies.source == nil {
		s := b.write.source
		b.copies.source = &s
	}
	b.askNext()
}

// askNext opens the trays.
func (b *Burn) askNext() {
	b.copies.inserting = true
	drives := b.write.target.Drives()
	b.copies.job = enqueue(b.engine.Queue(), b.post, "Opening the tray", drives, func(ctx context.Context, _ progress.Reporter) error {
		return b.engine.Release(ctx, drives)
	}, func(error) { b.changed() }) // the disc can be changed by hand
	b.changed()
}

// ReadingDisc reports whether a disc is read into a temporary image.
func (b *Burn) ReadingDisc() bool { return b.job.Running() && b.write.reading }

// HasRead reports whether a disc was read into a temporary image, of which nothing was burned
// yet.
func (b *Burn) HasRead() bool { return b.copies.inserting && b.write.reading }

// Checking reports whether the tray is being opened, or the next disc is being checked.
func (b *Burn) Checking() bool { return b.copies.job.Running() || b.copies.inserting && b.isPlanning() }

// errNext is why the disc in a drive cannot be used for the next copy.
type errNext string

func (e errNext) Error() string { return string(e) }

// BeginNext begins to burn the next copy, if the disc that was inserted can be used. Else
// failed is called with the reason.
func (b *Burn) BeginNext(failed func(error)) {
	if !b.copies.inserting || b.Checking() {
		return
	}
	s, drives := b.snapshot(), b.write.target.Drives()
	b.copies.job = enqueue(b.engine.Queue(), b.post, "Checking the disc", drives, func(ctx context.Context, _ progress.Reporter) error {
		return b.engine.LoadNext(ctx, s, drives)
	}, func(err error) {
		if err != nil || !b.copies.inserting {
			b.changed()
			if err != nil {
				failed(err)
			}
			return
		}
		b.planNext(failed)
	})
	b.changed()
}

// planNext plans the next copy with the options of the first one, and begins it.
func (b *Burn) planNext(failed func(error)) {
	b.Options = b.write.options
	b.Options.Blank = false
	b.Plan()
	b.then = func() {
		if why := b.Why(); why != "" {
			b.changed()
			failed(errNext(why))
			return
		}
		b.Begin()
	}
}

// StopInserting ends the copies.
func (b *Burn) StopInserting() {
	b.copies.job.Cancel()
	b.copies.inserting = false
	if !b.ended { // a copy with one drive of which nothing was burned
		b.Reset()
		return
	}
	b.changed()
}

// endCopies forgets the copies, and removes the temporary image. An image that cannot be
// removed remains in the folder for temporary files.
func (b *Burn) endCopies() error {
	temp := b.copies.temp
	b.copies = copies{}
	if temp == nil {
		return nil
	}
	return temp.Remove()
}

// Close removes what is temporary. The burn must have ended.
func (b *Burn) Close() error { return b.endCopies() }
