package raw_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/image/raw"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
	"glassmaster/mastering/volume"
	_ "glassmaster/mastering/volume/formats"
)

// write stores sectors of discs, each from its first track or pre-gap to its end, one after
// the other.
func write(t testing.TB, name string, l runs.Layout, stored ...span) string {
	t.Helper()
	var b bytes.Buffer
	for _, s := range stored {
		if err := runs.Write(t.Context(), &b, s.disc, s.start, s.end, l, progress.Discard); err != nil {
			t.Fatal(err)
		}
	}
	return store(t, name, b.Bytes())
}

func store(t testing.TB, name string, p []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// span is a run of sectors of a disc.
type span struct {
	disc       disc.Disc
	start, end disc.LBA
}

// spans returns the sectors of each session.
func spans(d disc.Disc) []span {
	var all []span
	for _, s := range d.TOC().Sessions {
		first := s.Tracks[0]
		all = append(all, span{d, first.Start - disc.LBA(first.Pregap), s.Tracks[len(s.Tracks)-1].End()})
	}
	return all
}

// A written image is opened as the same disc.
func TestRoundTrip(t *testing.T) {
	for name, sample := range map[string]func(testing.TB) disc.Disc{
		"audio": imagetest.Audio, "mixed": imagetest.Mixed, "sessions": imagetest.Sessions,
		"sub-channels": imagetest.SubChannels, "XA": imagetest.XA, "mode 1": imagetest.Mode1,
	} {
		want := sample(t)
		got := imagetest.Open(t, raw.Format, imagetest.Create(t, raw.Format, want, format.Options{}, "x.bin"))
		imagetest.Same(t, want, got, raw.Format.Holds)
		if n := disc.Notices(got); len(n) > 0 {
			t.Errorf("%s: %q", name, disc.Texts(n))
		}
	}
}

// iat reads sectors of 2448 bytes.
func TestIAT(t *testing.T) {
	peertest.Need(t, "iat", "genisoimage")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), bytes.Repeat([]byte("contents "), 50000), 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, dir, "genisoimage", "-quiet", "-o", "in.iso", "file")
	user, err := os.ReadFile(filepath.Join(dir, "in.iso"))
	if err != nil {
		t.Fatal(err)
	}
	d := disc.FromReaderAt(bytes.NewReader(user), int64(len(user)), nil)
	path := imagetest.Create(t, raw.Format, d, format.Options{}, "x.bin")
	peertest.Run(t, filepath.Dir(path), "iat", "x.bin", "out.iso")
	if got, err := os.ReadFile(filepath.Join(filepath.Dir(path), "out.iso")); err != nil || !bytes.Equal(got, user) {
		t.Errorf("%d bytes that are not the user data, %v", len(got), err)
	}
}

// Whole sectors with sub-channels in any order, under any name, are opened as the disc that
// they are from.
func TestSubChannels(t *testing.T) {
	for _, sub := range []runs.Sub{runs.Interleaved, runs.Planar} {
		for name, sample := range map[string]func(testing.TB) disc.Disc{
			"audio": imagetest.Audio, "mixed": imagetest.Mixed, "sessions": imagetest.Sessions, "sub-channels": imagetest.SubChannels, "XA": imagetest.XA,
		} {
			want := sample(t)
			d := imagetest.Open(t, raw.Format, write(t, "x", runs.Layout{Length: sector.Size, Sub: sub}, spans(want)...))
			imagetest.Same(t, want, d, raw.Format.Holds)
			if n := disc.Notices(d); len(n) > 0 || !disc.HasSubChannels(d) {
				t.Errorf("%s: %q, sub-channels %v", name, disc.Texts(n), disc.HasSubChannels(d))
			}
		}
	}
	want := imagetest.Sessions(t)
	d := imagetest.Open(t, raw.Format, write(t, "x", runs.Layout{Length: sector.Size, Sub: runs.PQ}, spans(want)...))
	imagetest.Same(t, want, d, raw.Format.Holds)
}

