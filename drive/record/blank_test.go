package record_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/trace"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// large has room for several sessions on a CD: the gaps alone take at least 11400
// sectors.
const large = 40960

var rewritable = []string{"cd-rw", "dvd-rw", "dvd+rw", "dvd-ram", "bd-re"}

// A rewritable disc is burned, erased, and burned again.
func TestBlank(t *testing.T) {
	ctx := context.Background()
	for _, name := range rewritable {
		for _, full := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				d := virtualtest.Blank(t, name, small)
				d.SetFaults(virtual.Faults{Polls: 3})
				first, second := virtualtest.Noise(900, 1), virtualtest.Noise(700, 2)
				if _, err := burn(t, d, virtualtest.DiscOf(first), record.Options{}); err != nil {
					t.Fatal(err)
				}
				if _, err := record.NewPlan(ctx, d, virtualtest.DiscOf(second), record.Options{}); !errors.Is(err, record.ErrHoldsData) {
					t.Errorf("a disc with data was planned for: %v", err)
				}
				if err := record.Blank(ctx, d, full, progress.Discard); err != nil {
					t.Fatal(err)
				}
				if err := mmc.StartStop(ctx, d, mmc.Eject); err != nil {
					t.Errorf("the tray is still locked: %v", err)
				}
				if err := mmc.StartStop(ctx, d, mmc.Load); err != nil {
					t.Fatal(err)
				}
				if m, err := read.Open(ctx, d); err == nil {
					p := make([]byte, 900*disc.SectorSize)
					_, err := m.ReadSectors(context.Background(), p, 0, disc.User)
					for at := range 900 {
						gone := at < 512 || full
						if gone && bytes.Equal(p[at*disc.SectorSize:][:disc.SectorSize], first[at*disc.SectorSize:][:disc.SectorSize]) {
							t.Fatalf("sector %d is still there (%v)", at, err)
						}
					}
				} else if !errors.Is(err, read.ErrBlank) {
					t.Error(err)
				}
				r, err := burn(t, d, virtualtest.DiscOf(second), record.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if !r.Verified || len(r.Notices) > 0 {
					t.Errorf("result: %+v", r)
				}
			})
		}
	}
}

// A burn with Options.Blank overwrites the disc without another confirmation.
func TestBurnOverData(t *testing.T) {
	ctx := context.Background()
	for _, name := range rewritable {
		for _, appendable := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				d := virtualtest.Blank(t, name, large)
				if _, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(900, 1)), record.Options{Appendable: appendable}); err != nil {
					t.Fatal(err)
				}
				_, err := record.NewPlan(ctx, d, virtualtest.DiscOf(virtualtest.Noise(large+1, 3)), record.Options{Blank: true})
				if !errors.Is(err, record.ErrTooLarge) {
					t.Errorf("too large: %v", err)
				}
				want := virtualtest.Noise(3500, 2)
				r, err := burn(t, d, virtualtest.DiscOf(want), record.Options{Blank: true, Appendable: appendable})
				if err != nil {
					t.Fatal(err)
				}
				if !r.Verified || len(r.Notices) > 0 {
					t.Errorf("result: %+v", r)
				}
				if !bytes.Equal(content(t, d, 3500), want) {
					t.Error("the disc differs from its source")
				}
			})
		}
	}
}

// Erasing reports its progress.
func TestBlankProgress(t *testing.T) {
	d := virtualtest.Blank(t, "cd-rw", large)
	if _, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(900, 1)), record.Options{}); err != nil {
		t.Fatal(err)
	}
	d.SetFaults(virtual.Faults{Polls: 4})
	var m progress.Meter
	if err := record.Blank(context.Background(), d, true, &m); err != nil {
		t.Fatal(err)
	}
	if s := m.Snapshot(); s.Phase != progress.ErasingAll || s.Total < 40000*disc.SectorSize || s.Done < s.Total/2 || s.Done > s.Total {
		t.Errorf("%+v", s)
	}
}

