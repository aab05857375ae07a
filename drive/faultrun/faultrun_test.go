package faultrun_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// Limits of a run. A burn of 900 sectors in a drive in good order takes about 300
// commands.
const (
	mostCommands = 2500
	mostLeaving  = 2 * time.Minute // in commands that time out, behind the longest one
)

var (
	media      = names()
	rewritable = []string{"CD-RW", "DVD-RW", "DVD+RW", "DVD-RAM", "BD-RE"}
	sessions   = []string{"CD-R", "CD-RW", "DVD-R", "DVD-RW", "DVD+R", "DVD+R DL", "BD-R", "BD-R DL", "BD-R XL", "BD-R QL"}
)

func names() []string {
	var all []string
	for _, m := range virtual.Media() {
		all = append(all, m.Name)
	}
	return all
}

// run is one burn in a drive that goes wrong.
type run struct {
	*testing.T
	dir, medium string
	kind        kind
	o           record.Options
	disc        string   // file of the disc
	others      []string // files of the discs that come in its place
	source      string   // file
	want        []byte
	room        int64 // sectors of the disc
	sectors     int64 // of the source
	start       int64 // where it goes
	cancel      func()
	lies        func([]byte) // changes the reply of a command that only asks; nil: none
	commands    int
	longest     time.Duration // that a command waited which timed out
}

// watch counts commands, and ends a run that sends too many.
func (s *run) watch(d *virtual.Drive) scsi.Transport { return &counter{d, s} }

type counter struct {
	*virtual.Drive
	s *run
}

func (c *counter) Execute(ctx context.Context, cmd scsi.Command) (int, error) {
	if c.s.commands++; c.s.commands > mostCommands {
		return 0, scsi.ErrConnection
	}
	n, err := c.Drive.Execute(ctx, cmd)
	if c.s.lies != nil && err == nil && slices.Contains(asking[1:], cmd.CDB[0]) && cmd.CDB[0] != scsi.OpRead10 {
		c.s.lies(cmd.Data[:n])
	}
	if errors.Is(err, scsi.ErrTimeout) {
		c.s.longest = max(c.s.longest, cmd.Timeout, scsi.DefaultTimeout)
	}
	return n, err
}

func (s *run) file(name string) string { return filepath.Join(s.dir, name) }

func (s *run) create(path, medium string) {
	s.Helper()
	m, err := virtual.ParseMedium(medium)
	if err != nil {
		s.Fatal(err)
	}
	if err := virtual.Create(path, m, virtual.Options{Sectors: s.room, NoSync: true}); err != nil {
		s.Fatal(err)
	}
}

// fill burns sectors on a disc in a drive in good order.
func (s *run) fill(path string, p []byte) {
	s.Helper()
	d := s.open(path)
	defer d.Close()
	b, err := record.NewPlan(context.Background(), d, virtualtest.DiscOf(p), record.Options{Appendable: slices.Contains(sessions, s.medium)})
	if err != nil {
		s.Fatal(err)
	}
	if _, err := b.Run(context.Background(), progress.Discard); err != nil {
		s.Fatal(err)
	}
}

func (s *run) open(path string) *virtual.Drive {
	s.Helper()
	return virtualtest.Open(s, path)
}

// behind is a source whose sectors lie behind the sessions before it.
type behind struct {
	disc.Disc
	start disc.LBA
}

func (b behind) TOC() disc.TOC {
	t := b.Disc.TOC().Sessions[0].Tracks[0]
	t.Start = b.start
	return disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{t}}}}
}

func (b behind) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	return b.Disc.ReadSectors(context.Background(), p, lba-b.start, f)
}

