package job_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"glassmaster/drive/job"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/ring"
	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/progress"
)

// counted is a disc that counts how often each of its sectors is read, and can fail.
type counted struct {
	disc.Disc
	mu     sync.Mutex
	reads  map[disc.LBA]int
	fail   disc.LBA // -1: none
	panics bool
}

var errScratch = errors.New("a scratch")

func (c *counted) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	size := f.Size()
	for n := 0; n*size < len(p); n++ {
		if lba+disc.LBA(n) == c.fail {
			if c.panics {
				panic("a broken source")
			}
			return n, errScratch
		}
		if k, err := c.Disc.ReadSectors(ctx, p[n*size:(n+1)*size], lba+disc.LBA(n), f); k == 0 {
			return n, err
		}
		c.reads[lba+disc.LBA(n)]++
	}
	return len(p) / size, nil
}

// most returns how often a sector was read at least, and at most.
func (c *counted) most(sectors int) (least, most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	least = c.reads[0]
	for at := range disc.LBA(sectors) {
		least, most = min(least, c.reads[at]), max(most, c.reads[at])
	}
	return least, most
}

// bench is a burn of a source in several virtual recorders.
type bench struct {
	src    *source.Source
	disc   *counted
	want   []byte
	drives []job.Drive
	rec    []*virtual.Drive
	rep    []progress.Reporter
}

// newBench returns a bench with a source of this many sectors and a blank disc of each
// medium.
func newBench(t *testing.T, sectors int, o record.Options, media ...string) *bench {
	t.Helper()
	b := &bench{want: virtualtest.Noise(sectors, 3)}
	b.disc = &counted{Disc: virtualtest.DiscOf(b.want), reads: map[disc.LBA]int{}, fail: -1}
	b.src = &source.Source{Disc: b.disc, Name: "noise", Kind: "image", Locate: func(disc.LBA) string { return "" }}
	for _, m := range media {
		d := virtualtest.Blank(t, m, int64(sectors)+1000)
		b.rec = append(b.rec, d)
		b.drives = append(b.drives, job.Drive{Name: virtual.Prefix + d.Path(), Transport: d, Options: o})
		b.rep = append(b.rep, progress.Discard)
	}
	return b
}

// run plans and runs the burn. What was read for the plan is not counted.
func (b *bench) run(t *testing.T, ctx context.Context) []job.Outcome {
	t.Helper()
	s, err := job.NewSeveral(ctx, b.src, b.drives)
	if err != nil {
		t.Fatal(err)
	}
	clear(b.disc.reads)
	all := s.Run(ctx, b.rep)
	for i, o := range all {
		if o.Drive != b.drives[i].Name {
			t.Errorf("the result of drive %d is that of %s", i, o.Drive)
		}
	}
	return all
}

// holds reports whether the disc in a drive holds the source.
func (b *bench) holds(t *testing.T, i int) bool {
	t.Helper()
	d, err := read.Open(t.Context(), b.rec[i])
	if err != nil {
		return false
	}
	defer d.Close()
	return bytes.HasPrefix(sectors(t, d), b.want)
}

// stalls is a drive that does not return from a WRITE until it is released.
type stalls struct {
	scsi.Transport
	at       int
	released chan struct{}
	writes   int
}

func (s *stalls) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if op := c.CDB[0]; op == scsi.OpWrite10 || op == scsi.OpWrite12 {
		if s.writes++; s.writes == s.at {
			<-s.released
		}
	}
	return s.Transport.Execute(ctx, c)
}

// after calls a function at the beginning of a phase.
type after struct {
	progress.Reporter
	phase progress.Phase
	do    func()
}

func (a *after) Phase(p progress.Phase, total int64) {
	if p == a.phase {
		a.do()
	}
	a.Reporter.Phase(p, total)
}

