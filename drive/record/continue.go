package record

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// Continuation says that the source of a burn is a session which refers to what is on the
// disc already. The source is a disc with one track, which begins where the session goes:
// at the next writable address or, on a medium that is overwritten in place, anywhere after
// the contents that are kept.
type Continuation struct {
	// Basis are sectors of the disc that the session was planned with, such as the volume
	// descriptors that were imported. Nothing is written if the disc has others: it was
	// exchanged, or changed since.
	Basis []Sectors
	// Head are sectors before the session that are written when the session is complete, in
	// this order, each after the one before has reached the disc. They are what makes a
	// volume that is overwritten in place show the new session: until then it shows its old
	// contents. There are none on media that are written sequentially.
	Head []Sectors
	// Check looks at the disc after the burn, whose sectors are compared already: whether
	// the files of earlier sessions and the new ones are found. The error says what is wrong.
	Check func(ctx context.Context, d disc.Disc) (Check, error)
}

// Sectors are sectors at an address.
type Sectors struct {
	LBA  disc.LBA
	Data []byte // whole sectors of 2048 bytes
}

// end returns the address after the last sector.
func (s Sectors) end() disc.LBA { return s.LBA + disc.LBA(len(s.Data)/disc.SectorSize) }

// ErrNothingToContinue is in the chain of the error of a disc to which nothing can be added
// because it is blank.
var ErrNothingToContinue = errors.New("the disc is blank")

// ErrChangedDisc is in the chain of the error of a disc that is not, or no longer, the one
// that a session was planned for.
var ErrChangedDisc = errors.New("the disc in the drive has other contents than the one that this session was planned for")

// grows reports whether a session is added to a medium that is overwritten in place.
func (b *Burn) grows() bool { return b.o.Continue != nil && !b.medium.sequential() }

// base returns how many sectors at the beginning of a medium that is overwritten in place
// are kept. On sequential media the free space counts from the next writable address.
func (b *Burn) base() int64 {
	if b.grows() {
		return int64(b.next)
	}
	return 0
}

// checkContinued decides whether a session can be added to the disc.
func (b *Burn) checkContinued() error {
	m := b.medium
	blank := m.sequential() && m.info.Status == mmc.Blank || !m.sequential() && m.unformattedNow()
	switch {
	case b.o.Blank:
		return errors.New("a disc is either continued or erased, not both")
	case b.o.Spare != nil:
		return errors.New("spare areas are set when a disc is formatted, which erases it; leave that option out to add to the disc")
	case blank:
		return refuse(fmt.Sprintf("the %v in the drive is blank, so there is nothing to add to; burn the first session, and leave the disc open", m.profile), ErrNothingToContinue)
	case !m.sequential():
		b.format = m.unformatted() // resumes the format of a DVD+RW
		return nil
	case m.unfinished():
		return refuse(fmt.Sprintf("an earlier burn of this %v was interrupted, so that the address of the next session is not known; close the session first", m.profile), ErrUnfinished)
	case len(b.o.Continue.Head) > 0:
		return fmt.Errorf("sectors before the session cannot be written on a %v", m.profile)
	}
	return nil
}

// continuedStart returns where the source of a session begins on a medium that is overwritten
// in place, or an error if it cannot begin there.
func (b *Burn) continuedStart() (disc.LBA, error) {
	t, ok := disc.DataTrack(b.src)
	switch unit := disc.LBA(b.recipe.unit); {
	case !ok:
		return 0, errors.New("the session has no data track")
	case t.Start < unit || t.Start%unit != 0:
		return 0, fmt.Errorf("the session begins at address %d, which is no multiple of %d", t.Start, unit)
	}
	for _, s := range b.o.Continue.Head {
		if s.LBA < 0 || s.end() > t.Start || len(s.Data)%disc.SectorSize != 0 {
			return 0, fmt.Errorf("the sectors from %d to %d are not before the session", s.LBA, s.end()-1)
		}
	}
	return t.Start, nil
}

