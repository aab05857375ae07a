package record

import (
	"context"

	"glassmaster/drive/scsi"
	"glassmaster/drive/tray"
	"glassmaster/mastering/progress"
)

// Execution carries out a burn: call Write, then Prove if that succeeded, and End in any
// case.
type Execution struct{ r *burning }

// Start begins to carry out the plan. Nothing is sent to the drive yet.
//
// Cancelling the context ends Write at the next sector and closes what was written;
// the error is then an *Error that wraps context.Canceled.
func (b *Burn) Start(ctx context.Context, rep progress.Reporter) *Execution {
	own := *b
	own.program, own.toc = b.program.clone(), cloneTOC(b.toc)
	r := &burning{Burn: &own, ctx: ctx, work: context.WithoutCancel(ctx), rep: rep, result: Result{Plan: b.plan}, stream12: b.streams()}
	r.watch = &watch{Transport: b.t, warn: r.warn, inform: r.inform}
	own.t = r.watch
	r.result.Notices = append(r.result.Notices, b.plan.Notices...)
	return &Execution{r}
}

// Write writes all sectors and closes what the plan closes. If that fails, the disc is
// left in the best state that the medium allows, which the error, an *Error, describes.
func (e *Execution) Write() error {
	r := e.r
	if err := r.recheck(); err != nil {
		return err
	}
	if err := r.prepare(); err != nil {
		return err
	}
	if err := r.write(); err != nil {
		return r.salvage(err)
	}
	if err := r.finish(); err != nil {
		return r.salvage(err)
	}
	return nil
}

// recheck checks that the source and the disc are still those of the plan.
func (r *burning) recheck() error {
	nothing := func(step, advice string, err error) error {
		return &Error{Step: step, LBA: -1, Err: err, Left: "nothing was written", Advice: advice}
	}
	if err := r.ctx.Err(); err != nil {
		return nothing("begin", "", err)
	}
	if err := r.checkSource(); err != nil {
		return nothing("check the source", "plan the burn again", err)
	}
	if err := scsi.Writable(r.t); err != nil {
		return nothing("begin", "", err)
	}
	// The tray is locked first, so that the disc cannot be changed after the check.
	r.lock(true)
	r.locked = true
	if err := r.unchanged(); err != nil {
		return nothing("check the disc", "plan the burn again", err)
	}
	if err := r.sameBasis(); err != nil {
		return nothing("check the disc", "plan the burn again", err)
	}
	r.limited = true
	return nil
}

// Prove checks what the drive reports about the disc and, unless the options say
// otherwise, reads every sector back and compares it with what was sent.
func (e *Execution) Prove() error {
	e.r.lock(false)
	if e.r.o.Simulate {
		return e.r.untouched()
	}
	return e.r.prove()
}

// End releases the source and the drive: the tray is unlocked and, if Options.Eject is set
// and err, that of Write or Prove, is nil, opened. It returns the result, and err or an
// error that was found since.
func (e *Execution) End(err error) (Result, error) {
	r := e.r
	r.restoreBook()
	if r.limited {
		r.restoreSpeed()
	}
	if r.locked {
		r.lock(false)
	}
	r.stopReading() // last, since a source can block for ever
	r.sourceChanges()
	if err == nil && r.o.Eject {
		r.optional("open the tray", tray.Eject(r.work, r.t))
	}
	if r.watch.lost != nil && (err == nil || r.result.Equal) {
		err = r.failed(r.watch.lost)
	}
	return r.result, err
}
