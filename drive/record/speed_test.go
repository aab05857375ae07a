package record

import (
	"strings"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/mastering/progress"
)

func TestChooseSpeed(t *testing.T) {
	speeds := []int{22160, 11080, 5540, 3324}
	for _, c := range []struct{ want, got int }{
		{0, 22160}, {-1, 22160}, {1 << 30, 22160}, {22160, 22160}, {22159, 11080}, {5540, 5540}, {4000, 3324}, {1, 3324},
	} {
		if got := chooseSpeed(speeds, c.want); got != c.got {
			t.Errorf("%d kB/s wanted: got %d, want %d", c.want, got, c.got)
		}
	}
	if got := chooseSpeed(nil, 5540); got != 0 {
		t.Errorf("without a choice: got %d", got)
	}
}

// Only a burn that is faster than physically possible is suspicious.
func TestCheckTime(t *testing.T) {
	for _, c := range []struct {
		written int64
		seconds float64
		speed   int
		warns   bool
	}{
		{2_295_104, 30, 22160, true},
		{2_295_104, 300, 22160, false},
		{2_295_104, 30, 0, false},
		{1000, 0.1, 22160, false}, // it is in the drive's buffer
	} {
		r := &burning{Burn: &Burn{plan: Plan{Speed: c.speed}, medium: medium{profile: mmc.DVDPR}}, rep: progress.Discard}
		r.result.Written, r.result.Seconds = c.written, c.seconds
		r.checkTime()
		if got := len(r.result.Notices) > 0; got != c.warns {
			t.Errorf("%d sectors in %v s: warnings %q", c.written, c.seconds, r.result.Notices)
		}
		if c.warns && !strings.Contains(r.result.Notices[0].Text, "may not have written") {
			t.Errorf("warning: %q", r.result.Notices[0].Text)
		}
	}
}

// The drive's own list decides how a medium is formatted.
func TestChooseFormat(t *testing.T) {
	list := mmc.FormatCapacities{State: mmc.Unformatted, Blocks: 100, Formats: []mmc.Format{
		{Type: 0x31, Blocks: 120}, {Type: 0x00, Blocks: 90, Parameter: 2048}, {Type: 0x26, Blocks: 110, Parameter: 5},
	}}
	for _, c := range []struct {
		name string
		m    medium
		want mmc.Format
		ok   bool
	}{
		{"DVD+RW", medium{profile: mmc.DVDPRW, formats: list}, mmc.Format{Type: 0x26, Blocks: 110}, true},
		{"DVD+RW, interrupted", medium{profile: mmc.DVDPRW, formats: list, info: mmc.DiscInformation{Background: 1}}, mmc.Format{Type: 0x26, Blocks: 110, Parameter: 1}, true},
		{"DVD+RW without a list", medium{profile: mmc.DVDPRW}, mmc.Format{Type: 0x26, Blocks: 0xFFFFFFFF}, true},
		{"BD-RE", medium{profile: mmc.BDRE, formats: list}, mmc.Format{Blocks: 90, Parameter: 2048}, true},
		{"BD-RE with a size only", medium{profile: mmc.BDRE, formats: mmc.FormatCapacities{Blocks: 77}}, mmc.Format{Blocks: 77}, true},
		{"BD-RE without a list", medium{profile: mmc.BDRE}, mmc.Format{}, false},
	} {
		got, err := c.m.chooseFormat()
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("%s: got %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
}