// sameBasis checks, before anything is written, that the disc has the sectors that the
// session was planned with, and reads the units that are overwritten last.
func (r *burning) sameBasis() error {
	c := r.o.Continue
	if c == nil {
		return nil
	}
	for _, s := range c.Basis {
		got, err := r.sectors(s.LBA, len(s.Data))
		switch {
		case err != nil:
			return fmt.Errorf("read the disc at LBA %d: %w", s.LBA, err)
		case !bytes.Equal(got, s.Data):
			return fmt.Errorf("%w: the first difference is at LBA %d", ErrChangedDisc, s.LBA+disc.LBA(firstDifference(s.Data, got)/disc.SectorSize))
		}
	}
	return r.readHead()
}

// sectors reads sectors of the disc. Those that were never written are zeros.
func (r *burning) sectors(at disc.LBA, size int) ([]byte, error) {
	p := make([]byte, size)
	step := max(min(int(r.recipe.unit), r.t.MaxTransfer()/disc.SectorSize), 1) * disc.SectorSize
	for n := 0; n < size; n += step {
		q := p[n:min(n+step, size)]
		lba := at + disc.LBA(n/disc.SectorSize)
		k := 0
		err := retryWhileBusy(r.work, busyTimeout, func() (err error) {
			k, err = mmc.Read10(r.work, r.t, lba, q)
			return err
		})
		switch {
		case neverWritten(err):
			clear(q)
		case err != nil && !scsi.Recovered(err):
			return nil, err
		case k*disc.SectorSize < len(q):
			return nil, errors.New("the drive returned less than was requested")
		}
	}
	return p, nil
}

// readHead reads the units of the medium that hold the sectors of Continuation.Head. They are
// written as a whole: some media need that, and a unit is either the old or the new one then.
func (r *burning) readHead() error {
	unit := disc.LBA(r.recipe.unit)
	for _, s := range r.o.Continue.Head {
		from, end := s.LBA/unit*unit, (s.end()+unit-1)/unit*unit
		old, err := r.sectors(from, int(end-from)*disc.SectorSize)
		if err != nil {
			return fmt.Errorf("read the sectors that will refer to the new session, from LBA %d: %w", from, err)
		}
		fresh := bytes.Clone(old)
		for _, before := range r.fresh { // which may be in the same units
			overlay(fresh, from, before)
		}
		overlay(fresh, from, s)
		r.old, r.fresh = append(r.old, Sectors{from, old}), append(r.fresh, Sectors{from, fresh})
	}
	return nil
}

// overlay copies sectors over those in p, which begin at an address, as far as p has them.
func overlay(p []byte, from disc.LBA, s Sectors) {
	for i := 0; i < len(s.Data); i += disc.SectorSize {
		at := int(s.LBA-from)*disc.SectorSize + i
		if at >= 0 && at < len(p) {
			copy(p[at:], s.Data[i:i+disc.SectorSize])
		}
	}
}

// fillGap writes zeros between the end of what is formatted and the beginning of the session.
// A DVD-RW that is enlarged by writing is written without gaps.
func (r *burning) fillGap() error {
	if !r.grows() || r.medium.profile != mmc.DVDRWRO {
		return nil
	}
	last, _, err := mmc.ReadCapacity(r.work, r.t)
	if err != nil {
		return r.before("read the capacity of the disc", err)
	}
	unit := r.recipe.unit
	from := disc.LBA((last + unit) / unit * unit)
	if from >= r.next {
		return nil
	}
	return r.sendAll(from, make([]byte, int(r.next-from)*disc.SectorSize))
}