// Several drives are burned from one read of the source, and each disc is proved. The first
// one is compared with the source, which takes a second read.
func TestSeveral(t *testing.T) {
	for _, x := range []struct {
		media   []string
		o       record.Options
		once    bool
		reads   int
		sectors int
	}{
		{[]string{"dvd+r"}, record.Options{NoVerify: true}, false, 1, 900},
		{[]string{"dvd+r", "dvd+r"}, record.Options{NoVerify: true}, false, 1, 3000},
		{[]string{"dvd+r", "dvd+r"}, record.Options{}, false, 2, 900},
		{[]string{"dvd+r", "dvd-r", "bd-r", "dvd+rw", "bd-re"}, record.Options{Buffer: ring.LeastSize}, false, 2, 3000},
		{[]string{"cd-r", "cd-rw", "dvd-rw"}, record.Options{Buffer: ring.LeastSize}, true, 1, 2000},
	} {
		t.Run(fmt.Sprint(x.media, x.o.NoVerify, x.once), func(t *testing.T) {
			b := newBench(t, x.sectors, x.o, x.media...)
			b.src.Once = x.once
			for i, o := range b.run(t, t.Context()) {
				if o.Err != nil || o.Result.Verified == x.o.NoVerify || !b.holds(t, i) {
					t.Errorf("%s: %v, %+v", x.media[i], o.Err, o.Result)
				}
			}
			if x.o.Buffer == ring.LeastSize { // whether a drive falls behind is up to the scheduler
				return
			}
			if least, most := b.disc.most(x.sectors); least != x.reads || most != x.reads {
				t.Errorf("the sectors were read %d to %d times, want %d", least, most, x.reads)
			}
		})
	}
}

// A drive that fails does not harm the others. It is left in a state of its own.
func TestSeveralOneFails(t *testing.T) {
	for _, x := range []struct {
		name   string
		faults virtual.Faults
		gone   bool // the drive no longer answers
	}{
		{"write error", virtual.Faults{WriteErrors: map[int64][3]byte{500: {3, 0x0C, 0x00}}}, false},
		{"cannot calibrate", virtual.Faults{Events: []virtual.Event{{Op: scsi.OpSendOPCInformation, Sense: [3]byte{3, 0x73, 0x03}}}}, false},
		{"hangs", virtual.Faults{Events: []virtual.Event{{Op: scsi.OpWrite10, At: 10, Hang: virtual.Hung}}}, true},
		{"wrong bytes", virtual.Faults{Corrupt: []int64{700}}, false},
		{"wrong reply", virtual.Faults{Events: []virtual.Event{{Op: scsi.OpSynchronizeCache, Sense: [3]byte{4, 0x44, 0x00}}}}, false},
	} {
		for bad := range 3 {
			t.Run(fmt.Sprintf("%s in drive %d", x.name, bad), func(t *testing.T) {
				b := newBench(t, 3000, record.Options{}, "dvd-r", "dvd-r", "dvd-r")
				s, err := job.NewSeveral(t.Context(), b.src, b.drives)
				if err != nil {
					t.Fatal(err)
				}
				b.rec[bad].SetFaults(x.faults)
				for i, o := range s.Run(t.Context(), b.rep) {
					var e *record.Error
					switch {
					case i == bad && (!errors.As(o.Err, &e) || o.Result.Verified):
						t.Errorf("the bad drive: %v, %+v", o.Err, o.Result)
					case i != bad && (o.Err != nil || !o.Result.Verified || !b.holds(t, i)):
						t.Errorf("drive %d: %v, %+v", i, o.Err, o.Result)
					}
				}
			})
		}
	}
}