// The 150 sectors before address 0, and a lead-out, are recognized if they are stored.
func TestGaps(t *testing.T) {
	want := imagetest.Mode1(t)
	blank := runs.Blank(want.TOC(), disc.Mode1)
	end := disc.LBA(disc.Sectors(want))
	for _, sub := range []runs.Sub{runs.NoSub, runs.Interleaved} {
		all := []span{{blank, -150, 0}, {want, 0, end}}
		if sub != runs.NoSub {
			all = append(all, span{blank, end, end + 100})
		}
		d := imagetest.Open(t, raw.Format, write(t, "x", runs.Layout{Length: sector.Size, Sub: sub}, all...))
		got := d.TOC().Sessions[0].Tracks
		if len(got) != 1 || got[0].Start != 0 || got[0].Pregap != 150 || got[0].Length != int64(end) {
			t.Errorf("sub-channels %d: %+v", sub, got)
		}
		imagetest.Same(t, want, d, format.Raw)
	}
}

// Without sub-channels, the tracks are derived from the modes and addresses of the sectors.
func TestTracks(t *testing.T) {
	for _, c := range []struct {
		name string
		disc disc.Disc
		want []disc.Session
		said string
	}{
		{"one track", imagetest.Mode1(t), []disc.Session{{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.Mode1, Length: 307}}}}, ""},
		{"XA", imagetest.XA(t), []disc.Session{{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.XA, Length: 307}}}}, ""},
		{"audio after data, and a later session", imagetest.Sessions(t), []disc.Session{
			{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.Mode1, Length: 307}, {Number: 2, Start: 307, Length: 1101}}},
			{Number: 2, Tracks: []disc.Track{{Number: 3, Mode: disc.XA, Start: 12808, Length: 320}}},
		}, ""},
	} {
		d := imagetest.Open(t, raw.Format, write(t, "x", runs.Layout{Length: sector.Size}, spans(c.disc)...))
		if got := d.TOC().Sessions; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n%+v, want\n%+v", c.name, got, c.want)
		}
		for _, s := range d.TOC().Sessions {
			for _, k := range s.Tracks {
				p, q := make([]byte, sector.Size), make([]byte, sector.Size)
				for at := k.Start; at < k.End(); at++ {
					_, err := d.ReadSectors(t.Context(), p, at, disc.Raw)
					if _, other := c.disc.ReadSectors(t.Context(), q, at, disc.Raw); err != nil || other != nil || !bytes.Equal(p, q) {
						t.Fatalf("%s: sector %d: %v, %v", c.name, at, err, other)
					}
				}
			}
		}
		if said := strings.Join(disc.Texts(disc.Notices(d)), "\n"); said != c.said {
			t.Errorf("%s: said %q", c.name, said)
		}
	}
}

// Parts of sectors are recognized by their EDC, or by a volume descriptor in sector 16.
func TestPartsOfSectors(t *testing.T) {
	xa, mode1 := imagetest.XA(t), imagetest.Mode1(t)
	form1 := disc.Disc(volumeDisc{imagetest.Mode1(t), disc.XA})
	for _, c := range []struct {
		name string
		from disc.Disc
		l    runs.Layout
		mode disc.Mode
	}{
		{"2336 of XA", xa, runs.XAData, disc.XA},
		{"2336 of mode 1", mode1, runs.Layout{At: 16, Length: 2336, Mode: disc.Mode1}, disc.Mode1},
		{"2336 with a volume", form1, runs.XAData, disc.XA},
		{"2056", form1, runs.Layout{At: 16, Length: 2056, Mode: disc.XA}, disc.XA},
		{"2324", form1, runs.Layout{At: 24, Length: 2324, Mode: disc.XA}, disc.XA},
		{"2328", form1, runs.Layout{At: 24, Length: 2328, Mode: disc.XA}, disc.XA},
		{"2332", form1, runs.Layout{At: 16, Length: 2332, Mode: disc.XA}, disc.XA},
	} {
		end := disc.LBA(disc.Sectors(c.from))
		d := imagetest.Open(t, raw.Format, write(t, "x", c.l, span{c.from, 0, end}))
		if got := d.TOC().Sessions[0].Tracks; len(got) != 1 || got[0].Mode != c.mode || got[0].Length != int64(end) {
			t.Errorf("%s: %+v", c.name, got)
			continue
		}
		p, q := make([]byte, disc.RawSectorSize), make([]byte, disc.RawSectorSize)
		for at := range end {
			_, err := d.ReadSectors(t.Context(), p, at, disc.Raw)
			if _, other := c.from.ReadSectors(t.Context(), q, at, disc.Raw); err != nil || other != nil || !bytes.Equal(p, q) {
				t.Fatalf("%s: sector %d differs (%v, %v)", c.name, at, err, other)
			}
		}
	}
}

