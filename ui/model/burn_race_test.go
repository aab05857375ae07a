package model

import (
	"context"
	"strings"
	"testing"

	"glassmaster/drive/job"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// burned returns a burn that has ended, and the channel on which the drives are asked
// from then on. The disc is no longer blank.
func burned(t *testing.T, write func(rep progress.Reporter)) (*Burn, *recorder, mainLoop) {
	t.Helper()
	in := Inserted{Drive: Drive{Name: "virtual:x"}, Medium: "DVD+RW", Status: "blank"}
	r := &recorder{drives: []Inserted{in}}
	r.burn = func(_ context.Context, rep progress.Reporter) (job.Result, error) {
		write(rep)
		return good(), nil
	}
	b, q := newBurn(r)
	b.FindDrives()
	b.SetSource(Source{Kind: FromImage, Name: "/a/b.iso"})
	b.waitUntilIdle(t, q)
	b.Begin()
	q.until(t, "the outcome", func() bool { return b.Outcome() != nil })
	r.answer(func() {
		in.Status = "closed"
		r.drives = []Inserted{in}
		r.asked = make(chan chan bool, 10)
	})
	return b, r, q
}

// TestDecisionWhileDrivesAreAsked decides to erase the disc that was burned, before the
// drives have answered that it is no longer blank.
func TestDecisionWhileDrivesAreAsked(t *testing.T) {
	b, r, q := burned(t, func(progress.Reporter) {})
	b.Reset()
	answer := <-r.asked
	q.until(t, "the plan", func() bool { return !b.isPlanning() })
	b.Options.Blank = true
	b.Plan()
	q.until(t, "the new plan", func() bool { return !b.isPlanning() })
	close(answer)
	b.waitUntilIdle(t, q)
	if !b.Options.Blank {
		t.Error("the decision is lost")
	}

	// Another disc, though, is not the one that was decided about.
	r.answer(func() { r.drives = []Inserted{{Drive: Drive{Name: "virtual:x"}, Medium: "DVD-RW", Status: "closed"}} })
	b.FindDrives()
	close(<-r.asked)
	b.waitUntilIdle(t, q)
	if b.Options.Blank {
		t.Error("another disc would be erased")
	}
}

// TestDrivesAskedBeforeTheBurn asks the drives before a burn; they answer when it has
// ended. That answer is of no use.
func TestDrivesAskedBeforeTheBurn(t *testing.T) {
	b, r, q := burned(t, func(progress.Reporter) {})
	b.Reset()
	old := <-r.asked
	q.until(t, "the plan", func() bool { return !b.isPlanning() })
	b.Begin()
	q.until(t, "the outcome", func() bool { return b.Outcome() != nil })
	b.Reset()
	for _, status := range []string{"before", "after"} {
		r.answer(func() { r.drives = []Inserted{{Drive: Drive{Name: "virtual:x"}, Medium: "DVD+RW", Status: status}} })
		close(old)
		q.until(t, "the answer "+status, func() bool { return b.Drives()[0].Status == status })
		if status == "before" {
			old = <-r.asked
		}
	}
}

// TestQuestionWhilePlanning plans again while the disc that will be erased is read, and
// while the person is asked.
func TestQuestionWhilePlanning(t *testing.T) {
	b, r, q := burned(t, func(progress.Reporter) {})
	r.answer(func() { r.asked, r.erases = nil, true })
	b.Reset()
	b.waitUntilIdle(t, q)
	var asked *Contents
	b.ReadContents(func(c Contents) { asked = &c })
	b.Plan()
	q.until(t, "the question", func() bool { return asked != nil })
	b.Plan()
	b.EraseAndBegin(*asked)
	q.until(t, "the burn", func() bool { return b.Outcome() != nil })
}

// TestShortWrite burns faster than the progress is sampled.
func TestShortWrite(t *testing.T) {
	b, _, _ := burned(t, func(rep progress.Reporter) {
		rep.Phase(progress.Writing, 4096)
		rep.Add(4096)
		rep.Phase(progress.Finishing, 0)
	})
	b.Sample()
	if p := b.WriteTrace().Phase; p != progress.Writing {
		t.Errorf("the graph is of the phase %q", p)
	}
}

// TestCompilationInTheMaking burns a compilation to which files are added meanwhile, or
// which lacks files.
func TestCompilationInTheMaking(t *testing.T) {
	r := &recorder{drives: []Inserted{{Drive: Drive{Name: "virtual:x"}, Medium: "DVD+R"}}}
	b, q := newBurn(r)
	adding, lacks := true, []disc.Notice{{Severity: disc.Error, Path: "/a", Text: "no such file"}}
	b.Compiled = func() *compilation.Compilation { return compilation.New() }
	b.Adding = func() bool { return adding }
	b.Missing = func() []disc.Notice { return lacks }
	r.planErr = job.ErrMissing
	b.FindDrives()
	b.SetSource(Source{Kind: FromCompilation})
	why := func(want string) {
		t.Helper()
		b.waitUntilIdle(t, q)
		if got := b.Why(); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
	why("still being added")
	adding = false
	b.CompilationChanged(true)
	why("1 file could not be added")
	if !b.NeedsForce() {
		t.Error("burning it without the file is not offered")
	}
	r.answer(func() { r.planErr = nil })
	b.Force()
	why("")
	b.CompilationChanged(true)
	if why(""); !b.Options.Force {
		t.Error("the permission is lost")
	}
	lacks = append(lacks, disc.Notice{Severity: disc.Error, Path: "/b", Text: "no such file"})
	b.CompilationChanged(false)
	if b.Why() == "" {
		t.Error("it can be burned, and what is planned is another compilation")
	}
	b.Plan()
	if why(""); b.Options.Force {
		t.Error("the permission was for another file")
	}
}
