package record

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// Level is how much of a disc is closed.
type Level int

// Levels of closing.
const (
	CloseTrack   Level = iota // the open tracks; tracks can be added to the session
	CloseSession              // the session, too: every drive can read it, and sessions can be added
	CloseDisc                 // the disc, too: nothing can be added
)

func (l Level) String() string { return [...]string{"track", "session", "disc"}[l] }

func (l Level) phase() progress.Phase {
	return [...]progress.Phase{progress.ClosingTrack, progress.ClosingSession, progress.ClosingDisc}[l]
}

// ErrNothingToClose is in the chain of the error of a disc that cannot be closed: a
// blank one, or one of a medium that is never closed.
var ErrNothingToClose = errors.New("there is nothing to close on the disc")

// ClosePlan describes what closing a disc will do.
type ClosePlan struct {
	Profile string
	Open    []int    // numbers of the tracks that are open
	Damaged bool     // a track or the session is damaged, and is repaired if the drive can
	Steps   []string // as text; none: it is closed already
	Costs   []string // disadvantages, as text
}

// Closed is the state of a disc after it was closed.
type Closed struct {
	Profile  string
	Status   string // of the disc
	Session  string // the state of its last session
	Sessions int    // an empty last one counts
	// NextWritable is the next writable address; -1: nothing can be added.
	NextWritable int64
	Erasable     bool // it can be erased and burned again
	InPlace      bool // it can be overwritten at any address, so that it is never closed
	Notices      []disc.Notice
}

// Closing closes what an earlier burn left open on a disc that is written sequentially,
// or finalizes such a disc. On a disc that is overwritten in place it ends a format
// that is not complete.
type Closing struct {
	t      scsi.Transport
	medium medium
	level  Level
	plan   ClosePlan
	end    func(r *burning) error // nil where nothing is open
}

// NewClosing examines the disc and plans what has to be done. It changes nothing.
func NewClosing(ctx context.Context, t scsi.Transport, level Level) (*Closing, error) {
	t = scsi.Guard(t)
	m, err := inspect(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("close the disc: %w", err)
	}
	c := &Closing{t: t, medium: m, level: level, plan: ClosePlan{Profile: m.profile.String()}}
	if err := c.makePlan(ctx); err != nil {
		return nil, fmt.Errorf("close the disc: %w", err)
	}
	return c, nil
}

// Plan returns what Run will do.
func (c *Closing) Plan() ClosePlan { return c.plan }

func (c *Closing) makePlan(ctx context.Context) error {
	m := c.medium
	switch {
	case !m.sequential():
		return c.planFormatEnd()
	case m.info.Status == mmc.Blank || m.reservedWhole():
		return fmt.Errorf("%w: nothing was written to the %v", ErrNothingToClose, m.profile)
	case m.info.Status != mmc.Appendable:
		return nil
	}
	if m.atOnce() {
		c.planFilling()
		return nil
	}
	open := m.openTracks(ctx, c.t)
	for _, ti := range open {
		c.plan.Open = append(c.plan.Open, ti.Number)
		c.plan.Damaged = c.plan.Damaged || ti.Damage
		c.step("close track %d, which was left open at address %d", ti.Number, max(ti.NextWritable, ti.Start))
	}
	if c.plan.Damaged = c.plan.Damaged || m.info.Session == mmc.SessionDamaged; c.plan.Damaged {
		c.plan.Steps = append([]string{"repair the damaged track or session, if the drive can"}, c.plan.Steps...)
	}
	pending := len(open) > 0 || m.unfinished()
	switch {
	case c.level == CloseTrack && len(open) > 0:
		c.end = func(r *burning) error { return finishTracks(r.work, r.t, m, true, r.warnOf) }
	case c.level == CloseSession && pending:
		c.step("close the session")
		c.end = func(r *burning) error { return finishSession(r.work, r.t, m, false, r.warnOf) }
	case c.level == CloseDisc && pending:
		c.step("close the session and the disc")
		c.end = func(r *burning) error { return finishSession(r.work, r.t, m, true, r.warnOf) }
	case c.level == CloseDisc && m.profile.IsCD():
		return fmt.Errorf("%w: all sessions of the %v are closed, and a CD can only be finalized together with a session: burn the last session without --append", ErrNothingToClose, m.profile)
	case c.level == CloseDisc:
		c.step("close the disc")
		c.end = func(r *burning) error { return closeAndWait(r.work, r.t, m.finalFunction(), 0) }
	}
	if c.end != nil && (c.level == CloseDisc || c.level == CloseSession && m.oneSession()) {
		c.plan.Costs = append(c.plan.Costs, fmt.Sprintf("nothing can be added to the %v afterwards", m.profile))
	}
	return nil
}

