package raw_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/image/raw"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// plainScrambled are whole sectors in a dump.
var plainScrambled = runs.Layout{Length: sector.Size, Scrambled: true}

// dump returns sectors of discs as a program dumps them. They are shifted by some bytes, of
// which the size of the dump shows nothing.
func dump(t testing.TB, l runs.Layout, shift int, all ...span) []byte {
	t.Helper()
	var b bytes.Buffer
	b.Write(make([]byte, max(shift, 0)))
	for _, s := range all {
		if err := runs.Write(t.Context(), &b, s.disc, s.start, s.end, l, progress.Discard); err != nil {
			t.Fatal(err)
		}
	}
	p := b.Bytes()[max(-shift, 0):]
	if rest := len(p) % sector.Size; rest > 0 && shift != 0 {
		p = append(p, make([]byte, sector.Size-rest)...)
	}
	return p
}

// storeAt writes a file of zeros, with some bytes at an offset. Its size is a multiple of that
// of a sector.
func storeAt(t testing.TB, name string, off int64, p []byte) string {
	t.Helper()
	path := store(t, name, nil)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(p, off); err != nil {
		t.Fatal(err)
	}
	end := off + int64(len(p)) + sector.Size - 1
	if err := f.Truncate(end - end%sector.Size); err != nil {
		t.Fatal(err)
	}
	return path
}

// register combines sectors with the register of ECMA-130 annex B, bit by bit.
func register(all []byte) []byte {
	for p := all; len(p) > 0; p = p[sector.Size:] {
		r := uint16(1)
		for i := sector.SyncSize * 8; i < sector.Size*8; i++ {
			p[i/8] ^= byte(r&1) << (i % 8)
			r = r>>1 | (r^r>>1)&1<<14
		}
	}
	return all
}

// same compares the sectors of a disc from start to before end.
func same(t *testing.T, want, got disc.Disc, start, end disc.LBA) {
	t.Helper()
	p, q := make([]byte, sector.Size), make([]byte, sector.Size)
	for at := start; at < end; at++ {
		_, err := got.ReadSectors(t.Context(), p, at, disc.Raw)
		if _, other := want.ReadSectors(t.Context(), q, at, disc.Raw); err != nil || other != nil || !bytes.Equal(p, q) {
			t.Fatalf("sector %d differs (%v, %v): % x instead of % x", at, err, other, p[:24], q[:24])
		}
	}
}

// Scrambled dumps are opened as the sectors that the disc has, wherever they begin.
func TestScrambled(t *testing.T) {
	mode1, xa, mixed := imagetest.Mode1(t), imagetest.XA(t), imagetest.Mixed(t)
	leadIn := func(d disc.Disc, m disc.Mode) span { return span{runs.Blank(d.TOC(), m), -150, 0} }
	one := func(m disc.Mode, pregap int64) []disc.Track {
		return []disc.Track{{Number: 1, Mode: m, Pregap: pregap, Length: 307}}
	}
	end := disc.LBA(disc.Sectors(mixed))
	songs := []disc.Track{{Number: 1, Mode: disc.Mode1, Length: 307}, {Number: 2, Start: 307, Length: int64(end) - 307}}
	for _, c := range []struct {
		name   string
		file   string
		at     int64 // of the dump in the file, in bytes
		shift  int
		stored []span
		want   []disc.Track
	}{
		{"aligned", "x.bin", 0, 0, []span{{mode1, 0, 307}}, one(disc.Mode1, 0)},
		{"later", "x.img", 0, 120, []span{{mode1, 0, 307}}, one(disc.Mode1, 0)},
		{"at an odd byte", "x.img", 3 * sector.Size, 1201, []span{{mode1, 0, 307}}, one(disc.Mode1, 0)},
		{"earlier, with the pre-gap", "x.scm", 0, -2304, []span{leadIn(mode1, disc.Mode1), {mode1, 0, 307}}, one(disc.Mode1, 149)},
		{"the pre-gap", "x.raw", 20*sector.Size + 16, 0, []span{leadIn(xa, disc.Mode2), {xa, 0, 307}}, one(disc.XA, 150)},
		{"redumper", "x.scram", 45150*sector.Size - 48, 0, []span{{mode1, 0, 307}}, one(disc.Mode1, 0)},
		{"redumper, with the pre-gap, under another name", "x", 45000*sector.Size + 2348, 0, []span{leadIn(xa, disc.Mode2), {xa, 0, 307}}, one(disc.XA, 150)},
		{"audio after data", "x", 0, 588, []span{{mixed, 0, end}}, songs},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := storeAt(t, c.file, c.at, dump(t, plainScrambled, c.shift, c.stored...))
			d := imagetest.Open(t, raw.Format, path)
			got := d.TOC().Sessions[0].Tracks
			if len(got) != len(c.want) {
				t.Fatalf("tracks %+v", got)
			}
			for i, w := range c.want {
				if k := got[i]; k.Mode != w.Mode || k.Start != w.Start || k.Pregap != w.Pregap || k.Length != w.Length {
					t.Errorf("track %+v, want %+v", k, w)
				}
			}
			same(t, c.stored[len(c.stored)-1].disc, d, 0, disc.LBA(disc.Sectors(d)))
			if k := got[0]; k.Pregap > 0 {
				same(t, c.stored[0].disc, d, -disc.LBA(k.Pregap), 0)
			}
			n := disc.Notices(d)
			if len(n) != len(c.want) || n[0].Severity != disc.Info || !strings.Contains(n[0].Text, "scrambled") {
				t.Fatalf("notices %q", disc.Texts(n))
			}
			if len(n) > 1 && (n[1].Severity != disc.Warning || !strings.Contains(n[1].Text, "Track 2 is assumed to be audio")) {
				t.Errorf("notices %q", disc.Texts(n))
			}
		})
	}
}

