package virtual_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"testing"

	"glassmaster/drive/virtual"
)

// formatList returns the parameter list of FORMAT UNIT.
func formatList(blocks uint32, kind, sub byte, parameter uint32) []byte {
	b := []byte{0, 2, 0, 8}
	b = binary.BigEndian.AppendUint32(b, blocks)
	return binary.BigEndian.AppendUint32(b, uint32(kind<<2|sub)<<24|parameter)
}

// Format types of FORMAT UNIT (MMC-6 6.4).
const (
	formatFull      = 0x00 // the whole disc
	formatRAMSpare  = 0x01 // DVD-RAM, a larger spare area
	formatRWFull    = 0x10 // DVD-RW, the whole disc
	formatRWQGrow   = 0x13 // DVD-RW, enlarge the formatted part
	formatRWQuick   = 0x15 // DVD-RW, quick
	formatPlusRW    = 0x26 // DVD+RW
	formatBDRESpare = 0x30 // BD-RE, with spare areas
	formatBDREPlain = 0x31 // BD-RE, without
	formatBDRSpare  = 0x32 // BD-R
)

const formatCDB = "04 11 00 00 00 00"

func TestCDRW(t *testing.T) {
	b := insertBlank(t, "cd-rw", 5000)
	for _, kind := range []string{"a1 11", "a1 00"} {
		b.page05(0x01, 0x04, 8)
		b.writes(0, 400, 2048)
		b.ok("35 00 00 00 00 00 00 00 00 00")
		b.ok("5b 00 02 00 00 00 00 00 00 00")
		b.wantInfo(2, 3, 1, 1, 1)
		b.fails("5/24/00", "a1 07 00 00 00 00 00 00 00 00 00 00")
		b.ok(kind + " 00 00 00 00 00 00 00 00 00 00")
		b.wantInfo(0, 0, 1, 1, 1)
		b.fails("5/21/00", "28 00 00 00 00 00 00 00 01 00")
	}
	if p, err := os.ReadFile(b.d.Path()); err != nil || !bytes.Equal(p[:400*2048], make([]byte, 400*2048)) {
		t.Error("BLANK of the whole disc did not erase the data in the file")
	}
}

