package tray_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/drive/tray"
)

// drive is a drive with a burned disc of 1000 sectors, and an operating system that has
// cached its old size until it notices that the disc was removed.
type drive struct {
	cannotClose bool // the tray stays open
	slow        int  // polls until the user has closed the tray, 0: never
	blind       bool // the system never updates the size
	noSystem    bool // the system knows nothing of the drive
	hangs       byte // the operation code that times out

	open     bool
	sawEmpty bool
	size     int64
	ops      []string
}

func (d *drive) MaxTransfer() int { return 65536 }
func (d *drive) Close() error     { return nil }

func (d *drive) Execute(_ context.Context, c scsi.Command) (int, error) {
	d.ops = append(d.ops, fmt.Sprintf("%02X%02X", c.CDB[0], c.CDB[4]))
	if c.CDB[0] == d.hangs && d.hangs != 0 {
		return 0, scsi.ErrTimeout
	}
	switch c.CDB[0] {
	case scsi.OpTestUnitReady:
		if d.open && d.slow > 0 {
			if d.slow--; d.slow == 0 {
				d.open = false
			}
		}
		if d.open {
			return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, []byte{0x70, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x3A, 2, 0, 0, 0, 0})
		}
	case scsi.OpStartStopUnit:
		switch c.CDB[4] & 3 {
		case 2:
			d.open = true
		case 3:
			d.open = d.cannotClose
		}
	case scsi.OpReadCapacity:
		binary.BigEndian.PutUint32(c.Data, 999)
		binary.BigEndian.PutUint32(c.Data[4:], 2048)
		return 8, nil
	}
	return 0, nil
}

func (d *drive) SystemSize() (int64, error) {
	switch {
	case d.noSystem:
		return 0, errors.ErrUnsupported
	case d.open:
		d.sawEmpty = true
		d.size = 0x1FFFFF * 512
	case d.sawEmpty && !d.blind:
		d.size = 1000 * 2048
	}
	return d.size, nil
}

// config is feature 0003h with that mechanism byte; 0: the drive has no such feature.
func config(mechanism byte) mmc.Configuration {
	if mechanism == 0 {
		return mmc.Configuration{}
	}
	return mmc.Configuration{Features: []mmc.Feature{{Code: mmc.FeatureRemovable, Data: []byte{mechanism, 0, 0, 0}}}}
}

// Mechanisms of drives: feature 0003h, byte 4.
const (
	desktop  = 0x39 // a tray, Load and Eject: QEMU
	notebook = 0x29 // a tray, Eject, no Load: notebook drives, CDEmu, and desktop drives of before Load
	slot     = 0x09 // a slot, Eject
	manual   = 0x21 // a tray that opens by hand alone
	changer  = 0x89
	silent   = 0 // does not say
)

func TestRefreshSystem(t *testing.T) {
	const stale = 2048
	for _, c := range []struct {
		name      string
		mechanism byte
		drive     drive
		want      string // of the error, empty for none
		moves     bool   // the tray
		open      bool   // at the end
	}{
		{"closes its tray", desktop, drive{size: stale}, "", true, false},
		{"closes its tray without reporting that it can", notebook, drive{size: stale}, "", true, false},
		{"without feature 0003h", silent, drive{size: stale}, "", true, false},
		{"cannot close its tray", notebook, drive{size: stale, cannotClose: true}, "close it by hand", true, true},
		{"slot-in", slot, drive{size: stale, cannotClose: true}, "close it by hand", true, true},
		{"opens by hand alone", manual, drive{size: stale}, "remove the disc", false, false},
		{"changer", changer, drive{size: stale}, "remove the disc", false, false},
		{"the system is up to date", notebook, drive{size: 1000 * 2048}, "", false, false},
		{"the system has a larger size", notebook, drive{size: 1010 * 2048}, "", false, false},
		{"the system has no size", notebook, drive{size: 0x1FFFFF * 512}, "", true, false},
		{"the system does not update", desktop, drive{size: stale, blind: true}, "although the tray was opened and closed", true, false},
		{"there is no system", notebook, drive{size: stale, noSystem: true}, "", false, false},
		{"hangs", desktop, drive{size: stale, hangs: 0x1B}, "no answer in time", true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &c.drive
			err := tray.RefreshSystem(context.Background(), d, config(c.mechanism))
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if moved := slices.Contains(d.ops, "1B02"); moved != c.moves || d.open != c.open {
				t.Errorf("moved %v, open %v after %v", moved, d.open, d.ops)
			}
		})
	}
}

func TestReload(t *testing.T) {
	for _, c := range []struct {
		name      string
		mechanism byte
		drive     drive
		how       tray.ReloadResult
		warning   string
		failure   error
		commands  int // at most, 0: any number
	}{
		{name: "closes its tray", mechanism: desktop, how: tray.Reopened},
		{name: "might not close its tray", mechanism: notebook, how: tray.Restarted},
		{name: "slot-in", mechanism: slot, how: tray.Restarted},
		{name: "stays open and is closed by hand", mechanism: desktop, drive: drive{cannotClose: true, slow: 100}, how: tray.Reopened, warning: "close it"},
		{name: "does not answer", mechanism: desktop, drive: drive{hangs: 0x1B}, failure: scsi.ErrTimeout, commands: 1},
		{name: "does not answer, notebook", mechanism: notebook, drive: drive{hangs: 0x1B}, failure: scsi.ErrTimeout, commands: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // the user takes seconds to close the tray
				var warnings []string
				d := &c.drive
				how, err := tray.Reload(context.Background(), d, config(c.mechanism), func(s string) { warnings = append(warnings, s) })
				if how != c.how || !errors.Is(err, c.failure) || (len(warnings) > 0) != (c.warning != "") || !strings.Contains(fmt.Sprint(warnings), c.warning) {
					t.Errorf("got %v, %v, warnings %q", how, err, warnings)
				}
				if c.commands > 0 && len(d.ops) > c.commands {
					t.Errorf("%d commands: %v", len(d.ops), d.ops)
				}
			})
		})
	}
}

// When the tray is not closed the user is asked once, and the wait ends.
func TestReloadIsNotClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		d := &drive{cannotClose: true}
		if _, err := tray.Reload(context.Background(), d, config(desktop), func(string) { asked++ }); err == nil || asked != 1 {
			t.Errorf("asked %d times, %v", asked, err)
		}
	})
}
