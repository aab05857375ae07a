package virtual_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/sector"
)

// forms says with which data forms of a cue sheet a disc is written.
type forms struct {
	whole bool // data sectors of 2352 bytes
	pause bool // the drive generates the first pre-gap
	rw    bool // the host sends R to W
	text  bool // the host sends CD-TEXT in the lead-in
	final bool // no session follows the last one
}

// of returns the data form of a track.
func (f forms) of(m disc.Mode) byte {
	form := byte(0)
	switch m {
	case disc.Mode1:
		form = 0x10
	case disc.XA:
		form = 0x20
	case disc.Mode2:
		form = 0x30
	}
	if f.whole && m != disc.Audio {
		form |= 1
	}
	if f.rw {
		form |= 0x40
	}
	return form
}

// pauseOf returns the data form of a generated pause of a track.
func pauseOf(m disc.Mode) byte {
	return map[disc.Mode]byte{disc.Audio: 0x01, disc.Mode1: 0x14, disc.XA: 0x24, disc.Mode2: 0x34}[m]
}

// sheet returns the cue sheet of a session.
func (f forms) sheet(toc disc.TOC, n int) []byte {
	s := toc.Sessions[n]
	var b []byte
	entry := func(adr byte, number, index int, form byte, lba disc.LBA) {
		m := lba.MSF()
		b = append(b, adr, byte(number), byte(index), form, 0, byte(m.M), byte(m.S), byte(m.F))
	}
	if n == 0 && toc.Catalog != "" {
		b = append(append(append(append(b, 2), toc.Catalog[:7]...), 2), toc.Catalog[7:]+"\x00"...)
	}
	lead := pauseOf(s.Tracks[0].Mode)
	if f.text && n == 0 {
		lead = 0x41
	}
	entry(sector.ControlOf(s.Tracks[0])<<4|1, 0, 0, lead, -150)
	for i, k := range s.Tracks {
		c := sector.ControlOf(k) << 4
		if k.ISRC != "" {
			b = append(append(b, c|3, byte(k.Number)), k.ISRC[:6]...)
			b = append(append(b, c|3, byte(k.Number)), k.ISRC[6:]...)
		}
		switch {
		case i == 0 && f.pause:
			entry(c|1, k.Number, 0, pauseOf(k.Mode), k.Start-150)
		case i == 0 && n == 0:
			entry(c|1, k.Number, 0, f.of(k.Mode), -150)
		case i == 0:
			entry(c|1, k.Number, 0, f.of(k.Mode), k.Start-150)
		case k.Pregap > 0:
			entry(c|1, k.Number, 0, f.of(k.Mode), k.Start-disc.LBA(k.Pregap))
		}
		for j, at := range append([]disc.LBA{k.Start}, k.Indexes...) {
			entry(c|1, k.Number, j+1, f.of(k.Mode), at)
		}
	}
	entry(sector.ControlOf(s.Tracks[len(s.Tracks)-1])<<4|1, 0xAA, 1, pauseOf(s.Tracks[len(s.Tracks)-1].Mode), end(s))
	return b
}

// block returns what is sent for a sector.
func (f forms) block(t testing.TB, s source, m disc.Mode, lba disc.LBA) []byte {
	p := s.whole(t, lba)
	if f.whole && m != disc.Audio {
		clear(p[:sector.SyncSize]) // the drive generates these parts
		if m == disc.Mode1 || p[sector.SubheadAt+2]&sector.Form2Bit == 0 {
			copy(p[2076:], "not the ECC")
		}
	} else {
		switch m {
		case disc.Mode1:
			p = p[16:2064]
		case disc.XA, disc.Mode2:
			p = p[16:]
		}
	}
	if f.rw {
		p = append(p, s.sub(t, lba)...)
	}
	return p
}

