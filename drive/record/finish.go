package record

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/units"
)

// finish flushes the drive's buffer and closes what the recipe closes.
func (r *burning) finish() error {
	r.rep.Phase(progress.Finishing, 0)
	end := r.position
	if err := r.flush(); err != nil {
		return r.failure("flush the drive's buffer", end, err)
	}
	if err := r.lostSectors("flush the drive's buffer"); err != nil {
		return err
	}
	r.watchChange()
	if r.o.Simulate {
		r.endSimulation()
		return r.lostSectors("end the simulation")
	}
	if err := r.close(r.o.Appendable); err != nil {
		return r.failure("close the disc", -1, err)
	}
	r.watch.closed()
	return r.lostSectors("close the disc")
}

// endSimulation ends a simulation. Some drives require it to be closed like a real
// burn, and others refuse that; all end it when the write parameters are set to write.
func (r *burning) endSimulation() {
	if r.recipe.closing == closeTrack {
		_ = r.close(r.o.Appendable)
	}
	o := r.o
	o.Simulate = false
	r.optional("end the simulation", mmc.SetWriteParameters(r.work, r.t, r.recipe.parameters(r.medium, o)))
}

// flush sends SYNCHRONIZE CACHE with Immed, waits, and sends it again without Immed: some
// drives report completion too early, or do not support Immed.
func (r *burning) flush() error {
	err := r.repeat(func() error { return mmc.SynchronizeCache(r.work, r.t, true) })
	if err != nil && !scsi.InvalidField(err) {
		return err
	}
	begun := err == nil
	if err := r.wait(); err != nil {
		return err
	}
	if begun && (r.recipe.closing == closeSession || r.atOnce()) {
		return nil // it ended the track: there is nothing left to write
	}
	return r.repeat(func() error { return mmc.SynchronizeCache(r.work, r.t, false) })
}

// refused reports whether a drive rejected a command, as opposed to starting it and
// failing.
func refused(err error) bool {
	key, _, _, ok := scsi.Code(err)
	return ok && key == scsi.KeyIllegalRequest && !scsi.Deferred(err) || scsi.InvalidField(err)
}

// wait waits until the drive has completed the operation.
func (r *burning) wait() error { return mmc.Wait(r.work, r.t, closeTimeout, nil) }

// repeat sends a command until the drive is no longer busy. A recovered error is a
// success.
func (r *burning) repeat(send func() error) error {
	if err := retryWhileBusy(r.work, closeTimeout, send); !scsi.Recovered(err) {
		return err
	}
	return nil
}

// close closes the track and the session according to the recipe. What the drive has
// closed itself is not closed again.
func (r *burning) close(appendable bool) error {
	switch r.recipe.closing {
	case closeSession:
		return r.closeOne(mmc.CloseSession, 0)
	case closeTrack:
		if err := r.closeOne(mmc.CloseTrack, r.track()); err != nil {
			return err
		}
		return r.closeOne(mmc.CloseSession, 0)
	case closePlus:
		if err := r.closeOne(mmc.CloseTrack, r.track()); err != nil {
			return err
		}
		if appendable {
			return r.closeOne(mmc.CloseSession, 0)
		}
		return r.closeOne(r.medium.lastFunction(), 0)
	case endFormatting:
		return r.endFormatting()
	case endGrowing:
		return r.endIntermediate()
	}
	return nil
}

// track returns the number of the track that is written: the last one reported before the
// burn, which was not begun.
func (r *burning) track() int { return max(r.medium.info.LastInLast, 1) }

// closeOne sends one CLOSE TRACK/SESSION and waits. A rejection is an error only if the
// disc is not closed: some drives close more than requested.
func (r *burning) closeOne(f mmc.CloseFunction, track int) error {
	if info, err := discInformation(r.work, r.t); err == nil && info.Status == mmc.Closed {
		return nil
	}
	err := closeAndWait(r.work, r.t, f, track)
	if err == nil || scsi.Gone(err) {
		return err
	}
	if info, other := discInformation(r.work, r.t); refused(err) && other == nil && info.Status == mmc.Closed {
		r.warn("the drive refused to close the disc, which it reports as closed: %v", err)
		return nil
	}
	return err
}

