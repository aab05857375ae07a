package model

import (
	"fmt"
	"strings"

	"glassmaster/drive/job"
	"glassmaster/mastering/progress"
)

// Recording is one of the discs that a burn writes at the same time, each in a drive of its own,
// or the image file.
type Recording struct {
	Drive string // its name; empty: an image file
	Title string // of the drive or file

	meter      *progress.Meter
	trace      Trace
	writeTrace Trace // of the phase that writes
	outcome    *Outcome
}

// newRecordings returns to the beginning of all of them.
func (b *Burn) newRecordings() {
	b.recordings, b.shown = nil, 0
	for _, name := range b.write.target.Drives() {
		b.recordings = append(b.recordings, &Recording{Drive: name, Title: b.driveTitle(name), meter: new(progress.Meter)})
	}
	if len(b.recordings) == 0 {
		b.recordings = []*Recording{{Title: b.write.target.File, meter: new(progress.Meter)}}
	}
}

// Recordings returns the discs that are written, or were.
func (b *Burn) Recordings() []*Recording { return b.recordings }

// Shown returns the index of the one whose progress and outcome is shown.
func (b *Burn) Shown() int { return b.shown }

// Show shows another one.
func (b *Burn) Show(i int) {
	b.shown = min(max(i, 0), len(b.recordings)-1)
	b.changed()
}

// recording returns the one that is shown; nil before the first burn.
func (b *Burn) recording() *Recording {
	if b.shown < len(b.recordings) {
		return b.recordings[b.shown]
	}
	return nil
}

// Outcome returns the outcome of the disc; nil: it has not ended.
func (p *Recording) Outcome() *Outcome { return p.outcome }

// Snapshot returns its progress.
func (p *Recording) Snapshot() progress.Snapshot { return p.meter.Snapshot() }

// end sets the outcome of the disc.
func (p *Recording) end(o job.Outcome, options Options) {
	v := Judge(o.Result, o.Err, options.Options)
	v.Disc = o
	p.endTrace(o.Err == nil || o.Result.Mismatch != nil) // which was found after the writing
	p.outcome = &v
}

// sample records the present state of the disc in its graph.
func (p *Recording) sample(o Options) progress.Snapshot {
	s := p.meter.Snapshot()
	p.trace.Record(s, o.bufferSize())
	if isWriting(s.Phase) || p.writeTrace.Phase == progress.NoPhase {
		p.writeTrace = p.trace
	}
	return s
}

// endTrace completes the graph of the writing. That may have been over before its first
// sample.
func (p *Recording) endTrace(whole bool) {
	if !isWriting(p.writeTrace.Phase) {
		for _, s := range p.meter.Phases() {
			if isWriting(s.Phase) {
				p.writeTrace = newTrace(s.Phase)
			}
		}
	}
	if whole {
		p.writeTrace.Finish()
	}
}

// isWriting reports whether a phase writes, or simulates it.
func isWriting(p progress.Phase) bool { return p == progress.Writing || p == progress.Simulating }

// Sample records the present state of the burn in its graphs, and returns that of the one
// that is shown.
func (b *Burn) Sample() (progress.Snapshot, Trace) {
	for _, p := range b.recordings {
		p.sample(b.write.options)
	}
	if p := b.recording(); p != nil {
		s, t := p.meter.Snapshot(), p.trace
		s.Phase, t.Phase = b.write.named(s.Phase), b.write.named(t.Phase)
		return s, t
	}
	return progress.Snapshot{HostBuffer: -1, DriveBuffer: -1}, Trace{}
}

// WriteTrace returns the rate over the course of the writing.
func (b *Burn) WriteTrace() Trace {
	if p := b.recording(); p != nil {
		return p.writeTrace
	}
	return Trace{}
}

// Log returns what has happened, from an index on.
func (b *Burn) Log(first int) []progress.LogEntry {
	if p := b.recording(); p != nil {
		return p.meter.Log(first)
	}
	return nil
}

// Outcome returns the outcome of the one that is shown, or nil before the burn has ended.
func (b *Burn) Outcome() *Outcome {
	if p := b.recording(); p != nil && b.ended {
		return p.outcome
	}
	return nil
}

// gravity orders the verdicts: the best one first.
var gravity = [...]int{Verified: 0, Simulated: 1, Unverified: 2, Stopped: 3, Failed: 4}

// worst returns the index of the one with the worst outcome.
func worst(parts []*Recording) int {
	at := 0
	for i, p := range parts {
		if gravity[p.outcome.Verdict] > gravity[parts[at].outcome.Verdict] {
			at = i
		}
	}
	return at
}

// Overall returns the verdict on all discs that were written at the same time, which is that
// of the worst one, and a headline that counts those. They do not depend on which one is
// shown: a bad disc is never out of sight.
func (b *Burn) Overall() (Verdict, string) {
	if len(b.recordings) == 0 || !b.ended {
		return Failed, ""
	}
	o := b.recordings[worst(b.recordings)].outcome
	n, of := 0, len(b.recordings)
	for _, r := range b.recordings {
		if r.outcome.Verdict == o.Verdict {
			n++
		}
	}
	word := strings.ToUpper(o.Verdict.String())
	switch {
	case of == 1:
		return o.Verdict, o.Headline
	case n == of:
		return o.Verdict, fmt.Sprintf("ALL %d DISCS %s", of, word)
	}
	return o.Verdict, fmt.Sprintf("%d OF %d DISCS %s", n, of, word)
}

// Phases returns the phases of the burn in their order: the completed ones, the active
// one, and those expected if all goes well.
func (b *Burn) Phases() []Phase {
	p := b.recording()
	if p == nil {
		return nil
	}
	var all []Phase
	begun := map[progress.Phase]bool{}
	for _, s := range p.meter.Phases() {
		s.Phase = b.write.named(s.Phase)
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
	for _, next := range b.write.expects() {
		if !begun[next] {
			all = append(all, Phase{progress.Snapshot{Phase: next, HostBuffer: -1, DriveBuffer: -1}, Pending})
		}
	}
	return all
}