// burnCue writes all sessions of a disc at once.
func (b *bench) burnCue(s source, f forms) {
	b.Helper()
	for n, one := range s.toc.Sessions {
		multi := byte(0xC0)
		if f.final && n+1 == len(s.toc.Sessions) {
			multi = 0
		}
		b.page05(0x02, multi, 0)
		sheet := f.sheet(s.toc, n)
		if err := b.send(cueCDB(len(sheet)), sheet); err != nil {
			b.Fatalf("%v\n%s", err, hex.Dump(sheet))
		}
		if f.text && n == 0 {
			b.blocks(discfile.LeadInStart, -150-discfile.LeadInStart, 96, func(lba disc.LBA) []byte {
				return textSymbols(s.texts, int(lba-discfile.LeadInStart))
			})
		}
		at := one.Tracks[0].Start - 150
		switch {
		case f.pause:
			at = one.Tracks[0].Start
		case n == 0:
			at = -150
		}
		for i, k := range one.Tracks {
			to := k.End()
			if i+1 < len(one.Tracks) {
				to = one.Tracks[i+1].Start - disc.LBA(one.Tracks[i+1].Pregap)
			}
			b.blocks(at, int(to-at), len(f.block(b, s, k.Mode, at)), func(lba disc.LBA) []byte { return f.block(b, s, k.Mode, lba) })
			at = to
		}
		b.ok("35 00 00 00 00 00 00 00 00 00")
	}
}

// TestBurnCue writes discs at once, with several data forms. What can be read is what was written.
func TestBurnCue(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(testing.TB) disc.Disc
		forms
	}{
		{"audio with CD-TEXT", imagetest.Audio, forms{text: true}},
		{"mixed mode", imagetest.Mixed, forms{}},
		{"mixed mode with whole sectors", imagetest.Mixed, forms{whole: true, text: true}},
		{"two sessions", imagetest.Sessions, forms{}},
		{"two sessions with whole sectors", imagetest.Sessions, forms{whole: true}},
		{"two sessions with R to W", imagetest.SubChannels, forms{rw: true}},
		{"whole sectors with R to W", imagetest.SubChannels, forms{rw: true, whole: true, pause: true}},
		{"mode 2", imagetest.XA, forms{}},
		{"mode 2 after a generated pause", imagetest.XA, forms{pause: true}},
		{"mode 1 after a generated pause", imagetest.Mode1, forms{pause: true, whole: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := sourceOf(c.make(t))
			b := insertBlank(t, "cd-r", 20000)
			b.burnCue(s, c.forms)
			got := opened(b)
			imagetest.Same(t, other{s.Disc, withoutText(s.toc, c.text), s, t}, got, discfile.Format.Holds)
			if disc.HasSubChannels(got) != c.rw {
				t.Errorf("sub-channels are stored: %v", !c.rw)
			}
		})
	}
}

