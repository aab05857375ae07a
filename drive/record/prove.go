package record

import (
	"bytes"
	"errors"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/drive/tray"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// prove checks what the drive reports about the disc, and reads every sector back. If that
// fails, a disc that is overwritten in place no longer shows the session that was added.
func (r *burning) prove() error {
	err := r.proveAll()
	if err != nil {
		err = r.takeBack(err)
	}
	return err
}

func (r *burning) proveAll() error {
	r.rep.Phase(progress.CheckingDisc, 0)
	err := r.reload()
	if err == nil {
		err = r.sameDisc()
	}
	if err == nil {
		err = r.checkDisc()
	}
	if err == nil {
		err = r.checkCodes()
	}
	if err == nil {
		err = r.checkProperties()
	}
	if err == nil {
		err = r.watch.lost
	}
	if err != nil {
		return r.failed(err)
	}
	r.checkTime()
	if !r.o.NoVerify || r.mustCompare {
		err = r.compare()
	}
	if err == nil {
		err = r.checkContents()
	}
	if !scsi.Gone(err) && (err != nil || !r.o.Eject) {
		r.show() // also of a bad disc
	}
	if err == nil {
		err = r.asRequested()
	}
	return err
}

// show makes the operating system recognize the new contents. It comes last, since it may
// leave the tray open.
func (r *burning) show() {
	if err := tray.RefreshSystem(r.work, r.t, r.medium.config); err != nil {
		r.warn("%v", err)
	}
}

// failed is the error of a burn that was completed, but whose disc is not good.
func (r *burning) failed(err error) error {
	r.result.Verified, r.result.Equal = false, false
	e := &Error{
		Step: "check the disc", LBA: -1, Written: r.result.Written, Err: err,
		Advice: "do not rely on this disc; burn another one at a lower speed, and look for newer firmware for the drive",
	}
	switch {
	case errors.Is(err, read.ErrNoMedium):
		e.Left, e.Advice = "the disc was burned, but not checked", `insert it again and compare it with "verify" before you rely on it`
	case scsi.Gone(err):
		r.gone = true
		e.Left, e.Advice = "the disc was burned, but not checked", scsi.Hint(err)+"; then compare the disc before you rely on it"
	case errors.Is(err, ErrOtherDisc):
		e.Advice = `find the disc that was burned, which was not checked; insert it and compare it with "verify"`
	case r.o.Simulate:
		e.Left, e.Advice = "this was a simulation; nothing was written", "try again at a lower speed, or with another disc"
	case errors.Is(err, ErrLost) && r.grows():
		e.Left, e.Advice = restoredText, "do not rely on the disc; add the files to another one"
		if failed := combine(r.switchBack(), r.flush()); failed != nil {
			e.Left = fmt.Sprintf("the disc looks complete, but the new session is not (%v)", failed)
		}
	case errors.Is(err, ErrLost) && r.completed:
		e.Left = "the beginning of the disc is marked as not completed"
		if failed := combine(r.markAgain(), r.flush()); failed != nil {
			e.Left = fmt.Sprintf("the disc looks complete, but is not (%v)", failed)
		}
	case errors.Is(err, ErrLost):
		e.Left = "the disc was closed and looks complete, and parts of its data may be missing"
	}
	return e
}

// reload makes the drive reload the disc, so that it does not answer from its buffer. Only a drive that no longer answers is an error.
func (r *burning) reload() error {
	how, err := tray.Reload(r.ctx, r.t, r.medium.config, r.warnOf)
	r.reloaded = how
	switch {
	case scsi.Gone(err):
		return fmt.Errorf("reload the disc: %w", err)
	case err != nil:
		r.warn("the drive is not ready after the burn: %v", err)
	}
	return nil
}

// checkDisc compares the drive's replies about the disc with the plan.
func (r *burning) checkDisc() error {
	info, err := discInformation(r.work, r.t)
	if err != nil {
		return fmt.Errorf("read the disc information: %w", err)
	}
	if r.grows() {
		if err := r.checkHead(); err != nil {
			return err
		}
	}
	if !r.medium.sequential() {
		return r.checkStart() // such a disc has no end that could be missing
	}
	switch {
	case info.Status == mmc.Blank:
		return fmt.Errorf("%w: the disc is still blank", ErrNotOnDisc)
	case info.Status == mmc.Appendable && !r.o.Appendable:
		return fmt.Errorf("%w: the disc is still open, although it was closed", ErrNotOnDisc)
	case info.Status == mmc.Closed && r.o.Appendable && !r.recipe.single:
		r.warn("the drive closed the disc, which was to stay open for more sessions")
	}
	return r.checkTracks()
}

// checkStart compares the first sectors of a disc that is overwritten in place, whose
// state does not show whether something was written.
func (r *burning) checkStart() error {
	want := r.head[:min(r.plan.Sectors*disc.SectorSize, int64(len(r.head)))]
	got := make([]byte, len(want))
	d, err := read.Open(r.work, r.t)
	if err != nil {
		return notOnDisc(err)
	}
	defer d.Close()
	if _, err := d.ReadSectors(r.work, got, r.next, disc.User); err != nil {
		return notOnDisc(err)
	}
	if !bytes.Equal(want, got) {
		return fmt.Errorf("%w: the first sectors are not those of the source", ErrNotOnDisc)
	}
	return nil
}

// notOnDisc is the error of a disc that cannot be read. If the disc or the drive is gone,
// nothing is known about it.
func notOnDisc(err error) error {
	if lost(err) || errors.Is(err, read.ErrNoMedium) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrNotOnDisc, err)
}

