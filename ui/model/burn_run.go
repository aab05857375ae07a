package model

import (
	"context"
	"fmt"
	"strings"

	"glassmaster/drive/job"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// writing is what the job of a burn writes: the settings can be changed meanwhile.
type writing struct {
	title   string // of the source
	to      string // title of the target
	target  Target
	options Options
}

// Begin begins the burn, as soon as no other task uses its drives.
func (b *Burn) Begin() {
	if b.Why() != "" {
		return
	}
	s, t, o := b.snapshot(), b.target, b.Options
	confirmed := b.confirmed
	if b.Erases() && confirmed == nil {
		return // the user has not agreed to lose the contents of the disc
	}
	b.discChanges()
	b.outcome, b.trace, b.writeTrace = nil, Trace{}, Trace{}
	b.write = writing{title: b.SourceTitle(), to: b.TargetTitle(), target: t, options: o}
	title := "Burning " + b.write.title
	if t.File != "" {
		title = "Writing " + t.File
	}
	var r job.Result
	b.job = enqueue(b.engine.Queue(), b.post, title, Drives(s, t), func(ctx context.Context, rep progress.Reporter) (err error) {
		if confirmed != nil {
			if err := b.checkSameDisc(ctx, t.Drive, confirmed); err != nil {
				return err
			}
		}
		log := newPhaseLog(rep)
		r, err = b.engine.Write(ctx, s, t, o, log)
		log.end()
		if err != nil && !Cancelled(err) {
			log.Notice(disc.Notice{Severity: disc.Error, Text: failure(r, err)})
		}
		return err
	}, func(err error) {
		b.discChanges()
		v := Judge(r, err, o.Options)
		b.endTrace(err == nil)
		b.outcome = &v
		b.changed()
	})
	b.changed()
}

// Job returns the job of the burn that runs or has ended, or nil before the first.
func (b *Burn) Job() *Job { return b.job }

// Written returns the titles of the source and the target of the job.
func (b *Burn) Written() (source, target string) { return b.write.title, b.write.to }

// WrittenTo returns the target of the job.
func (b *Burn) WrittenTo() Target { return b.write.target }

// WaitsFor describes what the burn waits for before it begins; ok is false if it does not
// wait.
func (b *Burn) WaitsFor() (text string, ok bool) {
	drive, title, ok := b.job.WaitsFor()
	switch {
	case !ok:
		return "", false
	case title == "":
		return "Waiting for the drive " + b.driveTitle(drive), true
	}
	return "Waiting for the drive " + b.driveTitle(drive) + ": " + title, true
}

// OtherJobs returns the other jobs that use drives, with their titles and states.
func (b *Burn) OtherJobs() []Line {
	var out []Line
	for _, t := range b.engine.Queue().Tasks() {
		if b.job != nil && t == b.job.task {
			continue
		}
		var titles []string
		for _, d := range t.Drives() {
			titles = append(titles, b.driveTitle(d))
		}
		state := t.State().String()
		if s := t.Meter.Snapshot(); t.Cancelling() {
			state = "stopping"
		} else if s.Total > 0 {
			state = fmt.Sprintf("%s, %.0f %%", s.Phase, 100*float64(s.Done)/float64(s.Total))
		}
		out = append(out, Line{t.Title(), strings.Join(append(titles, state), ": ")})
	}
	return out
}

// Sample records the present state of the burn in its graph, and returns both.
func (b *Burn) Sample() (progress.Snapshot, Trace) {
	if b.job == nil {
		return progress.Snapshot{HostBuffer: -1, DriveBuffer: -1}, b.trace
	}
	s := b.job.Meter().Snapshot()
	b.trace.Record(s, b.write.options.bufferSize())
	if isWriting(s.Phase) || b.writeTrace.Phase == progress.NoPhase {
		b.writeTrace = b.trace
	}
	return s, b.trace
}

// endTrace completes the graph of the writing. That may have been over before its first
// sample.
func (b *Burn) endTrace(whole bool) {
	if !isWriting(b.writeTrace.Phase) {
		for _, s := range b.job.Meter().Phases() {
			if isWriting(s.Phase) {
				b.writeTrace = newTrace(s.Phase)
			}
		}
	}
	if whole {
		b.writeTrace.Finish()
	}
}

// isWriting reports whether a phase writes, or simulates it.
func isWriting(p progress.Phase) bool { return p == progress.Writing || p == progress.Simulating }

// WriteTrace returns the rate over the course of the writing.
func (b *Burn) WriteTrace() Trace { return b.writeTrace }

// PhaseState is the state of a phase of a burn.
type PhaseState uint8

// States of a phase.
const (
	Pending PhaseState = iota // expected
	Active
	Past
)

// Phase is a phase of a burn with its own progress.
type Phase struct {
	progress.Snapshot
	State PhaseState
}

// Phases returns the phases of the burn in their order: the completed ones, the active
// one, and those expected if all goes well.
func (b *Burn) Phases() []Phase {
	if b.job == nil {
		return nil
	}
	var all []Phase
	begun := map[progress.Phase]bool{}
	for _, s := range b.job.Meter().Phases() {
		begun[s.Phase] = true
		all = append(all, Phase{s, Past})
	}
	if !b.job.Running() {
		return all
	}
	if n := len(all); n > 0 {
		all[n-1].State = Active
	}
	if begun[progress.Salvaging] {
		return all // nothing more is written or compared
	}
	for _, p := range b.write.expects() {
		if !begun[p] {
			all = append(all, Phase{progress.Snapshot{Phase: p, HostBuffer: -1, DriveBuffer: -1}, Pending})
		}
	}
	return all
}

// expects returns the phases that follow if there is no error.
func (w writing) expects() []progress.Phase {
	var all []progress.Phase
	switch {
	case w.target.File != "":
		all = append(all, progress.Writing)
	case w.options.Simulate:
		return append(all, progress.Simulating, progress.Finishing)
	default:
		all = append(all, progress.Writing, progress.Finishing, progress.CheckingDisc)
	}
	if !w.options.NoVerify {
		all = append(all, progress.Comparing)
	}
	return all
}

// Outcome returns the outcome of the burn, or nil before it has ended.
func (b *Burn) Outcome() *Outcome { return b.outcome }

// Reset returns from the outcome to the settings.
func (b *Burn) Reset() {
	b.outcome = nil
	b.RestoreTarget()
	b.FindDrives()
	b.Plan()
}