// planFilling plans closing a DVD-R after an interrupted disc-at-once burn. The only way
// is to write the remaining reserved sectors.
func (c *Closing) planFilling() {
	t := c.medium.track
	rest := span{t.NextWritable, t.Start + t.Size - t.NextWritable}
	c.plan.Open = []int{max(c.medium.info.LastInLast, 1)}
	c.step("write the remaining %d sectors that were reserved, which closes the disc", rest.count)
	c.plan.Costs = append(c.plan.Costs, fmt.Sprintf("nothing can be added to the %v afterwards", c.medium.profile))
	c.end = func(r *burning) error {
		r.recipe = recipeAtOnce
		r.filler = disc.MarkMissing // zeros would look like data
		return r.writeZeros([]span{rest}, progress.Filling)
	}
}

func (c *Closing) step(format string, args ...any) {
	c.plan.Steps = append(c.plan.Steps, fmt.Sprintf(format, args...))
}

// finalFunction is what closes a disc whose sessions are all closed.
func (m medium) finalFunction() mmc.CloseFunction {
	if f := m.lastFunction(); f != mmc.CloseSession {
		return f
	}
	return mmc.FinalizeDVDMinusR
}

// planFormatEnd plans how the format of a disc that is overwritten in place is ended.
func (c *Closing) planFormatEnd() error {
	m := c.medium
	switch {
	case (m.profile == mmc.DVDPRW || m.profile == mmc.DVDPRWDL) && m.info.Background == 2:
		c.step("stop the background format, so that other drives can read the disc")
		c.end = (*burning).endFormatting
	case m.intermediate():
		c.step("end the format of the DVD-RW after the data, so that other drives can read the disc")
		c.end = (*burning).endIntermediate
	default:
		return fmt.Errorf("%w: a %v is overwritten in place, and is never open", ErrNothingToClose, m.profile)
	}
	return nil
}

// Run closes the disc, and checks that it is closed: ErrUnchanged is in the chain of
// the error if the drive reported success and did nothing.
func (c *Closing) Run(ctx context.Context, rep progress.Reporter) (Closed, error) {
	if c.end == nil {
		return c.medium.closed(), nil
	}
	r := work(ctx, c.t, c.medium, rep)
	if err := r.lockPlanned(); err != nil {
		return Closed{}, fmt.Errorf("close the disc: %w", err)
	}
	defer r.lock(false)
	rep.Phase(c.level.phase(), 0)
	failed := combine(c.end(r), r.watch.lost)
	r.watch.closed()
	r.lock(false)
	r.reload()
	m, err := inspect(r.work, r.t)
	if failed == nil {
		failed = r.watch.lost // reported with a later command
	}
	if err != nil {
		return Closed{}, combine(failed, fmt.Errorf("examine the closed disc: %w", err))
	}
	r.show()
	now := m.closed()
	now.Notices = r.result.Notices
	if failed != nil {
		return now, fmt.Errorf("close the disc: %w; it is %s, its last session %s; copy what can be read of it", failed, now.Status, now.Session)
	}
	if err := c.proven(r.work, m); err != nil {
		return now, fmt.Errorf("close the disc: %w", err)
	}
	return now, nil
}

// warnOf reports a text as a warning.
func (r *burning) warnOf(s string) { r.warn("%s", s) }

// proven checks that a disc is closed as requested.
func (c *Closing) proven(ctx context.Context, m medium) error {
	switch {
	case !m.sequential():
		if m.intermediate() || m.info.Background == 2 {
			return fmt.Errorf("%w: its format is still not complete", ErrUnchanged)
		}
	case m.info.Status == mmc.Closed: // which may be more than requested
	case c.level == CloseDisc:
		return fmt.Errorf("%w: data can still be added to the disc", ErrUnchanged)
	case len(m.openTracks(ctx, c.t)) > 0:
		return fmt.Errorf("%w: a track is still open", ErrUnchanged)
	case c.level == CloseSession && m.unfinished():
		return fmt.Errorf("%w: the last session is still open (%v)", ErrUnchanged, m.info.Session)
	}
	return nil
}

// closed returns the state of the disc.
func (m medium) closed() Closed {
	c := Closed{
		Profile: m.profile.String(), Status: m.info.Status.String(), Session: m.info.Session.String(),
		Sessions: m.info.Sessions, NextWritable: -1, Erasable: m.erasable(), InPlace: !m.sequential(),
	}
	if m.sequential() && m.info.Status == mmc.Appendable && m.track.Writable {
		c.NextWritable = m.track.NextWritable
	}
	return c
}
