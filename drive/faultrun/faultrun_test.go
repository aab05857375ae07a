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

// Limits of a run. A burn of 900 sectors without faults takes about 300 commands. A raw burn
// also sends about 18000 blocks of lead-in and lead-out, 13 at a time, and a drive may refuse
// every other WRITE once because its buffer is full.
const (
	maxCommands    = 2500
	maxCommandsRaw = maxCommands + 2*18000/13
	maxWait        = 2 * time.Minute // in commands that time out, after the longest one
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

// run is one burn in a drive with faults.
type run struct {
	*testing.T
	dir, medium string
	kind        kind
	o           record.Options
	vendor      string   // whose commands for book types the drive has
	disc        string   // path of the file that holds the disc
	others      []string // paths of the discs that are exchanged for it
	source      string   // path
	want        []byte
	capacity    int64 // of the disc, in sectors
	sectors     int64 // of the source
	start       int64 // address of the first sector on the disc
	cancel      func()
	falsify     func([]byte) // changes the reply of a query; nil: none
	transfer    int          // the largest that the drive's connection carries; 0: the usual one
	commands    int
	longest     time.Duration // longest timeout of a command that timed out
}

// limit returns how many commands a burn may send.
func (s *run) limit() int {
	if s.o.Mode == record.Raw {
		return maxCommandsRaw
	}
	return maxCommands
}

// watch returns a transport that counts commands, and ends a run that sends too many.
func (s *run) watch(d *virtual.Drive) scsi.Transport { return &counter{d, s} }

type counter struct {
	*virtual.Drive
	s *run
}

// MaxTransfer is small, so that a short burn has many writes.
func (c *counter) MaxTransfer() int { return max(c.s.transfer, 32<<10) }

func (c *counter) Execute(ctx context.Context, cmd scsi.Command) (int, error) {
	if c.s.commands++; c.s.commands > c.s.limit() {
		return 0, scsi.ErrConnection
	}
	n, err := c.Drive.Execute(ctx, cmd)
	if c.s.falsify != nil && err == nil && slices.Contains(queries[1:], cmd.CDB[0]) && cmd.CDB[0] != scsi.OpRead10 {
		c.s.falsify(cmd.Data[:n])
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
	if err := virtual.Create(path, m, virtual.Options{Sectors: s.capacity, NoSync: true}); err != nil {
		s.Fatal(err)
	}
}

// fill burns sectors to a disc without faults.
func (s *run) fill(path string, p []byte) {
	s.Helper()
	d := s.open(path)
	defer d.Close()
	b, err := record.NewPlan(context.Background(), d, virtualtest.DiscOf(p), record.Options{Appendable: slices.Contains(sessions, s.medium)})
	if err != nil {
		s.Fatal(err)
	}
	if _, err := virtualtest.Burn(context.Background(), b, progress.Discard); err != nil {
		s.Fatal(err)
	}
}

func (s *run) open(path string) *virtual.Drive {
	s.Helper()
	return virtualtest.Open(s, path)
}

// prepare creates the disc and the source.
func (s *run) prepare(r *rand.Rand) {
	s.Helper()
	s.capacity, s.sectors = 4096, 500+r.Int64N(400)
	s.disc, s.source = s.file("disc"), s.file("source")
	used := r.IntN(2) == 0
	s.o = record.Options{NoVerify: r.IntN(4) == 0}
	if r.IntN(4) == 0 && strings.HasPrefix(s.medium, "DVD-R") && s.medium != "DVD-RAM" {
		s.o.Mode = record.DiscAtOnce
	}
	if strings.HasPrefix(s.medium, "CD") {
		s.o.Mode = [...]record.Mode{record.Auto, record.Auto, record.Auto, record.SessionAtOnce, record.SessionAtOnce, record.Raw}[r.IntN(6)]
	}
	if slices.Contains(sessions, s.medium) {
		s.o.Appendable = r.IntN(3) == 0
		if used && !slices.Contains(rewritable, s.medium) {
			s.capacity = 40960
		}
	}
	if s.o.Mode == record.Raw && (s.o.Appendable || s.capacity > 4096) {
		s.o.Mode = record.SessionAtOnce // raw is for whole discs
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
	s.writeSource(r)
}

// prepareBlank creates a blank disc and the source, for a burn with options.
func (s *run) prepareBlank(r *rand.Rand, o record.Options) {
	s.Helper()
	s.capacity, s.sectors = 4096, 500+r.Int64N(400)
	s.disc, s.source = s.file("disc"), s.file("source")
	s.o = o
	s.o.NoVerify = r.IntN(4) == 0
	s.create(s.disc, s.medium)
	s.writeSource(r)
}

func (s *run) writeSource(r *rand.Rand) {
	s.Helper()
	if s.o.Mode == record.Raw && (s.start > 0 || s.o.Appendable) { // which it does not provide for
		s.o.Mode = record.Auto
	}
	s.want = virtualtest.Noise(int(s.sectors), byte(1+r.IntN(8)))
	if err := os.WriteFile(s.source, s.want, 0o600); err != nil {
		s.Fatal(err)
	}
}

// outcome is the result of a burn.
type outcome struct {
	record.Result
	err     error
	planned bool
}

// burn burns the source in a drive with the faults of the run, and checks the drive
// afterwards.
func (s *run) burn(r *rand.Rand) outcome {
	s.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.cancel = cancel
	faults := s.kind.faults(r, s)
	d := s.open(s.disc)
	defer d.Close()
	if s.vendor != "" {
		if err := d.SetBookVendor(s.vendor); err != nil {
			s.Fatal(err)
		}
	}
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
		src = virtualtest.At(src, disc.LBA(s.start))
	}
	d.SetFaults(faults)
	v := outcome{}
	b, err := record.NewPlan(ctx, s.watch(d), src, s.o)
	if v.err = err; err == nil {
		v.planned = true
		v.Result, v.err = virtualtest.Burn(ctx, b, &user{progress.Discard, d})
	}
	if s.commands > s.limit() {
		s.Errorf("the burn sent more than %d commands", s.limit())
	}
	if w := d.Waited(); w > s.longest+maxWait {
		s.Errorf("after the longest timeout the burn waited %v more for a drive that does not answer", w-s.longest)
	}
	reported := slices.ContainsFunc(v.Notices, func(n disc.Notice) bool { return strings.Contains(n.Text, "unlock the tray") })
	if !s.kind.hangs && v.planned && !reported {
		s.trayOpens(d)
	}
	return v
}

// user closes the tray when asked to.
type user struct {
	progress.Reporter
	d *virtual.Drive
}

func (h *user) Notice(n disc.Notice) {
	for tries := 0; tries < 4 && strings.Contains(n.Text, "close it"); tries++ { // the command may fail too
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
	for range 4 { // unit attentions are reported first
		if err = mmc.StartStop(context.Background(), d, mmc.Eject); err == nil {
			return
		}
	}
	s.Errorf("the tray is locked: %v", err)
}

// compare returns an error unless the disc holds the source at the address where it was
// to be burned.
func (s *run) compare(path string) error {
	h, err := virtualtest.ReadState(path)
	if err != nil {
		return err
	}
	if n := h.Track(s.start); n < s.sectors {
		return fmt.Errorf("the track at %[2]d has %[1]d readable sectors, want %[3]d", n, s.start, s.sectors)
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
			return fmt.Errorf("sector %d of the disc differs from the source", s.start+i)
		}
	}
	return nil
}

// judge compares the result of the burn with the disc, and returns a word for it.
func (s *run) judge(v outcome) string {
	s.Helper()
	got, err := os.ReadFile(s.source)
	if err != nil || !bytes.Equal(got, s.want) {
		s.Errorf("the source was changed: %v", err)
	}
	differs := s.compare(s.disc)
	for _, other := range s.others {
		if differs != nil {
			differs = s.compare(other)
		}
	}
	unsure := len(v.NotAssured) > 0 && !v.Verified
	switch {
	case v.Verified && differs != nil:
		s.Errorf("the burn was reported as verified: %v", differs)
	case v.Verified && v.err != nil:
		s.Errorf("the burn was verified, and failed: %v", v.err)
	case v.err == nil && differs != nil && !(s.o.NoVerify && s.kind.silent) && !unsure:
		s.Errorf("the burn was reported as complete: %v\n%+v", differs, v.Result)
	case s.kind.name == "none" && (v.err != nil || !s.o.NoVerify && !v.Verified):
		s.Errorf("the burn failed without a fault: %v, %+v", v.err, v.Result)
	}
	var e *record.Error
	if v.planned && v.err != nil && !errors.As(v.err, &e) {
		s.Errorf("the error does not describe the state of the disc: %v", v.err)
	}
	switch {
	case !v.planned:
		return "refused"
	case v.err != nil && differs == nil:
		return "failed, disc good"
	case v.err != nil:
		return "failed"
	case unsure:
		return "not assured"
	case v.Verified:
		return "verified"
	}
	return "not verified"
}

// seeds returns the first seed, and the last one plus 1. GLASSMASTER_FAULTS is N for the
// first N seeds, or FROM-TO.
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

// TestFaults runs one burn for each seed, with the faults and the media in turn.
func TestFaults(t *testing.T) {
	from, to := seeds(t)
	runs(t, from, to, 7, func(seed int, _ *rand.Rand) kind { return kinds[seed%len(kinds)] })
}

// TestTwoFaults runs one burn with two faults for each seed.
func TestTwoFaults(t *testing.T) {
	from, to := seeds(t)
	runs(t, from, to, 13, func(seed int, r *rand.Rand) kind {
		return both(kinds[1+seed%(len(kinds)-1)], kinds[1+r.IntN(len(kinds)-1)])
	})
}

// TestWrongReplies runs one burn for each seed in a drive that returns wrong information
// about its disc.
func TestWrongReplies(t *testing.T) {
	from, to := seeds(t)
	runs(t, from, to, 19, func(int, *rand.Rand) kind { return wrongReplies })
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
