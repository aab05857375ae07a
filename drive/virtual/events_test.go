package virtual_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
)

// sensed executes a command and returns sense key, ASC and ASCQ, after a D if the error is
// deferred.
func (b *bench) sensed(cdb string, data []byte) string {
	err := b.send(cdb, data)
	var e *scsi.Error
	if errors.As(err, &e) && e.Deferred {
		return "D " + code(err)
	}
	return code(err)
}

// TestDeferred: every command that needs the disc can report a deferred error, and is then
// not executed.
func TestDeferred(t *testing.T) {
	const read = "5c 00 00 00 00 00 00 00 00 00"
	for _, c := range []struct {
		cdb  string
		op   byte
		data []byte
	}{
		{"00 00 00 00 00 00", 0x00, nil},
		{"2a 00 00 00 00 20 00 00 10 00", 0x2A, pattern(32, 16, 2048)},
		{"35 00 00 00 00 00 00 00 00 00", 0x35, nil},
		{"5b 00 01 00 00 01 00 00 00 00", 0x5B, nil},
		{read, 0x5C, nil},
		{"1b 00 00 00 02 00", 0x1B, nil},
	} {
		for _, key := range []byte{1, 3} {
			b := insertBlank(t, "dvd+r", 4000)
			b.writes(0, 32, 2048)
			b.d.SetFaults(virtual.Faults{Events: []virtual.Event{{Op: c.op, At: 2, Sense: [3]byte{key, 0x0C, 0x00}, Deferred: true}}})
			if c.op == scsi.OpTestUnitReady || c.op == scsi.OpReadBufferCapacity || c.op == scsi.OpSynchronizeCache { // twice without harm
				b.ok(c.cdb)
			} else {
				b.d.SetFaults(virtual.Faults{Events: []virtual.Event{{Op: c.op, Sense: [3]byte{key, 0x0C, 0x00}, Deferred: true}}})
			}
			if got, want := b.sensed(c.cdb, c.data), fmt.Sprintf("D %X/0C/00", key); got != want {
				t.Errorf("%s: %s, want %s", c.cdb, got, want)
			}
			if got := b.nwa(0xFF); got != 32 {
				t.Errorf("%s was executed: the next address is %d", c.cdb, got)
			}
			b.ok(c.cdb, c.data...)
		}
	}
	b := insertBlank(t, "dvd+r", 4000)
	b.d.SetFaults(virtual.Faults{Events: []virtual.Event{{Op: virtual.Any, Sense: [3]byte{3, 0x0C, 0}, Deferred: true}}})
	b.get("12 00 00 00 24 00", 36)
	if got := b.sensed("00 00 00 00 00 00", nil); got != "D 3/0C/00" {
		t.Errorf("after INQUIRY: %s", got)
	}
}

// TestHangs: commands that time out are counted in Waited, without real waiting.
func TestHangs(t *testing.T) {
	b := insertBlank(t, "dvd+r", 4000)
	b.d.SetFaults(virtual.Faults{Events: []virtual.Event{{Op: 0x35, At: 2, Hang: virtual.TimesOut}}})
	const flush = "35 00 00 00 00 00 00 00 00 00"
	b.ok(flush)
	if err := b.send(flush, nil); !errors.Is(err, scsi.ErrTimeout) || b.d.Waited() != scsi.DefaultTimeout {
		t.Errorf("%v, waited %v", err, b.d.Waited())
	}
	b.ok(flush)
	b.d.SetFaults(virtual.Faults{Events: []virtual.Event{{Op: 0x35, Hang: virtual.Hung}}})
	for _, cdb := range []string{flush, "00 00 00 00 00 00", "1e 00 00 00 00 00"} {
		c := scsi.Command{CDB: bytesOf(cdb), Timeout: time.Hour}
		if _, err := b.d.Execute(context.Background(), c); !errors.Is(err, scsi.ErrTimeout) {
			t.Errorf("%s of a drive that hangs: %v", cdb, err)
		}
	}
	if got := b.d.Waited(); got != 3*time.Hour+scsi.DefaultTimeout {
		t.Errorf("waited %v", got)
	}
	began := make(chan bool, 1)
	b.d.SetFaults(virtual.Faults{Events: []virtual.Event{{Op: 0x35, Hang: virtual.NeverReturns, Do: func() { began <- true }}}})
	ctx, cancel := context.WithCancel(context.Background())
	end := make(chan error)
	go func() {
		_, err := b.d.Execute(ctx, scsi.Command{CDB: bytesOf(flush)})
		end <- err
	}()
	<-began
	cancel()
	if err := <-end; !errors.Is(err, context.Canceled) {
		t.Errorf("a command that does not return: %v", err)
	}
	b.ok(flush)
}

