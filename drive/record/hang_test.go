package record_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/progress"
)

// hanging is a drive that hangs from one command on: each command times out. With busy
// set it answers instead, and reports busy forever.
type hanging struct {
	scsi.Transport
	op   byte // the command that it begins with
	at   int  // at the at-th of them; 0: never
	busy bool

	seen  map[byte]int
	since time.Time     // when it began, zero before
	limit time.Duration // of the first command
	after []byte        // operation codes that were sent after it
}

func (h *hanging) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if h.seen == nil {
		h.seen = map[byte]int{}
	}
	h.seen[c.CDB[0]]++
	timeout := c.Timeout
	if timeout == 0 {
		timeout = scsi.DefaultTimeout
	}
	switch {
	case !h.since.IsZero():
		h.after = append(h.after, c.CDB[0])
	case c.CDB[0] == h.op && h.seen[h.op] == h.at:
		h.since, h.limit = time.Now(), timeout
	default:
		return h.Transport.Execute(ctx, c)
	}
	if h.busy {
		return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, []byte{0x70, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 4, 8, 0, 0, 0, 0})
	}
	time.Sleep(timeout)
	return 0, fmt.Errorf("%w (%v)", scsi.ErrTimeout, timeout)
}

// longest is the time until the user is noticed that a drive hangs: the timeout of the
// command, and five seconds for unlocking the tray.
func (h *hanging) longest() time.Duration { return h.limit + 5*time.Second }

// run burns in a synctest bubble, whose clock skips waits, and returns the time since the
// drive began to hang.
func (h *hanging) run(t *testing.T, medium string, erase bool) (r record.Result, took time.Duration, err error) {
	t.Helper()
	h.Transport = virtualtest.Blank(t, medium, small)
	ctx, o := context.Background(), record.Options{}
	if erase {
		err = record.Blank(ctx, h, true, progress.Discard)
		return r, time.Since(h.since), err
	}
	b, err := record.NewPlan(ctx, h, virtualtest.DiscOf(virtualtest.Noise(300, 3)), o)
	if err == nil {
		r, err = virtualtest.Burn(ctx, b, progress.Discard)
	}
	return r, time.Since(h.since), err
}

// A drive that hangs at the first or last command of any kind during burning or erasing
// is reported within the timeout of that command. Only the command that unlocks the tray
// is sent after that.
func TestDriveHangs(t *testing.T) {
	for _, m := range []struct {
		medium string
		erase  bool
	}{
		{"cd-r", false},
		{"dvd-r", false},
		{"dvd+r", false},
		{"dvd+rw", false},
		{"bd-r", false},
		{"bd-re", false},
		{"cd-rw", true},
		{"dvd-rw", true},
		{"dvd+rw", true},
	} {
		sound := &hanging{}
		if _, _, err := sound.run(t, m.medium, m.erase); err != nil {
			t.Fatal(err)
		}
		for op, n := range sound.seen {
			for _, at := range []int{1, n} {
				h := &hanging{op: op, at: at}
				name := fmt.Sprintf("%s, erase %v, %s %d of %d", m.medium, m.erase, scsi.Describe([]byte{op}), at, n)
				synctest.Test(t, func(t *testing.T) {
					r, took, err := h.run(t, m.medium, m.erase)
					synctest.Wait() // for goroutines that the program left running
					if took > h.longest() {
						t.Errorf("%s: reported after %v, want %v at most", name, took, h.longest())
					}
					for _, later := range h.after {
						if later != 0x1E {
							t.Errorf("%s: %s was sent", name, scsi.Describe([]byte{later}))
						}
					}
					switch {
					case err != nil && !errors.Is(err, scsi.ErrTimeout):
						t.Errorf("%s: %v", name, err)
					case err == nil && !m.erase && len(r.Notices) == 0:
						t.Errorf("%s: it is not reported", name)
					case err == nil && m.erase && op != scsi.OpPreventAllowMediumRemoval: // unlocking the tray is optional
						t.Errorf("%s: it is not reported", name)
					}
				})
			}
		}
	}
}

// A drive that stays busy forever hangs too, whether or not it answers: the wait has one
// limit, not one for each command.
func TestDriveStaysBusy(t *testing.T) {
	const longest = 31 * time.Minute // closing a disc may take half an hour
	for _, medium := range []string{"cd-r", "dvd-r", "dvd+r", "dvd+rw", "bd-r"} {
		for _, op := range []byte{0x00, 0x2A, 0x35, 0x51, 0x5B, 0x53} {
			for _, at := range []int{1, 2, 3} {
				h := &hanging{op: op, at: at, busy: true}
				synctest.Test(t, func(t *testing.T) {
					_, took, err := h.run(t, medium, false)
					synctest.Wait() // for goroutines that the program left running
					if h.since.IsZero() {
						return // no such command in this burn
					}
					if took > longest || err == nil {
						t.Errorf("%s, %s %d: %v after %v", medium, scsi.Describe([]byte{op}), at, err, took)
					}
				})
			}
		}
	}
}

