package mmc

import (
	"context"
	"errors"
	"testing"
	"time"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

func check(key, asc, ascq byte, progress ...byte) error {
	s := make([]byte, 18)
	s[0], s[2], s[7], s[12], s[13] = 0x70, key, 10, asc, ascq
	if len(progress) == 2 {
		s[15], s[16], s[17] = 0x80, progress[0], progress[1]
	}
	return scsi.NewError([]byte{0, 0, 0, 0, 0, 0}, scsi.StatusCheckCondition, s)
}

func TestWait(t *testing.T) {
	busy, lost := check(2, 0x04, 0x07), errors.New("lost")
	for _, c := range []struct {
		name  string
		errs  []error
		limit time.Duration
		want  func(error) bool
	}{
		{"ready", nil, time.Hour, nil},
		{"attentions", []error{check(6, 0x29, 0), check(6, 0x28, 0)}, time.Hour, nil},
		{"loading", []error{check(2, 0x04, 0x01), check(2, 0x04, 0x01)}, time.Hour, nil},
		{"overcome", []error{busy, check(1, 0x0B, 0x01)}, time.Hour, nil},
		{"empty", []error{check(2, 0x3A, 0)}, time.Hour, scsi.MediumNotPresent},
		{"the outcome of the operation", []error{busy, check(3, 0x31, 0x01)}, time.Hour, func(err error) bool {
			return scsi.Is(err, scsi.KeyMediumError, 0x31, 0x01)
		}},
		{"too long", []error{busy, busy, busy, busy}, 3 * time.Millisecond, func(err error) bool { return errors.Is(err, ErrNotReady) }},
		{"lost", []error{busy, lost}, time.Hour, func(err error) bool { return errors.Is(err, lost) }},
	} {
		err := Wait(context.Background(), &drive{errs: c.errs}, c.limit, nil)
		if c.want == nil && err != nil || c.want != nil && !c.want(err) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestWaitProgress(t *testing.T) {
	d := &drive{errs: []error{check(2, 0x04, 0x04, 0x40, 0), busyWithout(), check(2, 0x04, 0x04, 0x80, 0)}}
	var parts []float64
	if err := Wait(context.Background(), d, time.Hour, func(p float64) { parts = append(parts, p) }); err != nil {
		t.Fatal(err)
	}
	if len(parts) != 2 || parts[0] != 0.25 || parts[1] != 0.5 {
		t.Errorf("progress %v", parts)
	}
}

func busyWithout() error { return check(2, 0x04, 0x04) }

func TestWaitCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	d := &drive{errs: []error{check(2, 0x04, 0x04, 0x40, 0), busyWithout(), busyWithout()}}
	err := Wait(ctx, d, time.Hour, func(float64) { cancel() })
	if !errors.Is(err, context.Canceled) || d.calls != 1 {
		t.Errorf("%v after %d polls", err, d.calls)
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{CDR.String(), "CD-R"},
		{DVDPR.String(), "DVD+R"},
		{Profile(0x5A).String(), "profile 005Ah"},
		{Blank.String(), "blank"},
		{Other.String(), "rewritable"},
		{SessionDamaged.String(), "damaged"},
		{ATIP{LeadIn: disc.MSF{M: 97, S: 4, F: 22}}.Code(), "97m04s22f"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	for p, want := range map[Profile][2]bool{CDROM: {true, false}, CDRW: {true, false}, DVDROM: {}, BDRE: {false, true}, DVDPRDL: {}} {
		if p.IsCD() != want[0] || p.IsBD() != want[1] {
			t.Errorf("%v: CD %v, BD %v", p, p.IsCD(), p.IsBD())
		}
	}
	for b, want := range map[Buffer]float64{{100, 25}: 0.75, {100, 100}: 0, {100, 200}: 0, {}: -1} {
		if got := b.Level(); got != want {
			t.Errorf("%+v: level %v, want %v", b, got, want)
		}
	}
}