// checkTracks looks for the track that was written.
func (r *burning) checkTracks() error {
	d, err := read.Open(r.work, r.t)
	if err != nil {
		return notOnDisc(err)
	}
	defer d.Close()
	if len(r.toc.Sessions) > 0 {
		return r.checkCD(d)
	}
	around := disc.Track{}
	for _, s := range d.TOC().Sessions {
		for _, t := range s.Tracks {
			switch have := int64(t.End() - t.Start); {
			case r.next != t.Start:
				if r.next > t.Start && r.next < t.End() {
					around = t // with layer jumps it may be that of a session before
				}
			case have < r.plan.Sectors:
				return fmt.Errorf("%w: track %d has %d sectors, and %d were written", ErrNotOnDisc, t.Number, have, r.plan.Sectors)
			default:
				return nil
			}
		}
	}
	if around.Length > 0 {
		return fmt.Errorf("%w: it is in track %d, which begins at address %d and not at %d, so that the files could not be found", ErrNotOnDisc, around.Number, around.Start, r.next)
	}
	return fmt.Errorf("%w: no track begins at address %d", ErrNotOnDisc, r.next)
}

// checkTime warns about a burn that was faster than the speed of the disc allows.
func (r *burning) checkTime() {
	if r.result.Seconds <= 0 {
		return
	}
	least := r.leastSeconds()
	r.result.LeastSeconds = least
	const tolerance = 1.5 // drives round their speeds, and some report the lowest of a range
	if least > 10*tolerance && r.result.Seconds < least/tolerance {
		r.warn("writing took %.0f s, although it takes at least %.0f s at the speed of this disc: the drive may not have written at all",
			r.result.Seconds, least)
	}
}

// leastSeconds returns the shortest time in which the speed of the disc allows for what was
// written; 0: unknown. Speeds of CD count sectors of 2352 bytes, and what the drive's buffer can
// hold is left out.
func (r *burning) leastSeconds() float64 {
	switch {
	case len(r.zones) > 0:
		return zoneSeconds(r.zones, r.plan.Speed, int64(r.next), r.result.Written)
	case r.plan.Speed == 0:
		return 0
	case r.medium.profile.IsCD():
		return float64(max(r.result.Written*disc.RawSectorSize-usualBuffer, 0)) / (float64(r.plan.Speed) * 1000)
	}
	return float64(r.result.Written*disc.SectorSize) / (float64(r.plan.Speed) * 1000)
}
