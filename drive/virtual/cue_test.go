package virtual_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/discfile"
)

// cueCDB returns SEND CUE SHEET with n bytes.
func cueCDB(n int) string { return fmt.Sprintf("5d 00 00 00 00 00 %06x 00", n) }

// dataCue is a cue sheet with one data track of 1648 sectors.
const dataCue = "41000014 00000000 41010010 00000000 41010110 00000200 41aa0114 00001749"

func TestCueData(t *testing.T) {
	b := insertBlank(t, "cd-r", 0)
	sheet := bytesOf(dataCue)
	b.fails("5/2C/00", cueCDB(len(sheet)), sheet...) // the write type is not set
	b.page05(0x02, 0x00, 0)
	b.writeFails("5/2C/00", -150, 16)
	if got := b.nwa(0xFF); got != -150 {
		t.Errorf("NWA for a session at once is %d, want -150", got)
	}
	b.ok(cueCDB(len(sheet)), sheet...)
	b.writeFails("5/21/02", 0, 16)
	b.writes(-150, 150+1000, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00") // too early: nothing is closed
	b.wantInfo(1, 1, 1, 1, 1)
	b.fails("5/2C/00", "5b 00 02 00 00 00 00 00 00 00")
	b.fails("5/24/00", "43 02 02 00 00 00 00 00 30 00")
	b.writes(1000, 648, 2048)
	b.writeFails("5/63/00", 1648, 1)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.wantInfo(2, 3, 1, 1, 1)
	b.same(0, 1648)
	want := bytesOf("002e0101 011400a000000000010000 011400a100000000010000 011400a200000000001749 0114000100000000000200")
	if got := b.get("43 02 02 00 00 00 00 00 30 00", 48); !bytes.Equal(got, want) {
		t.Errorf("TOC\ngot  % x\nwant % x", got, want)
	}
}

func TestCueAudioAndText(t *testing.T) {
	b := insertBlank(t, "cd-r", 0)
	b.page05(0x02, 0x00, 3)
	sheet := bytesOf("0234303036333831 0233333339333100" + // MCN
		"01000041 00000000" +
		"0301444541424332 0301343030303031" + // ISRC of track 1
		"01010000 00000000 01010100 00000200" +
		"01020000 00000700 01020100 00000900 01aa0101 00000f01")
	b.ok(cueCDB(len(sheet)), sheet...)
	// Two packs of CD-TEXT fill the lead-in. It begins with the second one, as those of cdrdao do.
	packs := []byte("\x80\x00\x00\x00Title\x00Song1\x00\x12\x34" + "\x80\x02\x01\x00Song2\x00\x00\x00\x00\x00\x00\x00\x56\x78")
	block := textSymbols(slices.Concat(packs[18:], packs[:18]), 0)
	for lba, n := discfile.LeadInStart, 0; lba < -150; lba += n {
		n = min(600, -150-lba)
		if err := b.send(fmt.Sprintf("2a 00 %08x 00 %04x 00", uint32(int32(lba)), n), bytes.Repeat(block, n)); err != nil {
			t.Fatalf("lead-in at %d: %v", lba, err)
		}
	}
	b.writes(-150, 150+976, 2352)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.wantInfo(2, 3, 1, 1, 2)
	if got := b.get("43 00 05 00 00 00 00 00 40 00", 64); !bytes.Equal(got[4:], packs) {
		t.Errorf("CD-TEXT % x, want % x", got[4:], packs)
	}
	if got := b.get("42 02 40 02 00 00 00 00 18 00", 24); string(got[9:22]) != "4006381333931" || got[8] != 0x80 {
		t.Errorf("MCN % x", got)
	}
	if got := b.get("42 02 40 03 00 00 01 00 18 00", 24); string(got[9:21]) != "DEABC2400001" {
		t.Errorf("ISRC % x", got)
	}
	got := b.get("be 04 00 00 00 10 00 00 02 10 00 00", 2*2352)
	if want := pattern(16, 2, 2352); !bytes.Equal(got, want) {
		t.Error("audio sectors differ from what was written")
	}
	got = b.get("b9 04 00 00 00 00 00 00 01 10 00 00", 2352)
	if want := pattern(-150, 1, 2352); !bytes.Equal(got, want) {
		t.Error("the pre-gap differs from what was written")
	}
	b.fails("5/64/00", "28 00 00 00 00 10 00 00 01 00") // READ is for data
	b.fails("5/64/00", "be 08 00 00 00 10 00 00 01 10 00 00")
	if r := b.get("52 01 00 00 00 02 00 00 24 00", 36); int(r[5]) != 0 || r[6]&15 != 15 {
		t.Errorf("track 2 is not audio: % x", r)
	}

	d, _, err := image.Open(t.Context(), b.d.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	toc := d.TOC()
	text := toc.Sessions[0].Text
	if toc.Catalog != "4006381333931" || len(text) != 0 { // the CRC of the pack is wrong
		t.Errorf("catalogue number %q, texts %v", toc.Catalog, text)
	}
	if tr := toc.Sessions[0].Tracks; len(tr) != 2 || tr[0].ISRC != "DEABC2400001" || tr[0].Pregap != 150 || tr[1].Mode != disc.Audio || tr[1].Start != 525 {
		t.Errorf("tracks %+v", tr)
	}
	p := make([]byte, 2*disc.RawSectorSize)
	if n, err := d.ReadSectors(t.Context(), p, 16, disc.Raw); n != 2 || err != nil || !bytes.Equal(p, pattern(16, 2, 2352)) {
		t.Errorf("read %d sectors of the file, %v", n, err)
	}
	if n, err := d.ReadSectors(t.Context(), p[:2048], 16, disc.User); n != 0 || !errors.Is(err, disc.ErrForm) {
		t.Errorf("user data of an audio sector: %d, %v", n, err)
	}
}

// TestCueRefused: invalid cue sheets are refused.
func TestCueRefused(t *testing.T) {
	const in, out = "41000014 00000000", "41aa0114 00001749"
	const one = "41010010 00000000 41010110 00000200"
	for _, c := range []struct{ name, want, sheet string }{
		{"too short", "5/1A/00", in + one},
		{"not whole entries", "5/1A/00", in + one + out + "00"},
		{"no lead-in", "5/26/00", one + one + out},
		{"no lead-out", "5/26/00", in + one + "41010210 00000300"},
		{"nothing may follow the lead-out", "5/26/00", in + one + out + out},
		{"pre-gap of track 1 too short", "5/26/00", in + "41010010 00000000 41010110 00000100" + out},
		{"track 1 without index 0", "5/26/00", in + "41010110 00000200 41010210 00000300" + out},
		{"not in order", "5/26/00", in + one + "41020110 00000100" + out},
		{"track 2 missing", "5/26/00", in + one + "41030110 00000700" + out},
		{"track of less than 4 seconds", "5/26/00", in + one + "41020110 00000300" + out},
		{"audio form of a data track", "5/26/00", in + "41010000 00000000 41010100 00000200" + out},
		{"audio after data without a gap", "5/26/00", in + one + "01020100 00000900" + out},
		{"seconds", "5/26/00", in + one + "41aa0114 00003c00"},
		{"larger than the disc", "5/63/00", in + one + "41aa0114 00630000"},
		{"MCN in one entry", "5/26/00", "0234303036333831" + in + one + out},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := insertBlank(t, "cd-r", 0)
			b.page05(0x02, 0x00, 0)
			sheet := bytesOf(strings.ReplaceAll(c.sheet, " ", ""))
			b.fails(c.want, cueCDB(len(sheet)), sheet...)
			b.wantInfo(0, 0, 1, 1, 1)
		})
	}
}

