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

// idle makes a drive report success for some commands without executing them.
func idle(d *virtual.Drive, ops ...byte) *virtual.Drive {
	d.SetFaults(virtual.Faults{Idle: ops})
	return d
}

// A drive that reports success without erasing is an error, for quick and full erasing.
func TestBlankWithoutEffect(t *testing.T) {
	for _, name := range rewritable {
		for _, full := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", full ", full), func(t *testing.T) {
				d := virtualtest.Blank(t, name, small)
				want := virtualtest.Noise(900, 1)
				if _, err := burn(t, d, virtualtest.DiscOf(want), record.Options{}); err != nil {
					t.Fatal(err)
				}
				err := record.Blank(context.Background(), idle(d, 0xA1, 0x04, 0x2A), full, progress.Discard)
				if !errors.Is(err, record.ErrUnchanged) || errors.Is(err, record.ErrHoldsData) || !bytes.Equal(content(t, d, 900), want) {
					t.Errorf("got %v", err)
				}
				t.Log(err)
			})
		}
	}
	d := virtualtest.Blank(t, "bd-re", small)
	if err := record.Blank(context.Background(), idle(d, 0x04), false, progress.Discard); !errors.Is(err, record.ErrUnchanged) {
		t.Errorf("formatting: %v", err)
	}
}

// overAny contains the media that are overwritten in place, formatted.
func overAny(t *testing.T, f func(t *testing.T, name string, d *virtual.Drive)) {
	for _, name := range []string{"dvd+rw", "bd-re", "dvd-ram", "dvd-rw"} {
		t.Run(name, func(t *testing.T) {
			d := virtualtest.Blank(t, name, large)
			ctx := context.Background()
			if err := read.Ready(ctx, d); err != nil {
				t.Fatal(err)
			}
			fm := map[string]mmc.Format{
				"dvd+rw": {Type: 0x26, Blocks: large}, "bd-re": {Type: 0x31, Blocks: large}, "dvd-ram": {Blocks: large}, "dvd-rw": {Type: 0x10, Blocks: large, Parameter: 16},
			}[name]
			if err := mmc.FormatUnit(ctx, d, fm); err != nil {
				t.Fatal(err)
			}
			if err := read.Ready(ctx, d); err != nil {
				t.Fatal(err)
			}
			f(t, name, d)
		})
	}
}

// fill writes sectors at an address of a medium that is overwritten in place.
func fill(t *testing.T, d scsi.Transport, lba disc.LBA, p []byte) {
	t.Helper()
	ctx := context.Background()
	w := mmc.WriteParameters{Type: mmc.Incremental, FixedPacket: true, TrackMode: 5, DataBlock: 8}
	if err := mmc.SetWriteParameters(ctx, d, w); err != nil {
		t.Fatal(err)
	}
	const chunk = 32 * disc.SectorSize
	for ; len(p) > 0; p, lba = p[min(chunk, len(p)):], lba+32 {
		if err := mmc.WriteBlocks(ctx, d, lba, p[:min(chunk, len(p))], disc.SectorSize); err != nil {
			t.Fatal(err)
		}
	}
	if err := mmc.SynchronizeCache(ctx, d, false); err != nil {
		t.Fatal(err)
	}
}

// Data is found wherever it begins, and is overwritten only on request. Quick erasing
// overwrites the probes.
func TestDataAnywhere(t *testing.T) {
	for at, count := range map[disc.LBA]int{16: 16, 256: 16, 288: 32, 992: 32, large - 16: 16, large - 272: 16, 20000: 1600, 3008: 1408} {
		overAny(t, func(t *testing.T, name string, d *virtual.Drive) {
			ctx := context.Background()
			src := virtualtest.DiscOf(virtualtest.Noise(500, 2))
			if _, err := record.NewPlan(ctx, d, src, record.Options{}); err != nil {
				t.Fatalf("an empty disc: %v", err)
			}
			fill(t, d, at, virtualtest.Noise(count, 1))
			_, err := record.NewPlan(ctx, d, src, record.Options{})
			if !errors.Is(err, record.ErrHoldsData) {
				t.Fatalf("%d sectors at %d: %v", count, at, err)
			}
			if c, err := record.LookInto(ctx, d); err != nil || !c.Data {
				t.Errorf("%+v, %v", c, err)
			}
			if name == "dvd-rw" {
				return // which becomes sequential by erasing
			}
			if err := record.Blank(ctx, d, false, progress.Discard); err != nil {
				t.Fatal(err)
			}
			if c, err := record.LookInto(ctx, d); err != nil || c.Data {
				t.Errorf("%+v, %v", c, err)
			}
			if r, err := burn(t, d, src, record.Options{}); err != nil || !r.Verified {
				t.Errorf("the burn after erasing: %v", err)
			}
		})
	}
}