// The error of the source reaches every drive after the sectors before it.
func TestSeveralSourceFails(t *testing.T) {
	for _, panics := range []bool{false, true} {
		b := newBench(t, 2000, record.Options{}, "dvd+r", "dvd+rw", "cd-r")
		s, err := job.NewSeveral(t.Context(), b.src, b.drives)
		if err != nil {
			t.Fatal(err)
		}
		b.disc.fail, b.disc.panics = 1203, panics
		for i, o := range s.Run(t.Context(), b.rep) {
			var e *record.Error
			if !errors.As(o.Err, &e) || !panics && (!errors.Is(o.Err, errScratch) || !strings.Contains(o.Err.Error(), "sector 1203")) {
				t.Errorf("drive %d: %v", i, o.Err)
			}
			if o.Result.Written > 1203 || o.Result.Written < 1203-64 {
				t.Errorf("drive %d: %d sectors written", i, o.Result.Written)
			}
		}
		if panics {
			continue
		}
		// Zeros in place of what cannot be read are reported for each drive.
		b = newBench(t, 2000, record.Options{}, "dvd+r", "dvd+rw")
		b.src.KeepGoing, b.disc.fail = true, 1203
		for i, o := range b.run(t, t.Context()) {
			if o.Err != nil || o.Result.Unread == nil || o.Result.Unread.LBA != 1203 {
				t.Errorf("drive %d: %v, %+v", i, o.Err, o.Result.Unread)
			}
		}
	}
}

// A drive that stalls for longer than the others can bear reads the source again by
// itself, and its disc is good, too.
func TestSeveralStall(t *testing.T) {
	b := newBench(t, 4096, record.Options{Buffer: ring.LeastSize}, "dvd+r", "dvd+r")
	slow := &stalls{Transport: b.rec[1], at: 5, released: make(chan struct{})}
	b.drives[1].Transport = slow
	b.rep[0] = &after{progress.Discard, progress.CheckingDisc, sync.OnceFunc(func() { close(slow.released) })}
	all := b.run(t, t.Context())
	for i, o := range all {
		if o.Err != nil || !o.Result.Verified || !b.holds(t, i) {
			t.Errorf("drive %d: %v, %+v", i, o.Err, o.Result)
		}
	}
	if n := strings.Join(disc.Texts(all[1].Result.Notices), "; "); !strings.Contains(n, "read again") {
		t.Errorf("the notices of the slow drive: %s", n)
	}
}

// With a source that can be read only once the others wait for a slow drive, and go on
// without it when it fails.
func TestSeveralStallOnce(t *testing.T) {
	for _, fails := range []bool{false, true} {
		b := newBench(t, 4096, record.Options{Buffer: ring.LeastSize}, "dvd+r", "dvd+r")
		b.src.Once = true
		s, err := job.NewSeveral(t.Context(), b.src, b.drives)
		if err != nil {
			t.Fatal(err)
		}
		if fails {
			b.rec[1].SetFaults(virtual.Faults{Events: []virtual.Event{{Op: scsi.OpWrite10, At: 5, Hang: virtual.Hung}}})
		}
		clear(b.disc.reads)
		all := s.Run(t.Context(), b.rep)
		for i, o := range all {
			if good := i == 0 || !fails; (o.Err == nil) != good || o.Result.Verified != good {
				t.Errorf("drive %d, one fails %v: %v, %+v", i, fails, o.Err, o.Result)
			}
		}
		if least, most := b.disc.most(4096); least != 1 || most != 1 {
			t.Errorf("the sectors were read %d to %d times", least, most)
		}
	}
}

