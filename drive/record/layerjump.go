package record

import (
	"context"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// Layer jump recording of DVD-R DL (MMC-6 4.3.6, 6.22 formats 21h to 23h) alternates between
// the layers: after a jump, writing goes on at the address that is above the jump on the
// second layer, so that the addresses of a session are not consecutive. A volume needs
// consecutive ones. There are two ways to have them: the whole session is on the first
// layer, before its first jump, and the drive fills the second one below it; or the middle
// area is moved to the middle of the data, so that the only jump is from the end of the first
// layer to the beginning of the second. The first way leaves room for sessions.

// jumpPlan is how the layers are used in layer jump recording.
type jumpPlan struct {
	middle int64 // the middle area is moved to this address; 0: it stays
	jump   int64 // address of the last sector before the jump; 0: none is set
}

// cut returns how many of n sectors come before the jump to the second layer, 0 if they are
// all on one: a WRITE must not cross a jump.
func (j jumpPlan) cut(lba disc.LBA, n int) int {
	before := j.middle - int64(lba)
	if j.middle == 0 || before <= 0 || before >= int64(n) {
		return 0
	}
	return int(before)
}

// jumpRoom returns the sectors that a session can have, 0 if the drive does not report where
// the middle area of the disc is.
func (b *Burn) jumpRoom(ctx context.Context) (layer0, room int64, err error) {
	at, err := mmc.ReadShiftedMiddle(ctx, b.t)
	switch {
	case scsi.Gone(err):
		return 0, 0, err
	case err != nil || at.Start <= 0:
		return 0, 0, refuse(fmt.Sprintf("the drive does not report where the layers of this %v end (%v), so that no addresses can be planned; use %s", b.medium.profile, err, Incremental.Short()), ErrNoMode)
	}
	next := int64(b.medium.next())
	if b.medium.info.Status == mmc.Blank && !at.Set {
		return at.Start, 2 * at.Start, nil
	}
	return at.Start, max(at.Start-next, 0), nil
}

// planJump plans the layers. The size of the burn is known.
func (b *Burn) planJump(ctx context.Context) error {
	layer0, room, err := b.jumpRoom(ctx)
	if err != nil {
		return err
	}
	p, next := &b.plan, int64(b.medium.next())
	switch end := next + p.Padded; {
	case end <= layer0 && (b.o.LayerBreak == 0 || next > 0):
		b.jumps.jump = end - 1
		b.say("the data goes to the first layer, and the drive fills the second one below it: %d of the %d sectors there remain for further sessions", layer0-end, layer0)
		return nil
	case p.Padded > room || next > 0:
		return refuse(fmt.Sprintf("the source does not fit on the rest of the first layer of the %v: it has %d sectors, and there is room for %d; a session cannot go on on the second layer with consecutive addresses", p.Profile, p.Sectors, max(layer0-next, 0)), ErrTooLarge)
	}
	if err := b.setLayers(ctx, mmc.LayerBoundary{Layer0: layer0}); err != nil {
		return err
	}
	if b.o.Appendable {
		b.warn("the disc has no room for more sessions: its data needs both layers")
	}
	b.breaks = false // not by format 20h
	if len(p.Layers) > 0 {
		b.jumps.middle = p.Layers[0]
	}
	return nil
}

// setJump sets the middle area or the jump of the plan, and reads it back.
func (r *burning) setJump() error {
	if r.recipe.mode != mmc.LayerJump || r.o.Simulate {
		return nil
	}
	if err := r.recheckNWA(); err != nil {
		return err
	}
	const step = "set the layer jump"
	want, set := r.jumps.jump, func() error { return mmc.SetManualJump(r.work, r.t, r.jumps.jump) }
	get := func() (int64, error) { return mmc.ReadManualJump(r.work, r.t) }
	if r.jumps.middle > 0 {
		want, set = r.jumps.middle, func() error { return mmc.SetShiftedMiddle(r.work, r.t, r.jumps.middle) }
		get = func() (int64, error) {
			m, err := mmc.ReadShiftedMiddle(r.work, r.t)
			return m.Start, err
		}
	}
	if err := retryWhileBusy(r.work, busyTimeout, set); err != nil && !scsi.Recovered(err) {
		return r.before(step, err)
	}
	r.breakSet = r.jumps.middle > 0
	now, err := get()
	if err == nil && now != want {
		err = fmt.Errorf("%w: it is at %d, and was set to %d", ErrUnchanged, now, want)
	}
	if err != nil {
		return r.before(step, err)
	}
	return nil
}

// jumpSteps lists what is set for layer jump recording.
func (b *Burn) jumpSteps() []string {
	switch {
	case b.jumps.middle > 0:
		return []string{fmt.Sprintf("move the middle area of the disc to sector %d, so that its data is on both layers without a gap", b.jumps.middle)}
	case b.jumps.jump > 0:
		return []string{fmt.Sprintf("set the layer jump after sector %d, the last one of the data", b.jumps.jump)}
	}
	return nil
}

// sameProfile reports whether two profiles are those of the same kind of medium: a drive
// reports a DVD-R DL by the mode in which it is, or would be, written.
func sameProfile(a, b mmc.Profile) bool {
	jump := func(p mmc.Profile) mmc.Profile {
		if p == mmc.DVDRDLJ {
			return mmc.DVDRDL
		}
		return p
	}
	return jump(a) == jump(b)
}
