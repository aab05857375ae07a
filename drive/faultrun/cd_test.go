package faultrun_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/ring"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// cdBurns are the ways to burn a CD of several tracks or sessions.
var cdBurns = []struct {
	name   string
	source func(testing.TB) disc.Disc
	mode   record.Mode
}{
	{"audio, session at once", imagetest.Audio, record.SessionAtOnce},
	{"audio, raw", imagetest.Audio, record.Raw},
	{"audio, track at once", imagetest.Audio, record.TrackAtOnce},
	{"mixed, session at once", imagetest.Mixed, record.SessionAtOnce},
	{"mixed, raw", imagetest.Mixed, record.Raw},
	{"mixed, track at once", imagetest.Mixed, record.TrackAtOnce},
	{"XA, session at once", imagetest.XA, record.SessionAtOnce},
	{"XA, track at once", imagetest.XA, record.TrackAtOnce},
	{"two sessions, session at once", imagetest.Sessions, record.SessionAtOnce},
	{"sub-channels, raw", imagetest.SubChannels, record.Raw},
}

// lie is a drive that records something else than it was sent, without an error.
type lie struct {
	name string
	// change returns a function that changes what is sent: a copy of a command and its data.
	change func(r *rand.Rand, s *run) func(c *scsi.Command)
}

// lies are the ways in which drives record something else.
var lies = []lie{
	{"CD-TEXT is not recorded", func(*rand.Rand, *run) func(*scsi.Command) {
		return func(c *scsi.Command) {
			if at, size := written(*c); at < -disc.Pregap {
				for ; size > 0 && len(c.Data) >= size; c.Data = c.Data[size:] {
					clearText(c.Data[size-sector.SubSize:][:sector.SubSize], size)
				}
			}
		}
	}},
	{"cue sheet without codes", dropEntries(func(e []byte) bool { return e[0]&15 != 1 })},
	{"cue sheet without indexes", dropEntries(func(e []byte) bool { return e[0]&15 == 1 && e[2] > 1 && e[1] < 100 })},
	{"wrong ISRC", changeEntries(func(e []byte) {
		if e[0]&15 == 3 {
			e[7] ^= 1
		}
	})},
	{"wrong control bits", changeEntries(func(e []byte) {
		if e[0]>>4&4 == 0 {
			e[0] ^= 0x20
		}
	})},
	{"index 0 is late", changeEntries(func(e []byte) {
		if e[0]&15 == 1 && e[1] > 1 && e[1] < 100 && e[2] == 0 && e[7] < 55 {
			e[7] += 20
		}
	})},
	{"one track is silent", func(r *rand.Rand, s *run) func(*scsi.Command) {
		from := r.Int64N(s.sectors - 300)
		return alterData(func(at int64, p []byte) {
			if at >= from && at < from+300 {
				clear(p)
			}
		})
	}},
	{"samples are shifted from some address on", func(r *rand.Rand, s *run) func(*scsi.Command) {
		from := r.Int64N(s.sectors - 300)
		return alterData(func(at int64, p []byte) {
			if at >= from {
				copy(p[4:], bytes.Clone(p))
			}
		})
	}},
	{"one bit", func(r *rand.Rand, s *run) func(*scsi.Command) {
		from, i := r.Int64N(s.sectors), r.IntN(2048)
		return alterData(func(at int64, p []byte) {
			if at == from {
				p[i] ^= 4
			}
		})
	}},
	{"wrong sub-channels", func(r *rand.Rand, s *run) func(*scsi.Command) {
		bits := byte(1 << r.IntN(8))
		return func(c *scsi.Command) {
			at, size := written(*c)
			for ; size > sector.Size && len(c.Data) >= size; c.Data, at = c.Data[size:], at+1 {
				for i := sector.Size; i < size && at > 100; i++ {
					c.Data[i] ^= bits
				}
			}
		}
	}},
	{"wrong track mode", func(*rand.Rand, *run) func(*scsi.Command) {
		return func(c *scsi.Command) {
			if c.CDB[0] == scsi.OpModeSelect10 && len(c.Data) > 40 {
				c.Data[8+3] ^= 2 // the control bit for copies
			}
		}
	}},
}

