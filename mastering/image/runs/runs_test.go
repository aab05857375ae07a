package runs_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// Sectors that Write writes in a layout are read again by a run of that layout.
func TestLayouts(t *testing.T) {
	const count = 150
	user := make([]byte, count*disc.SectorSize)
	for i := range user {
		user[i] = byte(i * 7 >> 3)
	}
	for _, c := range []struct {
		name   string
		layout runs.Layout
	}{
		{"2048", runs.Mode1User},
		{"2352", runs.Mode1Raw},
		{"2352 and planar sub-channels", runs.Mode1Raw.WithSub(runs.Planar)},
		{"2352 and interleaved sub-channels", runs.Mode1Raw.WithSub(runs.Interleaved)},
		{"2352 and Q", runs.Mode1Raw.WithSub(runs.PQ)},
		{"XA 2048", runs.XAForm1},
		{"XA 2336", runs.XAData},
		{"XA 2352", runs.XARaw},
	} {
		toc := disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: c.layout.Mode, Length: count}}}}}
		var stored bytes.Buffer
		from := flat{disc.FromReaderAt(bytes.NewReader(user), int64(len(user)), nil), toc}
		if err := runs.Write(t.Context(), &stored, from, 0, count, c.layout, progress.Discard); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if stored.Len() != count*c.layout.Size() {
			t.Errorf("%s: %d bytes written", c.name, stored.Len())
		}
		d, err := runs.New(files(t), toc, []runs.Run{{Layout: c.layout, Count: count, From: bytes.NewReader(stored.Bytes())}})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []disc.Form{disc.User, disc.Raw, disc.RawSub} {
			got, want := make([]byte, count*f.Size()), make([]byte, count*f.Size())
			n, err := d.ReadSectors(t.Context(), got, 0, f)
			if n != count || err != nil {
				t.Errorf("%s: form %d: %d, %v", c.name, f, n, err)
			}
			if n, err := sector.AllForms(from).ReadSectors(t.Context(), want, 0, f); n != count || err != nil {
				t.Errorf("%s: form %d of the source: %d, %v", c.name, f, n, err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: form %d differs", c.name, f)
			}
		}
	}
}

// flat is a disc with another table of contents.
type flat struct {
	disc.Disc
	toc disc.TOC
}

func (f flat) TOC() disc.TOC { return f.toc }

func files(t *testing.T) *format.Files {
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := format.OpenFiles(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// A file that ends early is an error at the first missing sector.
func TestShort(t *testing.T) {
	p := make([]byte, 10*sector.Size+5)
	toc := disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{{Number: 1, Length: 20}}}}}
	d, err := runs.New(files(t), toc, []runs.Run{{Layout: runs.AudioRaw, Count: 20, From: bytes.NewReader(p)}})
	if err != nil {
		t.Fatal(err)
	}
	n, err := d.ReadSectors(t.Context(), make([]byte, 15*sector.Size), 0, disc.Raw)
	if n != 10 || err == nil {
		t.Errorf("%d sectors, %v", n, err)
	}
	if n, err := d.ReadSectors(t.Context(), make([]byte, disc.SectorSize), 0, disc.User); n != 0 || !errors.Is(err, disc.ErrForm) {
		t.Errorf("user data of audio: %d, %v", n, err)
	}
}

// Impossible addresses and lengths are an error in every format.
func TestImpossible(t *testing.T) {
	run := func(start disc.LBA, count int64) runs.Run {
		return runs.Run{Layout: runs.AudioRaw, Start: start, Count: count}
	}
	track := func(number int, start disc.LBA, length, pregap int64, indexes ...disc.LBA) disc.Track {
		return disc.Track{Number: number, Start: start, Length: length, Pregap: pregap, Indexes: indexes}
	}
	for name, c := range map[string]struct {
		tracks []disc.Track
		list   []runs.Run
	}{
		"a run before the pre-gap of track 1": {[]disc.Track{track(1, 0, 10, 0)}, []runs.Run{run(-151, 161)}},
		"a pre-gap before it":                 {[]disc.Track{track(1, 0, 10, 1000)}, []runs.Run{run(0, 10)}},
		"tracks that overlap":                 {[]disc.Track{track(1, 0, 10, 0), track(2, 9, 5, 0)}, []runs.Run{run(0, 14)}},
		"a pre-gap in the track before":       {[]disc.Track{track(1, 0, 10, 0), track(2, 10, 5, 1)}, []runs.Run{run(0, 15)}},
		"two tracks of one number":            {[]disc.Track{track(1, 0, 10, 0), track(1, 10, 5, 0)}, []runs.Run{run(0, 15)}},
		"track 100":                           {[]disc.Track{track(100, 0, 10, 0)}, []runs.Run{run(0, 10)}},
		"a track without sectors":             {[]disc.Track{track(1, 0, 0, 0), track(2, 0, 5, 0)}, []runs.Run{run(0, 5)}},
		"a negative pre-gap":                  {[]disc.Track{track(1, 0, 10, -1)}, []runs.Run{run(0, 10)}},
		"an index after the track":            {[]disc.Track{track(1, 0, 10, 0, 11)}, []runs.Run{run(0, 10)}},
		"indexes in the wrong order":          {[]disc.Track{track(1, 0, 10, 0, 5, 4)}, []runs.Run{run(0, 10)}},
	} {
		if _, err := runs.New(files(t), disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: c.tracks}}}, c.list); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Sectors that no file contains are read as valid empty sectors of their mode, whatever the layout
// of the track is.
func TestEmpty(t *testing.T) {
	for _, m := range []disc.Mode{disc.Audio, disc.Mode1, disc.Mode2, disc.XA} {
		toc := disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: m, Start: 5, Pregap: 5, Length: 5}}}}}
		l := runs.Layout{Length: sector.Size, Mode: m, Sub: runs.Interleaved}
		stored := bytes.NewReader(make([]byte, 5*l.Size()))
		d, err := runs.New(files(t), toc, []runs.Run{{Layout: l, Count: 5}, {Layout: l, Start: 5, Count: 5, From: stored}})
		if err != nil {
			t.Fatal(err)
		}
		p := make([]byte, disc.RawSub.Size())
		if n, err := d.ReadSectors(t.Context(), p, 3, disc.RawSub); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		q := sector.ReadQ(p[sector.Size:])
		if x, ok := sector.DecodeQ(q[:]); !ok || x.Track != 1 || x.Index != 0 {
			t.Errorf("%v: Q %+v", m, x)
		}
		if m != disc.Audio && sector.Check(p[:sector.Size], 3) != 0 {
			t.Errorf("%v: faults %x", m, sector.Check(p[:sector.Size], 3))
		}
		if n, err := d.ReadSectors(t.Context(), p[:disc.SectorSize], 3, disc.User); (m == disc.Mode1 || m == disc.XA) && (n != 1 || err != nil) {
			t.Errorf("%v: user data: %d, %v", m, n, err)
		}
	}
}
