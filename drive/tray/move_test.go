package tray_test

import (
	"context"
	"errors"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/drive/tray"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
)

func TestMove(t *testing.T) {
	ctx := context.Background()
	d := virtualtest.Blank(t, "dvd+r", 1000) // which has a unit attention to tell
	if p, err := tray.PutIn(ctx, d); err != nil || p != mmc.DVDPR {
		t.Errorf("closing a closed tray: %v, %v", p, err)
	}
	if err := mmc.PreventRemoval(ctx, d, true); err != nil {
		t.Fatal(err)
	}
	if err := tray.TakeOut(ctx, d); !errors.Is(err, tray.ErrLocked) {
		t.Errorf("a locked tray: %v", err)
	}
	if err := mmc.PreventRemoval(ctx, d, false); err != nil {
		t.Fatal(err)
	}
	if err := tray.TakeOut(ctx, idle{d}); !errors.Is(err, tray.ErrShut) {
		t.Errorf("a drive that does nothing: %v", err)
	}
	for range 2 {
		if err := tray.TakeOut(ctx, d); err != nil {
			t.Error(err)
		}
	}
	if _, err := tray.PutIn(ctx, idle{d}); !errors.Is(err, read.ErrNoMedium) {
		t.Errorf("closing a drive that does nothing: %v", err)
	}
	if p, err := tray.PutIn(ctx, d); err != nil || p != mmc.DVDPR {
		t.Errorf("closing: %v, %v", p, err)
	}
	d.SetFaults(virtual.Faults{Refuse: []byte{0x1B}})
	if err := tray.TakeOut(ctx, d); !scsi.Unsupported(err) {
		t.Errorf("a drive that knows no such command: %v", err)
	}
}

// idle is a drive that answers START STOP UNIT with success and does nothing.
type idle struct{ scsi.Transport }

func (d idle) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if c.CDB[0] == 0x1B {
		return 0, nil
	}
	return d.Transport.Execute(ctx, c)
}
