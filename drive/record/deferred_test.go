package record_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// late is a drive that answers one command, the at-th of an operation after the first
// WRITE, with an error about an earlier one, without executing it.
type late struct {
	scsi.Transport
	op    byte
	at    int
	sense [3]byte
	code  byte // 71h, or 70h for an error that is not deferred

	written bool
	n       int
	locked  bool
}

func (l *late) Execute(ctx context.Context, c scsi.Command) (int, error) {
	op := c.CDB[0]
	l.written = l.written || op == scsi.OpWrite10
	if op == l.op && l.written {
		if l.n++; l.n == l.at {
			s := make([]byte, 18)
			s[0], s[2], s[7], s[12], s[13] = l.code, l.sense[0], 10, l.sense[1], l.sense[2]
			return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, s)
		}
	}
	n, err := l.Transport.Execute(ctx, c)
	if op == scsi.OpPreventAllowMediumRemoval && err == nil {
		l.locked = c.CDB[4] == 1
	}
	return n, err
}

// Whichever command reports an error about earlier writes, the burn fails, the tray is
// unlocked, and the disc is closed if possible.
func TestDeferredErrors(t *testing.T) {
	operations := []struct {
		op   byte
		name string
	}{
		{0x00, "TEST UNIT READY"},
		{0x1B, "START STOP UNIT"},
		{0x1E, "PREVENT ALLOW"},
		{0x2A, "WRITE"},
		{0x35, "SYNCHRONIZE CACHE"},
		{0x51, "READ DISC INFORMATION"},
		{0x5B, "CLOSE"},
		{0x5C, "READ BUFFER CAPACITY"},
		{0x46, "GET CONFIGURATION"},
		{0xB6, "SET STREAMING"},
		{0x4A, "GET EVENT STATUS"},
		{0x28, "READ"},
	}
	for _, verified := range []bool{true, false} {
		for _, o := range operations {
			for at := 1; at <= 2; at++ {
				t.Run(fmt.Sprintf("%s %d, verified %v", o.name, at, verified), func(t *testing.T) {
					met := at > 1 || o.op == scsi.OpRead10 && !verified
					defer func() {
						if !met {
							t.Error("no burn has sent this command")
						}
					}()
					eachFamily(t, func(t *testing.T, d *virtual.Drive) {
						l := &late{Transport: d, op: o.op, at: at, sense: [3]byte{3, 0x0C, 0}, code: 0x71}
						r, err := burn(t, l, virtualtest.DiscOf(virtualtest.Noise(300, 3)), record.Options{NoVerify: !verified})
						if l.n < at {
							if err != nil {
								t.Error(err)
							}
							return // no such command in this burn
						}
						met = true
						var e *record.Error
						key, asc, _, _ := scsi.Code(err)
						if !errors.As(err, &e) || !errors.Is(err, record.ErrLost) && o.op != scsi.OpWrite10 || key != scsi.KeyMediumError || asc != 0x0C {
							t.Fatalf("got %v", err)
						}
						if r.Verified || r.Equal || l.locked || e.Advice == "" {
							t.Errorf("%+v, locked %v, %v", r, l.locked, err)
						}
						// If the state of the disc does not show the failure, its first
						// sectors do. If the first WRITE was not executed, the disc is
						// unchanged.
						if name := t.Name(); (strings.HasSuffix(name, "dvd+rw") || strings.HasSuffix(name, "bd-re")) && !(o.op == scsi.OpWrite10 && at == 1) {
							if now, err := read.Open(context.Background(), d); err != nil || !disc.Unfinished(context.Background(), now) {
								t.Errorf("the disc looks complete: %v", err)
							}
						}
					})
				})
			}
		}
	}
}

// eachFamily runs a test on one medium of each way to burn.
func eachFamily(t *testing.T, f func(t *testing.T, d *virtual.Drive)) {
	for _, name := range []string{"cd-r", "dvd-r", "dvd+r", "dvd+rw", "bd-re"} {
		t.Run(name, func(t *testing.T) { f(t, virtualtest.Blank(t, name, small)) })
	}
}

// A medium error returned by a command that reads nothing concerns writing too, deferred
// or not.
func TestErrorsOfOtherCommands(t *testing.T) {
	for _, op := range []byte{0x5C, 0x1E, 0x5B} {
		eachMedium(t, func(t *testing.T, name string, _ bool, d *virtual.Drive) {
			l := &late{Transport: d, op: op, at: 1, sense: [3]byte{3, 0x0C, 0}, code: 0x70}
			r, err := burn(t, l, virtualtest.DiscOf(virtualtest.Noise(300, 3)), record.Options{NoVerify: true})
			if bad := l.n > 0 && op != scsi.OpPreventAllowMediumRemoval; bad != (err != nil) || r.Verified || l.locked {
				t.Errorf("%02X: %+v, %v, locked %v", op, r, err, l.locked)
			}
		})
	}
}