// endFormatting stops the background format of a DVD+RW, so that other drives can read
// the disc immediately.
func (r *burning) endFormatting() error {
	info, err := discInformation(r.work, r.t)
	if err != nil {
		return err
	}
	if info.Background != 1 && info.Background != 2 {
		return nil
	}
	for _, step := range []struct {
		f    mmc.CloseFunction
		what string
	}{{mmc.StopFormat, "stop the background format"}, {mmc.CloseSession, "make the disc readable in other drives"}} {
		err := r.repeat(func() error { return mmc.CloseTrackSession(r.work, r.t, step.f, 0) })
		if err != nil && !refused(err) {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		r.optional(step.what, err)
		if err := r.wait(); err != nil {
			return err
		}
	}
	return nil
}

// salvage leaves a disc whose burn failed in the best state that its medium allows, and
// adds to the error that state and what to do next.
func (r *burning) salvage(cause error) error {
	e, ok := cause.(*Error)
	if !ok {
		e = r.failure("burn", -1, cause)
	}
	switch {
	case scsi.Gone(cause):
		return r.leave(e)
	case r.o.Simulate:
		r.optional("end the simulation", r.flush())
		r.endSimulation()
		e.Left = "this was a simulation; nothing was written"
		return e
	case !r.started:
		e.Left = "nothing was written"
		return e
	case scsi.MediumChanged(cause):
		e.Left = "the disc in the drive may have been changed, so nothing more was written to it; the one that was burned is not complete"
		e.Advice = "find out which disc is which"
		return e
	}
	r.rep.Phase(progress.Salvaging, 0)
	var failed []error
	try := func(step func() error) {
		if len(failed) > 0 && scsi.Gone(failed[len(failed)-1]) {
			return
		}
		if err := step(); err != nil {
			failed = append(failed, err)
		}
	}
	try(r.markAgain)
	try(r.flush)
	switch r.recipe.closing {
	case closeSession:
		try(func() error { return r.closeOne(mmc.CloseSession, 0) })
	case closeTrack, closePlus:
		try(func() error { return r.closeOne(mmc.CloseTrack, r.track()) })
		try(func() error { return r.closeOne(mmc.CloseSession, 0) })
	case endFormatting:
		try(r.endFormatting)
	case endGrowing:
		try(r.endIntermediate)
	case closesItself:
	}
	e.Left, e.Advice = r.state(r.work, failed)
	return e
}

// leave completes the error of a burn whose drive hangs or was disconnected. Nothing
// more is sent to it: every command would time out.
func (r *burning) leave(e *Error) error {
	r.gone = true
	switch {
	case r.o.Simulate:
		e.Left = "this was a simulation; nothing was written"
	case !r.started:
		e.Left = "nothing was written"
	default:
		e.Left = "the drive does not answer, so the state of the disc is unknown"
	}
	hint := scsi.Hint(e.Err)
	if errors.Is(e.Err, mmc.ErrNotReady) { // whose hint is about waiting
		hint = "if the drive stays busy, switch it off and on again"
	}
	e.Advice = hint + "; then check the disc, and do not rely on it"
	r.rep.Notice(disc.Notice{Severity: disc.Error, Text: "the drive does not answer; no more commands are sent to it"})
	return e
}

// state describes the state of a disc after a failed burn.
func (r *burning) state(ctx context.Context, failed []error) (left, advice string) {
	info, err := discInformation(ctx, r.t)
	if err != nil {
		return fmt.Sprintf("the state of the disc is unknown: %v", err), "eject the disc, insert it again, and check it"
	}
	end := r.position - 1
	if info.Status == mmc.Blank && r.finished > 0 && r.medium.sequential() {
		return fmt.Sprintf("%s of %d was written and the drive reported success, but it now reports that the disc is blank", r.program.stages[r.finished-1].name, len(r.program.stages)),
			"the disc may have been exchanged, or the drive does not write: check which disc is in it"
	}
	defer func() { left = r.completeParts() + left }()
	switch {
	case r.grows():
		return r.grownState(failed)
	case !r.medium.sequential() && !r.marked:
		return "the drive accepted no sector, so the disc is unchanged", "check the disc, and try again at a lower speed"
	case !r.medium.sequential() && r.completed:
		return "all of the new data was sent, but part of it did not reach the disc",
			"do not rely on the disc; burn it again at a lower speed, or use another one"
	case !r.medium.sequential():
		return fmt.Sprintf("the disc holds new data up to about LBA %d and old data after it, and its beginning is marked as not completed", max(end, 0)),
			"burn the disc again"
	case info.Status == mmc.Blank && r.finished == 0 && len(failed) == 0 && r.position == r.program.stages[0].areas[0].at:
		return "the drive accepted no sector, and reports that the disc is still blank", "try this disc again"
	case r.atOnce() && end < -disc.Pregap:
		left = "the lead-in of the disc is not complete, and it cannot be read in most drives"
	case r.atOnce():
		left = fmt.Sprintf("the disc ends at about LBA %d without a lead-out and cannot be read in most drives", end)
	case len(failed) > 0:
		left = fmt.Sprintf("closing the disc failed (%v); the drive reports that it is %v", failed[0], info.Status)
	case info.Status == mmc.Blank:
		left = "the disc is still blank"
	case r.watch.lost != nil:
		left = fmt.Sprintf("track and session were closed: the disc is %v, and sectors before LBA %d may be missing", info.Status, end+1)
	default:
		left = fmt.Sprintf("track and session were closed: the disc is %v and can be read up to about LBA %d", info.Status, end)
	}
	switch {
	case r.medium.erasable():
		advice = "erase the disc and burn it again"
	case r.atOnce():
		advice = "use another disc"
	case info.Status == mmc.Blank:
		advice = "try this disc again at a lower speed"
	case info.Status == mmc.Appendable:
		advice = "another session can be burned on the rest of the disc; the data of this burn is not complete"
	default:
		advice = "use another disc"
	}
	return left, advice
}

// atOnce reports whether a session, or the disc, is written in one run, with its lead-out.
func (r *burning) atOnce() bool {
	return r.recipe.mode == mmc.DiscAtOnce || r.recipe.mode == mmc.Raw
}

// completeParts says which tracks or sessions of a failed burn are complete, as the beginning
// of a sentence.
func (r *burning) completeParts() string {
	if r.finished == 0 || r.gone {
		return ""
	}
	return fmt.Sprintf("%s of %d %s complete; after that, ", r.program.stages[r.finished-1].name, len(r.program.stages), units.Plural(r.finished, "is", "and those before it are"))
}