// What scrambles the sectors here is not what descrambles them.
func TestScrambledByRegister(t *testing.T) {
	want := imagetest.XA(t)
	p := register(dump(t, runs.Layout{Length: sector.Size}, 0, span{want, 0, 307}))
	d := imagetest.Open(t, raw.Format, store(t, "x", append(make([]byte, 700), p...)))
	same(t, want, d, 0, 307)
	user, one := make([]byte, disc.SectorSize), make([]byte, disc.SectorSize)
	if _, err := d.ReadSectors(t.Context(), user, 16, disc.User); err != nil {
		t.Fatal(err)
	}
	if _, err := want.ReadSectors(t.Context(), one, 16, disc.User); err != nil || !bytes.Equal(one, user) {
		t.Errorf("the user data differs, %v", err)
	}
}

// The sectors of a lead-in, of which the headers have addresses up to 99:59:74, may have
// another shift.
func TestScrambledLeadIn(t *testing.T) {
	want := imagetest.Mode1(t)
	var leadIn []byte
	for at := disc.LBA(-400); at < -150; at++ {
		one := make([]byte, sector.Size)
		sector.Generate(one, at, sector.Mode0)
		sector.Scramble(one)
		leadIn = append(leadIn, one...)
	}
	pregap := dump(t, plainScrambled, 0, span{runs.Blank(want.TOC(), disc.Mode1), -150, 0}, span{want, 0, 307})
	for _, gap := range []int{0, 20} {
		p := append(append(bytes.Clone(leadIn), make([]byte, gap)...), pregap...)
		d := imagetest.Open(t, raw.Format, storeAt(t, "x.scram", (45150-400)*sector.Size+12, p))
		if got := d.TOC().Sessions[0].Tracks; len(got) != 1 || got[0].Start != 0 || got[0].Pregap != 150 || got[0].Length != 307 {
			t.Fatalf("%d bytes after the lead-in: tracks %+v", gap, got)
		}
		same(t, want, d, 0, 307)
	}
}

// The first sector may have been read in part. It belongs to the first track.
func TestScrambledFirstSector(t *testing.T) {
	want := imagetest.Mode1(t)
	p := dump(t, plainScrambled, 0, span{want, 0, 307}) // the dump begins 100 bytes later than its sector
	d := imagetest.Open(t, raw.Format, storeAt(t, "x.scram", 45150*sector.Size, p[100:]))
	if got := d.TOC().Sessions[0].Tracks; len(got) != 1 || got[0].Mode != disc.Mode1 || got[0].Start != 0 {
		t.Fatalf("tracks %+v", got)
	}
	same(t, want, d, 1, 306)
	if _, err := d.ReadSectors(t.Context(), make([]byte, disc.SectorSize), 0, disc.User); err == nil {
		t.Error("a part of a sector was read")
	}
}

// A disc that begins with audio is found by the name of its dump.
func TestScrambledAfterAudio(t *testing.T) {
	s := imagetest.Sessions(t)
	toc := s.TOC().Sessions
	audio := span{s, toc[0].Tracks[1].Start, toc[0].Tracks[3].End()}
	data := span{s, toc[1].Tracks[0].Start, toc[1].Tracks[0].End()}
	gap := data.start - (audio.end - audio.start) // sectors before the audio
	p := dump(t, plainScrambled, 8, span{runs.Blank(s.TOC(), disc.Audio), 0, gap}, audio, data)
	d := imagetest.Open(t, raw.Format, storeAt(t, "x.SCRAM", 45150*sector.Size, p))
	got := d.TOC().Sessions[0].Tracks
	if len(got) != 2 || got[0].Mode != disc.Audio || got[0].Start != 0 || got[1].Mode != disc.XA || got[1].Start != data.start || got[1].Length != int64(data.end-data.start) {
		t.Fatalf("tracks %+v", got)
	}
	same(t, s, d, data.start, data.end)
	one, two := make([]byte, sector.Size), make([]byte, sector.Size)
	_, err := d.ReadSectors(t.Context(), one, gap+5, disc.Raw)
	if _, other := s.ReadSectors(t.Context(), two, audio.start+5, disc.Raw); err != nil || other != nil || !bytes.Equal(one, two) {
		t.Errorf("an audio sector differs (%v, %v)", err, other)
	}
	short := imagetest.Open(t, raw.Format, store(t, "x.scm", p))
	same(t, s, short, data.start, data.end)
	if toc, err := open(t, storeAt(t, "x.bin", 45150*sector.Size, p)); !errors.Is(err, format.ErrUnknown) {
		t.Errorf("under a name that is no reason to search it: %+v, %v", toc, err)
	}
}

