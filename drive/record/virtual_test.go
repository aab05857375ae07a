package record_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// burn plans and runs.
func burn(t testing.TB, d scsi.Transport, src disc.Disc, o record.Options) (record.Result, error) {
	t.Helper()
	b, err := record.NewPlan(context.Background(), narrow{d}, src, o)
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	return virtualtest.Burn(context.Background(), b, progress.Discard)
}

// narrow is a transport that carries 32 KiB, so that a short burn has many writes.
type narrow struct{ scsi.Transport }

func (narrow) MaxTransfer() int         { return 32 << 10 }
func (n narrow) Unwrap() scsi.Transport { return n.Transport }

// content reads the sectors of the last session of the disc in the drive.
func content(t testing.TB, d scsi.Transport, sectors int) []byte {
	t.Helper()
	m, err := read.Open(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	tr, _ := disc.DataTrack(m)
	p := make([]byte, sectors*disc.SectorSize)
	n, err := m.ReadSectors(context.Background(), p, tr.Start, disc.User)
	if err != nil || n != sectors {
		t.Fatalf("read %d of %d sectors from address %d: %v", n, sectors, tr.Start, err)
	}
	return p
}

func status(t testing.TB, d scsi.Transport) mmc.DiscInformation {
	t.Helper()
	if err := mmc.Wait(context.Background(), d, time.Minute, nil); err != nil {
		t.Fatal(err)
	}
	info, err := mmc.ReadDiscInformation(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// media contains the kinds of medium and what burning each results in.
var media = []struct {
	name   string
	recipe string // as planned without options
	open   bool   // can be left open for more sessions
	test   bool   // supports simulation
	over   bool   // can be overwritten
}{
	{"cd-r", "track at once, disc closed", true, true, false},
	{"cd-rw", "track at once, disc closed", true, true, false},
	{"dvd-r", "incremental, disc closed", true, true, false},
	{"dvd-rw", "incremental, disc closed", true, true, false},
	{"dvd-r dl", "incremental, disc closed", false, true, false},
	{"dvd-ram", "overwrite", false, false, true},
	{"dvd+r", "sequential, disc closed", true, false, false},
	{"dvd+r dl", "sequential, disc closed", true, false, false},
	{"dvd+rw", "overwrite", false, false, true},
	{"bd-r", "sequential, disc closed", true, false, false},
	{"bd-r dl", "sequential, disc closed", true, false, false},
	{"bd-r xl", "sequential, disc closed", true, false, false},
	{"bd-r ql", "sequential, disc closed", true, false, false},
	{"bd-re", "overwrite", false, false, true},
}

const small = 4096 // sectors of a disc for tests

func TestBurn(t *testing.T) {
	for _, m := range media {
		t.Run(m.name, func(t *testing.T) {
			d := virtualtest.Blank(t, m.name, small)
			want := virtualtest.Noise(1001, 1)
			r, err := burn(t, d, virtualtest.DiscOf(want), record.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !r.Verified || r.Written < 1001 || r.Written != r.Plan.Padded || r.Plan.Recipe != m.recipe || len(r.Notices) > 0 {
				t.Errorf("result: %+v", r)
			}
			if !bytes.Equal(content(t, d, 1001), want) {
				t.Error("the disc differs from its source")
			}
			if got := status(t, d).Status; !m.over && got != mmc.Closed {
				t.Errorf("the disc is %v, want closed", got)
			}
			file, err := os.ReadFile(d.Path())
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(file[:len(want)], want) {
				t.Error("the file of the disc differs from the source")
			}
			_, err = record.NewPlan(context.Background(), d, virtualtest.DiscOf(want), record.Options{})
			if !errors.Is(err, record.ErrNotWritable) && !errors.Is(err, record.ErrHoldsData) {
				t.Errorf("a second burn was planned: %v", err)
			}
		})
	}
}

// The tray opens at the end, without a notice.
func TestEject(t *testing.T) {
	d := virtualtest.Blank(t, "dvd+r", small)
	r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(500, 1)), record.Options{Eject: true})
	if err != nil || !r.Verified || len(r.Notices) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if err := mmc.TestUnitReady(context.Background(), d); !scsi.MediumNotPresent(err) {
		t.Errorf("the disc is still in the drive: %v", err)
	}
}

func TestDiscAtOnce(t *testing.T) {
	d := virtualtest.Blank(t, "dvd-r", small)
	want := virtualtest.Noise(777, 2)
	r, err := burn(t, d, virtualtest.DiscOf(want), record.Options{Mode: record.DiscAtOnce, Appendable: true})
	if err != nil {
		t.Fatal(err)
	}
	if r.Plan.Recipe != "disc at once, disc closed" || !r.Verified || len(r.Notices) != 1 || !strings.Contains(r.Notices[0].Text, "cannot stay open") {
		t.Errorf("result: %+v", r)
	}
	if got := status(t, d).Status; got != mmc.Closed {
		t.Errorf("the disc is %v, want closed", got)
	}
}

// A multiple of the single speed depends on the medium.
func TestSpeedAsMultiple(t *testing.T) {
	for _, c := range []struct {
		medium string
		o      record.Options
		want   int // kB/s
	}{
		{"cd-r", record.Options{Factor: 24}, 4234},
		{"dvd+r", record.Options{Factor: 8}, 11080},
		{"dvd+rw", record.Options{Factor: 2.4}, 3324},
		{"bd-r", record.Options{Factor: 4}, 17982},
		{"dvd+r", record.Options{Factor: 5}, 5540},
	} {
		b, err := record.NewPlan(context.Background(), virtualtest.Blank(t, c.medium, small), virtualtest.DiscOf(virtualtest.Noise(500, 1)), c.o)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Plan(); got.Speed != c.want || len(got.Notices) > 0 {
			t.Errorf("%s, %vx: %d kB/s, %q", c.medium, c.o.Factor, got.Speed, got.Notices)
		}
	}
	for _, o := range []record.Options{{Speed: -1}, {Factor: -8}} {
		if _, err := record.NewPlan(context.Background(), virtualtest.Blank(t, "cd-r", small), virtualtest.DiscOf(virtualtest.Noise(500, 1)), o); err == nil {
			t.Errorf("%+v was planned", o)
		}
	}
}

// Disc at once is refused on a DVD or BD that is not written in that way, with the mode that
// is, and a DVD-R says which modes it has.
func TestModes(t *testing.T) {
	for name, want := range map[string]string{
		"dvd+r": "use sequential", "bd-re": "use overwrite", "dvd-ram": "use overwrite", "bd-r": "use sequential", "dvd-r": "", "dvd-rw": "",
	} {
		b, err := record.NewPlan(context.Background(), virtualtest.Blank(t, name, small), virtualtest.DiscOf(virtualtest.Noise(500, 1)), record.Options{Mode: record.DiscAtOnce})
		switch {
		case want != "":
			if !errors.Is(err, record.ErrNoMode) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		default:
			p := b.Plan()
			if p.Mode != record.DiscAtOnce || p.Reason == "" || len(p.Modes) != 2 || len(p.Hints) != 1 {
				t.Errorf("%s: %v, %q, %v, %q", name, p.Mode, p.Reason, p.Modes, p.Hints)
			}
		}
	}
}
