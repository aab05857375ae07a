package virtual_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"glassmaster/drive/virtual"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/sector"
)

// press writes a disc as an image and opens it as a pressed disc.
func press(t *testing.T, d disc.Disc, format, name string) *bench {
	t.Helper()
	f, ok := image.ByName(format)
	if !ok {
		t.Fatal(format)
	}
	return insert(t, imagetest.Create(t, f, d, defaultOptions, name), "")
}

// readCD returns a READ CD of one sector.
func readCD(lba disc.LBA, expected, parts, sub byte) string {
	return fmt.Sprintf("be %02x %08x 00 00 01 %02x %02x 00", expected<<2, uint32(int32(lba)), parts, sub)
}

// TestReadCDParts: the parts of sectors of every kind, and the selections that are not allowed.
func TestReadCDParts(t *testing.T) {
	source := imagetest.Sessions(t)
	b := press(t, source, "CCD", "x.ccd")
	xa := source.TOC().Sessions[1].Tracks[0].Start
	form1, form2 := xa, xa
	for form2%5 != 3 {
		form2++
	}
	for form1%5 == 3 {
		form1++
	}
	all := sector.AllForms(source)
	whole := func(lba disc.LBA) []byte {
		p := make([]byte, 2352)
		if _, err := all.ReadSectors(t.Context(), p, lba, disc.Raw); err != nil {
			t.Fatal(err)
		}
		return p
	}
	audio := source.TOC().Sessions[0].Tracks[1].Start
	type part = [2]int
	for _, c := range []struct {
		name  string
		lba   disc.LBA
		parts byte
		want  []part // nil: refused
	}{
		{"user data of mode 1", 20, 0x10, []part{{16, 2064}}},
		{"user data and EDC", 20, 0x18, []part{{16, 2352}}},
		{"header", 20, 0x20, []part{{12, 16}}},
		{"header and user data", 20, 0x30, []part{{12, 2064}}},
		{"header, user data and EDC", 20, 0x38, []part{{12, 2352}}},
		{"no sub-header in mode 1", 20, 0x50, []part{{16, 2064}}},
		{"all headers", 20, 0x60, []part{{12, 16}}},
		{"sync", 20, 0x80, []part{{0, 12}}},
		{"sync and header", 20, 0xA0, []part{{0, 16}}},
		{"sync, header, user data", 20, 0xB0, []part{{0, 2064}}},
		{"everything", 20, 0xF8, []part{{0, 2352}}},
		{"sync and user data", 20, 0x90, nil},
		{"header and EDC", 20, 0x28, nil},
		{"sync and EDC", 20, 0x88, nil},
		{"user data of form 1", form1, 0x10, []part{{24, 2072}}},
		{"user data and EDC of form 1", form1, 0x18, []part{{24, 2352}}},
		{"sub-header", form1, 0x40, []part{{16, 24}}},
		{"sub-header and user data", form1, 0x50, []part{{16, 2072}}},
		{"headers and user data of form 1", form1, 0x70, []part{{12, 2072}}},
		{"header and user data without sub-header", form1, 0x30, nil},
		{"sync and sub-header", form1, 0xC0, nil},
		{"everything of form 1", form1, 0xF8, []part{{0, 2352}}},
		{"user data of form 2", form2, 0x10, []part{{24, 2352}}},
		{"user data and EDC of form 2", form2, 0x18, []part{{24, 2352}}},
		{"sub-header and user data of form 2", form2, 0x58, []part{{16, 2352}}},
		{"all but sync of form 2", form2, 0x78, []part{{12, 2352}}},
		{"audio", audio, 0x10, []part{{0, 2352}}},
		{"everything of audio", audio, 0xF8, []part{{0, 2352}}},
		{"the header of audio is the sector", audio, 0x20, []part{{0, 2352}}},
	} {
		if c.want == nil {
			b.fails("5/24/00", readCD(c.lba, 0, c.parts, 0))
			continue
		}
		var want []byte
		for _, p := range c.want {
			want = append(want, whole(c.lba)[p[0]:p[1]]...)
		}
		for _, x := range []struct{ bits, more int }{{0, 0}, {2, 294}, {4, 296}} {
			got := b.get(readCD(c.lba, 0, c.parts|byte(x.bits), 0), 4096)
			if !bytes.Equal(got, append(bytes.Clone(want), make([]byte, x.more)...)) {
				t.Errorf("%s: %d bytes that differ from the %d of the sector", c.name, len(got), len(want)+x.more)
			}
		}
	}
	b.fails("5/24/00", readCD(20, 0, 0x16, 0)) // reserved error data
	b.fails("5/24/00", readCD(20, 0, 0x11, 0))
	b.fails("5/24/00", readCD(20, 6, 0x10, 0)) // reserved sector types and sub-channels
	b.fails("5/24/00", readCD(20, 0, 0x10, 3))
	b.fails("5/24/00", readCD(20, 0, 0x10, 5))
	for kind, lba := range map[byte]disc.LBA{1: audio, 2: 20, 4: form1, 5: form2} {
		for expected := byte(1); expected <= 5; expected++ {
			if expected == kind {
				b.get(readCD(lba, expected, 0xF8, 0), 4096)
				continue
			}
			b.fails("5/64/00", readCD(lba, expected, 0xF8, 0))
		}
	}
	b.fails("5/64/00", fmt.Sprintf("be 00 %08x 00 00 10 f8 00 00", audio-155)) // from data to audio
	if got := b.get(fmt.Sprintf("28 00 %08x 00 0001 00", form1), 2048); !bytes.Equal(got, whole(form1)[24:2072]) {
		t.Error("READ(10) of form 1 differs")
	}
	b.fails("5/64/00", fmt.Sprintf("28 00 %08x 00 0001 00", form2))
	b.fails("5/64/00", fmt.Sprintf("28 00 %08x 00 0001 00", audio))
}

