package record

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// ErrUnfinished is in the chain of the error of a disc on which an earlier burn was
// interrupted: a track or a session of it is still open.
var ErrUnfinished = errors.New("an earlier burn of this disc was interrupted, and its last session is still open")

// unfinished reports whether the last session is open and not empty (MMC-6 6.21, state of
// the last session; 6.26, NWA inside a track). What is written next would become part of
// it.
func (m medium) unfinished() bool {
	if !m.sequential() || m.info.Status != mmc.Appendable || m.reservedWhole() {
		return false
	}
	return m.info.Session == mmc.SessionIncomplete || m.info.Session == mmc.SessionDamaged || insideTrack(m.track)
}

// oneSession reports whether the medium can have only one session.
func (m medium) oneSession() bool { return m.profile == mmc.DVDRDL }

// atOnce reports whether the last track is one that was being written disc at once on a
// DVD-R, and ends before the size that was reserved.
func (m medium) atOnce() bool {
	switch m.profile {
	case mmc.DVDR, mmc.DVDRW, mmc.DVDRDL:
		t := m.track
		return t.Reserved && t.Writable && !t.Packet && !t.Blank && t.NextWritable < t.Start+t.Size
	}
	return false
}

// insideTrack reports whether the next writable address is inside a track that was begun.
func insideTrack(t mmc.TrackInformation) bool {
	return t.Writable && !t.Blank && t.NextWritable != t.Start
}

// reservedWhole reports whether the disc holds nothing but a track of DVD-R that was
// reserved by RESERVE TRACK for the whole disc, and of which nothing was written: only
// as much as was reserved can be written, disc at once.
func (m medium) reservedWhole() bool {
	switch m.profile {
	case mmc.DVDR, mmc.DVDRW, mmc.DVDRDL:
		t := m.track
		return t.Reserved && t.Blank && t.Start == 0 && t.NextWritable == 0 && m.info.Sessions <= 1 && m.info.LastInLast <= 1
	}
	return false
}

// openTracks returns the tracks of the last session that are not closed: begun,
// reserved, or damaged. The invisible track, which would come next, is not one.
func (m medium) openTracks(ctx context.Context, t scsi.Transport) []mmc.TrackInformation {
	var open []mmc.TrackInformation
	for n := max(m.info.FirstInLast, 1); n <= m.info.LastInLast; n++ {
		ti, err := mmc.ReadTrackInformation(ctx, t, n)
		if err != nil {
			continue // the invisible track may be counted, and have no number
		}
		switch read.StateOf(ti) {
		case read.TrackOpen, read.TrackReserved, read.TrackReservedOpen, read.TrackDamaged:
			ti.Number = n
			open = append(open, ti)
		}
	}
	if len(open) == 0 && insideTrack(m.track) { // some drives report only the next track
		open = append(open, m.track)
		open[0].Number = max(m.info.LastInLast, 1)
	}
	return open
}

// finishSession closes the tracks that are open, and the session. With end set, the disc
// is finalized too, if the medium does that in one step. A damaged track is repaired
// first, if the drive supports that.
func finishSession(ctx context.Context, t scsi.Transport, m medium, end bool, say func(string)) error {
	if err := finishTracks(ctx, t, m, !end, say); err != nil {
		return err
	}
	f := mmc.CloseSession
	if end {
		f = m.lastFunction()
	}
	if err := closeAndWait(ctx, t, f, 0); err != nil {
		return fmt.Errorf("close the session: %w", err)
	}
	return nil
}

// lastFunction is the function that closes a disc together with its last session. On
// CD and DVD-R that depends on the write parameters.
func (m medium) lastFunction() mmc.CloseFunction {
	switch m.profile {
	case mmc.DVDPRDL: // the lead-out at the smallest radius
		return mmc.FinalizeMinRad
	case mmc.DVDPR, mmc.BDRSRM:
		return mmc.Finalize
	}
	return mmc.CloseSession
}

// finishTracks closes the tracks that are open; more says whether sessions may follow.
func finishTracks(ctx context.Context, t scsi.Transport, m medium, more bool, say func(string)) error {
	if err := closingParameters(ctx, t, m, more); err != nil {
		return fmt.Errorf("set the write parameters: %w", err)
	}
	for _, ti := range m.openTracks(ctx, t) {
		if ti.Damage || m.info.Session == mmc.SessionDamaged {
			if err := repair(ctx, t, ti.Number); err != nil {
				say(fmt.Sprintf("track %d is damaged, and the drive could not repair it: %v", ti.Number, err))
			}
		}
		if err := closeAndWait(ctx, t, mmc.CloseTrack, ti.Number); err != nil {
			return fmt.Errorf("close track %d: %w", ti.Number, err)
		}
	}
	return nil
}