// A command that returns a deferred recovered error was not executed. It is sent again,
// so that no gap is left on the disc.
func TestDeferredRecovered(t *testing.T) {
	for _, op := range []byte{0x00, 0x1E, 0x2A, 0x35, 0x5B, 0x5C} {
		eachMedium(t, func(t *testing.T, _ string, _ bool, d *virtual.Drive) {
			want := virtualtest.Noise(400, 4)
			l := &late{Transport: d, op: op, at: 3, sense: [3]byte{1, 0x0C, 0}, code: 0x71}
			if op == scsi.OpCloseTrackSession || op == scsi.OpReadBufferCapacity {
				l.at = 1
			}
			r, err := burn(t, l, virtualtest.DiscOf(want), record.Options{NoVerify: true})
			if err != nil || l.locked || len(r.Notices) > 1 || r.Written != r.Plan.Padded {
				t.Errorf("%02X: %+v, %v, locked %v", op, r, err, l.locked)
			}
			if !bytes.Equal(content(t, d, 400), want) {
				t.Errorf("%02X: the disc differs from its source", op)
			}
		})
	}
}

// A deferred error from before the burn does not fail the burn.
func TestDeferredBefore(t *testing.T) {
	eachMedium(t, func(t *testing.T, _ string, _ bool, d *virtual.Drive) {
		l := &late{Transport: d, op: scsi.OpPreventAllowMediumRemoval, at: 1, sense: [3]byte{3, 0x0C, 0}, code: 0x71, written: true}
		r, err := burn(t, l, virtualtest.DiscOf(virtualtest.Noise(500, 4)), record.Options{})
		if err != nil || !r.Verified || len(r.Notices) != 1 || l.locked {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// A drive that is reset while the disc is being completed has lost its buffer, even if no
// command of the burn fails.
func TestResetWhileFinishing(t *testing.T) {
	eachMedium(t, func(t *testing.T, _ string, _ bool, d *virtual.Drive) {
		l := &late{Transport: d, op: scsi.OpTestUnitReady, at: 1, sense: [3]byte{6, 0x29, 0}, code: 0x70}
		r, err := burn(t, l, virtualtest.DiscOf(virtualtest.Noise(500, 4)), record.Options{NoVerify: true})
		if !errors.Is(err, record.ErrLost) || !scsi.WasReset(err) || r.Verified || l.locked {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// The tray is unlocked even if the drive reports unit attentions first.
func TestUnlockAfterAttentions(t *testing.T) {
	d := virtualtest.Blank(t, "dvd+r", small)
	l := &late{Transport: d, op: scsi.OpPreventAllowMediumRemoval, at: 1, sense: [3]byte{6, 0x2A, 1}, code: 0x70}
	r, err := burn(t, l, virtualtest.DiscOf(virtualtest.Noise(500, 4)), record.Options{})
	if err != nil || !r.Verified || l.locked || mmc.StartStop(context.Background(), d, mmc.Eject) != nil {
		t.Errorf("%+v, %v, locked %v", r, err, l.locked)
	}
}

// An error while a disc is erased, formatted or closed is reported once, in one line.
func TestLostReportedOnce(t *testing.T) {
	ctx := context.Background()
	work := map[string]func(d scsi.Transport) error{
		"dvd-r": func(d scsi.Transport) error {
			c, err := record.NewClosing(ctx, d, record.CloseSession)
			if err == nil {
				_, err = c.Run(ctx, progress.Discard)
			}
			return err
		},
		"dvd+rw": func(d scsi.Transport) error { return record.Blank(ctx, d, true, progress.Discard) },
		"dvd-ram": func(d scsi.Transport) error {
			f, err := record.NewFormatting(ctx, d, record.FormatOptions{})
			if err == nil {
				_, err = f.Run(ctx, progress.Discard)
			}
			return err
		},
	}
	for name, do := range work {
		for _, deferred := range []bool{false, true} {
			d := virtualtest.Blank(t, name, small)
			if name == "dvd-r" {
				kill(t, d, 0x2A, 20, record.Options{Mode: record.DiscAtOnce})
			}
			d.SetFaults(virtual.Faults{Events: []virtual.Event{{Op: 0x2A, At: 3, Sense: [3]byte{3, 0x0C, 0}, Deferred: deferred}}})
			err := do(d)
			if key, asc, _, _ := scsi.Code(err); key != scsi.KeyMediumError || asc != 0x0C || deferred && !errors.Is(err, record.ErrLost) {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if text := err.Error(); strings.Count(text, "(3/0C/00)") != 1 || strings.Contains(text, "\n") {
				t.Errorf("%s: %q", name, text)
			}
		}
	}
}