// Discs that can be written only once are not erased.
func TestBlankRefused(t *testing.T) {
	for _, name := range []string{"cd-r", "dvd-r", "dvd+r", "bd-r"} {
		d := virtualtest.Blank(t, name, small)
		if err := record.Blank(context.Background(), d, false, progress.Discard); !errors.Is(err, record.ErrNotWritable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// If quick erasing fails, the whole disc is erased.
func TestBlankFails(t *testing.T) {
	for _, name := range rewritable[:2] {
		d := virtualtest.Blank(t, name, small)
		if _, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(900, 1)), record.Options{}); err != nil {
			t.Fatal(err)
		}
		d.SetFaults(virtual.Faults{Refuse: []byte{0xA1}})
		var m progress.Meter
		err := record.Blank(context.Background(), d, false, &m)
		if err == nil || len(m.Log(0)) != 1 {
			t.Errorf("%s: %v, %d messages", name, err, len(m.Log(0)))
		}
		if got := status(t, d).Status; got != mmc.Closed {
			t.Errorf("%s is %v", name, got)
		}
	}
}

// A DVD-RW that was formatted is written like a DVD+RW, and erasing it makes it
// sequential again.
func TestRestrictedOverwrite(t *testing.T) {
	ctx := context.Background()
	d := virtualtest.Blank(t, "dvd-rw", small)
	if err := read.Ready(ctx, d); err != nil {
		t.Fatal(err)
	}
	if err := mmc.FormatUnit(ctx, d, mmc.Format{Type: 0x10, Blocks: small, Parameter: 16}); err != nil {
		t.Fatal(err)
	}
	if err := read.Ready(ctx, d); err != nil {
		t.Fatal(err)
	}
	for i, over := range []bool{false, true} {
		want := virtualtest.Noise(900+100*i, byte(i))
		r, err := burn(t, d, virtualtest.DiscOf(want), record.Options{Blank: over})
		if err != nil {
			t.Fatal(err)
		}
		if r.Plan.Profile != "DVD-RW restricted overwrite" || r.Plan.Recipe != "overwrite" || !r.Verified || len(r.Notices) > 0 {
			t.Errorf("result: %+v", r)
		}
	}
	if err := record.Blank(ctx, d, false, progress.Discard); err != nil {
		t.Fatal(err)
	}
	m, err := read.Media(ctx, d)
	if err != nil || m.Profile != mmc.DVDRW || m.Status != mmc.Blank {
		t.Errorf("after erasing: %+v, %v", m, err)
	}
	if r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(700, 9)), record.Options{}); err != nil || !r.Verified {
		t.Errorf("%+v, %v", r, err)
	}
}

// If a burn fails after erasing, the error says that the old contents are lost.
func TestFailsAfterErasing(t *testing.T) {
	d := virtualtest.Blank(t, "cd-rw", small)
	if _, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(900, 1)), record.Options{}); err != nil {
		t.Fatal(err)
	}
	d.SetFaults(virtual.Faults{Refuse: []byte{0x55}})
	r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(900, 2)), record.Options{Blank: true})
	e := failed(t, d, r, err, nil)
	if !strings.Contains(e.Left, "its previous contents are lost") || status(t, d).Status != mmc.Blank {
		t.Errorf("%v, the disc is %v", err, status(t, d).Status)
	}
}

// A rejected speed is reported only if it was requested explicitly.
func TestSpeedRefused(t *testing.T) {
	for _, medium := range []string{"cd-r", "dvd+r"} {
		for _, speed := range []int{0, 1} {
			d := virtualtest.Blank(t, medium, small)
			d.SetFaults(virtual.Faults{Refuse: []byte{0xBB, 0xB6}})
			r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(900, 1)), record.Options{Speed: speed})
			if err != nil {
				t.Fatal(err)
			}
			if got := len(r.Notices); got != 2*speed { // the other one: 1 kB/s is not available
				t.Errorf("%s: %q", medium, r.Notices)
			}
		}
	}
}

// inUse is a drive whose disc the system has mounted.
type inUse struct{ scsi.Transport }

var errMounted = errors.New("the disc is mounted")

func (inUse) Writable() error { return errMounted }

// A drive that can only be read is refused before a command changes anything, while
// commands are recorded too.
func TestDriveInUse(t *testing.T) {
	d := virtualtest.Blank(t, "dvd+rw", 2000)
	for name, busy := range map[string]scsi.Transport{"plain": inUse{d}, "recorded": trace.Wrap(inUse{d}, io.Discard)} {
		r, err := burn(t, busy, virtualtest.DiscOf(virtualtest.Noise(16, 1)), record.Options{})
		if !errors.Is(err, errMounted) || !strings.Contains(err.Error(), "nothing was written") || r.Written != 0 {
			t.Errorf("%s: burn: %v", name, err)
		}
		if err := record.Blank(t.Context(), busy, false, progress.Discard); !errors.Is(err, errMounted) {
			t.Errorf("%s: Blank: %v", name, err)
		}
	}
}
