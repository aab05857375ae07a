package model

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"glassmaster/drive/job"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/verify"
)

func TestBurnCannotBegin(t *testing.T) {
	r := &recorder{}
	b, q := newBurn(r)
	b.FindDrives()
	b.waitUntilIdle(t, q)
	why := func(want string) {
		t.Helper()
		b.waitUntilIdle(t, q)
		if !strings.Contains(b.Why(), want) || want == "" && b.Why() != "" {
			t.Errorf("it says %q, want %q", b.Why(), want)
		}
	}
	why("Choose what to burn")
	b.SetSource(Source{Kind: FromCompilation})
	why("compilation is empty")
	b.SetSource(Source{Kind: FromImage, Name: "/a/b.iso"})
	why("Choose a drive, an image file or a virtual disc")
	b.SetTarget(Target{File: "/tmp/x.iso"})
	why("")
	r.answer(func() { r.drives = []Inserted{{Drive: Drive{Name: "virtual:x"}, Medium: "DVD+R"}} })
	b.SetTarget(Target{})
	b.FindDrives()
	why("") // the only drive was chosen
	if b.Target().Drive != "virtual:x" {
		t.Errorf("the target is %+v", b.Target())
	}
	b.SetSource(Source{Kind: FromDrive, Name: "virtual:x"})
	why("") // with one drive
	if !b.WithOneDrive() {
		t.Error("it is not copied with one drive")
	}
	r.answer(func() { r.planErr = fmt.Errorf("the DVD-RW: %w", record.ErrHoldsData) })
	b.SetSource(Source{Kind: FromImage, Name: "/a/b.iso"})
	why("is not empty")
	if !b.NeedsErasing() {
		t.Error("erasing the disc is not offered")
	}
	r.answer(func() { r.openErr = errors.New("no such file") })
	b.Plan()
	why("No such file.")
	b.Begin()
	if len(r.written) > 0 {
		t.Errorf("written %v", r.written)
	}
}

func TestBurnRuns(t *testing.T) {
	r := &recorder{drives: []Inserted{{Drive: Drive{Name: "d"}, Medium: "DVD+R", Speeds: []int{22160}}}}
	going := make(chan bool)
	r.burn = func(_ context.Context, rep progress.Reporter) (job.Result, error) {
		rep.Phase(progress.Writing, 4096)
		rep.Add(2048)
		going <- true
		<-going
		return good(), nil
	}
	b, q := newBurn(r)
	b.FindDrives()
	b.SetSource(Source{Kind: FromImage, Name: "b.iso"})
	b.Options.Speed = 22160
	b.waitUntilIdle(t, q)
	b.Begin()
	<-going
	if b.Stage() != Running || b.Why() == "" {
		t.Errorf("stage %d, another could begin: %q", b.Stage(), b.Why())
	}
	if s, _ := b.Sample(); s.Phase != progress.Writing || s.Done != 2048 {
		t.Errorf("the progress is %+v", s)
	}
	going <- true
	q.until(t, "the outcome", func() bool { return b.Stage() == Finished })
	if b.Outcome().Verdict != Verified || r.options.Speed != 22160 || r.options.NoVerify {
		t.Errorf("outcome %+v, options %+v", b.Outcome(), r.options)
	}
	b.Reset()
	if b.Stage() != Settings {
		t.Error("there is no way back to the settings")
	}
}

func TestBurnStops(t *testing.T) {
	r := &recorder{drives: []Inserted{{Drive: Drive{Name: "d"}, Medium: "DVD+R"}}}
	begun := make(chan struct{})
	r.burn = func(ctx context.Context, _ progress.Reporter) (job.Result, error) {
		close(begun)
		<-ctx.Done()
		return job.Result{}, &record.Error{Step: "write", LBA: 7, Err: ctx.Err(), Left: "the disc is lost"}
	}
	b, q := newBurn(r)
	b.FindDrives()
	b.SetSource(Source{Kind: FromImage, Name: "b.iso"})
	b.waitUntilIdle(t, q)
	b.Begin()
	<-begun
	b.Job().Cancel()
	if !b.Job().Stopping() {
		t.Error("Stopping is false after Cancel")
	}
	q.until(t, "the outcome", func() bool { return b.Stage() == Finished })
	if o := b.Outcome(); o.Verdict != Stopped || !strings.Contains(o.Text, "The disc is lost.") {
		t.Errorf("the outcome is %+v", o)
	}
}

