package record_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
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

// eachMedium runs a test on every kind of medium.
func eachMedium(t *testing.T, f func(t *testing.T, name string, over bool, d *virtual.Drive)) {
	for _, m := range media {
		t.Run(m.name, func(t *testing.T) { f(t, m.name, m.over, virtualtest.Blank(t, m.name, small)) })
	}
}

// failed checks what all failed burns have in common: an *Error with the right cause, and
// an unlocked tray.
func failed(t *testing.T, d scsi.Transport, r record.Result, err, cause error) *record.Error {
	t.Helper()
	var e *record.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a *record.Error", err)
	}
	if cause != nil && !errors.Is(err, cause) {
		t.Errorf("got %v, want %v", err, cause)
	}
	if r.Verified {
		t.Error("the burn failed and counts as verified")
	}
	t.Log(err)
	if err := mmc.StartStop(context.Background(), d, mmc.Eject); err != nil {
		t.Errorf("the tray is still locked: %v", err)
	}
	if err := mmc.StartStop(context.Background(), d, mmc.Load); err != nil {
		t.Fatal(err)
	}
	if err := read.Ready(context.Background(), d); err != nil {
		t.Fatal(err)
	}
	return e
}

// A drive that takes everything and writes nothing is found out.
func TestWritesDiscarded(t *testing.T) {
	eachMedium(t, func(t *testing.T, _ string, _ bool, d *virtual.Drive) {
		for _, noVerify := range []bool{false, true} {
			d.SetFaults(virtual.Faults{Discard: true})
			r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(900, 3)), record.Options{NoVerify: noVerify})
			failed(t, d, r, err, record.ErrNotOnDisc)
		}
	})
}

// A sector written with a wrong byte is reported, with its file.
func TestSilentCorruption(t *testing.T) {
	eachMedium(t, func(t *testing.T, _ string, _ bool, d *virtual.Drive) {
		d.SetFaults(virtual.Faults{Corrupt: []int64{700, 731}})
		locate := func(a disc.LBA) string { return fmt.Sprintf("/file%d", a) }
		r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(900, 4)), record.Options{Locate: locate})
		failed(t, d, r, err, record.ErrDiffers)
		m := r.Mismatch
		if m == nil || m.LBA != 700 || m.Count != 2 || m.File != "/file700" || m.Err != nil {
			t.Errorf("mismatch: %+v", m)
		}
	})
}

// A sector that cannot be read back is reported.
func TestUnreadable(t *testing.T) {
	eachMedium(t, func(t *testing.T, _ string, _ bool, d *virtual.Drive) {
		d.SetFaults(virtual.Faults{ReadErrors: []int64{500, 502}})
		// A disc with unreadable sectors is overwritten only on request.
		r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(900, 5)), record.Options{Blank: true})
		failed(t, d, r, err, record.ErrDiffers)
		m := r.Mismatch
		if m == nil || m.LBA != 500 || m.Count != 2 || !scsi.Is(m.Err, scsi.KeyMediumError, 0x11, 0x05) {
			t.Errorf("mismatch: %+v", m)
		}
	})
}

// salvaged checks a disc after an interrupted burn: what was written can be read, and the
// disc is closed as far as the medium allows.
func salvaged(t *testing.T, d *virtual.Drive, over bool, e *record.Error, want []byte) {
	t.Helper()
	if e.Left == "" || e.Advice == "" {
		t.Errorf("the error does not describe the state of the disc: %+v", e)
	}
	n := int(e.Written)
	if n < 500 || n > 700 {
		t.Errorf("%d sectors were written", n)
	}
	head := 0 // sectors that are written last
	if over {
		head = 32
		if m, err := read.Open(context.Background(), d); err != nil || !disc.Unfinished(context.Background(), m) {
			t.Errorf("the disc is not marked as incomplete: %v", err)
		}
	}
	if !bytes.Equal(content(t, d, n)[head*disc.SectorSize:], want[head*disc.SectorSize:n*disc.SectorSize]) {
		t.Error("what was written differs from the source")
	}
	if info := status(t, d); !over && info.Status != mmc.Closed && info.Status != mmc.Appendable {
		t.Errorf("the disc is %v", info.Status)
	}
}

