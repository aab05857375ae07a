package record_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"glassmaster/drive/record"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// random is a source with any table of contents, whose sectors depend on their address.
type random struct {
	toc disc.TOC
	end disc.LBA
}

func (d *random) TOC() disc.TOC { return d.toc }
func (d *random) Close() error  { return nil }

func (d *random) ReadSectors(_ context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	if f == disc.RawSub {
		return 0, disc.ErrForm
	}
	audio := false
	for _, s := range d.toc.Sessions {
		for _, t := range s.Tracks {
			if lba >= t.Start && lba < t.End() {
				audio = t.Mode == disc.Audio
			}
		}
	}
	if audio != (f == disc.Raw) {
		return 0, disc.ErrForm
	}
	n := len(p) / f.Size()
	if lba < 0 || lba+disc.LBA(n) > d.end {
		return 0, errors.New("no such sector")
	}
	for i := range n {
		one := p[i*f.Size() : (i+1)*f.Size()]
		for k := range one {
			one[k] = byte(k) ^ byte(lba+disc.LBA(i)) ^ byte(k>>8)
		}
	}
	return n, nil
}

// anyTOC returns a table of contents with extreme values. Some are impossible.
func anyTOC(r *rand.Rand) disc.TOC {
	bad := func() bool { return r.IntN(60) == 0 }
	toc := disc.TOC{Catalog: pick(r, "", "4006381333931", "x", "4006381333930123")}
	at := disc.LBA(pick(r, 0, 0, 0, 33, 150))
	number := 1
	for i := range pick(r, 1, 1, 2, 3) {
		s := disc.Session{Number: i + 1, CDI: r.IntN(9) == 0}
		data := pick(r, disc.Mode1, disc.XA, disc.Mode2)
		n := pick(r, 1, 2, 3, 5, 98, 99, 120, 1)
		for k := range n {
			t := disc.Track{
				Number: number, Mode: disc.Audio, Start: at, Length: pick[int64](r, 300, 301, 1, 20),
				Pregap: 0, Control: disc.Control(r.IntN(16)) & pick[disc.Control](r, 15, 11, 2), ISRC: pick(r, "", "DEA459900001", "short", strings.Repeat("x", 40)),
			}
			if n < 6 && r.IntN(3) == 0 {
				t.Mode, t.Length = data, 300
			}
			if gap := pick[int64](r, 0, 0, 150, 1, 40); k > 0 {
				t.Pregap = gap
				t.Start += disc.LBA(gap)
			}
			for j := range pick(r, 0, 0, 0, 1, 3, 97) {
				if x := t.Start + disc.LBA(j+1); x < t.End() {
					t.Indexes = append(t.Indexes, x)
				}
			}
			if bad() {
				t.Indexes = append(t.Indexes, t.Start+disc.LBA(pick(r, 0, -7, 299, 1<<29)))
			}
			if bad() {
				t.Pregap = pick[int64](r, 270000, -1, 1<<62)
			}
			if bad() {
				t.Start += disc.LBA(pick(r, -1, -150, 1<<40))
			}
			if bad() {
				t.Length = pick[int64](r, 0, -5, 1<<40)
			}
			s.Tracks = append(s.Tracks, t)
			at = t.End()
			number++
		}
		for range pick(r, 0, 0, 1, 8, 12) {
			x := disc.CDText{Language: byte(r.IntN(256)), Album: disc.Text{Title: strings.Repeat("é", r.IntN(3000))}, Tracks: map[int]disc.Text{}}
			for range r.IntN(99) {
				x.Tracks[r.IntN(120)] = disc.Text{Title: strings.Repeat("a\x00b", r.IntN(50)), Performer: strings.Repeat("世", r.IntN(30))}
			}
			s.Text = append(s.Text, x)
		}
		toc.Sessions = append(toc.Sessions, s)
		at += disc.LBA(pick(r, 11400, 11400, 11400, 0, 6900))
	}
	return toc
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// TestHostileSources plans and burns sources with damaged and extreme tables of contents. Each is
// refused before it uses up a disc, or is burned and verified.
func TestHostileSources(t *testing.T) {
	words := map[string]int{}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		src := &random{toc: anyTOC(r), end: 1 << 20}
		o := record.Options{Mode: pick(r, record.Auto, record.TrackAtOnce, record.SessionAtOnce, record.Raw), AcceptLoss: r.IntN(3) > 0, Force: r.IntN(2) == 0}
		d := virtualtest.Blank(t, pick(r, "cd-r", "cd-rw", "dvd+r"), 60000)
		d.SetLoader(true)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		b, err := record.NewPlan(ctx, d, src, o)
		if err != nil {
			words["refused"]++
			if len(err.Error()) > 4000 || strings.Contains(err.Error(), "internal error") {
				t.Errorf("%d: %v", seed, err)
			}
			d.Close()
			cancel()
			continue
		}
		res, err := virtualtest.Burn(ctx, b, progress.Discard)
		switch {
		case err != nil && (strings.Contains(err.Error(), "internal error") || ctx.Err() != nil):
			t.Errorf("%d: %v", seed, err)
		case err != nil && o.Force && o.Mode == record.Raw: // with tracks that are too short
			words["failed, forced"]++
		case err != nil:
			t.Errorf("%d: %v: %v: %v", seed, b.Plan().Mode, b.Plan().Tracks, err)
		case res.Verified:
			words["verified"]++
		default:
			t.Errorf("%d: not verified: %v", seed, res.NotAssured)
		}
		d.Close()
		cancel()
	}
	if t.Log(words); words["verified"] < 5 {
		t.Error("hardly any source was burned")
	}
}
