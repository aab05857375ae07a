package record_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/master"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
)

// killed is a transport that passes nothing on after some commands of one kind, as if the
// process had been killed: the drive stays in its state.
type killed struct {
	scsi.Transport
	op    byte
	after int // commands of that kind that are still passed on
	dead  bool
}

func (k *killed) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if k.dead {
		return 0, scsi.ErrConnection
	}
	n, err := k.Transport.Execute(ctx, c)
	if c.CDB[0] == k.op || k.op == scsi.OpWrite10 && c.CDB[0] == scsi.OpWrite12 {
		k.after--
		k.dead = k.after == 0
	}
	return n, err
}

// kill burns 900 sectors, and is killed after the given number of commands of a kind.
func kill(t *testing.T, d scsi.Transport, op byte, after int, o record.Options) []byte {
	t.Helper()
	want := virtualtest.Noise(900, 21)
	k := &killed{Transport: d, op: op, after: after}
	if _, err := burn(t, k, virtualtest.DiscOf(want), o); err == nil || !k.dead {
		t.Fatalf("the burn was not killed: %v", err)
	}
	return want
}

// writeOnce contains the sequential media, which an interrupted burn leaves open.
var writeOnce = []string{"cd-r", "dvd-r", "dvd+r", "dvd+r dl", "bd-r", "bd-r dl", "bd-r xl"}

// points are where a burn is killed: after a WRITE, after SYNCHRONIZE CACHE, and after
// the track was closed.
var points = []struct {
	name  string
	op    byte
	after int
}{{"writing", 0x2A, 20}, {"first sector", 0x2A, 1}, {"flushing", 0x35, 1}, {"closing", 0x5B, 1}}

// eachKill runs a test after a killed burn, on each medium and at each point that leaves
// a session open.
func eachKill(t *testing.T, f func(t *testing.T, name string, d *virtual.Drive, was []byte)) {
	for _, name := range writeOnce {
		for _, p := range points {
			if p.op == scsi.OpCloseTrackSession && strings.HasPrefix(name, "cd") {
				continue // the session is closed by the first such command
			}
			t.Run(name+", "+p.name, func(t *testing.T) {
				d := virtualtest.Blank(t, name, large)
				was := kill(t, d, p.op, p.after, record.Options{Appendable: true})
				if info := status(t, d); info.Status != mmc.Appendable || info.Session == mmc.SessionEmpty {
					t.Fatalf("the disc is %v, its last session %v", info.Status, info.Session)
				}
				f(t, name, d, was)
			})
		}
	}
}

