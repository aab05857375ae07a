package record

import (
	"context"
	"encoding/hex"
	"math"
	"slices"
	"strings"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
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

// commands is a drive that records commands, and does not support some.
type commands struct {
	refuse []byte
	sent   []string
}

func (c *commands) Execute(_ context.Context, x scsi.Command) (int, error) {
	c.sent = append(c.sent, hex.EncodeToString(x.CDB)+" "+hex.EncodeToString(x.Data))
	if slices.Contains(c.refuse, x.CDB[0]) {
		return 0, scsi.NewError(x.CDB, scsi.StatusCheckCondition, []byte{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0})
	}
	return len(x.Data), nil
}

func (*commands) MaxTransfer() int { return 64 << 10 }
func (*commands) String() string   { return "drive" }
func (*commands) Close() error     { return nil }

// The speed of a DVD is set for the whole medium, slightly higher than listed, and with SET CD
// SPEED if the drive does not support SET STREAMING.
func TestSetStreaming(t *testing.T) {
	const streaming = "b60000000000000000001c00 10000000000000000022f5bf0000159a000003e80000159a000003e8"
	for _, c := range []struct {
		refuse []byte
		want   []string
		ok     bool
	}{
		{nil, []string{streaming}, true},
		{[]byte{scsi.OpSetStreaming}, []string{streaming, "bb00ffff159a000000000000 "}, true},
		{[]byte{scsi.OpSetStreaming, scsi.OpSetCDSpeed}, []string{streaming, "bb00ffff159a000000000000 "}, false},
	} {
		d := &commands{refuse: c.refuse}
		err := setStreaming(t.Context(), d, mmc.WriteSpeed{Write: 5520, Read: 1385, End: 2291135, Rotation: 2})
		if (err == nil) != c.ok || !slices.Equal(d.sent, c.want) {
			t.Errorf("without %X: %q, %v", c.refuse, d.sent, err)
		}
	}
}

// The least time follows from the zones that are written, and elsewhere from the speed.
func TestZoneSeconds(t *testing.T) {
	zones := []mmc.Performance{{Start: 0, End: 99_999, AtStart: 2048, AtEnd: 6144}, {Start: 100_000, End: 199_999, AtStart: 8192, AtEnd: 8192}}
	for _, c := range []struct {
		speed         int
		from, sectors int64
		want          float64
	}{
		{0, 0, 100_000, 50},
		{0, 0, 200_000, 75},
		{0, 100_000, 50_000, 12.5},
		{4096, 150_000, 100_000, 12.5 + 25},
		{0, 200_000, 1000, 0},
		{4096, 200_000, 2000, 1},
	} {
		if got := zoneSeconds(zones, c.speed, c.from, c.sectors); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%d sectors from %d: %v s, want %v", c.sectors, c.from, got, c.want)
		}
	}
}