// written returns the address of a WRITE and the size of its blocks, or 0.
func written(c scsi.Command) (at int64, size int) {
	if c.CDB[0] != scsi.OpWrite10 || len(c.Data) == 0 {
		return 0, 0
	}
	n := int(c.CDB[7])<<8 | int(c.CDB[8])
	return int64(int32(uint32(c.CDB[2])<<24 | uint32(c.CDB[3])<<16 | uint32(c.CDB[4])<<8 | uint32(c.CDB[5]))), len(c.Data) / max(n, 1)
}

// clearText removes R to W of a sector of the lead-in, or all of it if there is nothing else.
func clearText(p []byte, size int) {
	for i := range p {
		if size == sector.SubSize {
			p[i] = 0
		}
		p[i] &= 0xC0
	}
}

func alterData(alter func(at int64, p []byte)) func(*scsi.Command) {
	return func(c *scsi.Command) {
		at, size := written(*c)
		for p := c.Data; size >= disc.SectorSize && len(p) >= size; p, at = p[size:], at+1 {
			alter(at, p[:min(size, sector.Size)])
		}
	}
}

func changeEntries(change func(e []byte)) func(*rand.Rand, *run) func(*scsi.Command) {
	return func(*rand.Rand, *run) func(*scsi.Command) {
		return func(c *scsi.Command) {
			if c.CDB[0] == scsi.OpSendCueSheet {
				for p := c.Data; len(p) >= 8; p = p[8:] {
					change(p[:8])
				}
			}
		}
	}
}

func dropEntries(drop func(e []byte) bool) func(*rand.Rand, *run) func(*scsi.Command) {
	return func(*rand.Rand, *run) func(*scsi.Command) {
		return func(c *scsi.Command) {
			if c.CDB[0] != scsi.OpSendCueSheet {
				return
			}
			var kept []byte
			for p := c.Data; len(p) >= 8; p = p[8:] {
				if !drop(p[:8]) {
					kept = append(kept, p[:8]...)
				}
			}
			c.Data = kept
			c.CDB[6], c.CDB[7], c.CDB[8] = byte(len(kept)>>16), byte(len(kept)>>8), byte(len(kept))
		}
	}
}

// liar is a drive that changes what it is sent.
type liar struct {
	scsi.Transport
	change func(*scsi.Command)
}

func (l liar) Unwrap() scsi.Transport { return l.Transport }

func (l liar) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if c.Direction != scsi.Out {
		return l.Transport.Execute(ctx, c)
	}
	own := c
	own.CDB, own.Data = bytes.Clone(c.CDB), bytes.Clone(c.Data)
	all := own.Data
	l.change(&own)
	if own.CDB[0] != scsi.OpSendCueSheet {
		own.Data = all // change may have moved along it
	}
	n, err := l.Transport.Execute(ctx, own)
	if err == nil && n == len(own.Data) {
		n = len(c.Data)
	}
	return n, err
}

