package record_test

import (
	"context"
	"testing"

	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
	"glassmaster/mastering/verify"
)

// flipped is a disc that stores whole sectors, and has a wrong byte in one of them.
type flipped struct {
	disc.Disc
	lba disc.LBA
}

func (f flipped) StoresRaw(disc.LBA) bool { return true }

func (f flipped) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, form disc.Form) (int, error) {
	n, err := f.Disc.ReadSectors(ctx, p, lba, form)
	if at := f.lba - lba; at >= 0 && int(at) < n && form != disc.User {
		p[int(at)*form.Size()+100] ^= 0xFF
	}
	return n, err
}

// TestCorrectable burns a source with a sector that its ECC corrects. The disc gets the correct
// data, with a notice, or in raw the damage, which is not called good.
func TestCorrectable(t *testing.T) {
	for _, mode := range []record.Mode{record.TrackAtOnce, record.SessionAtOnce, record.Raw} {
		t.Run(mode.String(), func(t *testing.T) {
			ctx := context.Background()
			d := virtualtest.Blank(t, "cd-r", 0)
			good := imagetest.XA(t)
			b, err := record.NewPlan(ctx, d, flipped{good, 20}, record.Options{Mode: mode})
			if err != nil {
				t.Fatal(err)
			}
			p := b.Plan()
			if len(p.Notices) == 0 || (p.Damaged() != "") != (mode == record.Raw) {
				t.Errorf("notices %v, damaged %q", p.Notices, p.Damaged())
			}
			if _, err := virtualtest.Burn(ctx, b, progress.Discard); err != nil {
				t.Fatal(err)
			}
			back, err := read.Open(ctx, d)
			if err != nil {
				t.Fatal(err)
			}
			var got, want [sector.Size]byte
			if _, err := back.ReadSectors(ctx, got[:], 20, disc.Raw); err != nil {
				t.Fatal(err)
			}
			if _, err := good.ReadSectors(ctx, want[:], 20, disc.Raw); err != nil {
				t.Fatal(err)
			}
			if (got == want) != (mode != record.Raw) {
				t.Errorf("the sector on the disc is correct: %v", got == want)
			}
		})
	}
}

// TestVerifyXA checks that a disc in mode 2 in a drive, whose sectors of form 2 have no user data,
// is read as good, without its run-out.
func TestVerifyXA(t *testing.T) {
	ctx := context.Background()
	d := virtualtest.Blank(t, "cd-r", 0)
	src := imagetest.XA(t)
	b, err := record.NewPlan(ctx, d, src, record.Options{Mode: record.TrackAtOnce})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := virtualtest.Burn(ctx, b, progress.Discard); err != nil {
		t.Fatal(err)
	}
	back, err := read.Open(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := disc.Sectors(back), disc.Sectors(src); got != want {
		t.Errorf("%d sectors instead of %d", got, want)
	}
	if _, err := verify.Read(ctx, back, nil, progress.Discard); err != nil {
		t.Error(err)
	}
}

// shifted is a disc without the pre-gap of its first track.
type shifted struct{ disc.Disc }

func (s shifted) TOC() disc.TOC {
	toc := s.Disc.TOC()
	one := toc.Sessions[0]
	one.Tracks = append([]disc.Track(nil), one.Tracks...)
	one.Tracks[0].Pregap = 0
	return disc.TOC{Catalog: toc.Catalog, Sessions: []disc.Session{one}}
}

// TestFirstAddress checks that the first track keeps its address if the source does not have what
// is before it, and that track at once says that it does not keep it.
func TestFirstAddress(t *testing.T) {
	ctx := context.Background()
	src := shifted{imagetest.Audio(t)}
	want := src.TOC().Sessions[0].Tracks[0].Start
	for _, mode := range []record.Mode{record.SessionAtOnce, record.Raw} {
		b, err := record.NewPlan(ctx, virtualtest.Blank(t, "cd-r", 0), src, record.Options{Mode: mode})
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Plan().Tracks[0].Start; got != want || want == 0 {
			t.Errorf("%v: track 1 begins at %d instead of %d", mode, got, want)
		}
	}
}