// TestCueForms: every data form has its size, and the drive generates what it is for.
func TestCueForms(t *testing.T) {
	for _, c := range []struct {
		form byte
		size int
		user bool // the user data is recorded
		mode disc.Mode
	}{
		{0x00, 2352, true, disc.Audio},
		{0x40, 2448, true, disc.Audio},
		{0xC0, 2448, true, disc.Audio},
		{0x10, 2048, true, disc.Mode1},
		{0x11, 2352, true, disc.Mode1},
		{0x12, 2048, false, disc.Mode1},
		{0x13, 2352, false, disc.Mode1},
		{0x50, 2144, true, disc.Mode1},
		{0xD1, 2448, true, disc.Mode1},
		{0x20, 2336, true, disc.XA},
		{0x21, 2352, true, disc.XA},
		{0x22, 2336, false, disc.XA},
		{0x23, 2352, false, disc.XA},
		{0x30, 2336, true, disc.Mode2},
		{0x31, 2352, true, disc.Mode2},
		{0x32, 2336, false, disc.Mode2},
		{0x33, 2352, false, disc.Mode2},
		{0x70, 2432, true, disc.Mode2},
	} {
		t.Run(fmt.Sprintf("%02X", c.form), func(t *testing.T) {
			b := insertBlank(t, "cd-r", 4000)
			b.page05(0x02, 0x00, 0)
			control := byte(0x41)
			if c.mode == disc.Audio {
				control = 0x01
			}
			sheet := []byte{
				control, 0, 0, pauseOf(c.mode), 0, 0, 0, 0, control, 1, 0, pauseOf(c.mode), 0, 0, 0, 0,
				control, 1, 1, c.form, 0, 0, 2, 0, control, 0xAA, 1, pauseOf(c.mode), 0, 0, 6, 0,
			}
			b.ok(cueCDB(len(sheet)), sheet...)
			user := pattern(0, 1, 2352)
			copy(user[16:], "\x00\x00\x08\x00\x00\x00\x08\x00")
			if c.mode == disc.Mode2 {
				user[20] = 9 // no sub-header
			}
			send := user
			if c.size%96 == 2336%96 || c.size == 2336 {
				send = user[16:]
			}
			if c.form&0x3F == 0x10 || c.form&0x3F == 0x12 {
				send = user[16:2064]
			}
			for len(send) < c.size {
				send = append(slices.Clone(send), 0x3F&byte(len(send)))
			}
			b.blocks(0, 300, c.size, func(disc.LBA) []byte { return send[:c.size] })
			b.ok("35 00 00 00 00 00 00 00 00 00")
			b.wantInfo(2, 3, 1, 1, 1)
			want := make([]byte, 2352)
			if c.user {
				copy(want, user)
			}
			switch c.mode {
			case disc.Mode1:
				sector.Generate(want, 10, sector.Mode1)
			case disc.Mode2:
				sector.Generate(want, 10, sector.Mode2)
			case disc.XA:
				kind := sector.Form1
				if !c.user {
					copy(want[16:], "\x00\x00\x20\x00\x00\x00\x20\x00")
					kind = sector.Form2
				}
				sector.Generate(want, 10, kind)
			}
			if got := b.get("be 00 00 00 00 0a 00 00 01 f8 00 00", 2352); !bytes.Equal(got, want) {
				t.Errorf("sector 10 is\n% x\nwant\n% x", got[:40], want[:40])
			}
			if c.form&0xC0 != 0 {
				got := b.get("be 00 00 00 00 64 00 00 01 00 01 00", 96)
				q := sector.ReadQ(got)
				if v, ok := sector.DecodeQ(q[:]); !ok || v.Track != 1 || v.Absolute != disc.LBA(100).MSF() {
					t.Errorf("Q of sector 100 is %+v", v)
				}
				rw := got
				if c.form&0xC0 == 0xC0 {
					rw = b.get("be 00 00 00 00 64 00 00 01 00 04 00", 96)
				}
				for i := range rw {
					if rw[i]&0x3F != send[c.size-96+i]&0x3F {
						t.Fatalf("R to W of sector 100: % x, want % x", rw, send[c.size-96:])
					}
				}
			}
		})
	}
}

