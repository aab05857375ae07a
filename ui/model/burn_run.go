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
	source  Source
	first   Source // of the first copy: not the temporary image
	reading bool   // the disc is read into a temporary image
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
	title, to, first := b.SourceTitle(), b.TargetTitle(), s
	if b.copies.source != nil {
		title, first = b.write.title, b.write.first
	} else {
		b.report, b.copies = job.Report{}, copies{}
	}
	b.ended, b.copies.inserting = false, false
	b.write = writing{title: title, to: to, source: s, first: first, target: t, options: o}
	b.newRecordings()
	if b.copiesOntoItself() && b.copies.source == nil {
		b.readTemp()
		return
	}
	b.begin(s, t, o, confirmed)
}

// begin begins the job that writes.
func (b *Burn) begin(s Source, t Target, o Options, confirmed *Contents) {
	title := "Burning " + b.write.title
	if t.File != "" {
		title = "Writing " + t.File
	}
	var all []job.Outcome
	parts, w := b.recordings, b.write
	b.job = enqueue(b.engine.Queue(), b.post, title, Drives(s, t), func(ctx context.Context, rep progress.Reporter) (err error) {
		if confirmed != nil {
			if err := b.checkSameDisc(ctx, t.Drive, confirmed); err != nil {
				return err
			}
		}
		all, err = w.run(ctx, b.engine, parts, rep)
		return err
	}, func(err error) {
		b.discChanges()
		for i, p := range parts {
			one := job.Outcome{Err: err}
			if i < len(all) {
				one = all[i]
			}
			p.end(b.copies.temp.flawed(one), o)
		}
		b.ended = true
		if s.Continued != nil && len(all) == 1 && all[0].Err == nil && !o.Simulate && b.OnAdded != nil {
			b.OnAdded()
		}
		b.shown = worst(parts)
		b.countCopy()
		b.keepReport()
		b.changed()
	})
	parts[0].meter = b.job.Meter()
	b.changed()
}

// run writes to all drives at the same time, or to a file.
func (w writing) run(ctx context.Context, e Recorder, parts []*Recording, rep progress.Reporter) ([]job.Outcome, error) {
	logs := []*phaseLog{newPhaseLog(rep)}
	reports := []progress.Reporter{logs[0]}
	for _, p := range parts[1:] {
		log := newPhaseLog(p.meter)
		logs, reports = append(logs, log), append(reports, log)
	}
	var all []job.Outcome
	var err error
	if len(parts) == 1 {
		all = make([]job.Outcome, 1)
		all[0].Result, err = e.Write(ctx, w.source, w.target, w.options, reports[0])
		all[0].Err = err
	} else {
		all, err = e.WriteSeveral(ctx, w.source, w.target, w.options, reports)
	}
	for i, log := range logs {
		log.end()
		one := job.Outcome{Err: err}
		if i < len(all) {
			one = all[i]
		}
		if one.Err != nil && !Cancelled(one.Err) {
			log.Notice(disc.Notice{Severity: disc.Error, Text: failure(one.Result, one.Err)})
		}
	}
	return all, err
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

// named returns a phase as it is shown. A disc that is written into a temporary image is only
// read, as the user sees it.
func (w writing) named(p progress.Phase) progress.Phase {
	if w.reading && p == progress.Writing {
		return progress.Reading
	}
	return p
}

// expects returns the phases that follow if there is no error.
func (w writing) expects() []progress.Phase {
	var all []progress.Phase
	switch {
	case w.reading:
		return append(all, progress.Reading)
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

// Reset returns from the outcome to the settings.
func (b *Burn) Reset() {
	b.ended = false
	_ = b.endCopies() // an image that cannot be removed stays in the cache folder
	b.RestoreTarget()
	b.FindDrives()
	b.Plan()
}
