package virtual_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/mastering/image/discfile"
)

func TestFaults(t *testing.T) {
	b := insertBlank(t, "dvd+r", 4000)
	b.d.SetFaults(virtual.Faults{
		WriteErrors: map[int64][3]byte{40: {3, 0x0C, 0x00}},
		Corrupt:     []int64{5},
		Refuse:      []byte{0x53, 0x5C},
		Capacity:    3200,
	})
	b.fails("5/20/00", "53 00 00 00 00 00 00 00 40 00")
	b.fails("5/20/00", "5c 00 00 00 00 00 00 00 0c 00")
	b.writes(0, 32, 2048)
	b.writeFails("3/0C/00", 32, 16)
	if got := b.nwa(0xFF); got != 32 {
		t.Errorf("NWA %d after a write error, want 32", got)
	}
	if r := b.get("52 01 00 00 00 ff 00 00 24 00", 36); r[18] != 0x0C || r[19] != 0x60 { // 3168
		t.Errorf("the free blocks are not those of the reported capacity: % x", r)
	}
	b.ok("5b 00 01 00 00 01 00 00 00 00")
	b.d.SetFaults(virtual.Faults{ReadErrors: []int64{20}})
	got := b.get("28 00 00 00 00 00 00 00 10 00", 32768)
	want := pattern(0, 16, 2048)
	if bytes.Equal(got, want) {
		t.Error("sector 5 was not corrupted")
	}
	want[5*2048+1024] ^= 0x40
	if !bytes.Equal(got, want) {
		t.Error("more than one bit of sector 5 is wrong")
	}
	_, err := b.d.Execute(context.Background(), scsi.Command{CDB: bytesOf("28 00 00 00 00 10 00 00 10 00"), Data: make([]byte, 32768), Direction: scsi.In})
	var e *scsi.Error
	if !errors.As(err, &e) || code(err) != "3/11/05" || e.Information != 20 || !e.InformationValid {
		t.Errorf("read error: %v", err)
	}
}

func TestBufferFull(t *testing.T) {
	b := insertBlank(t, "dvd+r", 4000)
	b.d.SetFaults(virtual.Faults{BufferFullEvery: 3})
	b.writes(0, 32, 2048)
	b.writeFails("2/04/08", 32, 16)
	b.writes(32, 32, 2048)
	b.writeFails("2/04/08", 64, 16)
}

func TestDiscard(t *testing.T) {
	for _, medium := range []string{"cd-r", "dvd-r", "dvd+r", "bd-r"} {
		b := insertBlank(t, medium, 4000)
		b.d.SetFaults(virtual.Faults{Discard: true})
		if medium == "cd-r" {
			b.page05(0x41, 0x04, 8)
		} else {
			b.page05(0x40, 0x05, 8)
		}
		b.writes(0, 320, 2048)
		b.ok("35 00 00 00 00 00 00 00 00 00")
		b.ok("5b 00 01 00 00 01 00 00 00 00")
		b.ok("5b 00 02 00 00 00 00 00 00 00")
		b.wantInfo(0, 0, 1, 1, 1)
	}
}

func TestLongOperations(t *testing.T) {
	b := insertBlank(t, "cd-rw", 4000)
	b.d.SetFaults(virtual.Faults{Polls: 2})
	b.ok("a1 11 00 00 00 00 00 00 00 00 00 00")
	for _, want := range []uint16{0, 0x8000} {
		_, err := b.d.Execute(context.Background(), scsi.Command{CDB: make([]byte, 6)})
		var e *scsi.Error
		if !errors.As(err, &e) || code(err) != "2/04/07" || !e.ProgressValid || e.Progress != want {
			t.Fatalf("poll: %v, want progress %x", err, want)
		}
	}
	b.ok("00 00 00 00 00 00")
	b.ok("a1 01 00 00 00 00 00 00 00 00 00 00") // not immediate
	b.ok("00 00 00 00 00 00")
	b.ok("a1 11 00 00 00 00 00 00 00 00 00 00")
	if s := b.get("03 00 00 00 12 00", 18); s[2] != 2 || s[12] != 4 || s[13] != 7 || s[15]&0x80 == 0 {
		t.Errorf("REQUEST SENSE during a long operation: % x", s)
	}
}