// Dumps with sub-channels after each sector have all that these say.
func TestScrambledSubChannels(t *testing.T) {
	for _, sub := range []runs.Sub{runs.Interleaved, runs.Planar, runs.PQ} {
		for _, want := range []disc.Disc{imagetest.Mixed(t), imagetest.Sessions(t)} {
			l := plainScrambled.WithSub(sub)
			d := imagetest.Open(t, raw.Format, store(t, "x", dump(t, l, 0, spans(want)...)))
			imagetest.Same(t, want, d, raw.Format.Holds)
			if n := disc.Notices(d); len(n) > 0 {
				t.Errorf("%q", disc.Texts(n))
			}
		}
	}
}

// A dump that ends too early is opened as far as it goes, with a notice.
func TestScrambledCut(t *testing.T) {
	mode1 := imagetest.Mode1(t)
	p := dump(t, plainScrambled, 300, span{mode1, 0, 307})
	path := store(t, "x.scram", p[:len(p)-3000])
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "x.toc"), []byte("a table of contents as a drive returns it"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := imagetest.Open(t, raw.Format, path)
	n := disc.Notices(d)
	if len(n) != 2 || !n[0].Incomplete || !strings.Contains(n[0].Text, "ends within a sector") {
		t.Errorf("notices %q", disc.Texts(n))
	}
	if got := disc.Sectors(d); got != 306 {
		t.Errorf("%d sectors", got)
	}
	same(t, mode1, d, 0, 306)
}

// Dumps that contradict themselves are refused, and say why.
func TestScrambledRefused(t *testing.T) {
	d := imagetest.Mode1(t)
	first := dump(t, plainScrambled, 0, span{d, 0, 150})
	second := dump(t, plainScrambled, 0, span{d, 150, 307})
	leadIn := dump(t, plainScrambled, 0, span{runs.Blank(d.TOC(), disc.Mode1), -150, -20})
	for _, c := range []struct {
		name string
		p    []byte
		want string
	}{
		{"another shift", append(append(bytes.Clone(first), make([]byte, 100)...), second...), "shifted by different numbers of bytes"},
		{"other addresses", append(bytes.Clone(first), append(first, first...)...), "does not have the address that follows"},
		{"not scrambled any more", append(first[:3*sector.Size:3*sector.Size], dump(t, runs.Layout{Length: sector.Size}, 0, span{d, 3, 307})...), "does not have the address that follows"},
		{"only the pre-gap", leadIn, "ends before address 0"},
		{"one sector", first[:sector.Size+sector.DataAt-1], format.ErrUnknown.Error()},
	} {
		if toc, err := open(t, store(t, "x.scram", c.p)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %+v, %v", c.name, toc, err)
		}
	}
}

// A file of any size is searched for a limited time and with little memory.
func TestScrambledSize(t *testing.T) {
	for _, c := range []struct {
		p    []byte
		want string
	}{
		{nil, format.ErrUnknown.Error()},
		{dump(t, plainScrambled, 12, span{imagetest.Mode1(t), 0, 8}), "a CD has at most"},
	} {
		path := storeAt(t, "x.scram", 45150*sector.Size, c.p)
		if err := os.Truncate(path, 1<<40); err != nil {
			t.Fatal(err)
		}
		if _, err := open(t, path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v", err)
		}
	}
}

// A dump that is a file of another image is not opened in place of it.
func TestScrambledInside(t *testing.T) {
	p := dump(t, plainScrambled, 0, span{imagetest.Mode1(t), 0, 40})
	for _, id := range []string{"\x01CD001\x01", "\x00BEA01\x01"} {
		image := append(make([]byte, 20*disc.SectorSize), p...)
		copy(image[16*disc.SectorSize:], id)
		if toc, err := open(t, store(t, "x.scram", image)); !errors.Is(err, format.ErrUnknown) {
			t.Errorf("%q: %+v, %v", id, toc, err)
		}
	}
}

// open opens a file that is refused. Otherwise it returns the table of contents.
func open(t *testing.T, path string) (disc.TOC, error) {
	t.Helper()
	files, err := format.OpenFiles(path)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	d, err := raw.Format.Open(t.Context(), files)
	if err != nil {
		return disc.TOC{}, err
	}
	return d.TOC(), nil
}