// A drive that has to erase its disc first gets everything from the same read.
func TestSeveralErase(t *testing.T) {
	b := newBench(t, 1000, record.Options{Blank: true, NoVerify: true}, "dvd+r", "cd-rw", "dvd-rw")
	for i := 1; i < 3; i++ {
		plan, err := record.NewPlan(t.Context(), b.rec[i], virtualtest.DiscOf(virtualtest.Noise(300, 1)), record.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := virtualtest.Burn(t.Context(), plan, progress.Discard); err != nil {
			t.Fatal(err)
		}
		b.rec[i].SetFaults(virtual.Faults{Polls: 3})
	}
	for i, o := range b.run(t, t.Context()) {
		if o.Err != nil || !b.holds(t, i) {
			t.Errorf("drive %d: %v, %+v", i, o.Err, o.Result)
		}
	}
	if least, most := b.disc.most(1000); least != 1 || most != 1 {
		t.Errorf("the sectors were read %d to %d times", least, most)
	}
}

// Cancelling ends the burn in all drives.
func TestSeveralCancel(t *testing.T) {
	b := newBench(t, 3000, record.Options{}, "dvd+r", "bd-re")
	ctx, cancel := context.WithCancel(t.Context())
	b.rep[1] = &after{progress.Discard, progress.Writing, cancel}
	for i, o := range b.run(t, ctx) {
		var e *record.Error
		if !errors.Is(o.Err, context.Canceled) || !errors.As(o.Err, &e) || o.Result.Equal {
			t.Errorf("drive %d: %v, %+v", i, o.Err, o.Result)
		}
	}
}

// A drive is named once, and each disc must be writable, before anything is written.
func TestSeveralRefused(t *testing.T) {
	b := newBench(t, 1000, record.Options{}, "dvd+r", "dvd+r")
	name := b.drives[1].Name
	b.drives[1].Name = b.drives[0].Name + "?pace=1385"
	if _, err := job.NewSeveral(t.Context(), b.src, b.drives); err == nil || !strings.Contains(err.Error(), "same drive") {
		t.Errorf("a drive that is named twice: %v", err)
	}
	b.drives[1].Name, b.drives[1].Transport = name, virtualtest.Pressed(t, b.want)
	if _, err := job.NewSeveral(t.Context(), b.src, b.drives); !errors.Is(err, record.ErrNotWritable) || !strings.Contains(err.Error(), name) {
		t.Errorf("a pressed disc: %v", err)
	}
	if _, err := read.Open(t.Context(), b.rec[0]); !errors.Is(err, read.ErrBlank) {
		t.Errorf("the other disc is no longer blank: %v", err)
	}
}

// CDs of several tracks are burned from one read, too. Each disc with audio is compared with
// the source.
func TestSeveralCD(t *testing.T) {
	for name, make := range map[string]func(testing.TB) disc.Disc{
		"data": imagetest.Mode1, "audio": imagetest.Audio, "mixed": imagetest.Mixed, "XA": imagetest.XA, "sessions": imagetest.Sessions,
	} {
		t.Run(name, func(t *testing.T) {
			c := &counted{Disc: make(t), reads: map[disc.LBA]int{}, fail: -1}
			src := &source.Source{Disc: c, Name: name, Kind: "image", Locate: func(disc.LBA) string { return "" }}
			var drives []job.Drive
			for _, medium := range []string{"cd-r", "cd-rw"} {
				d := virtualtest.Blank(t, medium, 30000)
				drives = append(drives, job.Drive{Name: virtual.Prefix + d.Path(), Transport: d, Options: record.Options{AcceptLoss: true, NoVerify: true, Force: true}})
			}
			burn := func() []job.Outcome {
				s, err := job.NewSeveral(t.Context(), src, drives)
				if err != nil {
					t.Fatal(err)
				}
				clear(c.reads)
				if name == "mixed" && drives[0].Options.NoVerify {
					c.fail = 400 // in a pre-gap, which is silent there then
				}
				defer func() { c.fail = -1 }()
				return s.Run(t.Context(), []progress.Reporter{progress.Discard, progress.Discard})
			}
			for i, o := range burn() {
				if o.Err != nil {
					t.Errorf("drive %d: %v", i, o.Err)
				}
			}
			for lba, n := range c.reads {
				if n != 1 {
					t.Fatalf("sector %d was read %d times", lba, n)
				}
			}
			for i := range drives {
				d := virtualtest.Blank(t, "cd-r", 30000)
				d.SetLoader(true) // so that nothing is in doubt
				drives[i].Name, drives[i].Transport, drives[i].Options.NoVerify = virtual.Prefix+d.Path(), d, false
			}
			for i, o := range burn() {
				if o.Err != nil || !o.Result.Verified {
					t.Errorf("drive %d: %v, %+v", i, o.Err, o.Result)
				}
			}
		})
	}
}
