package faultrun_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"glassmaster/drive/job"
	"glassmaster/drive/record"
	"glassmaster/drive/ring"
	"glassmaster/drive/source"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// TestSeveralDrives burns a source in several drives for each seed, of which one has a
// fault. The fault must not harm the other discs.
func TestSeveralDrives(t *testing.T) {
	from, to := seeds(t)
	outcomes := map[string]int{}
	for seed := from; seed < to; seed++ {
		r := rand.New(rand.NewPCG(uint64(seed), 29))
		k := kinds[seed%len(kinds)]
		t.Run(fmt.Sprintf("%d, %s", seed, k.name), func(t *testing.T) {
			outcomes[burnSeveral(t, r, k)]++
		})
	}
	t.Logf("the drives with faults: %v", outcomes)
}

// burnSeveral burns a source in two to four drives, of which one has a fault, and returns a
// word for the outcome in that one.
func burnSeveral(t *testing.T, r *rand.Rand, k kind) string {
	dir, sectors := t.TempDir(), 1200+r.Int64N(400) // more than the buffer
	want := virtualtest.Noise(int(sectors), 5)
	path := filepath.Join(dir, "source")
	if err := os.WriteFile(path, want, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	src := &source.Source{
		Disc: disc.FromReaderAt(f, sectors*disc.SectorSize, nil), Name: path, Kind: "image",
		Locate: func(disc.LBA) string { return "" }, Once: r.IntN(3) == 0,
	}
	n := 2 + r.IntN(3)
	bad := r.IntN(n)
	var all []*run
	var drives []job.Drive
	var opened []*virtual.Drive
	var reports []progress.Reporter
	for i := range n {
		s := &run{T: t, dir: filepath.Join(dir, fmt.Sprint(i)), medium: pick(r, media...), kind: kinds[0], want: want, sectors: sectors, capacity: 4096, source: path}
		if err := os.Mkdir(s.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		s.disc, s.o = s.file("disc"), record.Options{Buffer: ring.LeastSize}
		s.create(s.disc, s.medium)
		if slices.Contains(rewritable, s.medium) && r.IntN(2) == 0 {
			s.o.Blank = true
			s.fill(s.disc, virtualtest.Noise(700, 9))
		}
		d := s.open(s.disc)
		defer d.Close()
		d.SetLoader(r.IntN(2) == 0)
		all, opened = append(all, s), append(opened, d)
		drives = append(drives, job.Drive{Name: virtual.Prefix + s.disc, Transport: s.watch(d), Options: s.o})
		reports = append(reports, &user{progress.Discard, d})
	}
	j, err := job.NewSeveral(context.Background(), src, drives)
	if err != nil {
		t.Fatal(err)
	}
	s := all[bad]
	s.kind, s.cancel = k, func() {} // cancelling concerns all drives
	opened[bad].SetFaults(k.faults(r, s))
	word := ""
	for i, o := range j.Run(context.Background(), reports) {
		w := all[i].judge(outcome{Result: o.Result.Result, err: o.Err, planned: true})
		if i == bad {
			word = w
			t.Logf("drive %d of %d, %s: %s: %v", i, n, s.medium, w, o.Err)
		}
		if all[i].commands > maxCommands {
			t.Errorf("drive %d got more than %d commands", i, maxCommands)
		}
		reported := slices.ContainsFunc(o.Result.Notices, func(n disc.Notice) bool { return strings.Contains(n.Text, "unlock the tray") })
		if !all[i].kind.hangs && !reported {
			all[i].trayOpens(opened[i])
		}
	}
	return word
}