// volumeDisc is a disc of sectors of one mode with a volume descriptor in sector 16.
type volumeDisc struct {
	disc.Disc
	mode disc.Mode
}

func (v volumeDisc) TOC() disc.TOC {
	toc := disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{v.Disc.TOC().Sessions[0].Tracks[0]}}}}
	toc.Sessions[0].Tracks[0].Mode = v.mode
	return toc
}

func (v volumeDisc) ReadSectors(_ context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	if f != disc.Raw {
		return 0, disc.ErrForm
	}
	n := len(p) / sector.Size
	for i := range n {
		one := p[i*sector.Size:][:sector.Size]
		at := lba + disc.LBA(i)
		clear(one)
		copy(one[sector.SubheadAt:], "\x00\x00\x08\x00\x00\x00\x08\x00")
		one[sector.XADataAt+7] = byte(at)
		if at == 16 {
			copy(one[sector.XADataAt:], "\x01CD001\x01")
		}
		sector.Generate(one, at, sector.Form1)
	}
	return n, nil
}

// Notices about raw files.
func TestNotices(t *testing.T) {
	d := imagetest.Mode1(t)
	var b bytes.Buffer
	if err := runs.Write(t.Context(), &b, d, 0, 307, runs.Mode1Raw, progress.Discard); err != nil {
		t.Fatal(err)
	}
	good := b.Bytes()
	change := func(f func(p []byte, i int)) []byte {
		c := bytes.Clone(good)
		for i := range len(c) / sector.Size {
			f(c[i*sector.Size:][:sector.Size], i)
		}
		return c
	}
	one := []disc.Track{{Number: 1, Mode: disc.Mode1, Length: 307}}
	for _, c := range []struct {
		name  string
		p     []byte
		said  string
		track []disc.Track
	}{
		{"a cut file", good[:len(good)-100], "ends within a sector", []disc.Track{{Number: 1, Mode: disc.Mode1, Length: 306}}},
		{"headers of zeros", change(func(p []byte, _ int) { copy(p[12:], "\x00\x00\x00") }), "addresses in the sector headers are wrong", one},
		{"headers that are not decimal", change(func(p []byte, _ int) { copy(p[12:], "\xff\xff\xff") }), "addresses in the sector headers are wrong", one},
		{"sectors without sync", change(func(p []byte, i int) {
			if i > 140 && i < 240 {
				clear(p)
			}
		}), "differs from that of the sectors around", one},
		{"another address", change(func(p []byte, i int) {
			if i >= 200 {
				sector.Generate(p, disc.LBA(i)+1000, sector.Mode1)
			}
		}), "are not consecutive", one},
		{"a part of a disc", change(func(p []byte, i int) { sector.Generate(p, disc.LBA(i)+11702, sector.Mode1) }), "", []disc.Track{{Number: 1, Mode: disc.Mode1, Start: 11702, Length: 307}}},
	} {
		d := imagetest.Open(t, raw.Format, store(t, "x.iso", c.p))
		if got := d.TOC().Sessions[0].Tracks; !reflect.DeepEqual(got, c.track) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.track)
		}
		if said := strings.Join(disc.Texts(disc.Notices(d)), "\n"); !strings.Contains(said, c.said) || c.said == "" && said != "" {
			t.Errorf("%s: said %q", c.name, said)
		}
	}
	path := store(t, "Disc.bin", good)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "Disc.cue"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := disc.Notices(imagetest.Open(t, raw.Format, path)); len(n) != 1 || n[0].Severity != disc.Info || !strings.Contains(n[0].Text, `"Disc.cue"`) {
		t.Errorf("with a sheet beside: %q", disc.Texts(n))
	}
}