// TestCDFaults burns a CD of several tracks for each seed, with a fault, a drive that lies
// about what it records, or both.
func TestCDFaults(t *testing.T) {
	from, to := seeds(t)
	outcomes := map[string]int{}
	for seed := from; seed < to; seed++ {
		r := rand.New(rand.NewPCG(uint64(seed), 37))
		k, lies := kinds[seed%len(kinds)], slices.Clone(lies)
		which := -1
		if seed%3 == 0 {
			which = r.IntN(len(lies))
			if r.IntN(4) > 0 {
				k = kinds[0]
			}
		}
		x := cdBurns[(seed+seed/len(kinds))%len(cdBurns)]
		name := fmt.Sprintf("%d, %s, %s", seed, x.name, k.name)
		if which >= 0 {
			name += ", " + lies[which].name
		}
		t.Run(name, func(t *testing.T) {
			src := x.source(t)
			s := &run{T: t, dir: t.TempDir(), medium: pick(r, "CD-R", "CD-RW"), kind: k, capacity: 40000}
			s.o = record.Options{Mode: x.mode, AcceptLoss: true, NoVerify: r.IntN(6) == 0, Buffer: ring.LeastSize}
			if r.IntN(4) == 0 {
				s.o.Simulate = true
			}
			s.disc = s.file("disc")
			s.create(s.disc, s.medium)
			for _, ss := range src.TOC().Sessions {
				s.sectors = int64(ss.Tracks[len(ss.Tracks)-1].End())
			}
			var change func(*scsi.Command)
			if which >= 0 {
				change = lies[which].change(r, s)
			}
			outcome, err := s.burnCD(r, src, change)
			outcomes[outcome]++
			t.Logf("%s: %v", outcome, err)
		})
	}
	t.Logf("%d runs of %d faults and %d lies on %d kinds of CD: %v", to-from, len(kinds), len(lies), len(cdBurns), outcomes)
}

// burnCD burns a CD, and compares the result with the disc.
func (s *run) burnCD(r *rand.Rand, src disc.Disc, change func(*scsi.Command)) (string, error) {
	s.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.cancel = cancel
	faults := s.kind.faults(r, s)
	d := s.open(s.disc)
	defer d.Close()
	d.SetLoader(r.IntN(2) == 0)
	d.SetFaults(faults)
	t := s.watch(d)
	if change != nil {
		t = liar{t, change}
	}
	b, err := record.NewPlan(ctx, t, src, s.o)
	if err != nil {
		return "refused", err
	}
	planned := b.Plan()
	v, err := virtualtest.Burn(ctx, b, &user{progress.Discard, d})
	if s.commands > s.limit() {
		s.Errorf("the burn sent more than %d commands", s.limit())
	}
	if w := d.Waited(); w > s.longest+maxWait {
		s.Errorf("after the longest timeout the burn waited %v more for a drive that does not answer", w-s.longest)
	}
	reported := slices.ContainsFunc(v.Notices, func(n disc.Notice) bool { return strings.Contains(n.Text, "unlock the tray") })
	if !s.kind.hangs && !reported {
		s.trayOpens(d)
	}
	d.Close()
	var e *record.Error
	if err != nil && (!errors.As(err, &e)) {
		s.Errorf("the error does not describe the state of the disc: %v", err)
	}
	if s.o.Simulate {
		return "simulated", err
	}
	differs := s.sameCD(s.disc, src, planned)
	for _, other := range s.others {
		if differs != nil {
			differs = s.sameCD(other, src, planned)
		}
	}
	unsure := len(v.NotAssured) > 0 && !v.Verified
	switch {
	case v.Verified && differs != nil:
		s.Errorf("the burn was reported as verified: %v", differs)
	case v.Verified && err != nil:
		s.Errorf("the burn was verified, and failed: %v", err)
	case err == nil && differs != nil && !s.o.NoVerify && !unsure:
		s.Errorf("the burn was reported as complete: %v\n%+v", differs, v)
	case s.kind.name == "none" && change == nil && (err != nil || !s.o.NoVerify && !v.Equal):
		s.Errorf("the burn failed without a fault: %v, %+v", err, v)
	}
	switch {
	case err != nil && differs == nil:
		return "failed, disc good", err
	case err != nil:
		return "failed", err
	case unsure && differs != nil:
		return "not assured, disc bad: " + fmt.Sprint(v.NotAssured), differs
	case unsure:
		return "not assured", fmt.Errorf("%v", v.NotAssured)
	case v.Verified:
		return "verified", nil
	}
	return "not verified", differs
}