// whole is a volume made for address 0.
func whole(t *testing.T) disc.Disc {
	t.Helper()
	l, _, err := master.Plan(tree.NewFolder("", time.Unix(0, 0)), master.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return disc.FromReaderAt(l, l.Size(), nil)
}

// A burn after an interrupted one never appends to the open track. A volume made for
// address 0 is refused, with Force too. A source without a known address is, with Force,
// burned as a new session, and the plan says that the open one is closed first.
func TestBurnAfterKill(t *testing.T) {
	eachKill(t, func(t *testing.T, _ string, d *virtual.Drive, was []byte) {
		ctx := context.Background()
		before := status(t, d)
		for _, force := range []bool{false, true} {
			_, err := record.NewPlan(ctx, d, whole(t), record.Options{Force: force})
			if !errors.Is(err, record.ErrUnfinished) || !errors.Is(err, record.ErrOtherAddress) {
				t.Errorf("a volume for address 0, forced %v: %v", force, err)
			}
			if errors.Is(err, record.ErrEraseFirst) != before.Erasable {
				t.Errorf("erasable %v: %v", before.Erasable, err)
			}
		}
		src := virtualtest.Noise(700, 22)
		if _, err := record.NewPlan(ctx, d, virtualtest.DiscOf(src), record.Options{}); !errors.Is(err, record.ErrUnfinished) {
			t.Errorf("a source without a known address: %v", err)
		}
		if got := status(t, d); got != before {
			t.Errorf("planning changed the disc: %+v, was %+v", got, before)
		}

		b, err := record.NewPlan(ctx, d, virtualtest.DiscOf(src), record.Options{Force: true})
		if err != nil {
			t.Fatal(err)
		}
		steps := b.Plan().Steps
		closing := slices.IndexFunc(steps, func(s string) bool { return strings.Contains(s, "earlier burn left open") })
		writing := slices.IndexFunc(steps, func(s string) bool { return strings.HasPrefix(s, "write 7") })
		if closing < 0 || writing < closing {
			t.Errorf("steps: %q", steps)
		}
		r, err := virtualtest.Burn(ctx, b, progress.Discard)
		if err != nil || !r.Verified {
			t.Fatal(err)
		}
		m, err := read.Open(ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		s := m.TOC().Sessions
		if len(s) != 2 || status(t, d).Status != mmc.Closed {
			t.Fatalf("sessions %+v, the disc is %v", s, status(t, d).Status)
		}
		for i, want := range [][]byte{was, src} {
			tr := s[i].Tracks[0]
			p := make([]byte, min(int64(len(want)), tr.Length*disc.SectorSize))
			if i == 0 {
				p = p[:min(len(p), 16*disc.SectorSize)] // as much as was written at least
			}
			if _, err := m.ReadSectors(context.Background(), p, tr.Start, disc.User); err != nil || !bytes.Equal(p, want[:len(p)]) {
				t.Errorf("session %d at %d is not what was written: %v", i+1, tr.Start, err)
			}
		}
	})
}

// The address of a session is compared with the next writable address after the disc was
// closed.
func TestSessionAfterKill(t *testing.T) {
	eachKill(t, func(t *testing.T, _ string, d *virtual.Drive, _ []byte) {
		r, err := burn(t, d, virtualtest.At(virtualtest.DiscOf(virtualtest.Noise(500, 2)), 5008), record.Options{})
		e := failed(t, d, r, err, record.ErrOtherAddress)
		if r.Written > 0 || !strings.Contains(e.Left, "was closed, and nothing was written") {
			t.Errorf("%+v, %v", r, err)
		}
		m, err := read.Media(context.Background(), d)
		if err != nil || m.Status != mmc.Appendable || len(m.Sessions) != 1 {
			t.Fatalf("%+v, %v", m, err)
		}
		r, err = burn(t, d, virtualtest.At(virtualtest.DiscOf(virtualtest.Noise(500, 2)), m.NextWritable), record.Options{})
		if err != nil || !r.Verified {
			t.Error(err)
		}
	})
}

// A simulation closes nothing.
func TestSimulationAfterKill(t *testing.T) {
	d := virtualtest.Blank(t, "cd-r", large)
	kill(t, d, 0x2A, 20, record.Options{})
	_, err := record.NewPlan(context.Background(), d, virtualtest.DiscOf(virtualtest.Noise(500, 2)), record.Options{Simulate: true, Force: true})
	if !errors.Is(err, record.ErrUnfinished) {
		t.Error(err)
	}
}

// A DVD-R that was reserved as a whole, with nothing written, accepts the next burn.
func TestKilledAfterReserve(t *testing.T) {
	for _, name := range []string{"dvd-r", "dvd-rw"} {
		d := virtualtest.Blank(t, name, small)
		kill(t, d, 0x53, 1, record.Options{Mode: record.DiscAtOnce})
		_, err := record.NewPlan(context.Background(), d, virtualtest.DiscOf(virtualtest.Noise(1000, 3)), record.Options{})
		if !errors.Is(err, record.ErrTooLarge) {
			t.Errorf("more than was reserved: %v", err)
		}
		want := virtualtest.Noise(700, 3)
		r, err := burn(t, d, virtualtest.DiscOf(want), record.Options{})
		if err != nil || !r.Verified || r.Written != 912 || len(r.Notices) != 1 || !strings.Contains(r.Notices[0].Text, "reserved a track of 912 sectors") {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if !bytes.Equal(content(t, d, 700), want) {
			t.Error("the disc differs from its source")
		}
	}
}

// A DVD-R DL has one session. After an interrupted burn it can be finalized, but not
// burned again.
func TestKilledSingleSession(t *testing.T) {
	for _, p := range points {
		d := virtualtest.Blank(t, "dvd-r dl", large)
		was := kill(t, d, p.op, p.after, record.Options{})
		_, err := record.NewPlan(context.Background(), d, virtualtest.DiscOf(was), record.Options{Force: true})
		if !errors.Is(err, record.ErrUnfinished) || !errors.Is(err, record.ErrNotWritable) {
			t.Errorf("%s: a burn was planned: %v", p.name, err)
		}
		c, err := record.NewClosing(context.Background(), d, record.CloseSession)
		if err != nil {
			t.Fatal(err)
		}
		if costs := c.Plan().Costs; len(costs) != 1 || !strings.Contains(costs[0], "nothing can be added") {
			t.Errorf("costs: %q", costs)
		}
		if got, err := c.Run(context.Background(), progress.Discard); err != nil || got.Status != "closed" {
			t.Errorf("%s: %+v, %v", p.name, got, err)
		}
		if !bytes.Equal(content(t, d, 16), was[:16*disc.SectorSize]) {
			t.Error("what was written cannot be read")
		}
	}
}

// After a power loss too, the next burn begins at an unwritten address, or is refused.
func TestBurnAfterPowerLoss(t *testing.T) {
	for _, name := range append([]string{"cd-rw", "dvd-rw"}, writeOnce...) {
		for _, p := range points {
			d := virtualtest.Blank(t, name, large)
			kill(t, d, p.op, p.after, record.Options{Appendable: true})
			if err := d.DropPower(); err != nil {
				t.Fatal(err)
			}
			if err := read.Ready(context.Background(), d); err != nil {
				t.Fatal(err)
			}
			blank := status(t, d).Status == mmc.Blank
			b, err := record.NewPlan(context.Background(), d, whole(t), record.Options{})
			if blank != (err == nil) || !blank && !errors.Is(err, record.ErrOtherAddress) {
				t.Errorf("%s, %s: the disc is %v, and the next burn is planned so: %v", name, p.name, status(t, d).Status, err)
			}
			if err != nil {
				continue
			}
			if r, err := virtualtest.Burn(context.Background(), b, progress.Discard); err != nil || !r.Verified {
				t.Errorf("%s, %s: %v", name, p.name, err)
			}
		}
	}
}

// After an interrupted disc-at-once burn, a DVD-R is filled to the reserved size, which
// closes it, and what was written can be read.
func TestKilledDiscAtOnce(t *testing.T) {
	for _, name := range []string{"dvd-r", "dvd-rw", "dvd-r dl"} {
		d := virtualtest.Blank(t, name, large)
		was := kill(t, d, 0x2A, 20, record.Options{Mode: record.DiscAtOnce})
		_, err := record.NewPlan(context.Background(), d, virtualtest.DiscOf(was), record.Options{Force: true})
		if !errors.Is(err, record.ErrUnfinished) || !errors.Is(err, record.ErrNotWritable) {
			t.Errorf("%s: a burn was planned: %v", name, err)
		}
		c, err := record.NewClosing(context.Background(), d, record.CloseSession)
		if err != nil {
			t.Fatal(err)
		}
		if p := c.Plan(); len(p.Steps) != 1 || !strings.Contains(p.Steps[0], "592 sectors") || len(p.Costs) != 1 {
			t.Errorf("plan: %+v", p)
		}
		if got, err := c.Run(context.Background(), progress.Discard); err != nil || got.Status != "closed" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if !bytes.Equal(content(t, d, 320), was[:320*disc.SectorSize]) {
			t.Error("what was written cannot be read")
		}
	}
}

// Wherever a burn is killed, with or without power loss, the disc is blank, or can be
// closed and read up to where it was written.
func TestKilledAnywhere(t *testing.T) {
	for _, name := range append([]string{"cd-rw", "dvd-rw", "dvd-r dl"}, writeOnce...) {
		for at := 1; ; at += 11 {
			d := virtualtest.Blank(t, name, large)
			want := virtualtest.Noise(900, 23)
			k := &virtualtest.Killed{Transport: d, Left: at}
			b, err := record.NewPlan(context.Background(), k, virtualtest.DiscOf(want), record.Options{Appendable: true, NoVerify: true})
			if err == nil {
				_, err = virtualtest.Burn(context.Background(), b, progress.Discard)
			}
			if err == nil {
				break // the burn has fewer commands
			}
			if at%2 == 0 {
				if err := d.DropPower(); err != nil {
					t.Fatal(err)
				}
			}
			if err := read.Ready(context.Background(), d); err != nil {
				t.Fatal(err)
			}
			if status(t, d).Status == mmc.Blank {
				r, err := burn(t, d, virtualtest.DiscOf(want), record.Options{})
				if err != nil || !r.Verified {
					t.Errorf("%s, killed at command %d: %v", name, at, err)
				}
				continue
			}
			got, err := closeDisc(t, d, record.CloseSession)
			if err != nil || got.Status == "appendable" && got.Session != "empty" {
				t.Errorf("%s, killed at command %d: %+v, %v", name, at, got, err)
				continue
			}
			if !bytes.Equal(content(t, d, 16), want[:16*disc.SectorSize]) {
				t.Errorf("%s, killed at command %d: what was written cannot be read", name, at)
			}
		}
	}
}