func TestPowerFails(t *testing.T) {
	b := insertBlank(t, "dvd+r", 4000)
	b.writes(0, 32, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.writes(32, 64, 2048)
	if err := b.d.DropPower(); err != nil {
		t.Fatal(err)
	}
	b.fails("6/29/00", "00 00 00 00 00 00")
	if got := b.nwa(0xFF); got != 32 {
		t.Errorf("NWA %d after the power failed, want 32: the rest was not synchronized", got)
	}
	b.ok("5b 00 01 00 00 01 00 00 00 00")
	b.same(0, 32)

	b = insertBlank(t, "bd-re", 3200)
	b.ok(formatCDB, formatList(0, formatFull, 0, 0)...)
	b.writes(0, 32, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.ok("2a 00 00 00 00 00 00 00 10 00", pattern(5, 16, 2048)...)
	if err := b.d.DropPower(); err != nil {
		t.Fatal(err)
	}
	b.fails("6/29/00", "00 00 00 00 00 00")
	b.same(0, 32)
}

// TestPersistence: a disc does not change when its file is closed and opened.
func TestPersistence(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disc")
	m, _ := virtual.ParseMedium("dvd+r")
	if err := virtual.Create(path, m, virtual.Options{Sectors: 4000}); err != nil {
		t.Fatal(err)
	}
	if err := virtual.Create(path, m, virtual.Options{}); !errors.Is(err, os.ErrExist) {
		t.Errorf("an existing disc was overwritten: %v", err)
	}
	reopen := func() *bench {
		t.Helper()
		d, err := virtual.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		b := &bench{t, d}
		b.fails("6/29/00", "00 00 00 00 00 00")
		return b
	}
	b := reopen()
	b.writes(0, 48, 2048)
	b.d.Close() // without SYNCHRONIZE CACHE: a drive writes its buffer all the same
	b = reopen()
	b.wantInfo(1, 1, 1, 1, 1)
	if got := b.nwa(0xFF); got != 48 {
		t.Fatalf("NWA %d, want 48", got)
	}
	b.writes(48, 16, 2048)
	b.ok("5b 00 01 00 00 01 00 00 00 00")
	b.ok("5b 00 06 00 00 00 00 00 00 00")
	b.d.Close()
	b = reopen()
	b.wantInfo(2, 3, 1, 1, 1)
	b.same(0, 64)
	if err := b.d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.send("00 00 00 00 00 00", nil); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a closed drive: %v", err)
	}
}

// TestDamagedFile: if the newest state is damaged, the older one is used. If both states or
// the footer are damaged, the disc is refused.
func TestDamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disc")
	m, _ := virtual.ParseMedium("dvd+r")
	if err := virtual.Create(path, m, virtual.Options{Sectors: 160}); err != nil {
		t.Fatal(err)
	}
	d, err := virtual.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t, d}
	b.fails("6/29/00", "00 00 00 00 00 00")
	b.writes(0, 16, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00") // state 2, in slot 0
	const base = int64(160 * 2048)        // of the first slot
	d.Close()

	patch := func(off int64, v byte) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteAt([]byte{v}, off); err != nil {
			t.Fatal(err)
		}
	}
	patch(base+20, '!')
	if d, err = virtual.Open(path); err != nil {
		t.Fatal(err)
	}
	b = &bench{t, d}
	b.fails("6/29/00", "00 00 00 00 00 00")
	b.wantInfo(0, 0, 1, 1, 1)
	d.Close()
	patch(base+1<<20+20, '!')
	if _, err := virtual.Open(path); err == nil {
		t.Error("a disc without a state was opened")
	}
	patch(base+2*1<<20+30, '!')
	if _, err := virtual.Open(path); err == nil {
		t.Error("a disc with a damaged footer was opened")
	}
}