// sameCD compares a disc, in a drive without faults, with the source it was burned from.
func (s *run) sameCD(path string, src disc.Disc, p record.Plan) error {
	s.Helper()
	if _, err := os.Stat(path); err != nil {
		return err
	}
	ctx := context.Background()
	d, err := virtual.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	_ = mmc.RetryUnitAttention(func() error { return mmc.TestUnitReady(ctx, d) })
	back, err := read.Open(ctx, d)
	if err != nil {
		return err
	}
	defer back.Close()
	want, got := src.TOC(), back.TOC()
	if len(want.Sessions) != len(got.Sessions) {
		return fmt.Errorf("%d sessions instead of %d", len(got.Sessions), len(want.Sessions))
	}
	audio := want.Sessions[0].Tracks[len(want.Sessions[0].Tracks)-1].Mode == disc.Audio
	if audio && got.Catalog != want.Catalog {
		return fmt.Errorf("catalogue number %q instead of %q", got.Catalog, want.Catalog)
	}
	if p.Mode != record.TrackAtOnce && audio {
		if kept, _ := sector.KeptCDText(want.Sessions[0]); !reflect.DeepEqual(kept, got.Sessions[0].Text) {
			return errors.New("CD-TEXT differs")
		}
	}
	whole := sector.AllForms(src)
	for i, ws := range want.Sessions {
		if len(ws.Tracks) != len(got.Sessions[i].Tracks) {
			return fmt.Errorf("%d tracks instead of %d", len(got.Sessions[i].Tracks), len(ws.Tracks))
		}
		for k, w := range ws.Tracks {
			if err := sameTrack(ctx, whole, w, back, got.Sessions[i].Tracks[k], p.Mode, disc.HasSubChannels(src)); err != nil {
				return err
			}
			if p.Mode == record.TrackAtOnce || disc.HasSubChannels(src) {
				continue
			}
			if err := sameIndexes(ctx, d, w); err != nil {
				return err
			}
		}
	}
	return nil
}

// sameTrack compares a track g of a disc with w of the source.
func sameTrack(ctx context.Context, src disc.Disc, w disc.Track, back disc.Disc, g disc.Track, mode record.Mode, sub bool) error {
	if g.Number != w.Number || g.Control != w.Control || g.ISRC != w.ISRC && w.Mode == disc.Audio || (g.Mode == disc.Audio) != (w.Mode == disc.Audio) {
		return fmt.Errorf("track %+v instead of %+v", g, w)
	}
	if mode != record.TrackAtOnce && g.Start != w.Start {
		return fmt.Errorf("track %d begins at %d instead of %d", w.Number, g.Start, w.Start)
	}
	form := disc.Raw
	if sub {
		form = disc.RawSub
	}
	a, b := make([]byte, w.Length*int64(form.Size())), make([]byte, w.Length*int64(form.Size()))
	if _, err := src.ReadSectors(ctx, a, w.Start, form); err != nil {
		return err
	}
	if _, err := back.ReadSectors(ctx, b, g.Start, form); err != nil {
		return err
	}
	if !bytes.Equal(a, b) {
		for i := range a {
			if a[i] != b[i] {
				return fmt.Errorf("sector %d of track %d differs from byte %d on", i/form.Size(), w.Number, i%form.Size())
			}
		}
	}
	return nil
}

// sameIndexes compares the index of every sector of a track and of its pre-gap.
func sameIndexes(ctx context.Context, d scsi.Transport, w disc.Track) error {
	from := w.Start - disc.LBA(w.Pregap)
	if w.Number == 1 || w.Mode != disc.Audio {
		from = w.Start
	}
	for at := from; at < w.End(); at++ {
		index := 0
		if at >= w.Start {
			index = 1
		}
		for _, x := range w.Indexes {
			if at >= x {
				index++
			}
		}
		p, err := mmc.ReadPosition(ctx, d, at)
		if errors.Is(err, mmc.ErrNoPosition) {
			continue
		}
		if err != nil || p.Track != w.Number && p.Track != int(sector.BCD(w.Number)) || p.Index != index && p.Index != int(sector.BCD(index)) {
			return fmt.Errorf("address %d is in track %d, index %d (%v), and should be in track %d, index %d", at, p.Track, p.Index, err, w.Number, index)
		}
	}
	return nil
}