func TestWriteError(t *testing.T) {
	eachMedium(t, func(t *testing.T, _ string, over bool, d *virtual.Drive) {
		d.SetFaults(virtual.Faults{WriteErrors: map[int64][3]byte{650: {3, 0x0C, 0}}})
		want := virtualtest.Noise(900, 6)
		r, err := burn(t, d, virtualtest.DiscOf(want), record.Options{})
		e := failed(t, d, r, err, nil)
		if !scsi.Is(err, scsi.KeyMediumError, 0x0C, 0) || e.LBA > 650 || e.LBA < 650-31 {
			t.Errorf("error: %+v", e)
		}
		for _, s := range []string{" at LBA", "WRITE ERROR", "(3/0C/00", "another disc"} {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("%q is not in: %v", s, err)
			}
		}
		salvaged(t, d, over, e, want)
	})
}

// canceller cancels the work in a phase.
type canceller struct {
	progress.Reporter
	phase  progress.Phase
	after  int64
	cancel func()
	now    progress.Phase
}

func (c *canceller) Phase(p progress.Phase, total int64) {
	c.now = p
	if p == c.phase && c.after == 0 {
		c.cancel()
	}
}

func (c *canceller) Add(n int64) {
	if c.now != c.phase || c.after <= 0 {
		return
	}
	if c.after -= n; c.after <= 0 {
		c.cancel()
	}
}

func TestCancel(t *testing.T) {
	eachMedium(t, func(t *testing.T, _ string, over bool, d *virtual.Drive) {
		want := virtualtest.Noise(900, 7)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		b, err := record.NewPlan(ctx, d, virtualtest.DiscOf(want), record.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := virtualtest.Burn(ctx, b, &canceller{Reporter: progress.Discard, phase: progress.Writing, after: 600 * disc.SectorSize, cancel: cancel})
		salvaged(t, d, over, failed(t, d, r, err, context.Canceled), want)
	})
}

// If the comparison is cancelled, the disc is burned and closed.
func TestCancelComparing(t *testing.T) {
	eachMedium(t, func(t *testing.T, _ string, _ bool, d *virtual.Drive) {
		want := virtualtest.Noise(900, 8)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		b, err := record.NewPlan(ctx, d, virtualtest.DiscOf(want), record.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := virtualtest.Burn(ctx, b, &canceller{Reporter: progress.Discard, phase: progress.Comparing, cancel: cancel})
		failed(t, d, r, err, context.Canceled)
		if !bytes.Equal(content(t, d, 900), want) {
			t.Error("the disc differs from its source")
		}
	})
}

func TestCancelledBefore(t *testing.T) {
	d := virtualtest.Blank(t, "dvd+r", small)
	b, err := record.NewPlan(context.Background(), d, virtualtest.DiscOf(virtualtest.Noise(900, 9)), record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r, err := virtualtest.Burn(ctx, b, progress.Discard)
	failed(t, d, r, err, context.Canceled)
	if got := status(t, d).Status; got != mmc.Blank {
		t.Errorf("the disc is %v, want blank", got)
	}
}

// A failed disc-at-once burn leaves an unusable disc, and the error says so.
func TestDiscAtOnceFails(t *testing.T) {
	d := virtualtest.Blank(t, "dvd-r", small)
	d.SetFaults(virtual.Faults{WriteErrors: map[int64][3]byte{650: {3, 0x0C, 0}}})
	r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(900, 6)), record.Options{Mode: record.DiscAtOnce})
	e := failed(t, d, r, err, nil)
	if !strings.Contains(e.Left, "without a lead-out") || !strings.Contains(e.Advice, "another disc") {
		t.Errorf("left: %s; %s", e.Left, e.Advice)
	}
}

func TestTooLarge(t *testing.T) {
	eachMedium(t, func(t *testing.T, _ string, _ bool, d *virtual.Drive) {
		_, err := record.NewPlan(context.Background(), d, virtualtest.DiscOf(virtualtest.Noise(small+10, 1)), record.Options{})
		if !errors.Is(err, record.ErrTooLarge) {
			t.Fatalf("got %v", err)
		}
		for _, s := range []string{"4106 sectors (8409088 bytes)", "too few"} {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("%q is not in: %v", s, err)
			}
		}
		t.Log(err)
	})
}

