// Package job writes a disc into a sink. It is the only way to do so: the command
// line and the window build, read, convert, copy and burn with it. A [Queue] runs long
// work, and gives each drive to one user at a time.
//
// The source is whatever package source opens: an image file, the disc in a drive, a
// folder, a compilation. The sink is an image file ([ImageFile]), a stream
// ([ImageStream]) or the recorder in a drive ([Recorder]). A job has three steps:
//
//	plan   [New] settles what will happen, and refuses what cannot work: a source
//	       that does not fit, or that the sink cannot hold. Nothing is written. What
//	       would be lost, and what is known to be wrong with the source, is in the
//	       [Plan].
//	write  The sectors go into the sink, with progress. Cancelling the context ends
//	       the work; an image file is then removed, and a disc is closed as well as
//	       its medium allows.
//	prove  What was written is read back and compared, unless the options of the sink
//	       say otherwise. A recorder is asked in any case what is on its disc.
//
// [Job.Run] carries out the last two.
//
// # Sources that are not as they should be
//
// The rules are the same for all sinks. Source.KeepGoing and record.Options.Force relax
// them:
//
//   - A folder or compilation lacks files: refused. With KeepGoing the files are left
//     out.
//   - The end of the source is missing: refused where it would use up a medium, that
//     is, by a recorder. With Force it is burned. An image file is written as far as
//     the source goes, since that may be all that can be saved.
//   - The source is damaged: written as it is.
//   - A file was changed since it was planned: refused as long as nothing is lost by
//     it, which on a disc is before the first sector. A file that has only grown is
//     written as it was planned, and so is one that changes while a disc is burned
//     and still delivers as many bytes. With KeepGoing all changes are tolerated, and
//     zeros replace missing bytes.
//   - A sector cannot be read: the work ends. With KeepGoing zeros replace it.
//
// Whatever was tolerated is in [Result.Flaws], and a result with flaws is not a
// success, even where the sink is equal to its source.
package job

import (
	"context"
	"errors"

	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/verify"
)

// Sink is where a disc is written to. A sink serves one job.
type Sink interface {
	// plan settles how the disc is written, and refuses what cannot work. It changes
	// nothing.
	plan(ctx context.Context, in input) (writer, error)
}

// input is what a sink is given.
type input struct {
	disc   disc.Disc // what is to be written of the source
	source *source.Source
}

// writer is a sink that is ready to be written: first write, then prove if that went
// well, and end in any case.
type writer interface {
	settled() record.Plan
	// write writes everything. The context ends it and prove.
	write(ctx context.Context, rep progress.Reporter) error
	// prove reads back what was written.
	prove() error
	// end releases the sink. It returns the result, and err, that of write or prove, or
	// an error that came to light since.
	end(err error) (record.Result, error)
}

// Job is a disc that is planned to be written into a sink.
type Job struct {
	input
	salvage *read.Salvage // of the source, nil where unreadable sectors end the work
	to      writer
	plan    Plan
}

// New plans to write a source into a sink. It changes neither. The caller closes the
// source, and what the sink was made of, after Run.
func New(ctx context.Context, from *source.Source, to Sink) (*Job, error) {
	j := &Job{input: input{disc: from, source: from}}
	if err := j.admitMissing(); err != nil {
		return nil, err
	}
	j.limit(ctx)
	if _, planned := disc.Unwrap(from).(disc.Planned); !planned && from.KeepGoing {
		j.salvage = read.NewSalvage(j.disc)
		j.disc = j.salvage
	}
	var err error
	if j.to, err = to.plan(ctx, j.input); err != nil {
		return nil, err
	}
	j.plan.Plan = j.to.settled()
	return j, nil
}

// Run carries out the plan: it writes, and proves what was written. Where the sink is
// not good, or nothing is known of it, the error says so. A result without an error
// can have flaws that come from its source: see [Result.Flaws].
func (j *Job) Run(ctx context.Context, rep progress.Reporter) (r Result, err error) {
	if j.salvage != nil {
		j.salvage.Start()
	}
	err = errPanic
	defer func() { // in a panic too: the tray must not stay locked
		r.Result, err = j.to.end(err)
		j.complete(ctx, &r)
	}()
	if err = j.to.write(ctx, rep); err == nil {
		err = j.to.prove()
	}
	return r, err
}

// errPanic is the error of a job that a panic has ended.
var errPanic = errors.New("a fault of the program ended the work")

// complete adds to a result what is known of its source.
func (j *Job) complete(ctx context.Context, r *Result) {
	r.Missing = j.source.Missing()
	if j.salvage != nil {
		if n, first, err := j.salvage.Bad(); n > 0 {
			r.Unread = &verify.Mismatch{LBA: first, File: j.source.Locate(first), Err: err, Count: n}
		}
	}
	if r.Plan.Incomplete() != "" {
		_ = errors.As(verify.Complete(ctx, j.disc, j.source.Name), &r.Short)
	}
}