func TestDVDRWSequential(t *testing.T) {
	b := insertBlank(t, "dvd-rw", 40000)
	b.page05(0x60, 0xE5, 8)
	b.writes(0, 160, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.ok("a1 11 00 00 00 00 00 00 00 00 00 00")
	b.wantInfo(0, 0, 1, 1, 1)
	if f := b.get("46 02 00 21 00 00 00 00 10 00", 16); f[10]&1 != 0 {
		t.Errorf("feature 0021h is current on a DVD-RW that was blanked minimally: % x", f)
	}
	b.writeFails("5/64/00", 0, 16)
	b.page05(0x42, 0x05, 8)
	b.writes(0, 160, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.wantInfo(2, 3, 1, 1, 1)
	b.same(0, 160)
	b.ok("a1 00 00 00 00 00 00 00 00 00 00 00")
	if f := b.get("46 02 00 21 00 00 00 00 10 00", 16); f[10]&1 != 1 {
		t.Errorf("feature 0021h is not current on a blank DVD-RW: % x", f)
	}
}

func TestDVDRWRestrictedOverwrite(t *testing.T) {
	b := insertBlank(t, "dvd-rw", 4000)
	b.ok(formatCDB, formatList(0, formatRWQuick, 0, 16)...)
	if p := b.get("46 00 00 00 00 00 00 00 08 00", 8); p[7] != 0x13 {
		t.Fatalf("profile %02x%02x after formatting, want 0013", p[6], p[7])
	}
	b.writeFails("5/21/02", 16, 16) // the intermediate state grows from the beginning
	b.writeFails("5/21/02", 0, 8)   // an ECC block has 16 sectors
	b.writes(0, 160, 2048)
	if r := b.get("23 00 00 00 00 00 00 00 0c 00", 12); r[8] != 3 {
		t.Errorf("capacity type %d in the intermediate state, want 3", r[8])
	}
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.ok("5b 01 02 00 00 00 00 00 00 00")
	if r := b.get("23 00 00 00 00 00 00 00 0c 00", 12); r[8] != 2 || binary.BigEndian.Uint32(r[4:]) != 160 {
		t.Errorf("capacity after closing: % x", r)
	}
	b.writeFails("5/21/00", 160, 16)
	b.ok(formatCDB, formatList(0, formatRWQGrow, 0, 16)...)
	b.writes(160, 32, 2048)
	b.ok("5b 01 02 00 00 00 00 00 00 00")
	b.same(0, 192)
	b.ok(formatCDB, formatList(320, formatRWFull, 0, 16)...)
	b.writes(304, 16, 2048)
	b.writeFails("5/21/00", 320, 16)
	b.ok("a1 00 00 00 00 00 00 00 00 00 00 00")
	if p := b.get("46 00 00 00 00 00 00 00 08 00", 8); p[7] != 0x14 {
		t.Fatalf("profile %02x%02x after blanking, want 0014", p[6], p[7])
	}
}

func TestDVDPlusRW(t *testing.T) {
	b := insertBlank(t, "dvd+rw", 4000)
	b.writeFails("5/30/05", 0, 16)
	b.fails("2/30/00", "28 00 00 00 00 00 00 00 01 00")
	b.fails("5/26/00", formatCDB, formatList(0, formatFull, 0, 0)...)
	b.ok(formatCDB, formatList(0xFFFFFFFF, formatPlusRW, 0, 0)...)
	if r := b.get("51 00 00 00 00 00 00 00 22 00", 34); r[7]&3 != 2 {
		t.Errorf("background format status %d, want 2", r[7]&3)
	}
	b.writes(100, 100, 2048)
	b.writes(0, 10, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.ok("5b 01 00 00 00 00 00 00 00 00")
	if r := b.get("51 00 00 00 00 00 00 00 22 00", 34); r[7]&3 != 1 {
		t.Errorf("background format status %d after stopping, want 1", r[7]&3)
	}
	// From the capacity and the size of the track, hosts know what they can write.
	if r := b.get("23 00 00 00 00 00 00 00 0c 00", 12); r[8] != 2 || binary.BigEndian.Uint32(r[4:]) != 200 {
		t.Errorf("capacity after stopping: % x, want 200 of type 2", r)
	}
	if r := b.get("52 01 00 00 00 01 00 00 24 00", 36); binary.BigEndian.Uint32(r[24:]) != 200 {
		t.Errorf("track size after stopping: % x, want 200", r)
	}
	b.writes(150, 20, 2048)
	b.writeFails("5/21/02", 200, 16) // the formatting has to go on first
	b.ok(formatCDB, formatList(0xFFFFFFFF, formatPlusRW, 0, 1)...)
	b.writes(3984, 16, 2048)
	b.writeFails("5/21/00", 4000, 1)
	b.writeFails("5/63/00", 3999, 2)
	b.ok("5b 01 02 00 00 00 00 00 00 00")
	if r := b.get("51 00 00 00 00 00 00 00 22 00", 34); r[7]&3 != 3 {
		t.Errorf("background format status %d, want 3: all is written", r[7]&3)
	}
	b.same(3984, 16)
}

func TestBDRE(t *testing.T) {
	b := insertBlank(t, "bd-re", 3200)
	b.writeFails("5/30/05", 0, 32)
	b.ok(formatCDB, formatList(0, formatFull, 0, 0)...)
	r := b.get("23 00 00 00 00 00 00 00 fc 00", 252)
	if got := binary.BigEndian.Uint32(r[4:]); r[8] != 2 || got != 3072 {
		t.Errorf("%d blocks, type %d after the default format, want 3072 and 2", got, r[8])
	}
	b.writes(3040, 32, 2048)
	b.writes(5, 3, 2048)
	b.writeFails("5/21/00", 3072, 32)
	b.ok(formatCDB, formatList(3200, formatBDREPlain, 0, 0)...)
	b.writes(3168, 32, 2048)
	b.same(3168, 32)
	b.fails("5/26/00", formatCDB, formatList(100, formatBDRESpare, 0, 0)...)
	b.fails("5/24/00", "5b 00 02 00 00 00 00 00 00 00")
}

func TestBDR(t *testing.T) {
	b := insertBlank(t, "bd-r", 3200)
	b.writes(0, 40, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	if got := b.nwa(0xFF); got != 64 {
		t.Fatalf("NWA %d, want 64: clusters have 32 sectors", got)
	}
	b.fails("5/30/06", formatCDB, formatList(0, formatFull, 0, 0)...) // it is not blank
	b.ok("5b 01 01 00 00 01 00 00 00 00")
	b.ok("5b 01 02 00 00 00 00 00 00 00")
	b.wantInfo(1, 0, 2, 2, 2)
	b.writes(b.nwa(0xFF), 32, 2048)
	b.fails("5/72/03", "5b 01 06 00 00 00 00 00 00 00")
	b.ok("5b 01 01 00 00 02 00 00 00 00")
	b.ok("5b 01 06 00 00 00 00 00 00 00")
	b.wantInfo(2, 3, 2, 2, 2)
	b.same(64, 32)
	b.writeFails("5/30/05", 96, 32)
}

func TestBDRPseudoOverwrite(t *testing.T) {
	b := insertBlank(t, "bd-r", 3200)
	b.fails("5/26/00", formatCDB, formatList(3072, formatBDRSpare, 3, 0)...)
	b.ok(formatCDB, formatList(3072, formatBDRSpare, 0, 0)...)
	if f := b.get("46 02 00 38 00 00 00 00 10 00", 16); len(f) < 11 || f[10]&1 != 1 {
		t.Errorf("feature 0038h is not current: % x", f)
	}
	b.fails("5/24/00", "43 00 01 00 00 00 00 00 0c 00")
	b.writes(0, 64, 2048)
	b.ok("5b 01 01 00 00 01 00 00 00 00")
	// Hosts do not close the session, and look for its track in the TOC.
	if r := b.get("43 00 01 00 00 00 00 00 0c 00", 12); r[6] != 1 {
		t.Errorf("the complete track is not in the TOC: % x", r)
	}
	b.writes(16, 16, 2048)
	b.writeFails("5/21/02", 128, 32)
	b.same(0, 16)
	if got := b.nwa(0xFF); got != 64 {
		t.Errorf("NWA %d, want 64", got)
	}
	b.writeFails("5/21/00", 3072, 32)
}

func TestLayerBoundary(t *testing.T) {
	b := insertBlank(t, "dvd+r dl", 4000)
	get := "ad 00 00 00 00 00 00 20 00 0c 00 00"
	if r := b.get(get, 12); r[4] != 0 || binary.BigEndian.Uint32(r[8:]) != 2000 {
		t.Errorf("layer boundary of a blank disc: % x", r)
	}
	set := func(l0 uint32) []byte {
		return binary.BigEndian.AppendUint32([]byte{0, 10, 0, 0, 0, 0, 0, 0}, l0)
	}
	cdb := "bf 00 00 00 00 00 00 20 00 0c 00 00"
	b.fails("5/26/00", cdb, set(1001)...)
	b.fails("5/26/00", cdb, set(2016)...)
	b.ok(cdb, set(800)...)
	b.fails("5/2C/00", cdb, set(800)...)
	if r := b.get(get, 12); r[4] != 0x80 || binary.BigEndian.Uint32(r[8:]) != 800 {
		t.Errorf("layer boundary: % x", r)
	}
	b.writes(0, 1600, 2048)
	b.writeFails("5/21/00", 1600, 16)
}

func TestReserve(t *testing.T) {
	b := insertBlank(t, "dvd+r", 8000)
	b.ok("53 00 00 00 00 00 00 00 64 00") // 100 blocks, rounded up to 112
	b.ok("53 00 00 00 00 00 00 00 20 00")
	if got := b.nwa(2); got != 112+16 {
		t.Fatalf("track 2 begins at %d, want %d", got, 112+16)
	}
	b.writes(0, 112, 2048)
	b.writeFails("5/63/00", 112, 16)
	b.writes(128, 16, 2048)
	third := b.nwa(0xFF)
	b.writes(third, 16, 2048)                           // reserved tracks and the open one take turns
	b.fails("5/72/04", "5b 01 02 00 00 00 00 00 00 00") // half a reservation
	b.writes(144, 16, 2048)
	b.fails("5/72/03", "5b 01 02 00 00 00 00 00 00 00") // the third is open
	b.ok("5b 01 01 00 00 03 00 00 00 00")
	b.ok("5b 01 02 00 00 00 00 00 00 00")
	b.wantInfo(1, 0, 2, 4, 4)
	b.same(0, 112)
	b.same(128, 32)
	b.same(third, 16)

	b = insertBlank(t, "dvd+r", 8000)
	b.ok("53 00 00 00 00 00 00 00 40 00")
	b.fails("5/72/04", "5b 01 02 00 00 00 00 00 00 00") // an empty reservation
	b.fails("5/63/00", "53 00 00 00 00 00 00 1f 40 00")
}

// TestShortTrack: a track of less than 4 seconds is filled with zeros, over earlier contents
// of the disc.
func TestShortTrack(t *testing.T) {
	b := insertBlank(t, "cd-rw", 4000)
	b.page05(0x01, 0x04, 8)
	b.writes(0, 400, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.ok("a1 01 00 00 00 00 00 00 00 00 00 00")
	b.page05(0x01, 0x04, 8)
	b.writes(0, 16, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	if got := b.nwa(0xFF); got != 300+2+150 {
		t.Errorf("NWA after a short track is %d, want 452", got)
	}
	b.same(0, 16)
	if got := b.get("28 00 00 00 00 10 00 00 10 00", 32768); !bytes.Equal(got, make([]byte, 32768)) {
		t.Error("the end of the track is not filled with zeros")
	}
}

// TestAudioAndXA: page 05h defines the block size of a track.
func TestAudioAndXA(t *testing.T) {
	b := insertBlank(t, "cd-r", 4000)
	b.page05(0x01, 0xC0, 0)
	b.writes(0, 320, 2352)
	if err := b.write(320, 1, 2048); code(err) != "5/24/00" {
		t.Errorf("2048 bytes into an audio track: %v", err)
	}
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.page05(0x01, 0xC4, 10)
	at := b.nwa(0xFF)
	b.writes(at, 320, 2048)
	b.page05(0x01, 0xC4, 8)
	b.writeFails("5/64/00", at+320, 1) // the track is XA
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.ok("5b 00 02 00 00 00 00 00 00 00")
	if r := b.get("52 01 00 00 00 02 00 00 24 00", 36); r[5]&15 != 4 || r[6]&15 != 2 {
		t.Errorf("track 2 is not one of mode 2: % x", r)
	}
	if got := b.get("be 00 00 00 00 05 00 00 01 f8 00 00", 2352); !bytes.Equal(got, pattern(5, 1, 2352)) {
		t.Error("the audio differs from what was written")
	}
	if got := b.get("be 00"+hex32(int(at)+7)+"00 00 01 10 00 00", 2048); !bytes.Equal(got, pattern(at+7, 1, 2048)) {
		t.Error("the data differs from what was written")
	}
	b.fails("5/64/00", "28 00 00 00 00 05 00 00 01 00")
}

// TestDiscAtOnceUnfinished: a disc that is written at once is complete when all reserved
// sectors are written.
func TestDiscAtOnceUnfinished(t *testing.T) {
	b := insertBlank(t, "dvd-r", 4000)
	b.page05(0x42, 0x05, 8)
	b.ok("53 00 00 00 00 00 00 01 40 00")
	b.writes(0, 160, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.wantInfo(1, 1, 1, 1, 1)
	b.page05(0x40, 0x05, 8)
	b.writeFails("5/64/00", 160, 16) // incremental writing does not continue it
	b.page05(0x42, 0x05, 8)
	b.writes(160, 160, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.wantInfo(2, 3, 1, 1, 1)
	b.same(0, 320)
}

// TestCapacity writes small discs up to the last sector.
func TestCapacity(t *testing.T) {
	for _, c := range []struct {
		medium string
		blocks int64
	}{{"cd-r", 1598}, {"dvd-r", 1600}, {"dvd+r", 1600}, {"bd-r", 1600}} {
		t.Run(c.medium, func(t *testing.T) {
			b := insertBlank(t, c.medium, 1600)
			if c.medium == "cd-r" {
				b.page05(0x41, 0x04, 8)
			} else {
				b.page05(0x40, 0x05, 8)
			}
			r := b.get("52 01 00 00 00 01 00 00 24 00", 36)
			if got := int64(binary.BigEndian.Uint32(r[16:])); got != c.blocks {
				t.Fatalf("%d blocks are free, want %d", got, c.blocks)
			}
			b.writes(0, int(c.blocks), 2048)
			if got := code(b.write(c.blocks, 1, 2048)); got != "5/21/00" && got != "5/63/00" {
				t.Errorf("a WRITE after the end: %s", got)
			}
			b.ok("35 00 00 00 00 00 00 00 00 00")
			if c.medium != "cd-r" {
				b.ok("5b 01 01 00 00 01 00 00 00 00")
			}
			b.ok("5b 01 02 00 00 00 00 00 00 00")
			b.wantInfo(2, 3, 1, 1, 1)
			b.same(0, int(c.blocks))
		})
	}
}

// TestMediaNames creates a disc of every kind and checks its profile and capacity.
func TestMediaNames(t *testing.T) {
	profiles := map[string]int{
		"CD-R": 9, "CD-RW": 10, "DVD-R": 0x11, "DVD-RW": 0x14, "DVD+R": 0x1B, "DVD+RW": 0x1A,
		"DVD+R DL": 0x2B, "BD-R": 0x41, "BD-R DL": 0x41, "BD-RE": 0x43,
		"DVD-R DL": 0x15, "DVD-RAM": 0x12, "BD-R XL": 0x41, "BD-R QL": 0x41,
	}
	for _, m := range virtual.Media() {
		b := insertBlank(t, m.Name, 0)
		if got := b.get("46 00 00 00 00 00 00 00 08 00", 8); int(got[7]) != profiles[m.Name] {
			t.Errorf("%s has profile %02x", m.Name, got[7])
		}
		r := b.get("23 00 00 00 00 00 00 00 0c 00", 12)
		kind := byte(1)
		if m.Name == "DVD-RAM" {
			kind = 2 // sold formatted
		}
		if got := int64(binary.BigEndian.Uint32(r[4:])); got != m.Sectors || r[8] != kind {
			t.Errorf("%s: capacity %d type %d, want %d type %d", m.Name, got, r[8], m.Sectors, kind)
		}
		info, err := os.Stat(b.d.Path())
		if err != nil || info.Size() < m.Sectors*2048 {
			t.Errorf("%s: the file has %v", m.Name, fmt.Sprint(info, err))
		}
	}
	if _, err := virtual.ParseMedium("dvd+rx"); err == nil {
		t.Error("a medium that does not exist was accepted")
	}
}
