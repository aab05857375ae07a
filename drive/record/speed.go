package record

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"glassmaster/drive/mmc"
)

// chooseSpeed returns the highest speed that is not above the one wanted, or
// the lowest when all are. Speeds come highest first; wanting 0 wants the
// highest.
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

// Single speeds in kB/s, of 2352-byte sectors on CD and of 2048-byte ones on DVD
// and BD.
const (
	singleCD  = 176.4
	singleDVD = 1385.0
	singleBD  = 4495.5
)

func single(p mmc.Profile) float64 {
	switch {
	case p.IsCD():
		return singleCD
	case p.IsBD():
		return singleBD
	}
	return singleDVD
}

// SpeedName names a speed the way it is printed on boxes, with its kB/s: "16x
// (22160 kB/s)".
func SpeedName(p mmc.Profile, kBs int) string {
	x := float64(kBs) / single(p)
	return strconv.FormatFloat(float64(int(x*10+0.5))/10, 'f', -1, 64) + "x (" + strconv.Itoa(kBs) + " kB/s)"
}

// ParseSpeed reads a speed as people write it: "8x" or "2.4x" is a multiple of the
// medium's single speed, for Options.Factor; "11080", with or without "kB/s", is
// in kB/s, for Options.Speed. 0 is the highest there is.
func ParseSpeed(text string) (kBs int, factor float64, err error) {
	s := strings.ToLower(strings.TrimSpace(text))
	if x, ok := strings.CutSuffix(s, "x"); ok {
		factor, err = strconv.ParseFloat(x, 64)
		ok = err == nil && factor > 0 && factor < 1000
		if !ok {
			return 0, 0, fmt.Errorf("%q is no speed: write 8x, 2.4x or 11080 (kB/s)", text)
		}
		return 0, factor, nil
	}
	kBs, err = strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(s, "kb/s")))
	if err != nil || kBs < 0 {
		return 0, 0, fmt.Errorf("%q is no speed: write 8x, 2.4x or 11080 (kB/s)", text)
	}
	return kBs, 0, nil
}

// settleSpeed turns a multiple of the single speed into kB/s. Drives round their
// speeds, so that a little more counts as the same.
func (b *Burn) settleSpeed() error {
	if b.o.Speed < 0 || b.o.Factor < 0 {
		return errors.New("the speed is negative")
	}
	if b.o.Factor > 0 {
		b.o.Speed = max(int(b.o.Factor*single(b.medium.profile)*1.02), 1)
	}
	return nil
}

// setSpeed asks the drive for the planned speed.
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