// Unreadable sectors do not count as empty.
func TestUnreadableIsNotEmpty(t *testing.T) {
	for _, at := range []int64{0, 16, 32, 256, 700} {
		overAny(t, func(t *testing.T, _ string, d *virtual.Drive) {
			d.SetFaults(virtual.Faults{ReadErrors: []int64{at}})
			src := virtualtest.DiscOf(virtualtest.Noise(500, 2))
			_, err := record.NewPlan(context.Background(), d, src, record.Options{})
			if !errors.Is(err, record.ErrHoldsData) || !strings.Contains(err.Error(), "cannot be read") {
				t.Errorf("sector %d: %v", at, err)
			}
			if _, err := record.NewPlan(context.Background(), d, src, record.Options{Blank: true}); err != nil {
				t.Errorf("overwriting was asked for: %v", err)
			}
		})
	}
}

// The contents of a disc are described before it is erased.
func TestLookInto(t *testing.T) {
	for _, name := range []string{"cd-rw", "dvd+rw", "dvd-rw", "bd-re"} {
		d := virtualtest.Blank(t, name, small)
		for i, want := range []string{"nothing", "an ISO 9660 volume without a label"} {
			c, err := record.LookInto(context.Background(), d)
			if err != nil || c.String() != want || c.Data != (i > 0) {
				t.Errorf("%s: %q %+v, %v", name, c.String(), c, err)
			}
			if i == 0 {
				if _, err := burn(t, d, whole(t), record.Options{}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// quick formats a DVD-RW quickly: its capacity is then what is written to it.
func quick(t *testing.T) *virtual.Drive {
	t.Helper()
	d := virtualtest.Blank(t, "dvd-rw", small)
	ctx := context.Background()
	if err := read.Ready(ctx, d); err != nil {
		t.Fatal(err)
	}
	if err := mmc.FormatUnit(ctx, d, mmc.Format{Type: 0x15, Parameter: 16}); err != nil {
		t.Fatal(err)
	}
	if err := read.Ready(ctx, d); err != nil {
		t.Fatal(err)
	}
	return d
}

// A quickly formatted DVD-RW is not left in the intermediate state, and is enlarged if it
// is too small.
func TestQuicklyFormatted(t *testing.T) {
	d := quick(t)
	for i, sectors := range []int{900, 700, 2000} {
		want := virtualtest.Noise(sectors, byte(i))
		r, err := burn(t, d, virtualtest.DiscOf(want), record.Options{Blank: i > 0})
		if err != nil || !r.Verified || len(r.Notices) > 0 {
			t.Fatalf("burn %d: %v, %q", i, err, r.Notices)
		}
		if grows := strings.Contains(strings.Join(r.Plan.Steps, "; "), "enlarge the formatted area"); grows != (sectors == 2000) {
			t.Errorf("steps: %q", r.Plan.Steps)
		}
		f, err := mmc.ReadFormatCapacities(context.Background(), d)
		if err != nil || f.State != mmc.Formatted {
			t.Errorf("burn %d leaves the disc in state %d, %v", i, f.State, err)
		}
		if !bytes.Equal(content(t, d, sectors), want) {
			t.Error("the disc differs from its source")
		}
	}

	// An interrupted burn closes it too.
	d = quick(t)
	d.SetFaults(virtual.Faults{WriteErrors: map[int64][3]byte{650: {3, 0x0C, 0}}})
	r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(900, 6)), record.Options{})
	failed(t, d, r, err, nil)
	if f, err := mmc.ReadFormatCapacities(context.Background(), d); err != nil || f.State != mmc.Formatted {
		t.Errorf("the disc is left in state %d, %v", f.State, err)
	}
}

// The capacity after erasing is known from the ATIP or the list of formats, even if an
// open track hides it.
func TestErasedRoom(t *testing.T) {
	for _, name := range []string{"cd-rw", "dvd-rw"} {
		d := virtualtest.Blank(t, name, large)
		kill(t, d, 0x2A, 20, record.Options{})
		d.SetFaults(virtual.Faults{Refuse: []byte{0xAC}})
		b, err := record.NewPlan(context.Background(), d, virtualtest.DiscOf(virtualtest.Noise(large-200, 1)), record.Options{Blank: true})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := b.Plan().Capacity; got > large || got < large-200 {
			t.Errorf("%s: room for %d sectors, want %d", name, got, large)
		}
		d = virtualtest.Blank(t, name, large)
		if _, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(500, 1)), record.Options{}); err != nil {
			t.Fatal(err)
		}
		d.SetFaults(virtual.Faults{Refuse: []byte{0xAC}})
		if _, err := record.NewPlan(context.Background(), d, virtualtest.DiscOf(virtualtest.Noise(large-200, 1)), record.Options{Blank: true}); err != nil {
			t.Errorf("%s, closed: %v", name, err)
		}
	}
}

// The next burn recognizes that an earlier one was killed while it overwrote the disc.
func TestOverwriteKilled(t *testing.T) {
	for _, name := range []string{"dvd+rw", "dvd-ram", "bd-re"} {
		d := virtualtest.Blank(t, name, small)
		if _, err := burn(t, d, whole(t), record.Options{}); err != nil {
			t.Fatal(err)
		}
		kill(t, d, 0x2A, 10, record.Options{Blank: true})
		c, err := record.LookInto(context.Background(), d)
		if err != nil || !c.Unfinished || !strings.Contains(c.String(), "incomplete burn") {
			t.Errorf("%s: %q %+v, %v", name, c, c, err)
		}
		src := virtualtest.DiscOf(virtualtest.Noise(700, 1))
		if _, err := record.NewPlan(context.Background(), d, src, record.Options{}); !errors.Is(err, record.ErrHoldsData) {
			t.Errorf("%s: %v", name, err)
		}
		if r, err := burn(t, d, src, record.Options{Blank: true}); err != nil || !r.Verified {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A drive that writes nothing and answers from its buffer is not reported to have erased
// the disc. If it cannot be made to read the disc, there is a warning.
func TestErasedInTheBuffer(t *testing.T) {
	for _, c := range []struct {
		name   string
		echo   virtual.ReadCache
		refuse []byte
		found  bool
	}{
		{"it stops", virtual.ReadCache{On: true, IgnoresFUA: true}, nil, true},
		{"the buffer outlives a stop, and the drive knows FUA", virtual.ReadCache{On: true, KeptOnStop: true}, nil, true},
		{"the buffer outlives a stop, and takes other sectors", virtual.ReadCache{On: true, KeptOnStop: true, IgnoresFUA: true, Reads: 600}, nil, true},
		{"it does not stop, and knows FUA", virtual.ReadCache{On: true}, []byte{0x1B}, true},
		{"it does not stop, and does not know FUA", virtual.ReadCache{On: true, IgnoresFUA: true}, []byte{0x1B}, false},
	} {
		for _, medium := range []string{"dvd+rw", "dvd-ram", "bd-re"} {
			t.Run(c.name+", "+medium, func(t *testing.T) {
				d := virtualtest.Blank(t, medium, small)
				if _, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(3000, 4)), record.Options{}); err != nil {
					t.Fatal(err)
				}
				d.SetFaults(virtual.Faults{Discard: true, ReadCache: c.echo, Refuse: c.refuse})
				var m progress.Meter
				err := record.Blank(context.Background(), d, false, &m)
				reported := false
				for _, w := range m.Log(0) {
					reported = reported || strings.Contains(w.Text, "buffer")
				}
				if errors.Is(err, record.ErrHoldsData) { // whose advice is to erase the disc
					t.Error(err)
				}
				if c.found && !errors.Is(err, record.ErrUnchanged) || !c.found && (err != nil || !reported) {
					t.Errorf("%v, %v", err, m.Log(0))
				}
			})
		}
	}
}

// An erased disc with unreadable sectors is not blank, and the advice is not to erase it.
func TestErasedAndUnreadable(t *testing.T) {
	for _, medium := range []string{"dvd+rw", "dvd-ram", "bd-re"} {
		d := virtualtest.Blank(t, medium, small)
		if _, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(3000, 4)), record.Options{}); err != nil {
			t.Fatal(err)
		}
		d.SetFaults(virtual.Faults{ReadErrors: []int64{700}})
		err := record.Blank(context.Background(), d, false, progress.Discard)
		if !errors.Is(err, record.ErrNotOnDisc) || errors.Is(err, record.ErrUnchanged) || errors.Is(err, record.ErrHoldsData) {
			t.Errorf("%s: %v", medium, err)
		}
	}
}

// If erasing is interrupted, after each of the first WRITEs and some later ones, the disc
// is unchanged, blank, or marked as not complete.
func TestEraseInterrupted(t *testing.T) {
	old := virtualtest.Noise(600, 4)
	for _, medium := range []string{"dvd+rw", "dvd-ram", "bd-re"} {
		for after := 1; ; after += 1 + after/6 {
			d := virtualtest.Blank(t, medium, 2048)
			if _, err := burn(t, d, virtualtest.DiscOf(old), record.Options{}); err != nil {
				t.Fatal(err)
			}
			k := &killed{Transport: d, op: scsi.OpWrite10, after: after}
			err := record.Blank(context.Background(), k, false, progress.Discard)
			if !k.dead {
				break
			}
			m, openErr := read.Open(context.Background(), d)
			if openErr != nil {
				t.Fatal(openErr)
			}
			got := content(t, d, 600)
			blank := len(bytes.Trim(got, "\x00")) == 0
			if err == nil || !disc.Unfinished(context.Background(), m) && !blank && !bytes.Equal(got, old) {
				t.Errorf("%s, after %d WRITEs: %v, and the disc does not show that it is half erased", medium, after, err)
			}
			m.Close()
			d.Close()
		}
	}
}
