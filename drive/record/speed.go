package record

import (
	"context"
	"errors"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
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
			return setStreaming(ctx, b.t, s)
		}
	}
	return nil
}

// speedMargin is added to a speed that is set: drives round, and some choose the next lower
// one for exactly the speed that they report themselves. In kB/s; speeds are 100 times as
// far apart.
const speedMargin = 10

// setStreaming sets the speed of a DVD or BD, for the whole medium and with the rotation
// that belongs to it. Drives without SET STREAMING may have SET CD SPEED.
func setStreaming(ctx context.Context, t scsi.Transport, s mmc.WriteSpeed) error {
	want := s.Write + speedMargin
	err := mmc.SetStreamingSpeeds(ctx, t, mmc.Streaming{End: s.End, Read: max(s.Read, want), Write: want, Rotation: s.Rotation})
	if scsi.Unsupported(err) {
		return mmc.SetCDSpeed(ctx, t, mmc.MaxSpeed, want)
	}
	return err
}

// readZones reads how fast the drive writes each part of the medium: the speed of many
// grows from the inside to the outside.
func (r *burning) readZones() {
	if r.medium.profile.IsCD() {
		return
	}
	if all, err := mmc.NominalPerformance(r.work, r.t, true); err == nil {
		r.zones = all
	}
}

// zoneSeconds returns how long it takes at least to write sectors from an address on, at
// the speeds of the zones, and elsewhere at a speed in kB/s; 0 if no speed is known.
func zoneSeconds(zones []mmc.Performance, speed int, from, sectors int64) float64 {
	kilobytes := func(n int64) float64 { return float64(n) * disc.SectorSize / 1000 }
	total, left := 0.0, sectors
	for _, z := range zones {
		n := min(z.End+1, from+sectors) - max(z.Start, from)
		if n <= 0 || n > left || z.AtStart <= 0 || z.AtEnd <= 0 {
			continue
		}
		// The mean of the speeds at both ends of a zone is reached at most.
		total += kilobytes(n) / (float64(z.AtStart+z.AtEnd) / 2)
		left -= n
	}
	if left > 0 && speed > 0 {
		total += kilobytes(left) / float64(speed)
	}
	return total
}
