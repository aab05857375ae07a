package virtual_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
)

var _ scsi.Transport = (*virtual.Drive)(nil)

// bench is a drive under test.
type bench struct {
	*testing.T
	d *virtual.Drive
}

// insertBlank opens a drive with a new disc.
func insertBlank(t *testing.T, name string, sectors int64) *bench {
	t.Helper()
	return insertName(t, fmt.Sprintf("medium=%s&sectors=%d", name, sectors))
}

// insertName opens a drive with a new disc, by its options.
func insertName(t *testing.T, options string) *bench {
	t.Helper()
	return insert(t, filepath.Join(t.TempDir(), "disc"), "?"+options)
}

// insert opens a drive with a disc, and clears its first unit attention.
func insert(t *testing.T, path, options string) *bench {
	t.Helper()
	d, err := virtual.OpenName(virtual.Prefix + path + options)
	if err != nil {
		t.Fatal(err)
	}
	d.SetNoSync()
	t.Cleanup(func() { d.Close() })
	b := &bench{t, d}
	b.fails("6/29/00", "00 00 00 00 00 00")
	return b
}

// bytesOf decodes hex digits. Spaces are ignored.
func bytesOf(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// execute executes a command. It repeats it while the drive reports the progress of a long
// operation.
func (b *bench) execute(c scsi.Command) (int, error) {
	for range 10 {
		n, err := b.d.Execute(context.Background(), c)
		var e *scsi.Error
		if !errors.As(err, &e) || e.Key != scsi.KeyNotReady || !e.ProgressValid {
			return n, err
		}
	}
	return 0, errors.New("a long operation does not end")
}

// send executes a command with data to the drive.
func (b *bench) send(cdb string, data []byte) error {
	c := scsi.Command{CDB: bytesOf(cdb), Data: data, Direction: scsi.Out}
	if data == nil {
		c.Direction = scsi.None
	}
	_, err := b.execute(c)
	return err
}

// ok executes a command that must succeed.
func (b *bench) ok(cdb string, data ...byte) {
	b.Helper()
	if len(data) == 0 {
		data = nil
	}
	if err := b.send(cdb, data); err != nil {
		b.Fatalf("%s: %v", cdb, err)
	}
}

// get executes a command and returns its data.
func (b *bench) get(cdb string, room int) []byte {
	b.Helper()
	p := make([]byte, room)
	n, err := b.execute(scsi.Command{CDB: bytesOf(cdb), Data: p, Direction: scsi.In})
	if err != nil {
		b.Fatalf("%s: %v", cdb, err)
	}
	return p[:n]
}

// code returns the sense key, ASC and ASCQ of an error.
func code(err error) string {
	var e *scsi.Error
	if !errors.As(err, &e) {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%X/%02X/%02X", uint8(e.Key), e.ASC, e.ASCQ)
}

// fails executes a command that must fail with this sense.
func (b *bench) fails(want, cdb string, data ...byte) {
	b.Helper()
	c := scsi.Command{CDB: bytesOf(cdb), Data: data, Direction: scsi.Out}
	if len(data) == 0 {
		c.Data, c.Direction = make([]byte, 65536), scsi.In
	}
	_, err := b.execute(c)
	if got := code(err); got != want {
		b.Fatalf("%s: got %s, want %s", cdb, got, want)
	}
}

// pattern returns the contents of a run of sectors, which depend on the address.
func pattern(lba int64, blocks, size int) []byte {
	p := make([]byte, blocks*size)
	for i := range p {
		p[i] = byte(i%size) ^ byte((lba+int64(i/size))*7) | 1
	}
	return p
}

func (b *bench) write(lba int64, blocks, size int) error {
	cdb := make([]byte, 10)
	cdb[0] = 0x2A
	binary.BigEndian.PutUint32(cdb[2:], uint32(lba))
	binary.BigEndian.PutUint16(cdb[7:], uint16(blocks))
	_, err := b.execute(scsi.Command{CDB: cdb, Data: pattern(lba, blocks, size), Direction: scsi.Out})
	return err
}

// writes writes blocks, 16 with each command.
func (b *bench) writes(lba int64, blocks, size int) {
	b.Helper()
	for n := 0; n < blocks; n += 16 {
		if err := b.write(lba+int64(n), min(16, blocks-n), size); err != nil {
			b.Fatalf("WRITE at %d: %v", lba+int64(n), err)
		}
	}
}

// writeFails executes a WRITE that must fail.
func (b *bench) writeFails(want string, lba int64, blocks int) {
	b.Helper()
	if got := code(b.write(lba, blocks, 2048)); got != want {
		b.Fatalf("WRITE of %d blocks at %d: got %s, want %s", blocks, lba, got, want)
	}
}

// same reads blocks and compares them with those of writes.
func (b *bench) same(lba int64, blocks int) {
	b.Helper()
	for n := 0; n < blocks; n += 16 {
		at, k := lba+int64(n), min(16, blocks-n)
		got := b.get(fmt.Sprintf("28 00 %08x 00 %04x 00", at, k), k*2048)
		if !bytes.Equal(got, pattern(at, k, 2048)) {
			b.Fatalf("sectors at %d differ from what was written", at)
		}
	}
}

// nwa returns the next writable address of a track.
func (b *bench) nwa(track int) int64 {
	b.Helper()
	r := b.get(fmt.Sprintf("52 01 %08x 00 0024 00", track), 36)
	if r[7]&1 == 0 {
		b.Fatalf("track %d has no next writable address: % x", track, r)
	}
	return int64(int32(binary.BigEndian.Uint32(r[12:])))
}

// info returns the disc status, the state of the last session, the number of sessions, and
// the first and the last track of the last session.
func (b *bench) info() [5]int {
	b.Helper()
	r := b.get("51 00 00 00 00 00 00 00 22 00", 34)
	return [5]int{int(r[2] & 3), int(r[2] >> 2 & 3), int(r[4]), int(r[5]), int(r[6])}
}

func (b *bench) wantInfo(disc, last, sessions, first, final int) {
	b.Helper()
	if got, want := b.info(), [5]int{disc, last, sessions, first, final}; got != want {
		b.Fatalf("READ DISC INFORMATION: got %v, want %v (status, session, sessions, first, last)", got, want)
	}
}

// page05 sends the write parameters page.
func (b *bench) page05(b2, b3, b4 byte) {
	b.Helper()
	p := make([]byte, 60)
	p[8], p[9], p[10], p[11], p[12], p[23] = 5, 50, b2, b3, b4, 150
	b.ok("55 10 00 00 00 00 00 00 3c 00", p...)
}

func TestDVDPlusR(t *testing.T) {
	b := insertBlank(t, "dvd+r", 8000)
	b.wantInfo(0, 0, 1, 1, 1)
	b.writeFails("5/21/02", 16, 16)
	b.writeFails("5/21/00", 8000, 16)
	b.writes(0, 1000, 2048)
	b.wantInfo(1, 1, 1, 1, 1)
	if got := b.nwa(0xFF); got != 1000 {
		t.Fatalf("NWA is %d, want 1000", got)
	}
	b.ok("35 02 00 00 00 00 00 00 00 00")
	if got := b.nwa(0xFF); got != 1008 {
		t.Fatalf("NWA after SYNCHRONIZE CACHE is %d, want 1008: the ECC block is filled", got)
	}
	b.fails("5/21/00", "28 00 00 00 00 00 00 00 01 00") // the track is not complete
	b.fails("5/72/03", "5b 01 02 00 00 00 00 00 00 00")
	b.fails("5/72/03", "5b 01 06 00 00 00 00 00 00 00")
	b.ok("5b 01 01 00 00 01 00 00 00 00")
	b.same(0, 1000)
	b.fails("5/21/00", "28 00 00 00 03 f0 00 00 01 00")
	b.ok("5b 01 02 00 00 00 00 00 00 00")
	b.wantInfo(1, 0, 2, 2, 2)
	at := b.nwa(0xFF)
	if at <= 1008 || at%16 != 0 {
		t.Fatalf("NWA of the second session is %d", at)
	}
	b.writeFails("5/21/02", 1008, 16)
	b.writes(at, 160, 2048)
	b.ok("5b 01 01 00 00 02 00 00 00 00")
	b.ok("5b 01 06 00 00 00 00 00 00 00")
	b.wantInfo(2, 3, 2, 2, 2)
	b.writeFails("5/30/05", at+160, 16)
	b.same(at, 160)
}

func TestCDTrackAtOnce(t *testing.T) {
	b := insertBlank(t, "cd-r", 20000)
	b.writeFails("5/64/00", 0, 16)
	b.page05(0x41, 0xC4, 8)
	b.writeFails("5/21/02", 1, 16)
	b.writes(0, 500, 2048)
	b.fails("5/72/03", "5b 01 02 00 00 00 00 00 00 00")
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.writeFails("5/21/02", 500, 16)
	if got := b.nwa(0xFF); got != 652 {
		t.Fatalf("NWA of track 2 is %d, want 652", got)
	}
	b.ok("5b 01 02 00 00 00 00 00 00 00")
	toc := b.get("43 00 00 00 00 00 00 00 14 00", 20)
	if want := bytesOf("0012 01 01 00 14 01 00 00000000 00 14 aa 00 000001f6"); !bytes.Equal(toc, want) {
		t.Fatalf("TOC % x, want % x", toc, want)
	}
	b.same(0, 500)
	b.fails("3/11/05", "28 00 00 00 01 f4 00 00 01 00")
	if got := b.nwa(0xFF); got != 502+11400 {
		t.Fatalf("NWA of session 2 is %d, want %d", got, 502+11400)
	}
	b.page05(0x41, 0x04, 8)
	b.writes(502+11400, 300, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.ok("5b 01 02 00 00 00 00 00 00 00")
	b.wantInfo(2, 3, 2, 2, 2)
	b.writeFails("5/30/05", 13000, 16)
}

func TestDVDMinusR(t *testing.T) {
	t.Run("incremental", func(t *testing.T) {
		b := insertBlank(t, "dvd-r", 40000)
		b.writeFails("5/64/00", 0, 16)
		b.page05(0x60, 0xE5, 8)
		b.writes(0, 320, 2048)
		b.ok("35 00 00 00 00 00 00 00 00 00")
		b.ok("5b 00 01 00 00 01 00 00 00 00")
		b.fails("5/24/00", "52 01 00 00 00 ff 00 00 24 00")
		if r := b.get("52 01 00 00 00 02 00 00 24 00", 36); r[6]&0x30 != 0x20 {
			t.Errorf("the next track is not one of variable packets: % x", r)
		}
		if got := b.nwa(2); got != 320 {
			t.Fatalf("NWA of track 2 is %d, want 320", got)
		}
		b.ok("5b 00 02 00 00 00 00 00 00 00")
		b.wantInfo(1, 0, 2, 2, 2)
		b.same(0, 320)
	})
	t.Run("disc at once", func(t *testing.T) {
		b := insertBlank(t, "dvd-r", 40000)
		b.page05(0x42, 0x05, 8)
		b.ok("53 00 00 00 00 00 00 01 40 00")
		b.writes(0, 320, 2048)
		b.writeFails("5/63/00", 320, 16)
		b.ok("35 00 00 00 00 00 00 00 00 00")
		b.wantInfo(2, 3, 1, 1, 1)
		b.writeFails("5/30/05", 320, 16)
		b.same(0, 320)
	})
}

// hex32 and hex16 return fields of a CDB.
func hex32(n int) string { return fmt.Sprintf("%08x", uint32(n)) }
func hex16(n int) string { return fmt.Sprintf("%04x", n) }
