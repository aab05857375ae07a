package virtual_test

import (
	"bytes"
	"fmt"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// taoPage returns the mode parameter list of page 05h with further fields.
func taoPage(b2, b3, b4 byte, change func(page []byte)) []byte {
	p := make([]byte, 60)
	p[8], p[9], p[10], p[11], p[12], p[23] = 5, 50, b2, b3, b4, 150
	if change != nil {
		change(p[8:])
	}
	return p
}

// TestTrackAtOnceBlocks writes tracks with every data block type.
func TestTrackAtOnceBlocks(t *testing.T) {
	form1 := func(p []byte) { copy(p[48:], "\x07\x02\x09\x01") }
	form2 := func(p []byte) { copy(p[48:], "\x07\x02\x2c\x01") }
	for _, c := range []struct {
		name    string
		control byte
		kind    byte
		size    int
		page    func([]byte)
		mode    disc.Mode
		want    func(sent []byte) []byte // of the sector at 20
	}{
		{"audio", 0, 0, 2352, nil, disc.Audio, func(p []byte) []byte { return p }},
		{"mode 1", 4, 8, 2048, nil, disc.Mode1, func(p []byte) []byte { return generated(sector.Mode1, 16, p) }},
		{"mode 2", 4, 9, 2336, nil, disc.Mode2, func(p []byte) []byte { return generated(sector.Mode2, 16, p) }},
		{"form 1", 4, 10, 2048, form1, disc.XA, func(p []byte) []byte {
			return generated(sector.Form1, 16, append([]byte("\x07\x02\x09\x01\x07\x02\x09\x01"), p...))
		}},
		{"form 1 with sub-header", 4, 11, 2056, nil, disc.XA, func(p []byte) []byte { return generated(sector.Form1, 16, p) }},
		{"form 2", 4, 12, 2324, form2, disc.XA, func(p []byte) []byte {
			return generated(sector.Form2, 16, append([]byte("\x07\x02\x2c\x01\x07\x02\x2c\x01"), p...))
		}},
		{"form 2 with sub-header", 4, 13, 2332, nil, disc.XA, func(p []byte) []byte { return generated(sector.Form2, 16, p) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := insertBlank(t, "cd-r", 4000)
			b.ok("55 10 00 00 00 00 00 00 3c 00", taoPage(1, c.control, c.kind, c.page)...)
			sent := pattern(7, 1, c.size)
			if c.kind == 11 || c.kind == 13 {
				copy(sent, "\x01\x02\x08\x7f\x01\x02\x08\x7f")
				if c.kind == 13 {
					copy(sent, "\x01\x02\x24\x7f\x01\x02\x24\x7f")
				}
			}
			wrong := b.send("2a 00 00 00 00 00 00 00 02 00", make([]byte, 2*c.size-1))
			if wrong == nil {
				t.Error("blocks of another size were accepted")
			}
			b.blocks(0, 400, c.size, func(disc.LBA) []byte { return sent })
			b.ok("35 00 00 00 00 00 00 00 00 00")
			b.ok("5b 00 02 00 00 00 00 00 00 00")
			got := b.get("be 00 00 00 00 14 00 00 01 f8 00 00", 2352)
			if want := c.want(sent); !bytes.Equal(got, want) {
				t.Errorf("sector 20 is\n% x\nwant\n% x", got[:48], want[:48])
			}
			d := opened(b)
			if k := d.TOC().Sessions[0].Tracks; len(k) != 1 || k[0].Mode != c.mode || k[0].Length != 400 {
				t.Errorf("tracks %+v", k)
			}
			r := b.get("52 01 00 00 00 01 00 00 24 00", 36)
			if want := map[disc.Mode]byte{disc.Audio: 0xF, disc.Mode1: 1, disc.Mode2: 2, disc.XA: 2}[c.mode]; r[6]&15 != want {
				t.Errorf("data mode %X, want %X", r[6]&15, want)
			}
			b.readable(c.mode == disc.Mode1 || c.kind == 10 || c.kind == 11)
		})
	}
}

// generated returns a whole sector at 20 with user data from an offset on.
func generated(k sector.Kind, at int, p []byte) []byte {
	b := make([]byte, 2352)
	copy(b[at:], p)
	sector.Generate(b, 20, k)
	return b
}

// readable checks whether READ(10) returns sectors of the track at 0.
func (b *bench) readable(yes bool) {
	b.Helper()
	if yes {
		b.ok("00 00 00 00 00 00")
		b.get("28 00 00 00 00 14 00 00 02 00", 4096)
		return
	}
	b.fails("5/64/00", "28 00 00 00 00 14 00 00 01 00")
}

// TestTrackAtOnceCodes: codes, pause and session format come from page 05h.
func TestTrackAtOnceCodes(t *testing.T) {
	b := insertBlank(t, "cd-r", 40000)
	for n, isrc := range []string{"DEABC2400001", "", "DEABC2400003"} {
		b.ok("55 10 00 00 00 00 00 00 3c 00", taoPage(1, 0xC2, 0, func(p []byte) {
			p[8], p[15] = 0x00, byte(75*n)
			copy(p[16:], "\x804006381333931")
			if isrc != "" {
				copy(p[32:], "\x80"+isrc)
			}
		})...)
		b.writes(b.nwa(0xFF), 300, 2352)
		b.ok("35 00 00 00 00 00 00 00 00 00")
	}
	b.ok("5b 00 02 00 00 00 00 00 00 00")
	toc := opened(b).TOC()
	var starts []disc.LBA
	var pauses []int64
	var codes []string
	for _, k := range toc.Sessions[0].Tracks {
		starts, pauses, codes = append(starts, k.Start), append(pauses, k.Pregap), append(codes, k.ISRC)
	}
	if got, want := fmt.Sprint(toc.Catalog, starts, pauses, codes), "4006381333931[0 377 829] [0 75 150] [DEABC2400001  DEABC2400003]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := b.get("be 04 00 00 01 78 00 00 02 10 00 00", 2*2352); !bytes.Equal(got[:2352], make([]byte, 2352)) || bytes.Equal(got[2352:], got[:2352]) {
		t.Error("the last sector of the pause is not silent, or the first one of the track is")
	}
	if got := b.get("42 02 40 02 00 00 00 00 18 00", 24); string(got[9:22]) != "4006381333931" || got[8] != 0x80 {
		t.Errorf("MCN % x", got)
	}
	for _, c := range []struct {
		name   string
		at     int
		b2, b4 byte
		change func(p []byte)
	}{
		{"packet writing", 8 + 2, 0, 8, nil},
		{"reserved multi-session field", 8 + 3, 1, 8, func(p []byte) { p[3] = 0x84 }},
		{"reserved data block type", 8 + 4, 1, 5, nil},
		{"raw writing of user data", 8 + 4, 3, 8, nil},
		{"session format", 8 + 8, 1, 8, func(p []byte) { p[8] = 0x30 }},
		{"MCN", 8 + 20, 1, 8, func(p []byte) { copy(p[16:], "\x80400x381333931") }},
		{"ISRC", 8 + 33, 1, 8, func(p []byte) { copy(p[32:], "\x80dEABC2400001") }},
		{"digits of an ISRC", 8 + 44, 1, 8, func(p []byte) { copy(p[32:], "\x80DEABC240000A") }},
	} {
		err := b.send("55 10 00 00 00 00 00 00 3c 00", taoPage(c.b2, 4, c.b4, c.change))
		if code(err) != "5/26/00" || pointer(t, err) != c.at {
			t.Errorf("%s: %v, sense % x; want a pointer to byte %d", c.name, err, senseOf(err), c.at)
		}
	}
}