// TestReadSubChannels: all forms of sub-channels, generated and stored ones.
func TestReadSubChannels(t *testing.T) {
	source := imagetest.SubChannels(t)
	b := press(t, source, "CCD", "x.ccd")
	audio := source.TOC().Sessions[0].Tracks[1].Start
	for lba := audio; lba < audio+120; lba++ {
		p := make([]byte, disc.RawSub.Size())
		if _, err := source.ReadSectors(t.Context(), p, lba, disc.RawSub); err != nil {
			t.Fatal(err)
		}
		if got := b.get(readCD(lba, 0, 0xF8, 1), 4096); !bytes.Equal(got, p) {
			t.Fatalf("sector %d with P to W differs", lba)
		}
		q := sector.ReadQ(p[2352:])
		if got := b.get(readCD(lba, 0, 0x00, 2), 4096); len(got) != 16 || !bytes.Equal(got[:12], q[:]) || got[15] != p[2352]&0x80 {
			t.Fatalf("Q of sector %d: % x, want % x", lba, got, q)
		}
	}
	b.get(readCD(audio+20, 0, 0xF8, 0), 4096)
	want := fmt.Sprintf("00 15 00 0c 01 12 02 01 %08x 00000014", audio+20)
	if got := b.get("42 00 40 01 00 00 00 00 10 00", 16); !bytes.Equal(got, bytesOf(want)) {
		t.Errorf("position % x, want %s", got, want)
	}
	m := (audio + 20).MSF()
	want = fmt.Sprintf("00 15 00 0c 01 12 02 01 00 %02x %02x %02x 00 00 00 14", m.M, m.S, m.F)
	if got := b.get("42 02 40 01 00 00 00 00 10 00", 16); !bytes.Equal(got, bytesOf(want)) {
		t.Errorf("position % x, want %s", got, want)
	}
	if got := b.get("42 02 40 03 00 00 02 00 18 00", 24); string(got[9:21]) != "USRC17607839" {
		t.Errorf("ISRC % x", got)
	}
	if got := b.get("42 02 00 01 00 00 00 00 10 00", 16); !bytes.Equal(got, bytesOf("00150000")) {
		t.Errorf("header only: % x", got)
	}
	b.fails("5/24/00", "42 02 40 04 00 00 00 00 18 00")
	b.fails("5/24/00", "42 02 40 03 00 00 63 00 18 00")
}

// TestReadOffset: audio is delivered shifted, and the rest is not.
func TestReadOffset(t *testing.T) {
	source := imagetest.Mixed(t)
	f, _ := image.ByName("CUE")
	path := imagetest.Create(t, f, source, defaultOptions, "x.cue")
	k := source.TOC().Sessions[0].Tracks[2]
	var stream []byte
	for lba := k.Start - 3; lba < k.Start+5; lba++ {
		p := make([]byte, 2352)
		if _, err := source.ReadSectors(context.Background(), p, lba, disc.Raw); err != nil {
			t.Fatal(err)
		}
		stream = append(stream, p...)
	}
	for _, offset := range []int{0, 6, -6, 588, -588, 667, -1164} {
		b := insert(t, path, fmt.Sprintf("?offset=%d", offset))
		got := b.get(readCD(k.Start, 1, 0x10, 0), 2352)
		if at := 3*2352 - 4*offset; !bytes.Equal(got, stream[at:at+2352]) {
			t.Errorf("offset %d: the samples differ", offset)
		}
		last := disc.LBA(disc.Sectors(source)) - 1
		if got := b.get(readCD(last, 1, 0x10, 0), 2352); offset == -588 && !bytes.Equal(got, make([]byte, 2352)) {
			t.Error("after the last track there is not silence")
		}
		data := b.get(readCD(20, 2, 0xF8, 0), 2352)
		if sector.Check(data, 20) != 0 {
			t.Errorf("offset %d: a data sector is shifted", offset)
		}
		b.d.Close()
	}
	if _, err := virtual.OpenName(virtual.Prefix + path + "?offset=x"); err == nil {
		t.Error("offset=x was accepted")
	}
}

