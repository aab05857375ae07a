package verify_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/progress"
	cdsector "glassmaster/mastering/sector"
	"glassmaster/mastering/verify"
)

// damagedDisc is a disc with changed sectors.
type damagedDisc struct {
	disc.Disc
	change map[disc.LBA]func(p []byte)
}

func (d damagedDisc) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	n, err := d.Disc.ReadSectors(ctx, p, lba, f)
	for i := range n {
		if change := d.change[lba+disc.LBA(i)]; change != nil && f != disc.User {
			change(p[i*f.Size() : (i+1)*f.Size()])
		}
	}
	return n, err
}

func (d damagedDisc) StoresRaw(lba disc.LBA) bool { return disc.StoresRaw(d.Disc, lba) }
func (d damagedDisc) HasSubChannels() bool        { return disc.HasSubChannels(d.Disc) }

func TestReadChecks(t *testing.T) {
	flip := func(at int) func([]byte) { return func(p []byte) { p[at] ^= 0x55 } }
	xa := disc.LBA(0) // of the second session, form 1
	d := imagetest.SubChannels(t)
	for _, s := range d.TOC().Sessions {
		xa = s.Tracks[0].Start
	}
	for xa%5 == 3 {
		xa++
	}
	audio := d.TOC().Sessions[0].Tracks[1].Start
	for _, c := range []struct {
		name        string
		lba         disc.LBA
		change      func([]byte)
		kinds       []string // nil: no fault
		correctable bool
	}{
		{"user data", 10, flip(500), []string{"EDC", "P parity", "Q parity"}, true},
		{"EDC", 11, flip(2064), []string{"EDC", "P parity", "Q parity"}, true},
		{"parity", 12, flip(2300), []string{"Q parity"}, true},
		{"sync", 13, flip(3), []string{"sync"}, true},
		{"everything", 14, func(p []byte) {
			for i := 16; i < cdsector.Size; i++ {
				p[i] ^= byte(i*7 + i>>8 + 1)
			}
		}, []string{"EDC", "P parity", "Q parity", "zeros"}, false},
		{"address", 15, func(p []byte) { cdsector.Generate(p[:cdsector.Size], 4000, cdsector.Mode1) }, []string{"header"}, false},
		{"form 1", xa, flip(100), []string{"EDC", "P parity", "Q parity"}, true},
		{"Q sub-channel", audio, func(p []byte) { p[cdsector.Size+20] ^= 0x40 }, []string{"Q sub-channel"}, false},
		{"R to W", audio, flip(cdsector.Size + 3), nil, false},
		{"sample", audio, flip(100), nil, false},
	} {
		if c.name == "R to W" {
			c.change = func(p []byte) { p[cdsector.Size+3] ^= 0x15 }
		}
		r, err := verify.Read(t.Context(), damagedDisc{d, map[disc.LBA]func([]byte){c.lba: c.change}}, func(disc.LBA) string { return "file" }, progress.Discard)
		var f *verify.FaultError
		if !errors.As(err, &f) {
			if err != nil || c.kinds != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		one := f.First[0]
		if f.Count != 1 || one.LBA != c.lba || one.File != "file" || !slices.Equal(one.Kinds(), c.kinds) || one.Correctable != c.correctable || (f.Correctable == 1) != c.correctable {
			t.Errorf("%s: %v; %v, %+v", c.name, err, one.Kinds(), one)
		}
		if r.Bad != 0 || len(f.Kinds()) != len(c.kinds) {
			t.Errorf("%s: %+v, %v", c.name, r, f.Kinds())
		}
	}
}

// TestReadCounts: what was checked and what cannot be checked is counted, and the checksum is
// that of audio and user data.
func TestReadCounts(t *testing.T) {
	d := imagetest.Mixed(t)
	var m progress.Meter
	r, err := verify.Read(t.Context(), d, nil, &m)
	if err != nil {
		t.Fatal(err)
	}
	var audio, data int64
	for _, k := range d.TOC().Sessions[0].Tracks {
		if k.Mode == disc.Audio {
			audio += k.Length + k.Pregap
		} else {
			data += k.Length
		}
	}
	if r.Checks != (verify.Checks{Data: data, Audio: audio}) || r.Sectors != audio+data || m.Snapshot().Done != m.Snapshot().Total {
		t.Errorf("%+v, %+v", r, m.Snapshot())
	}
	like := imagetest.Mode1(t)
	toc := like.TOC()
	toc.Sessions[0].Tracks[0].Mode = disc.Audio
	if r, err := verify.Read(t.Context(), retyped{like, toc}, nil, progress.Discard); err != nil || r.Checks.Synced != r.Sectors {
		t.Errorf("data as audio: %+v, %v", r.Checks, err)
	}
	plain := disc.FromReaderAt(bytes.NewReader(make([]byte, 100*disc.SectorSize)), 100*disc.SectorSize, nil)
	if r, err := verify.Read(t.Context(), plain, nil, progress.Discard); err != nil || r.Checks != (verify.Checks{Without: 100}) {
		t.Errorf("%+v, %v", r, err)
	}
	sub := imagetest.SubChannels(t)
	if r, err := verify.Read(t.Context(), sub, nil, progress.Discard); err != nil || r.Checks.Q < r.Sectors || r.Checks.NoQ != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// retyped is a disc whose tracks have other modes.
type retyped struct {
	disc.Disc
	toc disc.TOC
}

func (d retyped) TOC() disc.TOC { return d.toc }

// unreadable is a disc with a sector that cannot be read.
type unreadable struct {
	damagedDisc
	bad disc.LBA
}

func (u unreadable) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	if u.bad == lba {
		return 0, io.ErrUnexpectedEOF
	}
	if n := int(u.bad - lba); n > 0 && n*f.Size() < len(p) {
		p = p[:n*f.Size()]
	}
	return u.damagedDisc.ReadSectors(ctx, p, lba, f)
}

// TestReadBoth: a sector that cannot be read does not hide one that is damaged.
func TestReadBoth(t *testing.T) {
	d := unreadable{damagedDisc{imagetest.Mode1(t), map[disc.LBA]func([]byte){200: func(p []byte) { p[99]++ }}}, 100}
	r, err := verify.Read(t.Context(), d, nil, progress.Discard)
	var f *verify.FaultError
	var m *verify.Mismatch
	if !errors.As(err, &f) || !errors.As(err, &m) || f.Count != 1 || m.Count != 1 || m.LBA != 100 || r.Bad != 1 {
		t.Errorf("%v", err)
	}
}

func TestTOC(t *testing.T) {
	want := imagetest.Sessions(t).TOC()
	if err := verify.TOC(want, imagetest.Sessions(t).TOC()); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*disc.TOC){
		"catalogue number": func(c *disc.TOC) { c.Catalog = "" },
		"sessions":         func(c *disc.TOC) { c.Sessions = c.Sessions[:1] },
		"track":            func(c *disc.TOC) { c.Sessions[0].Tracks = c.Sessions[0].Tracks[:2] },
		"length":           func(c *disc.TOC) { c.Sessions[0].Tracks[1].Length-- },
		"index":            func(c *disc.TOC) { c.Sessions[0].Tracks[1].Indexes[1]++ },
		"text":             func(c *disc.TOC) { delete(c.Sessions[0].Text[1].Tracks, 3) },
	} {
		got := imagetest.Sessions(t).TOC()
		change(&got)
		var m *verify.TOCMismatch
		if err := verify.TOC(want, got); !errors.As(err, &m) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
