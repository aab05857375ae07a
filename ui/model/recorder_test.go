package model

import (
	"context"
	"sync"
	"testing"

	"glassmaster/drive/job"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// recorder is a Recorder with prepared results.
type recorder struct {
	queue    job.Queue
	mu       sync.Mutex
	drives   []Inserted
	openErr  error
	contents Contents
	planErr  error
	erases   bool
	asked    chan chan bool // not nil: Inserted sends a channel, and waits until that is closed
	burn     func(ctx context.Context, rep progress.Reporter) (job.Result, error)
	written  []Target
	options  Options
	loadErr  error
	lost     []disc.Notice
	done     []string
}

func (r *recorder) Queue() *job.Queue { return &r.queue }

func (r *recorder) Continue(context.Context, string, progress.Reporter) (*Continued, error) {
	return nil, r.openErr
}

func (r *recorder) Inserted(context.Context) ([]Inserted, error) {
	r.mu.Lock()
	asked := r.asked
	r.mu.Unlock()
	if asked != nil {
		answer := make(chan bool)
		asked <- answer
		<-answer
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.drives, nil
}

// answer changes the results.
func (r *recorder) answer(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

func (r *recorder) PlanWrite(ctx context.Context, s Source, t Target, _ Options) Preflight {
	_, release, err := r.queue.Use(ctx, Drives(s, t)...)
	if err != nil {
		return Preflight{Err: err}
	}
	defer release()
	r.mu.Lock()
	defer r.mu.Unlock()
	p := Preflight{Sectors: 2, Err: r.openErr}
	if p.Err == nil && t.Drive != "" {
		p.Plan.Profile, p.Plan.Sectors, p.Err = "DVD+R", 2, r.planErr
		p.Plan.Erases.Data, p.Plan.Lost = r.erases, r.lost
	}
	return p
}

func (r *recorder) Contents(context.Context, string) (Contents, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.contents, nil
}

func (r *recorder) PlanAction(context.Context, string, Action) (ActionPlan, error) {
	return ActionPlan{}, nil
}

func (r *recorder) RunAction(context.Context, string, Action, progress.Reporter) (string, error) {
	return "", nil
}

func (r *recorder) Write(ctx context.Context, _ Source, t Target, o Options, rep progress.Reporter) (job.Result, error) {
	r.written, r.options = append(r.written, t), o
	return r.burn(ctx, rep)
}

func (r *recorder) WriteSeveral(ctx context.Context, _ Source, t Target, _ Options, reports []progress.Reporter) ([]job.Outcome, error) {
	var all []job.Outcome
	for i, name := range t.Drives() {
		result, err := r.burn(ctx, reports[i])
		all = append(all, job.Outcome{Drive: name, Result: result, Err: err})
	}
	return all, nil
}

func (r *recorder) ReadTemp(ctx context.Context, _ string, _ Options, rep progress.Reporter) (*TempCopy, error) {
	rep.Phase(progress.Writing, 10)
	r.note("read")
	return &TempCopy{Path: "/cache/disc.iso", Remove: func() error { r.note("removed"); return nil }}, ctx.Err()
}

func (r *recorder) Release(context.Context, []string) error {
	r.note("released")
	return nil
}

func (r *recorder) LoadNext(context.Context, Source, []string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.loadErr
}

// note keeps what was done.
func (r *recorder) note(what string) { r.answer(func() { r.done = append(r.done, what) }) }

// good is the result of a burn without flaws.
func good() (r job.Result) {
	r.Verified, r.Equal, r.Plan.Sectors = true, true, 2
	return r
}

func newBurn(r *recorder) (*Burn, mainLoop) {
	q := newMainLoop()
	b := NewBurn(r, q.post)
	b.Compiled = func() *compilation.Compilation { return nil }
	return b, q
}

func (b *Burn) waitUntilIdle(t *testing.T, q mainLoop) {
	t.Helper()
	q.until(t, "the plan", func() bool { return !b.FindingDrives() && !b.isPlanning() && len(q) == 0 })
}
