package faultrun_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// leaveOpen burns a disc in a drive that hangs at a WRITE.
func (s *run) leaveOpen(r *rand.Rand) {
	s.Helper()
	d := s.open(s.disc)
	defer d.Close()
	d.SetFaults(virtual.Faults{Events: []virtual.Event{{Op: scsi.OpWrite10, At: 2 + r.IntN(10), Hang: virtual.Hung}}})
	b, err := record.NewPlan(context.Background(), s.watch(d), virtualtest.DiscOf(s.want), record.Options{})
	if err != nil {
		s.Fatal(err)
	}
	if _, err := virtualtest.Burn(context.Background(), b, &user{progress.Discard, d}); err == nil {
		s.Fatal("a burn in a drive that hangs reported success")
	}
}

// change blanks or closes a disc in a drive with faults, and compares the result with the
// disc.
func (s *run) change(r *rand.Rand) string {
	s.Helper()
	s.capacity, s.sectors = 4096, 500+r.Int64N(400)
	s.disc = s.file("disc")
	s.want = virtualtest.Noise(int(s.sectors), 3)
	s.create(s.disc, s.medium)
	if r.IntN(2) == 0 {
		s.leaveOpen(r)
	} else {
		s.fill(s.disc, s.want)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.cancel = cancel
	faults := s.kind.faults(r, s)
	d := s.open(s.disc)
	defer d.Close()
	d.SetLoader(r.IntN(2) == 0)
	d.SetFaults(faults)
	t := s.watch(d)
	rep := &recorder{user: user{progress.Discard, d}}
	level := record.Level(r.IntN(3))
	verb, full, began := "close the "+level.String(), r.IntN(3) == 0, true
	var err error
	if slices.Contains(rewritable, s.medium) && r.IntN(3) > 0 {
		verb = "blank"
		err = record.Blank(ctx, t, full, rep)
	} else {
		var c *record.Closing
		c, err = record.NewClosing(ctx, t, level)
		if began = err == nil; began {
			_, err = c.Run(ctx, rep)
		}
	}
	if s.commands > maxCommands {
		s.Errorf("%s sent more than %d commands", verb, maxCommands)
	}
	if w := d.Waited(); w > s.longest+maxWait {
		s.Errorf("%s waited %v more after the longest timeout for a drive that does not answer", verb, w-s.longest)
	}
	if !s.kind.hangs && began && !rep.has("unlock the tray") {
		s.trayOpens(d)
	}
	d.Close()
	if err != nil {
		return verb + ": failed"
	}
	done := func(path string) bool { return s.closed(path, level) }
	if verb == "blank" {
		done = s.empty
	}
	if !slices.ContainsFunc(append(s.others, s.disc), done) && !rep.has("buffer") {
		h, _ := virtualtest.ReadState(s.disc)
		s.Errorf("%s reported success: %+v", verb, h)
	}
	return verb + ": done"
}

// empty reports whether a disc is blank at the addresses where volumes begin.
func (s *run) empty(path string) bool {
	s.Helper()
	h, f := s.inspect(path)
	defer f.Close()
	if slices.Contains(sessions, h.Medium) && !h.Format.Restricted {
		return len(h.Sessions) == 0
	}
	p := make([]byte, 512*disc.SectorSize)
	if _, err := f.ReadAt(p, 0); err != nil {
		s.Fatal(err)
	}
	return len(bytes.Trim(p, "\x00")) == 0
}

// closed reports whether a disc is closed to a level.
func (s *run) closed(path string, level record.Level) bool {
	s.Helper()
	h, f := s.inspect(path)
	defer f.Close()
	tracks, sessions := true, true
	for _, x := range h.Sessions {
		sessions = sessions && x.Closed
		for _, tr := range x.Tracks {
			tracks = tracks && (tr.Closed || tr.Next == tr.Start)
		}
	}
	switch {
	case len(h.Sessions) == 0 || level == record.CloseTrack:
		return tracks
	case level == record.CloseSession:
		return tracks && sessions
	}
	return h.Final
}

func (s *run) inspect(path string) (virtualtest.State, *os.File) {
	s.Helper()
	h, err := virtualtest.ReadState(path)
	if err != nil {
		s.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		s.Fatal(err)
	}
	return h, f
}

// TestChanges blanks and closes discs with one or two faults.
func TestChanges(t *testing.T) {
	from, to := seeds(t)
	outcomes := map[string]int{}
	for seed := from; seed < to; seed++ {
		r := rand.New(rand.NewPCG(uint64(seed), 17))
		k := kinds[seed%len(kinds)]
		if r.IntN(2) == 0 {
			k = both(k, kinds[r.IntN(len(kinds))])
		}
		medium := media[(seed+seed/len(kinds))%len(media)]
		t.Run(fmt.Sprintf("%d, %s, %s", seed, medium, k.name), func(t *testing.T) {
			s := &run{T: t, dir: t.TempDir(), medium: medium, kind: k}
			outcomes[s.change(r)]++
		})
	}
	t.Logf("%d runs: %v", to-from, outcomes)
}

// recorder records the notices.
type recorder struct {
	user
	texts []string
}

func (h *recorder) Notice(n disc.Notice) {
	h.texts = append(h.texts, n.Text)
	h.user.Notice(n)
}

func (h *recorder) has(part string) bool {
	return slices.ContainsFunc(h.texts, func(s string) bool { return strings.Contains(s, part) })
}
