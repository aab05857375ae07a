package record_test

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// cdCase is a source, and the mode in which it is burned.
type cdCase struct {
	name string
	src  func(testing.TB) disc.Disc
	o    record.Options
	mode record.Mode
}

// cdCases are the kinds of CD, each in the mode that is chosen for it, and some in others.
var cdCases = []cdCase{
	{"data", imagetest.Mode1, record.Options{}, record.TrackAtOnce},
	{"data at once", imagetest.Mode1, record.Options{Mode: record.SessionAtOnce}, record.SessionAtOnce},
	{"data raw", imagetest.Mode1, record.Options{Mode: record.Raw}, record.Raw},
	{"audio", imagetest.Audio, record.Options{}, record.SessionAtOnce},
	{"audio raw", imagetest.Audio, record.Options{Mode: record.Raw}, record.Raw},
	{"audio by track", imagetest.Audio, record.Options{Mode: record.TrackAtOnce, AcceptLoss: true}, record.TrackAtOnce},
	{"mixed", imagetest.Mixed, record.Options{}, record.SessionAtOnce},
	{"mixed raw", imagetest.Mixed, record.Options{Mode: record.Raw}, record.Raw},
	{"mixed by track", imagetest.Mixed, record.Options{Mode: record.TrackAtOnce, AcceptLoss: true}, record.TrackAtOnce},
	{"XA", imagetest.XA, record.Options{}, record.TrackAtOnce},
	{"XA at once", imagetest.XA, record.Options{Mode: record.SessionAtOnce}, record.SessionAtOnce},
	{"XA of user data", userXA, record.Options{}, record.TrackAtOnce},
	{"XA of user data at once", userXA, record.Options{Mode: record.SessionAtOnce}, record.SessionAtOnce},
	{"two sessions", imagetest.Sessions, record.Options{}, record.SessionAtOnce},
	{"sub-channels", imagetest.SubChannels, record.Options{}, record.Raw},
}

// userXA returns a disc in mode 2 XA of which only the user data is stored.
func userXA(testing.TB) disc.Disc { return cooked{virtualtest.DiscOf(virtualtest.Noise(310, 5))} }

type cooked struct{ disc.Disc }

func (c cooked) TOC() disc.TOC {
	return disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.XA, Length: 310}}}}}
}

// TestCDModes burns the sample discs, and reads the disc back independently of the
// comparison of the burn.
func TestCDModes(t *testing.T) {
	for _, x := range cdCases {
		t.Run(x.name, func(t *testing.T) {
			ctx := context.Background()
			d := virtualtest.Blank(t, "cd-rw", 40000)
			d.SetLoader(true) // so that the tray is opened
			src := x.src(t)
			b, err := record.NewPlan(ctx, d, src, x.o)
			if err != nil {
				t.Fatal(err)
			}
			p := b.Plan()
			t.Logf("%v: %s\nlost %v\nsteps %q", p.Mode, p.Reason, p.Lost, p.Steps)
			if p.Mode != x.mode || p.Reason == "" || len(p.Modes) != 3 || len(p.Tracks) != countTracks(src.TOC()) {
				t.Errorf("plan: %+v", p)
			}
			if len(p.Lost) > 0 != x.o.AcceptLoss {
				t.Errorf("lost: %v", p.Lost)
			}
			r, err := virtualtest.Burn(ctx, b, progress.Discard)
			if err != nil {
				t.Fatal(err)
			}
			if !r.Verified || r.MediumID == "" || len(r.Checks) == 0 {
				t.Errorf("verified %v (%v), medium %q, checks %+v", r.Verified, r.NotAssured, r.MediumID, r.Checks)
			}
			for _, c := range r.Checks {
				if !c.OK {
					t.Errorf("check: %+v", c)
				}
			}
			sameCD(t, src, d, p)
		})
	}
}

func countTracks(toc disc.TOC) (n int) {
	for _, s := range toc.Sessions {
		n += len(s.Tracks)
	}
	return n
}

