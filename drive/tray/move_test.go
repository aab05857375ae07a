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
	d := virtualtest.Blank(t, "dvd+r", 1000) // it has a unit attention pending
	if p, err := tray.LoadDisc(ctx, d); err != nil || p != mmc.DVDPR {
		t.Errorf("closing a closed tray: %v, %v", p, err)
	}
	if err := mmc.PreventRemoval(ctx, d, true); err != nil {
		t.Fatal(err)
	}
	if err := tray.EjectDisc(ctx, d); !errors.Is(err, tray.ErrLocked) {
		t.Errorf("a locked tray: %v", err)
	}
	if err := mmc.PreventRemoval(ctx, d, false); err != nil {
		t.Fatal(err)
	}
	d.SetFaults(virtual.Faults{Idle: []byte{0x1B}})
	if err := tray.EjectDisc(ctx, d); !errors.Is(err, tray.ErrStillClosed) {
		t.Errorf("a drive that does nothing: %v", err)
	}
	d.SetFaults(virtual.Faults{})
	for range 2 {
		if err := tray.EjectDisc(ctx, d); err != nil {
			t.Error(err)
		}
	}
	d.SetFaults(virtual.Faults{Idle: []byte{0x1B}})
	if _, err := tray.LoadDisc(ctx, d); !errors.Is(err, read.ErrNoMedium) {
		t.Errorf("closing a drive that does nothing: %v", err)
	}
	d.SetFaults(virtual.Faults{})
	if p, err := tray.LoadDisc(ctx, d); err != nil || p != mmc.DVDPR {
		t.Errorf("closing: %v, %v", p, err)
	}
	d.SetFaults(virtual.Faults{Refuse: []byte{0x1B}})
	if err := tray.EjectDisc(ctx, d); !scsi.Unsupported(err) {
		t.Errorf("a drive that knows no such command: %v", err)
	}
}
