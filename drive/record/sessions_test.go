package record_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/master"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
)

// Three sessions, the last of which closes the disc. The second states its address; the
// third does not, and is forced.
func TestSessions(t *testing.T) {
	for _, m := range media {
		if !m.open {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			ctx := context.Background()
			d := virtualtest.Blank(t, m.name, large)
			want := [][]byte{virtualtest.Noise(500, 1), virtualtest.Noise(333, 2), virtualtest.Noise(444, 3)}
			if _, err := burn(t, d, virtualtest.DiscOf(want[0]), record.Options{Appendable: true}); err != nil {
				t.Fatal(err)
			}
			info, err := read.Media(ctx, d)
			if err != nil {
				t.Fatal(err)
			}
			if info.Status != mmc.Appendable || info.NextWritable <= 500 || info.Free <= 0 || len(info.Sessions) != 1 {
				t.Fatalf("medium: %+v", info)
			}

			// A volume made for address 0 would compare as equal, but its files could not
			// be found.
			whole, _, err := master.Plan(tree.NewFolder("", time.Unix(0, 0)), master.Options{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = record.NewPlan(ctx, d, disc.FromReaderAt(whole, whole.Size(), nil), record.Options{Force: true})
			if !errors.Is(err, record.ErrNotWritable) || !strings.Contains(err.Error(), "made for address 0") {
				t.Errorf("a volume for address 0 was planned after a session: %v", err)
			}
			if errors.Is(err, record.ErrEraseFirst) != info.Erasable {
				t.Errorf("erasable %v: %v", info.Erasable, err)
			}

			src := virtualtest.At(virtualtest.DiscOf(want[1]), info.NextWritable+16)
			if _, err := record.NewPlan(ctx, d, src, record.Options{}); err == nil || !strings.Contains(err.Error(), "the next writable address") {
				t.Errorf("a session for another address was planned: %v", err)
			}
			src = virtualtest.At(virtualtest.DiscOf(want[1]), info.NextWritable)
			r, err := burn(t, d, src, record.Options{Appendable: true})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Notices) > 0 || !r.Verified {
				t.Errorf("result: %+v", r)
			}

			if _, err := record.NewPlan(ctx, d, virtualtest.DiscOf(want[2]), record.Options{}); !errors.Is(err, record.ErrUnknownAddress) {
				t.Errorf("a source without a known address was planned: %v", err)
			}
			r, err = burn(t, d, virtualtest.DiscOf(want[2]), record.Options{Force: true})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Notices) != 1 || !strings.Contains(r.Notices[0].Text, "made for the address at which") {
				t.Errorf("warnings: %q", r.Notices)
			}

			all, err := read.Open(ctx, d)
			if err != nil {
				t.Fatal(err)
			}
			defer all.Close()
			s := all.TOC().Sessions
			if len(s) != 3 || status(t, d).Status != mmc.Closed {
				t.Fatalf("%d sessions, the disc is %v", len(s), status(t, d).Status)
			}
			for i, w := range want {
				tr := s[i].Tracks[0]
				p := make([]byte, len(w))
				if n, err := all.ReadSectors(context.Background(), p, tr.Start, disc.User); err != nil || !bytes.Equal(p, w) {
					t.Errorf("session %d at %d: read %d sectors, %v", i+1, tr.Start, n, err)
				}
			}
		})
	}
}

// A simulation does not change the disc. It is refused if the medium does not support it.
func TestSimulate(t *testing.T) {
	for _, m := range media {
		t.Run(m.name, func(t *testing.T) {
			d := virtualtest.Blank(t, m.name, small)
			for _, mode := range []record.Mode{record.Auto, record.DiscAtOnce} {
				b, err := record.NewPlan(context.Background(), d, virtualtest.DiscOf(virtualtest.Noise(900, 1)), record.Options{Simulate: true, Mode: mode})
				if !m.test {
					if err == nil || !strings.Contains(err.Error(), "cannot be burned in simulation") {
						t.Errorf("planned: %v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				r, err := virtualtest.Burn(context.Background(), b, progress.Discard)
				if err != nil {
					t.Fatal(err)
				}
				if r.Verified || r.Written < 900 || status(t, d).Status != mmc.Blank {
					t.Errorf("result %+v, the disc is %v", r, status(t, d).Status)
				}
			}
			if _, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(900, 1)), record.Options{}); err != nil {
				t.Errorf("the real burn after the simulation: %v", err)
			}
		})
	}
}

// What cannot be burned is refused before anything is written.
func TestRefusals(t *testing.T) {
	d := virtualtest.Blank(t, "dvd+r", small)
	track := func(mode disc.Mode, n int64) []disc.Session {
		return []disc.Session{{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: mode, Length: n}}}}
	}
	two := track(disc.Mode1, 10)
	two[0].Tracks = append(two[0].Tracks, disc.Track{Number: 2, Mode: disc.Mode1, Start: 10, Length: 10})
	for _, c := range []struct {
		name     string
		sessions []disc.Session
		want     string
	}{
		{"empty", nil, "has no tracks"},
		{"no sectors", track(disc.Mode1, 0), "is empty"},
		{"audio", track(disc.Audio, 100), "audio track"},
		{"XA", track(disc.XA, 100), "mode 2 XA"},
		{"two tracks", two, "2 tracks"},
	} {
		_, err := record.NewPlan(context.Background(), d, sessionsOnly{c.sessions}, record.Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q in it", c.name, err, c.want)
		}
	}
	if err := mmc.StartStop(context.Background(), d, mmc.Eject); err != nil {
		t.Fatal(err)
	}
	if _, err := record.NewPlan(context.Background(), d, virtualtest.DiscOf(virtualtest.Noise(10, 1)), record.Options{}); !errors.Is(err, read.ErrNoMedium) {
		t.Errorf("without a disc: %v", err)
	}
}

type sessionsOnly struct{ s []disc.Session }

func (s sessionsOnly) TOC() disc.TOC { return disc.TOC{Sessions: s.s} }
func (sessionsOnly) ReadSectors(context.Context, []byte, disc.LBA, disc.Form) (int, error) {
	return 0, disc.ErrForm
}
func (sessionsOnly) Close() error { return nil }

// A disc that was changed between plan and burn is not written.
func TestOtherDiscThanPlanned(t *testing.T) {
	d := virtualtest.Blank(t, "dvd+r", small)
	first, err := record.NewPlan(context.Background(), d, virtualtest.DiscOf(virtualtest.Noise(100, 1)), record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := burn(t, d, virtualtest.DiscOf(virtualtest.Noise(200, 2)), record.Options{Appendable: true}); err != nil {
		t.Fatal(err)
	}
	r, err := virtualtest.Burn(context.Background(), first, progress.Discard)
	failed(t, d, r, err, nil)
	if r.Written > 0 || !strings.Contains(err.Error(), "nothing was written") {
		t.Errorf("%+v, %v", r, err)
	}
}