// prepare makes disc and source.
func (s *run) prepare(r *rand.Rand) {
	s.Helper()
	s.room, s.sectors = 4096, 500+r.Int64N(400)
	s.disc, s.source = s.file("disc"), s.file("source")
	used := r.IntN(2) == 0
	s.o = record.Options{NoVerify: r.IntN(4) == 0, DiscAtOnce: r.IntN(4) == 0}
	if slices.Contains(sessions, s.medium) {
		s.o.Appendable = r.IntN(3) == 0
		if used && !slices.Contains(rewritable, s.medium) {
			s.room = 40960
		}
	}
	s.create(s.disc, s.medium)
	switch {
	case used && slices.Contains(rewritable, s.medium):
		s.o.Blank = true
		s.fill(s.disc, virtualtest.Noise(700, 9))
	case used && slices.Contains(sessions, s.medium):
		s.fill(s.disc, virtualtest.Noise(500, 9))
		d := s.open(s.disc)
		m, err := read.Media(context.Background(), d)
		if err != nil {
			s.Fatal(err)
		}
		s.start = int64(m.NextWritable)
		d.Close()
	}
	s.want = virtualtest.Noise(int(s.sectors), byte(1+r.IntN(8)))
	if err := os.WriteFile(s.source, s.want, 0o600); err != nil {
		s.Fatal(err)
	}
}

// verdict is what the program said.
type verdict struct {
	record.Result
	err     error
	planned bool
}

// burn burns the source in a drive with these faults, and checks the drive
// afterwards.
func (s *run) burn(r *rand.Rand) verdict {
	s.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.cancel = cancel
	faults := s.kind.faults(r, s)
	d := s.open(s.disc)
	defer d.Close()
	if r.IntN(2) == 0 {
		d.SetLoader(true)
	}
	f, err := os.Open(s.source)
	if err != nil {
		s.Fatal(err)
	}
	defer f.Close()
	src := disc.Disc(disc.FromReaderAt(f, s.sectors*disc.SectorSize, nil))
	if s.start > 0 {
		src = behind{src, disc.LBA(s.start)}
	}
	d.SetFaults(faults)
	v := verdict{}
	b, err := record.NewPlan(ctx, s.watch(d), src, s.o)
	if v.err = err; err == nil {
		v.planned = true
		v.Result, v.err = b.Run(ctx, &hand{progress.Discard, d})
	}
	if s.commands > mostCommands {
		s.Errorf("the burn sends more than %d commands", mostCommands)
	}
	if w := d.Waited(); w > s.longest+mostLeaving {
		s.Errorf("behind a command that timed out the burn waits %v more for a drive that does not answer", w-s.longest)
	}
	told := slices.ContainsFunc(v.Notices, func(n disc.Notice) bool { return strings.Contains(n.Text, "unlock the tray") })
	if !s.kind.hangs && v.planned && !told {
		s.trayOpens(d)
	}
	return v
}

// hand is a person who closes the tray when asked to.
type hand struct {
	progress.Reporter
	d *virtual.Drive
}

func (h *hand) Notice(n disc.Notice) {
	for tries := 0; tries < 4 && strings.Contains(n.Text, "close it"); tries++ { // which may fail too
		if mmc.StartStop(context.Background(), h.d, mmc.Load) == nil {
			return
		}
	}
}

// trayOpens checks that the tray is not locked.
func (s *run) trayOpens(d *virtual.Drive) {
	s.Helper()
	d.SetFaults(virtual.Faults{})
	var err error
	for range 4 { // attentions come first
		if err = mmc.StartStop(context.Background(), d, mmc.Eject); err == nil {
			return
		}
	}
	s.Errorf("the tray is locked: %v", err)
}