// A drive that reports too large a capacity fails at the true end of the disc.
func TestWrongCapacity(t *testing.T) {
	d := virtualtest.Blank(t, "dvd+r", 1024)
	d.SetFaults(virtual.Faults{Capacity: small})
	r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(2000, 1)), record.Options{})
	e := failed(t, d, r, err, nil)
	if _, _, _, ok := scsi.Code(err); !ok || e.Written > 1024 {
		t.Errorf("error: %+v", e)
	}
}

// Full buffers, long waits and unsupported commands do not change the result.
func TestObstacles(t *testing.T) {
	for name, f := range map[string]virtual.Faults{
		"full buffer":       {BufferFullEvery: 2},
		"slow":              {Polls: 4},
		"refused":           {Refuse: []byte{0x1E, 0x4A, 0x54, 0x5C, 0xBB, 0xB6, 0xAC, 0x1B, 0xAD, 0x53}},
		"refused, and slow": {Refuse: []byte{0x1E, 0x4A, 0x54, 0x5C, 0xBB, 0xB6, 0xAC, 0x1B}, Polls: 2, BufferFullEvery: 3},
	} {
		t.Run(name, func(t *testing.T) {
			eachMedium(t, func(t *testing.T, _ string, _ bool, d *virtual.Drive) {
				d.SetFaults(f)
				want := virtualtest.Noise(900, 10)
				r, err := burn(t, d, virtualtest.DiscOf(want), record.Options{})
				if err != nil {
					t.Fatal(err)
				}
				reloads := !slices.Contains(f.Refuse, 0x1B)
				if !r.Equal || r.Verified != reloads || (len(r.NotAssured) == 0) != reloads || r.Retried > 0 || len(r.Notices) > 0 {
					t.Errorf("result: %+v", r)
				}
			})
		})
	}
}

// A source that ends early fails the burn; the error has the sector.
func TestShortSource(t *testing.T) {
	eachMedium(t, func(t *testing.T, _ string, over bool, d *virtual.Drive) {
		want := virtualtest.Noise(900, 11)
		src := disc.FromReaderAt(bytes.NewReader(want[:600*disc.SectorSize]), 900*disc.SectorSize, nil)
		r, err := burn(t, d, src, record.Options{})
		e := failed(t, d, r, err, nil)
		if !strings.Contains(err.Error(), "read the source at sector 600") {
			t.Errorf("error: %v", err)
		}
		salvaged(t, d, over, e, want)
	})
}

// panicking is a source that panics at a sector, from its n-th read of it on.
type panicking struct {
	disc.Disc
	n int
}

func (b *panicking) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	n, err := b.Disc.ReadSectors(context.Background(), p, lba, f)
	if lba <= 600 && lba+disc.LBA(n) > 600 {
		if b.n--; b.n == 0 {
			panic("no such layout")
		}
	}
	return n, err
}

// A source that panics fails the burn, or is reported after it, and the tray is unlocked.
func TestSourcePanics(t *testing.T) {
	eachMedium(t, func(t *testing.T, _ string, over bool, d *virtual.Drive) {
		want := virtualtest.Noise(900, 11)
		r, err := burn(t, d, &panicking{virtualtest.DiscOf(want), 1}, record.Options{})
		e := failed(t, d, r, err, nil)
		if !strings.Contains(err.Error(), "no such layout") {
			t.Errorf("error: %v", err)
		}
		salvaged(t, d, over, e, want)
	})
	d := virtualtest.Blank(t, "dvd+r", small)
	r, err := burn(t, d, &panicking{virtualtest.DiscOf(virtualtest.Noise(900, 11)), 2}, record.Options{})
	if !r.Verified || r.SourceChanged == nil || !strings.Contains(fmt.Sprint(err), "no such layout") {
		t.Errorf("%+v, %v", r, err)
	}
}