// switchOver writes the sectors that make the disc show the new session, one run after the
// other: all others are on the disc then.
func (r *burning) switchOver() error {
	if !r.grows() {
		return nil
	}
	if err := r.flush(); err != nil {
		return r.failure("flush the drive's buffer", -1, err)
	}
	if err := r.lostSectors("write"); err != nil {
		return err
	}
	r.inform("the session is written; the disc is now made to refer to it")
	for _, s := range r.fresh {
		if err := r.ctx.Err(); err != nil && !r.switching {
			return r.failure("write", s.LBA, err)
		}
		r.switching = true
		if err := r.sendRun(s); err != nil {
			return err
		}
	}
	r.completed = true
	return nil
}

// sendRun writes sectors and waits until they are on the disc. It goes on when the burn is
// cancelled: the disc would refer to the new session in part otherwise.
func (r *burning) sendRun(s Sectors) error {
	step := max(r.chunk(), 1) * disc.SectorSize
	for n := 0; n < len(s.Data); n += step {
		at := s.LBA + disc.LBA(n/disc.SectorSize)
		p := s.Data[n:min(n+step, len(s.Data))]
		err := retryWhileBusy(r.work, busyTimeout, func() error { return r.put(at, p, disc.SectorSize) })
		var short *mmc.ShortWrite
		switch {
		case errors.As(err, &short):
			if err := r.short(at, p, disc.SectorSize, short); err != nil {
				return r.failure("make the disc refer to the new session", at, err)
			}
		case err != nil && !scsi.Recovered(err):
			return r.failure("make the disc refer to the new session", at, err)
		}
	}
	if err := r.flush(); err != nil {
		return r.failure("make the disc refer to the new session", s.LBA, err)
	}
	return r.lostSectors("make the disc refer to the new session")
}

// clearStart overwrites the beginning of the session, where readers that look for sessions
// would find its descriptors. They are written when all other sectors of it are.
func (r *burning) clearStart() error {
	if err := r.sendAll(r.next, make([]byte, r.headLength()*disc.SectorSize)); err != nil {
		return err
	}
	if err := r.flush(); err != nil {
		return r.failure("clear the beginning of the session", r.next, err)
	}
	return nil
}

// switchBack writes the old sectors again, so that the disc shows its old contents, and
// removes the descriptors of the new session.
func (r *burning) switchBack() error {
	if !r.marked {
		return nil
	}
	r.switching, r.completed = false, false
	var failed error
	for _, s := range slices.Backward(r.old) {
		failed = combine(failed, r.restore(s))
	}
	blank := Sectors{r.next, make([]byte, r.headLength()*disc.SectorSize)}
	failed = combine(failed, r.restore(blank))
	r.restored = failed == nil
	return failed
}

// restore writes sectors unless the disc has them, and checks that it has them then.
func (r *burning) restore(s Sectors) error {
	unit := int(r.recipe.unit) * disc.SectorSize
	for n := 0; n < len(s.Data); n += unit {
		at, p := s.LBA+disc.LBA(n/disc.SectorSize), s.Data[n:min(n+unit, len(s.Data))]
		if got, err := r.sectors(at, len(p)); err == nil && bytes.Equal(got, p) {
			continue
		}
		err := retryWhileBusy(r.work, busyTimeout, func() error { return mmc.WriteBlocks(r.work, r.t, at, p, disc.SectorSize) })
		if scsi.Recovered(err) {
			err = nil
		}
		err = combine(err, r.flush())
		if scsi.Gone(err) {
			return err
		}
		if got, unread := r.sectors(at, len(p)); unread != nil || !bytes.Equal(got, p) {
			return fmt.Errorf("LBA %d could not be restored: %w", at, combine(err, unread, ErrUnchanged))
		}
	}
	return nil
}

// checkHead compares the sectors that make the disc show the new session.
func (r *burning) checkHead() error {
	for i, s := range r.fresh {
		want := bytes.Clone(s.Data)
		for _, later := range r.fresh[i+1:] {
			overlay(want, s.LBA, later)
		}
		got, err := r.sectors(s.LBA, len(want))
		switch {
		case err != nil:
			return notOnDisc(err)
		case !bytes.Equal(got, want):
			return fmt.Errorf("%w: the disc does not refer to the new session (LBA %d)", ErrNotOnDisc, s.LBA)
		}
	}
	return nil
}