// holds reports whether a disc holds the source where a drive finds it.
func (s *run) holds(path string) error {
	h, err := virtualtest.Look(path)
	if err != nil {
		return err
	}
	if n := h.Track(s.start); n < s.sectors {
		return fmt.Errorf("a track of %d sectors that can be read begins at %d, %d were to be there", n, s.start, s.sectors)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	got := make([]byte, len(s.want))
	if _, err := f.ReadAt(got, s.start*disc.SectorSize); err != nil {
		return err
	}
	for i := range s.sectors {
		if a, b := got[i*disc.SectorSize:][:disc.SectorSize], s.want[i*disc.SectorSize:][:disc.SectorSize]; !bytes.Equal(a, b) {
			return fmt.Errorf("sector %d of the disc is not that of the source", s.start+i)
		}
	}
	return nil
}

// judge holds what was said against the disc.
func (s *run) judge(v verdict) string {
	s.Helper()
	got, err := os.ReadFile(s.source)
	if err != nil || !bytes.Equal(got, s.want) {
		s.Errorf("the source was touched: %v", err)
	}
	held := s.holds(s.disc)
	for _, other := range s.others {
		if held != nil {
			held = s.holds(other)
		}
	}
	unsure := len(v.NotAssured) > 0 && !v.Verified
	switch {
	case v.Verified && held != nil:
		s.Errorf("read back and equal, it said: %v", held)
	case v.Verified && v.err != nil:
		s.Errorf("verified, and failed: %v", v.err)
	case v.err == nil && held != nil && !(s.o.NoVerify && s.kind.silent) && !unsure:
		s.Errorf("done, it said, without a word of doubt: %v\n%+v", held, v.Result)
	case s.kind.name == "none" && (v.err != nil || !s.o.NoVerify && !v.Verified):
		s.Errorf("nothing was wrong, and it said: %v, %+v", v.err, v.Result)
	}
	var e *record.Error
	if v.planned && v.err != nil && !errors.As(v.err, &e) {
		s.Errorf("the error says nothing of the disc: %v", v.err)
	}
	switch {
	case !v.planned:
		return "refused"
	case v.err != nil && held == nil:
		return "failed, disc good"
	case v.err != nil:
		return "failed"
	case unsure:
		return "in doubt"
	case v.Verified:
		return "verified"
	}
	return "not compared"
}

// seeds returns the first seed and the one behind the last: N stands for the first
// N, FROM-TO for those.
func seeds(t *testing.T) (from, to int) {
	s := os.Getenv("GLASSMASTER_FAULTS")
	if s == "" {
		return 0, 4 * len(kinds)
	}
	first, last, ok := strings.Cut(s, "-")
	n, err := strconv.Atoi(first)
	if err == nil && !ok {
		return 0, n
	}
	end, other := strconv.Atoi(last)
	if err != nil || other != nil {
		t.Fatalf("GLASSMASTER_FAULTS=%s is neither a number of runs nor FROM-TO", s)
	}
	return n, end + 1
}

// TestFaults is one burn for each seed. All faults take turns, and the media with
// them.
func TestFaults(t *testing.T) {
	from, to := seeds(t)
	runs(t, from, to, 7, func(seed int, _ *rand.Rand) kind { return kinds[seed%len(kinds)] })
}

// TestTwoFaults is one burn among two faults for each seed.
func TestTwoFaults(t *testing.T) {
	from, to := seeds(t)
	runs(t, from, to, 13, func(seed int, r *rand.Rand) kind {
		return both(kinds[1+seed%(len(kinds)-1)], kinds[1+r.IntN(len(kinds)-1)])
	})
}

// TestWrongReplies is one burn for each seed in a drive that tells wrong things of its
// disc.
func TestWrongReplies(t *testing.T) {
	from, to := seeds(t)
	runs(t, from, to, 19, func(int, *rand.Rand) kind { return wrong })
}

func runs(t *testing.T, from, to int, series uint64, choose func(int, *rand.Rand) kind) {
	outcomes := map[string]int{}
	for seed := from; seed < to; seed++ {
		r := rand.New(rand.NewPCG(uint64(seed), series))
		k := choose(seed, r)
		medium := media[(seed+seed/len(kinds))%len(media)]
		t.Run(fmt.Sprintf("%d, %s, %s", seed, medium, k.name), func(t *testing.T) {
			s := &run{T: t, dir: t.TempDir(), medium: medium, kind: k}
			s.prepare(r)
			v := s.burn(r)
			outcome := s.judge(v)
			outcomes[outcome]++
			t.Logf("%s: %v", outcome, v.err)
		})
	}
	t.Logf("%d runs of %d faults on %d media: %v", to-from, len(kinds), len(media), outcomes)
}