// Files that are something else.
func TestRefused(t *testing.T) {
	var audio bytes.Buffer
	d := imagetest.Audio(t)
	if err := runs.Write(t.Context(), &audio, d, 0, disc.LBA(disc.Sectors(d)), runs.AudioRaw, progress.Discard); err != nil {
		t.Fatal(err)
	}
	iso := make([]byte, 40*2336)
	copy(iso[16*2048:], "\x01CD001\x01")
	copy(iso[16*2336:], "\x01CD001\x01")
	for name, p := range map[string][]byte{
		"audio": audio.Bytes(), "zeros": make([]byte, 300*2352), "an ISO image": iso, "nothing": nil,
		"unknown mode":     bytes.Repeat(append([]byte("\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x01\x82\x00\x61"), make([]byte, 2336)...), 400),
		"one sector":       append([]byte("\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x02\x00\x01"), make([]byte, 2336)...),
		"one sync pattern": append([]byte("\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00"), make([]byte, 9000)...),
	} {
		files, err := format.OpenFiles(store(t, "x.bin", p))
		if err != nil {
			t.Fatal(err)
		}
		if d, err := raw.Format.Open(t.Context(), files); err == nil {
			t.Errorf("%s: %+v", name, d.TOC())
		}
		files.Close()
	}
}

// FuzzOpen opens any file. What is opened has tracks that can be read.
func FuzzOpen(f *testing.F) {
	d := imagetest.SubChannels(f)
	for _, l := range []runs.Layout{{Length: sector.Size}, {Length: sector.Size, Sub: runs.Planar}, {Length: sector.Size, Sub: runs.PQ}} {
		var b bytes.Buffer
		for _, at := range []disc.LBA{0, 300, 450, 12808} {
			if err := runs.Write(f.Context(), &b, d, at, at+6, l, progress.Discard); err != nil {
				f.Fatal(err)
			}
		}
		f.Add(b.Bytes())
	}
	for _, c := range []struct {
		shift int
		sub   runs.Sub
	}{{0, runs.NoSub}, {-48, runs.NoSub}, {1200, runs.NoSub}, {0, runs.Interleaved}} {
		f.Add(dump(f, runs.Layout{Length: sector.Size, Scrambled: true, Sub: c.sub}, c.shift, span{d, 0, 4}, span{d, 304, 308}))
	}
	// A file of this name is searched for scrambled sectors to its end.
	path := filepath.Join(f.TempDir(), "x.scram")
	imagetest.FuzzOpen(f, raw.Format, path)
}

// A later session alone is at its address, where the files of its volume are.
func TestLaterSession(t *testing.T) {
	peertest.Need(t, "genisoimage")
	const start = 11702
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("the contents"), 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, dir, "genisoimage", "-quiet", "-C", "0,11702", "-o", "in.iso", "file")
	user, err := os.ReadFile(filepath.Join(dir, "in.iso"))
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, len(user)/disc.SectorSize*sector.Size)
	sector.EncodeMode1(p, user, start)
	d := imagetest.Open(t, raw.Format, store(t, "x", p))
	if k := d.TOC().Sessions[0].Tracks[0]; k.Start != start {
		t.Errorf("the track is %+v", k)
	}
	v, err := volume.OpenDisc(t.Context(), d, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := fs.ReadDir(v, ".")
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	if got, err := fs.ReadFile(v, list[0].Name()); err != nil || string(got) != "the contents" {
		t.Errorf("%q, %v", got, err)
	}
}
