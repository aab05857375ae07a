// Package job writes a disc from a source into a sink. The command line and the window
// use it to build, read, convert, copy and burn. A [Queue] runs long work, and gives each
// drive to one user at a time.
//
// A source is whatever package source opens: an image file, the disc in a drive, a
// folder, a compilation. A sink is an image file ([ImageFile]), a stream
// ([ImageStream]) or the recorder in a drive ([Recorder]). A job has three steps:
//
//	plan   [New] decides what will happen, and refuses what cannot work: a source that
//	       does not fit, or that the sink cannot hold. Nothing is written. The [Plan]
//	       contains what would be lost, and what is known to be wrong with the source.
//	write  The sectors go into the sink. When the context is cancelled, an image file
//	       is removed, and a disc is closed as well as its medium allows.
//	prove  What was written is read back and compared, unless the options of the sink
//	       say otherwise. The state that a recorder reports is always checked.
//
// [Job.Run] carries out the last two.
//
// # Incomplete, damaged and changing sources
//
// The rules are the same for all sinks. Source.KeepGoing, Source.LeaveOut and
// record.Options.Force relax them.
//
//   - Files of a folder or compilation are missing: it is refused. With LeaveOut or
//     KeepGoing the files are left out.
//   - The end of the source is missing: a recorder refuses it, because it would use up a
//     medium. With Force it is burned. An image file is written as far as the source
//     goes, because that may be all that can be saved.
//   - The source is damaged: it is written as it is.
//   - The user data of a sector is damaged, and the image stores the whole sector: the data
//     is corrected by the ECC if only the data is written; [Result.Corrected] counts them.
//     An image of whole sectors gets them unchanged: the proof finds the damage.
//   - A file has changed since the plan: the job fails if no medium is lost by that,
//     which for a disc is before the first sector. A file that has only grown is written
//     as planned, and so is a file that changes during a burn and still has the planned
//     number of bytes. With KeepGoing all changes are accepted, and zeros replace missing
//     bytes.
//   - A sector cannot be read: the job fails. With KeepGoing zeros replace the sector.
//
// What was accepted in this way is in [Result.Flaws]. A result with flaws is not a
// success, even if the sink is equal to its source.
package job

import (
	"context"
	"errors"
	"time"

	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/verify"
)

// Sink is where a disc is written to. A sink serves one job.
type Sink interface {
	// plan decides how the disc is written, and refuses what cannot work. It changes
	// nothing.
	plan(ctx context.Context, in input) (writer, error)
}

// input is the input of a sink.
type input struct {
	disc   disc.Disc // the part of the source to be written
	source *source.Source
}

// writer writes into a sink: first write, then prove if that succeeded, and end in any
// case.
type writer interface {
	// planned returns the plan, without what concerns the source.
	planned() Plan
	// write writes everything. Cancelling the context ends write and prove.
	write(ctx context.Context, rep progress.Reporter) error
	// prove reads back what was written.
	prove() error
	// end releases the sink. It returns the result, and err, which is that of write or
	// prove, or an error that was found since.
	end(err error) (record.Result, error)
}

// Job is a disc that is planned to be written into a sink.
type Job struct {
	input
	salvage *read.Salvage // of the source; nil: unreadable sectors end the work
	to      writer
	plan    Plan
}

// New plans to write a source into a sink. It changes neither. The caller closes the
// source, and what the sink was made of, after Run.
func New(ctx context.Context, from *source.Source, to Sink) (*Job, error) {
	j, err := reading(ctx, from)
	if err != nil {
		return nil, err
	}
	return j.into(ctx, to)
}

// reading returns a job that has a source, and no sink yet.
func reading(ctx context.Context, from *source.Source) (Job, error) {
	j := Job{input: input{disc: from, source: from}}
	if err := j.admitMissing(); err != nil {
		return j, err
	}
	j.limit(ctx)
	if _, planned := disc.Unwrap(from).(disc.Planned); !planned && from.KeepGoing {
		j.salvage = read.NewSalvage(j.disc)
		j.disc = j.salvage
	}
	return j, nil
}

// into plans to write the source into a sink.
func (j Job) into(ctx context.Context, to Sink) (*Job, error) {
	var err error
	if j.to, err = to.plan(ctx, j.input); err != nil {
		return nil, err
	}
	p := j.to.planned()
	j.plan.Plan, j.plan.Files, j.plan.Loss, j.plan.Drops = p.Plan, p.Files, p.Loss, p.Drops
	return &j, nil
}

// Run carries out the plan: it writes, then proves. It returns an error unless the sink is
// good. A result without an error can have flaws of its source: see [Result.Flaws].
func (j *Job) Run(ctx context.Context, rep progress.Reporter) (r Result, err error) {
	if j.salvage != nil {
		j.salvage.Start()
	}
	levels := func() Levels { return unknownLevels }
	if to, ok := j.to.(*recorder); ok {
		w := watchLevels(rep, to.o.Buffer)
		rep, levels = w, w.levels
	}
	err = errPanic
	began := time.Now()
	defer func() { // also after a panic: the tray must not stay locked
		r.Result, err = j.to.end(err)
		j.complete(ctx, &r)
		r.Levels, r.Began, r.Ended = levels(), began, time.Now()
	}()
	if err = j.to.write(ctx, rep); err == nil {
		err = j.to.prove()
	}
	return r, err
}

// errPanic is the error of a job that a panic has ended.
var errPanic = errors.New("an internal error of the program ended the job")

// complete adds to a result what is known about its source.
func (j *Job) complete(ctx context.Context, r *Result) {
	r.Missing = j.source.Missing()
	if m, ok := j.to.(*imageFile); !ok || !m.storesWhole() {
		r.Corrected, _ = disc.Corrected(j.source)
	}
	if j.salvage != nil {
		if n, first, err := j.salvage.Bad(); n > 0 {
			r.Unread = &verify.Mismatch{LBA: first, File: j.source.Locate(first), Err: err, Count: n}
		}
	}
	if r.Plan.Incomplete() != "" {
		_ = errors.As(verify.Complete(ctx, j.disc, j.source.Name), &r.Short)
	}
}