// checkContents lets the continuation look at what the disc shows.
func (r *burning) checkContents() error {
	c := r.o.Continue
	if c == nil || c.Check == nil {
		return nil
	}
	r.rep.Phase(progress.CheckingDisc, 0)
	d, err := read.Open(r.ctx, r.t)
	if err != nil {
		return r.notCompared(err)
	}
	defer d.Close()
	check, err := c.Check(r.ctx, d)
	switch {
	case err != nil && (lost(err) || scsi.Gone(err) || r.ctx.Err() != nil):
		return r.notCompared(err)
	case err != nil:
		check.OK = false
		r.result.Checks = append(r.result.Checks, check)
		return r.failed(fmt.Errorf("%w: %w", ErrDiffers, err))
	}
	r.result.Checks = append(r.result.Checks, check)
	return nil
}

// takeBack makes a disc whose burn has failed its proof show its old contents again, and says
// so in the error.
func (r *burning) takeBack(err error) error {
	var e *Error
	if !r.grows() || !r.marked || !errors.As(err, &e) || scsi.Gone(err) || errors.Is(err, ErrOtherDisc) || errors.Is(err, read.ErrNoMedium) || errors.Is(err, context.Canceled) {
		return err
	}
	var changed *SourceChange
	if errors.As(err, &changed) { // the disc is good
		return err
	}
	if !r.isBurned() {
		e.Left = "the disc in the drive has neither the old contents nor the new ones, so nothing more was written to it: it may be another disc, or the burned one is damaged"
		e.Advice = `find the disc that was burned, and check it with "verify" before you rely on it`
		return e
	}
	if failed := r.switchBack(); failed != nil {
		e.Left = fmt.Sprintf("the disc may refer to the new session, which is not good (%v)", failed)
		return e
	}
	e.Left, e.Advice = restoredText, "do not rely on the disc; add the files to another one, or try again at a lower speed"
	return e
}

// isBurned reports whether the disc in the drive is the one that was burned: it has a primary
// volume descriptor of the old volume or of the new session, which contains dates or a unique
// identifier. Another disc can have been put in for the comparison.
func (r *burning) isBurned() bool {
	const beginning = 64 // sectors of a session that contain its primary volume descriptors
	p := make([]byte, beginning*disc.SectorSize)
	n, _ := r.src.ReadSectors(r.work, p, r.next, disc.User)
	for _, s := range append(slices.Concat(r.fresh, r.old), Sectors{r.next, p[:n*disc.SectorSize]}) {
		for i := 0; i < len(s.Data); i += disc.SectorSize {
			want := s.Data[i : i+disc.SectorSize]
			if !isPrimary(want) {
				continue
			}
			if got, err := r.sectors(s.LBA+disc.LBA(i/disc.SectorSize), disc.SectorSize); err == nil && bytes.Equal(got, want) {
				return true
			}
		}
	}
	return false
}

// isPrimary reports whether a sector is a primary volume descriptor of ISO 9660 (ECMA-119 8.4)
// or UDF (ECMA-167 3/10.1).
func isPrimary(p []byte) bool { return string(p[:6]) == "\x01CD001" || isTag(p, 1) }

// restoredText is the state of a disc after switchBack.
const restoredText = "the disc shows its old contents again, and nothing of the new session"

// grownState describes a medium that is overwritten in place after a session could not be
// added to it.
func (r *burning) grownState(failed []error) (left, advice string) {
	switch {
	case len(failed) > 0 && (r.switching || !r.restored):
		return fmt.Sprintf("the disc may show its old contents, or a new session that is not complete (%v)", failed[0]),
			"check the disc before you rely on it"
	case r.restored:
		return restoredText, "try again at a lower speed, or use another disc"
	}
	return "the disc still shows its old contents; nothing on it refers to the new session, which is not complete",
		"try again at a lower speed, or use another disc"
}
