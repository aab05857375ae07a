package record

import (
	"context"
	"errors"

	"glassmaster/drive/mmc"
	"glassmaster/mastering/units"
)

// chooseSpeed returns the highest speed that does not exceed want, or the lowest if all
// do. Speeds are sorted, highest first; 0 selects the highest.
func chooseSpeed(speeds []int, want int) int {
	if len(speeds) == 0 {
		return 0
	}
	if want <= 0 {
		return speeds[0]
	}
	for _, s := range speeds {
		if s <= want {
			return s
		}
	}
	return speeds[len(speeds)-1]
}

// resolveSpeed converts a multiple of the single speed into kB/s. Drives round their
// speeds, so a slightly higher one counts as equal.
func (b *Burn) resolveSpeed() error {
	if b.o.Speed < 0 || b.o.Factor < 0 {
		return errors.New("the speed is negative")
	}
	if b.o.Factor > 0 {
		b.o.Speed = max(int(b.o.Factor*units.SingleSpeed(b.medium.profile.String())*1.02), 1)
	}
	return nil
}

// setSpeed sets the planned speed.
func (b *Burn) setSpeed(ctx context.Context) error {
	if b.plan.Speed == 0 {
		return nil
	}
	if b.medium.profile.IsCD() {
		return mmc.SetCDSpeed(ctx, b.t, mmc.MaxSpeed, b.plan.Speed)
	}
	for _, s := range b.medium.speeds {
		if s.Write == b.plan.Speed {
			return mmc.SetStreaming(ctx, b.t, s.End, max(s.Read, s.Write), s.Write)
		}
	}
	return nil
}