// A burn whose drive is used by another task waits for it, and says so. If it is stopped
// while it waits, nothing is written.
func TestBurnWaits(t *testing.T) {
	for _, stop := range []bool{false, true} {
		r := &recorder{drives: []Inserted{{Drive: Drive{Name: "d", Model: "DRIVE"}, Medium: "DVD+R"}}}
		r.burn = func(context.Context, progress.Reporter) (job.Result, error) { return good(), nil }
		b, q := newBurn(r)
		b.FindDrives()
		b.SetSource(Source{Kind: FromDrive, Name: "other"})
		b.waitUntilIdle(t, q)
		held, end := make(chan struct{}), make(chan struct{})
		other := r.queue.Add("Erasing the disc", []string{"other"}, func(context.Context, progress.Reporter) error {
			close(held)
			<-end
			return nil
		})
		<-held
		b.Begin() // planned before the other task began
		text, ok := b.WaitsFor()
		if b.Stage() != Running || !ok || text != "Waiting for the drive other: Erasing the disc" {
			t.Errorf("stage %d, it says %q", b.Stage(), text)
		}
		if jobs := b.OtherJobs(); len(jobs) != 1 || jobs[0] != (Line{"Erasing the disc", "other: running"}) {
			t.Errorf("the other jobs are %v", jobs)
		}
		if stop {
			b.Job().Cancel()
		} else {
			close(end)
		}
		q.until(t, "the outcome", func() bool { return b.Stage() == Finished })
		if stop {
			close(end)
		}
		<-other.Ended()
		o := b.Outcome()
		if want := (map[bool]Verdict{false: Verified, true: Stopped})[stop]; o.Verdict != want || len(r.written) != map[bool]int{false: 1}[stop] {
			t.Errorf("stopped %v: %+v, %d written", stop, o, len(r.written))
		}
		if stop && !strings.Contains(o.Text, "Nothing was written") {
			t.Error(o.Text)
		}
		if _, ok := b.WaitsFor(); ok {
			t.Error("a burn that has ended waits")
		}
	}
}

// A busy drive is named, with the task that uses it.
func TestBurnBusy(t *testing.T) {
	r := &recorder{drives: []Inserted{{Drive: Drive{Name: "d", Model: "DRIVE"}, Medium: "DVD+R"}}}
	b, q := newBurn(r)
	b.FindDrives()
	b.SetSource(Source{Kind: FromImage, Name: "b.iso"})
	b.waitUntilIdle(t, q)
	held, end := make(chan struct{}), make(chan struct{})
	other := r.queue.Add("Erasing the disc", []string{"d"}, func(context.Context, progress.Reporter) error {
		close(held)
		<-end
		return nil
	})
	<-held
	b.Plan()
	b.waitUntilIdle(t, q)
	if why := b.Why(); why != "DRIVE  (d) is busy: Erasing the disc. Wait until that has finished, or stop it." {
		t.Errorf("it says %q", why)
	}
	close(end)
	<-other.Ended()
	b.Plan()
	b.waitUntilIdle(t, q)
	if why := b.Why(); why != "" {
		t.Errorf("it says %q", why)
	}
}

// The phases that are expected follow those that have begun.
func TestBurnPhases(t *testing.T) {
	step := make(chan progress.Phase)
	for _, c := range []struct {
		target Target
		o      record.Options
		phases []progress.Phase
		want   []string // after each of them
	}{
		{
			Target{Drive: "d"},
			record.Options{},
			[]progress.Phase{progress.ReadingAhead, progress.Writing, progress.Finishing, progress.CheckingDisc, progress.Comparing},
			[]string{
				"READING AHEAD writing finishing checking the disc comparing",
				"reading ahead* WRITING finishing checking the disc comparing",
				"reading ahead* writing* FINISHING checking the disc comparing",
				"reading ahead* writing* finishing* CHECKING THE DISC comparing",
				"reading ahead* writing* finishing* checking the disc* COMPARING",
			},
		},
		{Target{Drive: "d"}, record.Options{Simulate: true}, []progress.Phase{progress.Simulating}, []string{"SIMULATION finishing"}},
		{Target{Drive: "d"}, record.Options{NoVerify: true}, []progress.Phase{progress.Writing, progress.Salvaging}, []string{"WRITING finishing checking the disc", "writing* SALVAGING THE DISC"}},
		{Target{File: "x.iso"}, record.Options{}, []progress.Phase{progress.Writing}, []string{"WRITING comparing"}},
	} {
		r := &recorder{drives: []Inserted{{Drive: Drive{Name: "d"}, Medium: "DVD+R"}}}
		r.burn = func(_ context.Context, rep progress.Reporter) (job.Result, error) {
			for p := range step {
				rep.Phase(p, 100)
				rep.Add(10)
				step <- p
			}
			return good(), nil
		}
		b, q := newBurn(r)
		b.FindDrives()
		b.SetTarget(c.target)
		b.SetSource(Source{Kind: FromImage, Name: "b.iso"})
		b.Options.Options = c.o
		b.waitUntilIdle(t, q)
		b.Begin()
		for i, p := range c.phases {
			step <- p
			<-step
			var got []string
			for _, x := range b.Phases() {
				text := x.Phase.String()
				switch x.State {
				case Active:
					text = strings.ToUpper(text)
				case Past:
					text += "*"
				case Pending:
				}
				if (x.State == Pending) != (x.Done == 0) {
					t.Errorf("%s: %+v", text, x)
				}
				got = append(got, text)
			}
			if s := strings.Join(got, " "); s != c.want[i] {
				t.Errorf("%q, want %q", s, c.want[i])
			}
		}
		close(step)
		q.until(t, "the outcome", func() bool { return b.Stage() == Finished })
		step = make(chan progress.Phase)
	}
}