// TestMixedCue: a data track, then an audio track after a pause of two seconds.
func TestMixedCue(t *testing.T) {
	b := insertBlank(t, "cd-r", 0)
	b.page05(0x02, 0xC0, 0)
	sheet := bytesOf("41000014 00000000 41010010 00000000 41010110 00000200 01020000 00000800 01020100 00000a00 01aa0101 00000f00")
	b.ok(cueCDB(len(sheet)), sheet...)
	b.writes(-150, 150+448, 2048)
	b.writeFails("5/64/00", 448, 16) // crosses from blocks of 2048 bytes to 2352
	b.writes(448, 2, 2048)
	b.writes(450, 525, 2352)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.wantInfo(1, 0, 2, 3, 3) // multi-session: the disc stays open
	toc := b.get("43 00 00 00 00 00 00 00 1c 00", 28)
	if want := bytesOf("001a0102 00140100 00000000 00100200 00000258 0010aa00 000003cf"); !bytes.Equal(toc, want) {
		t.Errorf("TOC % x, want % x", toc, want)
	}
	b.page05(0x01, 0x04, 8)
	if got := b.nwa(0xFF); got != 975+11400 {
		t.Errorf("NWA of session 2 is %d, want %d", got, 975+11400)
	}

	d, f, err := image.Open(t.Context(), b.d.Path())
	if err != nil || f.Name != "virtual disc" {
		t.Fatal(f.Name, err)
	}
	defer d.Close()
	if tr := d.TOC().Sessions[0].Tracks; len(tr) != 2 || tr[0].Mode == disc.Audio || tr[1].Mode != disc.Audio {
		t.Errorf("tracks %+v", tr)
	}
	p := make([]byte, 2048)
	if n, err := d.ReadSectors(t.Context(), p, 100, disc.User); n != 1 || err != nil || !bytes.Equal(p, pattern(100, 1, 2048)) {
		t.Errorf("read %d sectors of the file, %v", n, err)
	}
	over := make([]byte, 4*disc.RawSectorSize)
	if n, err := d.ReadSectors(t.Context(), over, disc.LBA(disc.Sectors(d)-2), disc.Raw); n != 2 || !errors.Is(err, io.EOF) {
		t.Errorf("read %d sectors over the end, %v", n, err)
	}
}