// sameCD compares the disc in a drive with a source: tracks, codes, texts, and all sectors of the
// tracks as a whole.
func sameCD(t *testing.T, src disc.Disc, d scsi.Transport, p record.Plan) {
	t.Helper()
	ctx := context.Background()
	back, err := read.Open(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	want, got := src.TOC(), back.TOC()
	if len(want.Sessions) != len(got.Sessions) {
		t.Fatalf("%d sessions instead of %d", len(got.Sessions), len(want.Sessions))
	}
	if hasAudio(want) && got.Catalog != want.Catalog {
		t.Errorf("catalogue number %q instead of %q", got.Catalog, want.Catalog)
	}
	if p.Mode != record.TrackAtOnce && hasAudio(want) {
		kept, _ := sector.KeptCDText(want.Sessions[0])
		if !reflect.DeepEqual(kept, got.Sessions[0].Text) {
			t.Errorf("CD-TEXT %+v instead of %+v", got.Sessions[0].Text, kept)
		}
	}
	whole := sector.AllForms(src)
	for i, s := range want.Sessions {
		for k, w := range s.Tracks {
			g := got.Sessions[i].Tracks[k]
			if g.Number != w.Number || g.Control != w.Control || g.ISRC != w.ISRC && w.Mode == disc.Audio || (g.Mode == disc.Audio) != (w.Mode == disc.Audio) {
				t.Errorf("track %+v instead of %+v", g, w)
			}
			if p.Mode != record.TrackAtOnce && g.Start != w.Start {
				t.Errorf("track %d begins at %d instead of %d", w.Number, g.Start, w.Start)
			}
			if p.Mode != record.TrackAtOnce && w.Mode == disc.Audio && (k > 0 || w.Start > 0) &&
				(g.Pregap != w.Pregap || g.Length != w.Length || !slices.Equal(g.Indexes, w.Indexes)) {
				t.Errorf("read as %+v instead of %+v", g, w)
			}
			sameSectors(t, whole, w.Start, back, g.Start, w.Length)
		}
	}
}

func hasAudio(toc disc.TOC) bool {
	for _, s := range toc.Sessions {
		for _, t := range s.Tracks {
			if t.Mode == disc.Audio {
				return true
			}
		}
	}
	return false
}

// sameSectors compares n whole sectors. Data sectors that have moved have another header.
func sameSectors(t *testing.T, a disc.Disc, at disc.LBA, b disc.Disc, to disc.LBA, n int64) {
	t.Helper()
	p, q := make([]byte, n*sector.Size), make([]byte, n*sector.Size)
	for _, x := range []struct {
		d  disc.Disc
		p  []byte
		at disc.LBA
	}{{a, p, at}, {b, q, to}} {
		if _, err := x.d.ReadSectors(context.Background(), x.p, x.at, disc.Raw); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(p, q) {
		for i := range n {
			if !bytes.Equal(p[i*sector.Size:(i+1)*sector.Size], q[i*sector.Size:(i+1)*sector.Size]) {
				t.Fatalf("sector %d differs from sector %d of the source", to+disc.LBA(i), at+disc.LBA(i))
			}
		}
	}
}

// TestCDLoss checks that a mode which does not keep everything is refused, with what is lost
// and the other modes, unless the loss is accepted.
func TestCDLoss(t *testing.T) {
	d := virtualtest.Blank(t, "cd-r", 0)
	_, err := record.NewPlan(context.Background(), d, imagetest.Audio(t), record.Options{Mode: record.TrackAtOnce})
	var loss *record.LossError
	if !errors.As(err, &loss) || loss.Mode != record.TrackAtOnce || len(loss.Lost) == 0 || len(loss.Modes) != 3 {
		t.Fatalf("%v", err)
	}
	for _, want := range []string{"CD-TEXT", "indexes", "pre-gap", "session at once"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing: %v", want, err)
		}
	}
}

// silence is a disc of digital silence.
type silence struct{ toc disc.TOC }

func (s silence) TOC() disc.TOC { return s.toc }

func (silence) Close() error { return nil }

func (silence) ReadSectors(_ context.Context, p []byte, _ disc.LBA, f disc.Form) (int, error) {
	if f != disc.Raw {
		return 0, disc.ErrForm
	}
	clear(p)
	return len(p) / disc.RawSectorSize, nil
}

// TestCDReason plans to burn sub-channels that only raw can write, with texts that no mode can
// write as they are. The sub-channels are the reason that is given.
func TestCDReason(t *testing.T) {
	src := imagetest.SubChannels(t)
	toc := src.TOC()
	toc.Sessions = slices.Clone(toc.Sessions)
	toc.Sessions[0].Text = []disc.CDText{{Language: 9, Album: disc.Text{Title: "a – b"}}}
	b, err := record.NewPlan(t.Context(), virtualtest.Blank(t, "cd-r", 40000), texted{src, toc}, record.Options{AcceptLoss: true})
	if err != nil {
		t.Fatal(err)
	}
	if p := b.Plan(); p.Mode != record.Raw || len(p.Lost) == 0 || !strings.Contains(p.Reason, "sub-channel") || strings.Contains(p.Reason, "CD-TEXT") {
		t.Errorf("%v: %q, lost %q", p.Mode, p.Reason, disc.Texts(p.Lost))
	}
}

// texted is a disc with another table of contents.
type texted struct {
	disc.Disc
	toc disc.TOC
}

func (x texted) TOC() disc.TOC { return x.toc }

func (texted) HasSubChannels() bool { return true }

// TestCDShortTracks plans to burn tracks that are too short. They are counted, and not listed,
// and no mode is praised for texts that it changes.
func TestCDShortTracks(t *testing.T) {
	var tracks []disc.Track
	for i := range 3 {
		tracks = append(tracks, disc.Track{Number: i + 1, Mode: disc.Audio, Start: disc.LBA(200 * i), Length: 200})
	}
	src := silence{disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: tracks, Text: []disc.CDText{{Language: 9, Album: disc.Text{Title: "a – b"}}}}}}}
	b, err := record.NewPlan(t.Context(), virtualtest.Blank(t, "cd-r", 40000), src, record.Options{AcceptLoss: true})
	if err != nil {
		t.Fatal(err)
	}
	p := b.Plan()
	lost := disc.Texts(p.Lost)
	if len(lost) != 2 || !strings.HasPrefix(lost[1], "3 tracks (the first is track 1) are extended") || strings.Contains(p.Reason, "texts") {
		t.Errorf("%v: %q, lost %q", p.Mode, p.Reason, lost)
	}
}