// TestClosedMultiSession: the fixed value 01b of the multi-session field makes a lead-in that says
// that no session follows.
func TestClosedMultiSession(t *testing.T) {
	b := insertBlank(t, "cd-r", 4000)
	b.page05(0x01, 0x44, 8)
	b.writes(0, 300, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.ok("5b 00 02 00 00 00 00 00 00 00")
	b.wantInfo(2, 3, 1, 1, 1)
	raw := b.get("43 02 02 00 00 00 00 00 60 00", 96)
	if want := bytesOf("01 54 00 b0 ff ff ff 01 ff ff ff"); !bytes.Equal(raw[len(raw)-11:], want) {
		t.Errorf("last entry of the lead-in % x, want % x", raw[len(raw)-11:], want)
	}
}

// TestTestWriteTypes: a test write of every write type leaves the disc as it was.
func TestTestWriteTypes(t *testing.T) {
	b := insertBlank(t, "cd-r", 4000)
	b.page05(0x11, 0x04, 8)
	b.writes(0, 300, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.wantInfo(0, 0, 1, 1, 1)
	b.page05(0x12, 0x00, 0)
	sheet := bytesOf("4100001400000000 4101001000000000 4101011000000200 41aa011400000600")
	b.ok(cueCDB(len(sheet)), sheet...)
	b.writes(-150, 450, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.wantInfo(0, 0, 1, 1, 1)
	b.page05(0x13, 0x00, 3)
	b.writes(-11077, 400, 2448)
	b.writeFails("5/21/02", 0, 1)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.wantInfo(0, 0, 1, 1, 1)
	b.page05(0x01, 0x04, 8)
	b.writes(0, 300, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.wantInfo(1, 1, 1, 1, 2)
}