func TestBurnSurvivesPanic(t *testing.T) {
	r := &recorder{drives: []Inserted{{Drive: Drive{Name: "d"}, Medium: "DVD+R"}}}
	r.burn = func(context.Context, progress.Reporter) (job.Result, error) { panic("oops") }
	b, q := newBurn(r)
	b.FindDrives()
	b.SetSource(Source{Kind: FromImage, Name: "b.iso"})
	b.waitUntilIdle(t, q)
	b.Begin()
	q.until(t, "the outcome", func() bool { return b.Stage() == Finished })
	if o := b.Outcome(); o.Verdict != Failed || !strings.Contains(o.Text, "oops") {
		t.Errorf("the outcome is %+v", o)
	}
}

func TestBurnIntoAFile(t *testing.T) {
	r := &recorder{burn: func(context.Context, progress.Reporter) (job.Result, error) { return good(), nil }}
	b, q := newBurn(r)
	b.SetSource(Source{Kind: FromImage, Name: "b.iso"})
	b.SetTarget(Target{File: "/tmp/out.iso"})
	b.waitUntilIdle(t, q)
	b.Begin()
	q.until(t, "the outcome", func() bool { return b.Stage() == Finished })
	if len(r.written) != 1 || r.written[0].File != "/tmp/out.iso" || b.Outcome().Verdict != Verified {
		t.Errorf("wrote %v, outcome %+v", r.written, b.Outcome())
	}
}