// TestSharedDrive: opening a disc again in the same process connects to the same drive.
func TestSharedDrive(t *testing.T) {
	b := insertBlank(t, "dvd+r", 4000)
	other, err := virtual.Open(b.d.Path())
	if err != nil {
		t.Fatal(err)
	}
	b.writes(0, 16, 2048)
	if got := (&bench{t, other}).nwa(0xFF); got != 16 {
		t.Errorf("the second connection sees NWA %d, want 16", got)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	b.writes(16, 16, 2048)

	if f, _, err := discfile.Open(b.d.Path()); err == nil { // as another process would
		f.Close() // a file system without locks
	} else if !errors.Is(err, discfile.ErrInUse) {
		t.Errorf("a locked disc: %v", err)
	}
	b.ok("1b 00 00 00 02 00")
	f, _, err := discfile.Open(b.d.Path())
	if err != nil {
		t.Fatalf("an ejected disc is still locked: %v", err)
	}
	f.Close()
}

func TestTray(t *testing.T) {
	b := insertBlank(t, "dvd+r", 4000)
	b.writes(0, 16, 2048)
	b.ok("5b 00 01 00 00 01 00 00 00 00")
	b.ok("1e 00 00 00 01 00")
	b.fails("5/53/02", "1b 00 00 00 02 00")
	b.ok("1e 00 00 00 00 00")
	b.ok("1b 00 00 00 02 00")
	b.fails("2/3A/02", "00 00 00 00 00 00")
	if e := b.get("4a 01 00 00 10 00 00 00 08 00", 8); e[4] != 3 || e[5] != 1 {
		t.Errorf("event after ejecting: % x", e)
	}
	if p := b.get("46 00 00 00 00 00 00 00 08 00", 8); p[6] != 0 || p[7] != 0 {
		t.Errorf("profile of an empty drive: % x", p)
	}
	if r := b.get("23 00 00 00 00 00 00 00 0c 00", 12); r[8] != 3 {
		t.Errorf("capacity type of an empty drive: % x", r)
	}
	b.ok("1b 00 00 00 03 00")
	b.fails("6/28/00", "00 00 00 00 00 00")
	b.ok("00 00 00 00 00 00")
	if e := b.get("4a 01 00 00 10 00 00 00 08 00", 8); e[4] != 2 || e[5] != 2 {
		t.Errorf("event after loading: % x", e)
	}
	b.same(0, 16)
}

func TestTestWrite(t *testing.T) {
	b := insertBlank(t, "cd-r", 4000)
	b.page05(0x11, 0x04, 8)
	b.writes(0, 320, 2048)
	b.writeFails("5/21/02", 0, 16) // the order counts in a test, too
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.ok("5b 00 02 00 00 00 00 00 00 00")
	b.wantInfo(0, 0, 1, 1, 1)
	b.page05(0x01, 0x04, 8)
	b.writes(0, 320, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.wantInfo(1, 1, 1, 1, 2)
}

func TestMisuse(t *testing.T) {
	b := insertBlank(t, "dvd+r", 4000)
	for _, c := range []scsi.Command{
		{CDB: bytesOf("2a 00 00 00 00 00 00 00 10 00"), Data: make([]byte, 15*2048), Direction: scsi.Out},
		{CDB: bytesOf("2a 00 00 00 00 00 00 00 10 00"), Data: make([]byte, 16*2048), Direction: scsi.In},
		{CDB: bytesOf("12 00 00 00 24 00"), Data: make([]byte, 8), Direction: scsi.In},
		{CDB: bytesOf("12 00 00")},
		{CDB: bytesOf("55 10 00 00 00 00 00 00 3c 00"), Data: make([]byte, 59), Direction: scsi.Out},
		{},
	} {
		_, err := b.d.Execute(context.Background(), c)
		if err == nil || !strings.Contains(err.Error(), "misuse of the transport") || code(err) != "5/24/00" {
			t.Errorf("% x with %d bytes: %v", c.CDB, len(c.Data), err)
		}
	}
	b.wantInfo(0, 0, 1, 1, 1)
}