// closingParameters sets mode page 05h for closing: its multi-session field decides on
// CD and DVD-R whether the disc stays open.
func closingParameters(ctx context.Context, t scsi.Transport, m medium, more bool) error {
	r, ok := recipeFor(m, Options{})
	if !ok || !r.page {
		return nil
	}
	w := r.parameters(m, Options{Appendable: more})
	w.Multisession = more
	return retryWhileBusy(ctx, busyTimeout, func() error { return mmc.SetWriteParameters(ctx, t, w) })
}

// repair repairs a damaged track and waits until that is done.
func repair(ctx context.Context, t scsi.Transport, track int) error {
	err := retryWhileBusy(ctx, closeTimeout, func() error { return mmc.RepairTrack(ctx, t, track) })
	if err != nil && !scsi.Recovered(err) {
		return err
	}
	return mmc.Wait(ctx, t, closeTimeout, nil)
}

// closeAndWait sends one CLOSE TRACK/SESSION and waits until it is done.
func closeAndWait(ctx context.Context, t scsi.Transport, f mmc.CloseFunction, track int) error {
	err := retryWhileBusy(ctx, closeTimeout, func() error { return mmc.CloseTrackSession(ctx, t, f, track) })
	if err != nil && !scsi.Recovered(err) {
		return err
	}
	return mmc.Wait(ctx, t, closeTimeout, nil)
}

// closeUnfinished closes what an earlier burn left open, and reads the next writable
// address.
func (r *burning) closeUnfinished() error {
	r.rep.Phase(progress.ClosingUnfinished, 0)
	err := finishSession(r.work, r.t, r.medium, false, r.warnOf)
	if err != nil {
		e := &Error{
			Step: "close what an earlier burn left open", LBA: -1, Err: err, Left: "nothing of the new data was written",
			Advice: "check the disc, and try to close it again, or in another drive; its contents may still be readable",
		}
		if scsi.Gone(err) {
			r.gone = true
			e.Advice = scsi.Hint(err) + "; then " + e.Advice
		}
		return e
	}
	r.closedUnfinished = true
	m, err := inspect(r.work, r.t)
	if err != nil {
		return r.before("examine the closed disc", err)
	}
	switch {
	case m.info.Status != mmc.Appendable || m.unfinished() || !m.track.Writable:
		return r.before("examine the closed disc", fmt.Errorf("%w: no session can be added to it (it is %v, its last session %v)", ErrNotWritable, m.info.Status, m.info.Session))
	case r.sourceAddress > 0 && r.sourceAddress != m.next() || r.start > 0 && r.start != m.next():
		return r.before("examine the closed disc", fmt.Errorf("%w: it was made for address %d, but the next writable address of the disc is %d", ErrOtherAddress, max(r.sourceAddress, r.start), m.next()))
	case m.freeSectors() < r.plan.Sectors:
		return r.before("examine the closed disc", fmt.Errorf("%w: it has %d sectors, and the disc has room for %d", ErrTooLarge, r.plan.Sectors, m.freeSectors()))
	}
	r.medium, r.next = m, m.next()
	r.program = r.program.from(r.next)
	if len(r.toc.Sessions) == 1 { // of one track: more are refused
		s := &r.toc.Sessions[0]
		s.Number, s.Tracks[0].Number, s.Tracks[0].Start = max(m.info.Sessions, 1), max(m.track.Number, 1), r.next
		r.program.stages[0].areas[0].track = s.Tracks[0].Number
	}
	r.inform("the next writable address is %d", r.next)
	return nil
}

// nextTrack reads the next writable address, and checks that a track begins there.
func (r *burning) nextTrack() error {
	const step = "read the next writable address"
	ti, err := read.NextTrack(r.work, r.t, r.medium.profile, r.medium.info)
	switch {
	case err != nil:
		return r.before(step, err)
	case !ti.Writable && r.next == 0 && r.medium.info.Status == mmc.Blank:
		return nil // a blank disc begins at 0, whether the drive reports that or not
	case !ti.Writable:
		return r.before(step, fmt.Errorf("the drive reports none, and %d was planned", r.next))
	case r.recipe.mode != mmc.TrackAtOnce && r.medium.profile.IsCD() && r.program.stages[0].beginsAt(disc.LBA(ti.NextWritable)):
		return nil
	case ti.NextWritable != int64(r.next):
		return r.before(step, fmt.Errorf("the drive reports %d, and %d was planned", ti.NextWritable, r.next))
	case insideTrack(ti):
		return r.before(step, fmt.Errorf("%w: address %d is in a track that begins at %d", ErrUnfinished, ti.NextWritable, ti.Start))
	}
	return nil
}