// TestReadCache: the drive returns what was sent, until the disc was stopped or enough other
// sectors were read.
func TestReadCache(t *testing.T) {
	sent := pattern(0, 16, 2048)
	const read = "28 00 00 00 00 00 00 00 10 00"
	for _, c := range []struct {
		name  string
		cache virtual.ReadCache
		do    func(*bench)
		cdb   string
		wrong bool // the answer is not what the disc holds
	}{
		{"at once", virtual.ReadCache{}, func(*bench) {}, read, true},
		{"FUA", virtual.ReadCache{}, func(*bench) {}, "28 08 00 00 00 00 00 00 10 00", false},
		{"FUA, deaf", virtual.ReadCache{IgnoresFUA: true}, func(*bench) {}, "28 08 00 00 00 00 00 00 10 00", true},
		{"few others", virtual.ReadCache{Reads: 17}, func(b *bench) { b.get("28 00 00 00 00 40 00 00 10 00", 32768) }, read, true},
		{"enough others", virtual.ReadCache{Reads: 16}, func(b *bench) { b.get("28 00 00 00 00 40 00 00 10 00", 32768) }, read, false},
		{"stopped", virtual.ReadCache{}, func(b *bench) { b.ok("1b 00 00 00 00 00"); b.ok("1b 00 00 00 01 00") }, read, false},
		{"stopped, kept", virtual.ReadCache{KeptOnStop: true}, func(b *bench) { b.ok("1b 00 00 00 00 00"); b.ok("1b 00 00 00 01 00") }, read, true},
		{"tray", virtual.ReadCache{KeptOnStop: true}, func(b *bench) {
			b.ok("1b 00 00 00 02 00")
			b.ok("1b 00 00 00 03 00")
			b.fails("6/28/00", "00 00 00 00 00 00")
		}, read, false},
	} {
		b := insertBlank(t, "bd-re", 4096)
		b.ok(formatCDB, formatList(0, formatFull, 0, 0)...)
		c.cache.On = true
		b.d.SetFaults(virtual.Faults{Corrupt: []int64{7}, ReadCache: c.cache})
		b.writes(0, 16, 2048)
		c.do(b)
		if got := bytes.Equal(b.get(c.cdb, 32768), sent); got != c.wrong {
			t.Errorf("%s: read what was sent is %v", c.name, got)
		}
	}
}

// TestSwap: the disc is exchanged, and the drive reports it or does not.
func TestSwap(t *testing.T) {
	for _, silent := range []bool{false, true} {
		other := insertBlank(t, "dvd+r", 4000)
		other.writes(0, 32, 2048)
		path := other.d.Path()
		other.d.Close()
		b := insertBlank(t, "bd-r", 4096)
		b.d.SetFaults(virtual.Faults{Events: []virtual.Event{{Op: 0x51, At: 2, Swap: path, Silent: silent}}})
		b.wantInfo(0, 0, 1, 1, 1)
		if !silent {
			b.fails("6/28/00", "51 00 00 00 00 00 00 00 22 00")
		}
		b.wantInfo(1, 1, 1, 1, 1)
		if p := b.get("46 00 00 00 00 00 00 00 08 00", 8); p[7] != 0x1B {
			t.Errorf("profile % x", p)
		}
	}
}