// TestPMA: the tracks of an open session are in the program memory area.
func TestPMA(t *testing.T) {
	b := insertBlank(t, "cd-r", 4000)
	b.page05(0x01, 0x04, 8)
	b.writes(0, 400, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.fails("5/24/00", "43 02 00 00 00 00 00 00 30 00")
	want := bytesOf("000d 0000 00 14 00 01 00 07 1b 00 00 02 00") // up to 402: 00:07:27
	if got := b.get("43 02 03 00 00 00 00 00 30 00", 48); !bytes.Equal(got, want) {
		t.Errorf("PMA % x, want % x", got, want)
	}
}

// TestOverburn: sectors beyond the capacity that the disc reports can be written if it has them.
func TestOverburn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disc")
	b := insert(t, path, "?medium=cd-r&sectors=1000&overburn=100")
	b.page05(0x01, 0x04, 8)
	if r := b.get("52 01 00 00 00 ff 00 00 1c 00", 28); !bytes.Equal(r[16:20], bytesOf("000003e6")) {
		t.Errorf("free sectors % x", r[16:20])
	}
	if r := b.get("43 00 04 00 00 00 00 00 20 00", 32); !bytes.Equal(r[12:15], bytesOf("000f19")) {
		t.Errorf("last lead-out of the ATIP % x", r[12:16])
	}
	b.writes(0, 1090, 2048)
	b.writeFails("5/63/00", 1090, 16)
	b.writes(1090, 8, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.ok("5b 00 02 00 00 00 00 00 00 00")
	b.wantInfo(2, 3, 1, 1, 1)
	b.same(0, 1098)
}

// TestPressKinds: an image is pressed as a disc of its kind.
func TestPressKinds(t *testing.T) {
	for _, c := range []struct {
		name    string
		sectors int64
		profile byte
		layers  byte
	}{
		{"CD-ROM", 359849, 0x08, 0}, {"DVD-ROM", 359850, 0x10, 0}, {"DVD-ROM of two layers", 2298512, 0x10, 2}, {"BD-ROM", 5000000, 0x40, 1}, {"BD-ROM of two layers", 12219394, 0x40, 2},
	} {
		path := filepath.Join(t.TempDir(), "x.iso")
		if err := sparse(path, c.sectors*2048); err != nil {
			t.Fatal(err)
		}
		b := insert(t, path, "")
		if got := b.get("46 00 00 00 00 00 00 00 08 00", 8); got[7] != c.profile {
			t.Errorf("%s: profile %02Xh", c.name, got[7])
		}
		if got := b.get("25 00 00 00 00 00 00 00 00 00", 8); !bytes.Equal(got[:4], bytesOf(fmt.Sprintf("%08x", c.sectors-1))) {
			t.Errorf("%s: capacity % x", c.name, got)
		}
		b.get(fmt.Sprintf("28 00 %08x 00 0001 00", c.sectors-1), 2048)
		switch c.profile {
		case 0x10:
			if got := b.get("ad 00 00 00 00 00 00 00 08 04 00 00", 2052); got[4] != 0x01 || got[6]>>5&3+1 != max(c.layers, 1) {
				t.Errorf("%s: structure % x", c.name, got[:12])
			}
		case 0x40:
			if got := b.get("ad 01 00 00 00 00 00 00 10 04 00 00", 4100); string(got[12:15]) != "BDO" {
				t.Errorf("%s: structure % x", c.name, got[:16])
			}
		}
		b.d.Close()
	}
}

// TestPressedCD: the table of contents of every format is that of the image.
func TestPressedCD(t *testing.T) {
	source := imagetest.Sessions(t)
	want := source.TOC()
	for _, format := range []string{"CUE", "TOC", "CCD", "NRG", "MDS"} {
		f, ok := image.ByName(format)
		if !ok || f.Create == nil {
			t.Fatal(format)
		}
		b := press(t, source, format, "x"+f.Extensions[0])
		keeps := f.Keeps(want)
		toc := b.get("43 00 00 00 00 00 00 00 ff 00", 255)
		var tracks []disc.Track
		for _, s := range keeps.Sessions {
			tracks = append(tracks, s.Tracks...)
		}
		if int(toc[3]) != len(tracks) {
			t.Fatalf("%s: TOC % x", format, toc)
		}
		for i, k := range tracks {
			if e := toc[4+8*i:]; e[1] != 0x10|sector.ControlOf(k) || !bytes.Equal(e[4:8], bytesOf(fmt.Sprintf("%08x", k.Start))) {
				t.Errorf("%s: track %d: % x, want %+v", format, k.Number, e[:8], k)
			}
		}
		if len(keeps.Sessions[0].Text) > 0 {
			text := sector.DecodeCDText(b.get("43 00 05 00 00 00 00 10 00 00", 4096)[4:])
			if len(text) != len(keeps.Sessions[0].Text) || text[0].Album != keeps.Sessions[0].Text[0].Album {
				t.Errorf("%s: CD-TEXT %+v", format, text)
			}
		}
		b.writeFails("7/27/00", 0, 1)
	}
}
