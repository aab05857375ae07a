package virtual

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glassmaster/drive/scsi"
)

// TestNameOptions: the options in the name of a drive set its faults.
func TestNameOptions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disc")
	d, err := OpenName(Prefix + path + "?medium=bd-re&sectors=4096&pace=1385&load=1&polls=3&unreadable=500,502&unreadable=7&retries=20:2,21:3" +
		"&corrupt=1&lost=2,3&short=16&capacity=99&nwa=-16&discard=1&idle=a1,04&refuse=53&read-cache=600" +
		"&fail=2a@3:3/0c/00&deferred=any:1/18/01&timeout=35&hang=5b@2&never-returns=35&swap=1b:/a/b&swap-silent=1b:c&reset=2a@9&kill=5")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	want := fmt.Sprintf("%+v", Faults{
		ReadErrors: []int64{500, 502, 7}, Retries: map[int64]int{20: 2, 21: 3}, Corrupt: []int64{1}, Lost: []int64{2, 3},
		Short: 16, Capacity: 99, NWA: -16, Discard: true, Idle: []byte{0xA1, 0x04}, Refuse: []byte{0x53}, Polls: 3,
		ReadCache: ReadCache{On: true, Reads: 600},
	})
	events := d.rec.faults.Events
	d.rec.faults.Events = nil
	if got := fmt.Sprintf("%+v", d.rec.faults); got != want || !d.rec.loader || d.rec.pace.rate != 1385 {
		t.Errorf("got\n%s, want\n%s; loader %v, pace %d", got, want, d.rec.loader, d.rec.pace.rate)
	}
	for _, e := range []Event{
		{Op: 0x2A, At: 3, Sense: [3]byte{3, 0x0C, 0}},
		{Op: Any, Sense: [3]byte{1, 0x18, 1}, Deferred: true},
		{Op: 0x35, Hang: TimesOut},
		{Op: 0x5B, At: 2, Hang: Hung},
		{Op: 0x35, Hang: NeverReturns},
		{Op: 0x1B, Swap: "/a/b"},
		{Op: 0x1B, Swap: "c", Silent: true},
		{Op: 0x2A, At: 9, Reset: true},
		{Op: Any, At: 5, kill: killed},
	} {
		found := false
		for _, g := range events {
			found = found || fmt.Sprintf("%+v", g) == fmt.Sprintf("%+v", e)
		}
		if !found {
			t.Errorf("%+v is not among %+v", e, events)
		}
	}
	for _, bad := range []string{"fail=2a", "fail=2a:3/0c", "hang=xyz", "hang=2a@0", "unreadable=a", "retries=5", "swap=1b", "kill=x", "idle=1ff", "nonsense=1"} {
		if d, err := OpenName(Prefix + path + "?" + bad); err == nil {
			d.Close()
			t.Errorf("%s was accepted", bad)
		} else if !strings.Contains(err.Error(), strings.SplitN(bad, "=", 2)[0]) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// fakeClock is a clock that only advances when something sleeps.
type fakeClock struct {
	at    time.Time
	slept time.Duration
}

func (c *fakeClock) now() time.Time { return c.at }

func (c *fakeClock) sleep(_ context.Context, t time.Duration) {
	c.at = c.at.Add(t)
	c.slept += t
}

func TestPace(t *testing.T) {
	d, err := OpenName(Prefix + filepath.Join(t.TempDir(), "disc") + "?medium=dvd%2br&sectors=4000")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	d.SetNoSync()
	c := &fakeClock{at: time.Unix(1000, 0)}
	d.rec.pace = pace{rate: 4096, busy: true, clock: c} // kB/s
	run := func(c scsi.Command) {
		t.Helper()
		if _, err := d.Execute(t.Context(), c); err != nil {
			t.Fatalf("% x: %v", c.CDB, err)
		}
	}
	_, _ = d.Execute(t.Context(), scsi.Command{CDB: make([]byte, 6)}) // the unit attention
	write := func(lba, blocks int) {
		t.Helper()
		for end := lba + blocks; lba < end; lba += 16 {
			cdb := binary.BigEndian.AppendUint32([]byte{0x2A, 0}, uint32(lba))
			run(scsi.Command{CDB: append(cdb, 0, 0, 16, 0), Data: make([]byte, 16*2048), Direction: scsi.Out})
		}
	}
	buffer := func(want ...byte) {
		t.Helper()
		p := make([]byte, 12)
		run(scsi.Command{CDB: []byte{0x5C, 0, 0, 0, 0, 0, 0, 0, 12, 0}, Data: p, Direction: scsi.In})
		if !bytes.Equal(p[4:], want) {
			t.Errorf("size and free part of the buffer: % x, want % x", p[4:], want)
		}
	}
	write(0, 1024)
	if c.slept != 0 {
		t.Errorf("slept %v while the buffer had room", c.slept)
	}
	buffer(0, 0x20, 0, 0, 0, 0, 0, 0)
	c.at = c.at.Add(128 * time.Millisecond) // a quarter is written
	buffer(0, 0x20, 0, 0, 0, 8, 0, 0)
	write(1024, 256)
	full := scsi.Command{CDB: []byte{0x2A, 0, 0, 0, 5, 0, 0, 0, 16, 0}, Data: make([]byte, 16*2048), Direction: scsi.Out}
	var e *scsi.Error
	if _, err := d.Execute(t.Context(), full); !errors.As(err, &e) || e.Key != 2 || e.ASC != 4 || e.ASCQ != 8 {
		t.Errorf("WRITE to a full buffer: %v, want 2/04/08", err)
	}
	c.at = c.at.Add(128 * time.Millisecond)
	write(1280, 256)
	if c.slept != 0 {
		t.Errorf("slept %v", c.slept)
	}
	run(scsi.Command{CDB: []byte{0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0}})
	if c.slept != 512*time.Millisecond {
		t.Errorf("slept %v, want 512 ms until the buffer was empty", c.slept)
	}
}