// TestJudge checks that only a disc that was compared looks verified.
func TestJudge(t *testing.T) {
	bad := &verify.Mismatch{LBA: 12345, Offset: 6, File: "/Photos/a.jpg", Count: 3}
	for _, c := range []struct {
		name    string
		r       record.Result
		err     error
		o       record.Options
		verdict Verdict
		head    string
		in      string
	}{
		{"verified", record.Result{Verified: true, Equal: true}, nil, record.Options{}, Verified, "VERIFIED", "equal to the source"},
		{
			"of a damaged source",
			record.Result{Verified: true, Equal: true, Plan: record.Plan{Defects: []disc.Notice{{Severity: disc.Info, Text: "a remark"}, {Severity: disc.Error, Text: "the root folder cannot be read"}}}},
			nil,
			record.Options{},
			Unverified, "EQUAL TO A SOURCE THAT IS DAMAGED", "only as good as the source: the source is damaged: the root folder cannot be read.",
		},
		{
			"of an incomplete source",
			record.Result{Verified: true, Equal: true, Plan: record.Plan{Defects: []disc.Notice{{Severity: disc.Error, Text: "the end is missing", Incomplete: true}}}},
			nil,
			record.Options{},
			Unverified, "EQUAL TO A SOURCE THAT IS INCOMPLETE", "the source is incomplete: the end is missing.",
		},
		{
			"of a source with a remark",
			record.Result{Verified: true, Equal: true, Plan: record.Plan{Defects: []disc.Notice{{Severity: disc.Info, Text: "a remark"}}}},
			nil,
			record.Options{},
			Verified, "VERIFIED", "equal to the source",
		},
		{
			"not as planned",
			record.Result{Verified: true, Equal: true, NotAssured: []string{"the drive did not reload"}, Checks: []record.Check{{What: "track 1", OK: true}, {What: "CD-TEXT", Expected: "1 language"}}},
			nil,
			record.Options{},
			Unverified, "NOT AS PLANNED", "from what was planned: CD-TEXT. The details show what was expected and found. But the drive did not reload.",
		},
		{
			"several tracks",
			record.Result{Verified: true, Equal: true, Plan: record.Plan{Tracks: make([]record.Track, 3)}},
			nil,
			record.Options{},
			Verified, "VERIFIED", "All 3 tracks were read back",
		},
		{
			"with what was agreed to",
			record.Result{Verified: true, Equal: true, Plan: record.Plan{Sectors: 5, Lost: []disc.Notice{{Text: "the texts are left out."}, {Text: "so are the indexes"}}}},
			nil,
			record.Options{},
			Verified, "VERIFIED, WITH DIFFERENCES", "All 5 sectors were read back and are as planned. The disc differs from the source as you agreed: the texts are left out; so are the indexes.",
		},
		{
			"a drive that hangs",
			record.Result{},
			&record.Error{Step: "write", LBA: 5, Err: scsi.ErrTimeout, Left: "the state is unknown", Advice: scsi.Hint(scsi.ErrTimeout) + "; then check the disc"},
			record.Options{},
			Failed, "FAILED", "The state is unknown. The drive hangs: switch it off and on again; whether it executed the last command is not known; then check the disc.",
		},
		{"verify off", record.Result{}, nil, record.Options{NoVerify: true}, Unverified, "WRITTEN, NOT VERIFIED", "unknown"},
		{"not compared for whatever reason", record.Result{}, nil, record.Options{}, Unverified, "WRITTEN, NOT VERIFIED", ""},
		{"simulated", record.Result{Verified: true}, nil, record.Options{Simulate: true}, Simulated, "SIMULATED", "Nothing was written"},
		{"failed", record.Result{Verified: true}, errors.New("laser broken"), record.Options{}, Failed, "FAILED", "Laser broken."},
		{"differs", record.Result{Mismatch: bad, Verified: true}, nil, record.Options{}, Failed, "FAILED", "3 sectors are bad, the first in /Photos/a.jpg"},
		{"compared with a buffer", record.Result{Equal: true, NotAssured: []string{"the drive did not reload"}}, nil, record.Options{}, Unverified, "READ BACK, NOT ASSURED", "But the drive did not reload."},
		{
			"the source changed",
			record.Result{Equal: true, Verified: true, SourceChanged: &record.SourceChange{LBA: 7}},
			&record.Error{Err: &record.SourceChange{LBA: 7}, LBA: -1, Left: "the disc is good"},
			record.Options{},
			Unverified, "DISC GOOD, SOURCE CHANGED", "The disc is good.",
		},
		{
			"the source changed, and the disc is bad",
			record.Result{Mismatch: bad, SourceChanged: &record.SourceChange{LBA: 7}},
			&record.Error{Err: record.ErrDiffers, LBA: -1},
			record.Options{},
			Failed, "FAILED", "3 sectors are bad",
		},
		{"stopped", record.Result{}, fmt.Errorf("x: %w", context.Canceled), record.Options{}, Stopped, "STOPPED", "before it began"},
	} {
		o := Judge(job.Result{Result: c.r}, c.err, c.o)
		if o.Verdict != c.verdict || o.Headline != c.head || !strings.Contains(o.Text, c.in) {
			t.Errorf("%s: %+v", c.name, o)
		}
		if strings.Contains(o.Headline, "VERIFIED") && o.Headline != "WRITTEN, NOT VERIFIED" && c.verdict != Verified {
			t.Errorf("%s looks like success", c.name)
		}
	}
	retried := Judge(job.Result{Result: record.Result{Verified: true, Equal: true, Retried: 2}}, nil, record.Options{}).Lines()
	if !slices.ContainsFunc(retried, func(l Line) bool { return l.Name == "Retried" && strings.HasPrefix(l.Value, "2 sectors") }) {
		t.Errorf("sectors that were read again are not reported: %v", retried)
	}
	lines := Judge(job.Result{Result: record.Result{Mismatch: bad}}, record.ErrDiffers, record.Options{}).Lines()
	if lines[0].Value != "LBA 12\u202f345, byte 6 of the sector" || lines[1].Value != "/Photos/a.jpg" || lines[2].Value != "3" {
		t.Errorf("the first bad sector is reported as %v", lines)
	}
}

func TestPhaseLog(t *testing.T) {
	var m progress.Meter
	n := newPhaseLog(&m)
	now := time.Unix(0, 0)
	n.now = func() time.Time { return now }
	n.Phase(progress.Writing, 4000)
	n.Add(4000)
	now = now.Add(2 * time.Second)
	n.Phase(progress.Finishing, 0)
	n.end()
	var logged []string
	for _, x := range m.Log(0) {
		logged = append(logged, x.Text)
	}
	want := "Writing, 4.00 kB|Writing: 4.00 kB in 0:02, on average 2.00 kB/s|Finishing"
	if got := strings.Join(logged, "|"); got != want {
		t.Errorf("the log says %q, want %q", got, want)
	}
}
