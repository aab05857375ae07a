package record_test

import (
	"context"
	"errors"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// Wherever a burn of a CD is killed, in any mode, with or without power loss: the disc does not
// look complete unless it is, and a CD-RW can be erased and burned again.
func TestCDKilled(t *testing.T) {
	for _, x := range cdCases {
		switch x.name {
		case "audio", "audio raw", "mixed by track", "two sessions":
		default:
			continue
		}
		complete, src := 0, x.src(t)
		for at := 3; ; at += 97 {
			ctx := context.Background()
			d := virtualtest.Blank(t, "cd-rw", 40000)
			d.SetLoader(true)
			o := x.o
			o.NoVerify = true
			k := &virtualtest.Killed{Transport: d, Left: at}
			b, err := record.NewPlan(ctx, k, src, o)
			if err == nil {
				_, err = virtualtest.Burn(ctx, b, progress.Discard)
			}
			if err == nil {
				break // the burn has fewer commands
			}
			if at%2 == 0 {
				if err := d.DropPower(); err != nil {
					t.Fatal(err)
				}
			}
			if err := read.Ready(ctx, d); err != nil {
				t.Fatal(err)
			}
			if looksLike(t, d, src) {
				complete++
				sameCD(t, src, d, record.Plan{Mode: x.mode})
			}
			again := x.o
			again.Blank = status(t, d).Status != mmc.Blank
			b, err = record.NewPlan(ctx, d, src, again)
			if err != nil {
				t.Errorf("%s, killed at command %d: %v", x.name, at, err)
				continue
			}
			if r, err := virtualtest.Burn(ctx, b, progress.Discard); err != nil || !r.Verified {
				t.Errorf("%s, killed at command %d, burned again: %v, %v", x.name, at, err, r.NotAssured)
			}
			d.Close()
		}
		t.Logf("%s: %d discs were complete", x.name, complete)
	}
}

// looksLike reports whether the drive reports as many tracks as a source has.
func looksLike(t *testing.T, d scsi.Transport, src disc.Disc) bool {
	t.Helper()
	back, err := read.Open(context.Background(), d)
	if errors.Is(err, read.ErrBlank) || errors.Is(err, read.ErrNotClosed) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	return countTracks(back.TOC()) == countTracks(src.TOC())
}