// TestCuePointers: the sense data of a cue sheet that is refused points to the wrong byte.
func TestCuePointers(t *testing.T) {
	const in, out = "41000014 00000000", "41aa0114 00001749"
	const one = "41010010 00000000 41010110 00000200"
	const mcn = "0234303036333831 0233333339333100"
	for _, c := range []struct {
		name  string
		at    int
		sheet string
	}{
		{"control bits", 8, in + "51010010 00000000 41010110 00000200" + out},
		{"mode of Q", 8, in + "44010010 00000000 41010110 00000200" + out},
		{"a letter in the MCN", 2, "0234413036333831 0233333339333100" + in + one + out},
		{"a letter in the second half of the MCN", 9, "0234303036333831 0258333339333100" + in + one + out},
		{"MCN does not end with zero", 15, "0234303036333831 0233333339333131" + in + one + out},
		{"MCN after the lead-in", 8, in + mcn + one + out},
		{"a small letter in an ISRC", 10, in + "4301644541424332 4301343030303030" + one + out},
		{"a letter in the digits of an ISRC", 19, in + "4301444541424332 4301344130303030" + one + out},
		{"half an ISRC", 16, in + "4301444541424332" + one + out},
		{"ISRC of another track", 9, in + "4302444541424332 4302343030303030" + one + out},
		{"ISRC between index 0 and 1", 17, in + "41010010 00000000 4301444541424332 4301343030303030 41010110 00000200" + out},
		{"lead-in of audio data", 3, "41000010 00000000" + one + out},
		{"CD-TEXT in the pre-gap form of the lead-in", 3, "41000054 00000000" + one + out},
		{"address of the lead-in", 5, "41000014 00610000" + one + out},
		{"unknown form", 11, in + "41010015 00000000 41010110 00000200" + out},
		{"reserved sub-channel form", 11, in + "41010090 00000000 41010110 00000200" + out},
		{"SCMS of data", 12, in + "41010010 80000000 41010110 00000200" + out},
		{"SCMS value", 12, in + "01010000 40000000 01010100 00000200" + "01aa0101 00001749"},
		{"control changes in a track", 16, in + "01010000 00000000 21010100 00000200" + "01aa0101 00001749"},
		{"frames", 23, in + "41010010 00000000 41010110 0000024b" + out},
		{"seconds", 22, in + "41010010 00000000 41010110 00003c00" + out},
		{"index 3 after index 1", 26, in + one + "41010310 00000900" + out},
		{"index 2 where index 1 is", 29, in + one + "41010210 00000200" + out},
		{"index 2 of another mode", 27, in + one + "41010230 00000900" + out},
		{"index 1 without data", 19, in + "41010010 00000000 41010114 00000200" + out},
		{"index 2 after the lead-out", 32, in + one + out + "41010210 00001800"},
		{"mode changes without a pre-gap", 29, in + one + "41020130 00000900" + "41aa0134 00001749"},
		{"the new mode has less than 2 seconds", 37, in + one + "41020010 00000800 41020130 00000a00" + "41aa0134 00001749"},
		{"index of the lead-out", 26, in + one + "41aa0214 00001749"},
		{"form of the lead-out", 27, in + one + "41aa0111 00001749"},
		{"last track too short", 29, in + one + "41aa0114 00000500"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := insertBlank(t, "cd-r", 0)
			b.page05(0x02, 0x00, 0)
			sheet := bytesOf(strings.ReplaceAll(c.sheet, " ", ""))
			err := b.send(cueCDB(len(sheet)), sheet)
			if got := code(err); got != "5/26/00" {
				t.Fatalf("got %s", got)
			}
			if got := pointer(t, err); got != c.at {
				t.Errorf("the field pointer is %d, want %d", got, c.at)
			}
		})
	}
}

// pointer returns the field pointer of sense data.
func pointer(t *testing.T, err error) int {
	t.Helper()
	raw := senseOf(err)
	if len(raw) < 18 || raw[15]&0xC0 != 0x80 {
		t.Fatalf("no field pointer in % x", raw)
	}
	return int(raw[16])<<8 | int(raw[17])
}

// TestExtendedPregap: the first part of the pre-gap has the mode of the track before.
func TestExtendedPregap(t *testing.T) {
	b := insertBlank(t, "cd-r", 4000)
	b.page05(0x02, 0x00, 0)
	sheet := bytesOf(strings.ReplaceAll("01000001 00000000 01010000 00000000 01010100 00000200 01020001 00000800 41020014 00000900 41020110 00000b00 41aa0114 00001000", " ", ""))
	b.ok(cueCDB(len(sheet)), sheet...)
	b.writes(-150, 600, 2352)
	b.writes(675, 375, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.wantInfo(2, 3, 1, 1, 2)
	d := opened(b)
	if k := d.TOC().Sessions[0].Tracks; len(k) != 2 || k[1].Start != 675 || k[1].Pregap != 225 || k[1].Mode != disc.Mode1 || k[0].Length != 450 {
		t.Errorf("tracks %+v", k)
	}
	b.same(675, 375)
}

// senseOf returns the sense data of an error.
func senseOf(err error) []byte {
	var e *scsi.Error
	if !errors.As(err, &e) {
		return nil
	}
	return e.Raw
}

// TestNextAtOnce: the next writable address for a session at once is that of the pre-gap on a blank
// disc, and that of the track after another session.
func TestNextAtOnce(t *testing.T) {
	b := insertBlank(t, "cd-r", 40000)
	b.page05(0x02, 0xC4, 8)
	if got := b.nwa(0xFF); got != -150 {
		t.Errorf("next writable address %d on a blank disc, want -150", got)
	}
	b.page05(0x01, 0xC4, 8)
	b.writes(0, 300, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.ok("5b 00 02 00 00 00 00 00 00 00")
	second := b.nwa(0xFF)
	b.page05(0x02, 0xC4, 8)
	if got := b.nwa(0xFF); got != second {
		t.Errorf("next writable address %d after a session, want %d", got, second)
	}
}
