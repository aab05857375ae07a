package model

import (
	"context"
	"errors"
	"slices"
	"testing"

	"glassmaster/drive/job"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// copying returns a burn of an image in a drive, with copies.
func copying(r *recorder, n int) (*Burn, mainLoop) {
	r.drives = []Inserted{{Drive: Drive{Name: "virtual:d"}, Medium: "DVD+R"}, {Drive: Drive{Name: "virtual:e"}, Medium: "DVD+R"}}
	b, q := newBurn(r)
	b.FindDrives()
	b.SetSource(Source{Kind: FromImage, Name: "b.iso"})
	b.Copies = n
	return b, q
}

// What is chosen for the first copy holds for the others. A disc that is not usable does
// not count.
func TestCopies(t *testing.T) {
	r := &recorder{}
	results := []error{nil, errors.New("laser broken"), nil}
	r.burn = func(context.Context, progress.Reporter) (job.Result, error) {
		err := results[0]
		results = results[1:]
		return good(), err
	}
	b, q := copying(r, 2)
	b.Options.NoVerify = true
	b.waitUntilIdle(t, q)
	b.Begin()
	q.until(t, "the outcome", func() bool { return b.Stage() == Finished })
	for i, left := range []int{1, 1, 0} {
		if n, of := b.Copy(); n != i+1 || of != 2 || b.Remaining() != left {
			t.Fatalf("copy %d of %d, %d remain", n, of, b.Remaining())
		}
		if left == 0 {
			break
		}
		b.AskNext()
		q.until(t, "the tray", func() bool { return b.Stage() == Inserting && !b.Checking() })
		if i == 0 { // the same disc is inserted again
			r.answer(func() { r.loadErr = job.ErrSameDisc })
			var refused error
			b.BeginNext(func(err error) { refused = err })
			q.until(t, "the refusal", func() bool { return refused != nil })
			if !errors.Is(refused, job.ErrSameDisc) || b.Stage() != Inserting {
				t.Errorf("refused with %v, stage %d", refused, b.Stage())
			}
			r.answer(func() { r.loadErr = nil })
		}
		b.BeginNext(func(err error) { t.Error(err) })
		q.until(t, "the next outcome", func() bool { return b.Stage() == Finished })
		if !r.options.NoVerify {
			t.Error("the options of the first copy are lost")
		}
	}
	if len(b.report.Discs) != 3 || b.report.Discs[1].Error == "" {
		t.Errorf("the report has %+v", b.report.Discs)
	}
}

// A copy with one drive that is stopped while the blank disc is asked for leaves nothing
// behind.
func TestCopyWithOneDriveStops(t *testing.T) {
	r := &recorder{}
	b, q := copying(r, 1)
	b.SetSource(Source{Kind: FromDrive, Name: "virtual:d"})
	b.waitUntilIdle(t, q)
	b.Begin()
	q.until(t, "the question", func() bool { return b.Stage() == Inserting && !b.Checking() })
	b.StopInserting()
	b.waitUntilIdle(t, q)
	if want := []string{"read", "released", "removed"}; !slices.Equal(r.done, want) || b.Stage() != Settings || len(r.written) > 0 {
		t.Errorf("done %q, want %q; stage %d, written %v", r.done, want, b.Stage(), r.written)
	}
}

// With several drives each disc has a verdict, and the worst one is shown.
func TestSeveralDrives(t *testing.T) {
	r := &recorder{}
	n := 0
	r.burn = func(_ context.Context, rep progress.Reporter) (job.Result, error) {
		rep.Notice(disc.Notice{Text: "here"})
		if n++; n == 2 {
			return job.Result{}, errors.New("laser broken")
		}
		return good(), nil
	}
	b, q := copying(r, 1)
	b.SetTargets([]string{"virtual:d", "virtual:e"})
	b.waitUntilIdle(t, q)
	if b.TargetTitle() != "Virtual disc  (d), and 1 more drive" || len(b.Others()) != 0 {
		t.Errorf("the target is %q, others %v", b.TargetTitle(), b.Others())
	}
	b.Begin()
	q.until(t, "the outcome", func() bool { return b.Stage() == Finished })
	list := b.Recordings()
	if list[0].Outcome().Verdict != Verified || list[1].Outcome().Verdict != Failed || b.Shown() != 1 || b.Outcome().Verdict != Failed {
		t.Errorf("%+v, %+v, shown %d", list[0].Outcome(), list[1].Outcome(), b.Shown())
	}
	b.Show(0)
	if b.Outcome().Verdict != Verified || len(b.Log(0)) == 0 {
		t.Errorf("the first one: %+v, %v", b.Outcome(), b.Log(0))
	}
}

// Without agreement nothing is lost, also if it is known only when the burn begins.
func TestLossNeedsAgreement(t *testing.T) {
	r := &recorder{lost: []disc.Notice{{Severity: disc.Warning, Text: "CD-TEXT is left out"}}}
	r.burn = func(context.Context, progress.Reporter) (job.Result, error) { return good(), nil }
	b, q := copying(r, 1)
	b.waitUntilIdle(t, q)
	b.Begin()
	if b.Stage() != Settings || b.Why() == "" {
		t.Fatal("it has begun without agreement")
	}
	b.AcceptLoss(true)
	if b.Why() != "" {
		t.Errorf("after the agreement: %q", b.Why())
	}
	r.answer(func() { r.lost = append(r.lost, disc.Notice{Severity: disc.Warning, Text: "an ISRC is left out"}) })
	b.Plan()
	b.waitUntilIdle(t, q)
	if b.Why() == "" {
		t.Error("the agreement holds for more than was shown")
	}
	b.AcceptLoss(true)
	b.AcceptLoss(false)
	if b.Why() == "" {
		t.Error("the agreement was not taken back")
	}
}