// TestBadSectors: sectors that need more attempts, lost sectors, a short track, a wrong next
// writable address, commands that do nothing.
func TestBadSectors(t *testing.T) {
	b := insertBlank(t, "dvd+r", 4000)
	b.d.SetFaults(virtual.Faults{Retries: map[int64]int{20: 2}, Lost: []int64{3, 4}, Short: 16, NWA: 32})
	b.writes(0, 64, 2048)
	if got := b.nwa(0xFF); got != 96 {
		t.Errorf("next address %d, want one that is wrong by 32", got)
	}
	b.ok("5b 00 01 00 00 01 00 00 00 00")
	b.ok("5b 00 06 00 00 00 00 00 00 00")
	for range 2 {
		b.fails("3/11/00", "28 00 00 00 00 10 00 00 10 00")
	}
	b.same(16, 16)
	b.fails("5/21/00", "28 00 00 00 00 30 00 00 01 00")
	want := pattern(0, 16, 2048)
	clear(want[3*2048 : 5*2048])
	if got := b.get("28 00 00 00 00 00 00 00 10 00", 32768); !bytes.Equal(got, want) {
		t.Error("other sectors than 3 and 4 were lost")
	}
	b = insertBlank(t, "cd-rw", 4000)
	b.page05(0x41, 0x04, 8)
	b.d.SetFaults(virtual.Faults{Idle: []byte{0xA1, 0x1B}})
	b.writes(0, 320, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.ok("5b 00 02 00 00 00 00 00 00 00")
	b.ok("a1 01 00 00 00 00 00 00 00 00 00 00")
	b.ok("1b 00 00 00 02 00")
	b.wantInfo(2, 3, 1, 1, 1)
	b.same(0, 320)
}

// TestReset: a drive that restarts loses its buffer, and reports the reset.
func TestReset(t *testing.T) {
	b := insertBlank(t, "dvd+r", 4000)
	b.writes(0, 32, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.writes(32, 64, 2048)
	b.d.SetFaults(virtual.Faults{Events: []virtual.Event{{Op: 0x2A, Reset: true}}})
	b.writeFails("6/29/00", 96, 16)
	if got := b.nwa(0xFF); got != 32 {
		t.Errorf("next address %d, want 32", got)
	}
}

// TestKill: after the program is killed the disc has all that was sent, and after a power
// failure only what was synchronized.
func TestKill(t *testing.T) {
	if path := os.Getenv("VIRTUAL_TEST_KILL"); path != "" {
		d, err := virtual.OpenName(path)
		if err != nil {
			t.Fatal(err)
		}
		b := &bench{t, d}
		b.fails("6/29/00", "00 00 00 00 00 00")
		b.writes(0, 32, 2048)
		b.ok("35 00 00 00 00 00 00 00 00 00")
		b.writes(32, 64, 2048)
		t.Fatal("the program was not killed")
	}
	for option, want := range map[string]int64{"kill=6": 48, "cut=6": 32} {
		path := filepath.Join(t.TempDir(), "disc")
		c := exec.Command(os.Args[0], "-test.run=^TestKill$")
		c.Env = append(os.Environ(), "VIRTUAL_TEST_KILL="+virtual.Prefix+path+"?medium=dvd+r&sectors=4000&"+option)
		out, err := c.CombinedOutput()
		if err == nil || bytes.Contains(out, []byte("FAIL")) {
			t.Fatalf("%s: %v\n%s", option, err, out)
		}
		d, err := virtual.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		b := &bench{t, d}
		b.fails("6/29/00", "00 00 00 00 00 00")
		if got := b.nwa(0xFF); got != want {
			t.Errorf("%s: next address %d, want %d", option, got, want)
		}
	}
}