// If a burn cannot be checked because the drive hangs, the error says so and does not
// blame the disc.
func TestHangsAfterBurn(t *testing.T) {
	for _, m := range media {
		sound := &hanging{}
		if _, _, err := sound.run(t, m.name, false); err != nil {
			t.Fatal(err)
		}
		for _, op := range []byte{0x1B, 0x25, 0x28, 0x46, 0x51} {
			h := &hanging{op: op, at: sound.seen[op]}
			synctest.Test(t, func(t *testing.T) {
				r, _, err := h.run(t, m.name, false)
				synctest.Wait() // for goroutines that the program left running
				var e *record.Error
				if h.since.IsZero() || err == nil { // sent after the comparison
					return
				}
				if !errors.As(err, &e) || errors.Is(err, record.ErrNotOnDisc) || errors.Is(err, record.ErrDiffers) || r.Verified {
					t.Errorf("%s, %s: %v", m.name, scsi.Describe([]byte{op}), err)
				}
				if !strings.Contains(e.Advice, "switch it off and on again") || len(r.Notices) > 0 {
					t.Errorf("%s, %s: advice %q, warnings %q", m.name, scsi.Describe([]byte{op}), e.Advice, r.Notices)
				}
			})
		}
	}
}

// If the drive hangs before the first sector, the disc is not blamed: the advice is about
// the drive, and no warning repeats it.
func TestHangsBeforeBurn(t *testing.T) {
	for _, c := range []struct {
		medium string
		op     byte // that hangs
		broken bool // an earlier burn was interrupted
	}{
		{"cd-rw", 0xA1, false},
		{"dvd+rw", 0x04, false},
		{"dvd+r", 0x5B, true},
		{"bd-r", 0x5B, true},
	} {
		t.Run(c.medium, func(t *testing.T) {
			d := virtualtest.Blank(t, c.medium, small)
			if c.medium != "dvd+rw" { // which is formatted while it is new
				if c.broken {
					d.SetFaults(virtual.Faults{Events: []virtual.Event{{Op: 0x2A, At: 9, Hang: virtual.Hung}}})
				}
				if _, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(600, 3)), record.Options{}); (err != nil) != c.broken {
					t.Fatal(err)
				}
			}
			d.SetFaults(virtual.Faults{Events: []virtual.Event{{Op: c.op, Hang: virtual.Hung}}})
			o := record.Options{Blank: true, Force: true}
			r, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(600, 4)), o)
			var e *record.Error
			if !errors.As(err, &e) || !strings.HasPrefix(e.Advice, "the drive hangs: switch it off and on again") || len(r.Notices) > 1 {
				t.Errorf("%v, %q", err, r.Notices)
			}
		})
	}
}

// plain is a drive that rejects or ignores the Immed bit of SYNCHRONIZE CACHE: it answers
// when it is done, after this time.
type plain struct {
	scsi.Transport
	refuses bool
	takes   time.Duration
	synced  int // commands that were carried out
}

func (p *plain) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if c.CDB[0] == scsi.OpSynchronizeCache || c.CDB[0] == scsi.OpCloseTrackSession {
		if p.refuses && c.CDB[0] == scsi.OpSynchronizeCache && c.CDB[1]&2 != 0 {
			return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, []byte{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0, 0, 0, 0, 0})
		}
		if p.takes > c.Timeout {
			time.Sleep(c.Timeout)
			return 0, scsi.ErrTimeout
		}
		time.Sleep(p.takes)
		if c.CDB[0] == scsi.OpSynchronizeCache {
			p.synced++
		}
	}
	return p.Transport.Execute(ctx, c)
}

// The buffer of a drive without Immed is flushed too, and a drive that writes the
// lead-out before it answers is not treated as hanging. A message says that it has not
// answered yet.
func TestWithoutImmed(t *testing.T) {
	for _, c := range []struct {
		medium  string
		o       record.Options
		refuses bool
		takes   time.Duration
	}{
		{"cd-r", record.Options{}, true, 0},
		{"dvd-r", record.Options{Mode: record.DiscAtOnce}, true, 0},
		{"dvd-r", record.Options{Mode: record.DiscAtOnce}, false, 12 * time.Minute},
		{"dvd-r", record.Options{}, false, 12 * time.Minute},
	} {
		t.Run(fmt.Sprintf("%s, refuses %v, takes %v", c.medium, c.refuses, c.takes), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &plain{Transport: virtualtest.Blank(t, c.medium, small), refuses: c.refuses, takes: c.takes}
				b, err := record.NewPlan(context.Background(), p, virtualtest.DiscOf(virtualtest.Noise(600, 3)), c.o)
				if err != nil {
					t.Fatal(err)
				}
				var m progress.Meter
				r, err := virtualtest.Burn(context.Background(), b, &m)
				if err != nil || !r.Verified || p.synced == 0 {
					t.Errorf("%v, %+v", err, r)
				}
				noticed := false
				for _, x := range m.Log(0) {
					noticed = noticed || strings.Contains(x.Text, "has not answered")
				}
				if noticed != (c.takes > 0) {
					t.Errorf("noticed %v", noticed)
				}
			})
		})
	}
}
