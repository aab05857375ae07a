package model

import (
	"context"
	"errors"
	"path/filepath"

	"glassmaster/drive/record"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// SourceKind says where what is burned comes from.
type SourceKind uint8

// Kinds of sources.
const (
	FromImage       SourceKind = iota // an image file
	FromCompilation                   // what was put together in Compile
	FromDrive                         // the disc in another drive
)

// Source is what is burned.
type Source struct {
	Kind        SourceKind
	Name        string                   // of the image file, or of the drive
	Compilation *compilation.Compilation // a copy that is not edited any more
}

// Target is where it goes: a drive, or an image file.
type Target struct {
	Drive string // its name; empty when the target is a file
	File  string // path of the image file to write
}

// None reports whether no target is chosen.
func (t Target) None() bool { return t.Drive == "" && t.File == "" }

// Opened is a source that can be read.
type Opened struct {
	Disc     disc.Disc
	Sectors  int64
	Warnings []string
	Defects  []string              // what is known to be wrong with it, or missing
	Locate   func(disc.LBA) string // names the file at an address; may be nil
}

// Recorder does the work that Burn shows.
type Recorder interface {
	// Inserted returns the drives with what is in them.
	Inserted(ctx context.Context) ([]Inserted, error)
	// OpenSource opens a source; its disc is closed by the caller.
	OpenSource(ctx context.Context, s Source) (Opened, error)
	// PlanBurn settles how a disc would be burned in a drive.
	PlanBurn(ctx context.Context, drive string, d disc.Disc, o record.Options) (record.Plan, error)
	// Contents looks at what is on the disc in a drive.
	Contents(ctx context.Context, drive string) (Contents, error)
	// PlanCare settles what has to be done with a drive and its disc.
	PlanCare(ctx context.Context, drive string, c Care) (CarePlan, error)
	// Care does it, and says what has become of it; nothing where that is plain.
	Care(ctx context.Context, drive string, c Care, rep progress.Reporter) (string, error)
	// Burn burns a disc in a drive.
	Burn(ctx context.Context, drive string, d disc.Disc, o record.Options, rep progress.Reporter) (record.Result, error)
	// WriteImage writes a disc into an image file; no file is left when it fails.
	WriteImage(ctx context.Context, path string, d disc.Disc, o record.Options, rep progress.Reporter) (record.Result, error)
}

// Stage is how far a burn has come.
type Stage uint8

// Stages of a burn.
const (
	Settings Stage = iota
	Running
	Finished
)

// Burn is a burn: first its settings, then its course, then its outcome.
type Burn struct {
	Options  record.Options
	OnChange func() // may be nil
	// Compiled returns a copy of the compilation that is edited, nil when it is empty.
	Compiled func() *compilation.Compilation

	post      Post
	engine    Recorder
	source    Source
	chosen    bool // a source was chosen
	target    Target
	before    *Target   // the one that comes back when an image was written
	agreed    *Contents // of the disc that may be erased
	examining *Job
	caring    *Job
	drives    []Inserted
	looking   *Job
	lookErr   error
	preview   Preflight
	planning  *Job
	job       *Job
	outcome   *Outcome
	trace     Trace
	longest   Trace // of the phase that writes
}

// Preflight is what is known of a burn before it begins.
type Preflight struct {
	Sectors  int64 // of the source; 0 when not known
	Warnings []string
	Plan     record.Plan
	Err      error // why it cannot be burned like this
}

// NewBurn returns a burn without source and target.
func NewBurn(engine Recorder, post Post) *Burn {
	return &Burn{engine: engine, post: post, Options: record.Options{}}
}

// Stage returns how far the burn has come.
func (b *Burn) Stage() Stage {
	switch {
	case b.job.Running():
		return Running
	case b.outcome != nil:
		return Finished
	}
	return Settings
}

// Source returns what is burned, and whether anything was chosen.
func (b *Burn) Source() (Source, bool) { return b.source, b.chosen }

// SetSource chooses what is burned.
func (b *Burn) SetSource(s Source) {
	b.RestoreTarget()
	b.source, b.chosen = s, true
	b.Options.Force = false
	b.outcome = dropUnless(b.job.Running(), b.outcome)
	b.Plan()
}

func dropUnless(keep bool, o *Outcome) *Outcome {
	if keep {
		return o
	}
	return nil
}

// Target returns where it goes.
func (b *Burn) Target() Target { return b.target }

// SetTarget chooses where it goes.
func (b *Burn) SetTarget(t Target) {
	b.before = nil
	b.setTarget(t)
}

// SetTargetOnce chooses where it goes for one burn; then comes back what was
// chosen before.
func (b *Burn) SetTargetOnce(t Target) {
	if b.before == nil {
		b.before = &Target{b.target.Drive, b.target.File}
	}
	b.setTarget(t)
}

// RestoreTarget ends SetTargetOnce.
func (b *Burn) RestoreTarget() {
	if b.before == nil || b.job.Running() {
		return
	}
	t := *b.before
	b.before = nil
	b.setTarget(t)
}

func (b *Burn) setTarget(t Target) {
	b.target = t
	b.Options.Speed = 0
	b.forgetDisc()
	b.Plan()
}

// forgetDisc takes back what was allowed for one disc only.
func (b *Burn) forgetDisc() {
	b.Options.Blank, b.Options.Force, b.agreed = false, false, nil
}

// Drives returns the drives that were found, with what is in them.
func (b *Burn) Drives() []Inserted { return b.drives }

// Looking reports whether drives are being looked for.
func (b *Burn) Looking() bool { return b.looking.Running() }

// Inserted returns the drive that is the target, with what is in it.
func (b *Burn) Inserted() (Inserted, bool) {
	for _, d := range b.drives {
		if d.Drive.Name == b.target.Drive {
			return d, true
		}
	}
	return Inserted{}, false
}

// Look looks for drives and at what is in them. A drive is chosen where none
// was and there is one.
func (b *Burn) Look() {
	if b.looking.Running() || b.Stage() == Running {
		return
	}
	var found []Inserted
	b.looking = Start(b.post, "looking for drives", func(ctx context.Context, _ progress.Reporter) (err error) {
		found, err = b.engine.Inserted(ctx)
		return err
	}, func(err error) {
		before, _ := b.Inserted()
		b.drives, b.lookErr = found, err
		if now, _ := b.Inserted(); !now.same(before) {
			b.forgetDisc()
		}
		if b.target.None() && len(found) > 0 {
			b.target.Drive = found[0].Drive.Name
		}
		b.Plan()
	})
	b.changed()
}

// Plan settles how the burn would go, without writing anything.
func (b *Burn) Plan() {
	b.planning.Cancel()
	b.preview = Preflight{}
	if !b.chosen || b.Stage() == Running {
		b.planning = nil
		b.changed()
		return
	}
	s, t, o := b.source, b.target, b.Options
	if s.Kind == FromCompilation && b.Compiled != nil {
		s.Compilation = b.Compiled()
	}
	var p Preflight
	var job *Job
	job = Start(b.post, "planning", func(ctx context.Context, _ progress.Reporter) error {
		p = b.preflight(ctx, s, t, o)
		return ctx.Err()
	}, func(err error) {
		if err == nil && b.planning == job {
			b.preview = p
			b.changed()
		}
	})
	b.planning = job
	b.changed()
}

func (b *Burn) preflight(ctx context.Context, s Source, t Target, o record.Options) Preflight {
	opened, err := b.engine.OpenSource(ctx, s)
	if err != nil {
		return Preflight{Err: err}
	}
	defer opened.Disc.Close()
	p := Preflight{Sectors: opened.Sectors, Warnings: opened.Warnings}
	if t.Drive == "" { // a plan tells them itself
		p.Warnings = append(p.Warnings, opened.Defects...)
	}
	if t.Drive != "" {
		p.Plan, p.Err = b.engine.PlanBurn(ctx, t.Drive, opened.Disc, o)
	}
	return p
}

// Planning reports whether the plan is still being made.
func (b *Burn) Planning() bool { return b.planning.Running() }

// Preflight returns what is known before the burn begins.
func (b *Burn) Preflight() Preflight { return b.preview }

// Why says why the burn cannot begin, nothing when it can.
func (b *Burn) Why() string {
	switch {
	case b.Stage() == Running:
		return "A burn is going on"
	case b.caring.Running():
		return b.caring.Title + " …"
	case !b.chosen:
		return "Choose what to burn"
	case b.source.Kind == FromCompilation && b.Compiled() == nil:
		return "The compilation is empty: add files in Compile first"
	case b.source.Kind == FromDrive && b.source.Name == b.target.Drive:
		return "A disc cannot be copied onto itself: choose another drive, or an image file"
	case b.target.None():
		return "Choose a drive, an image file or a virtual disc to write to"
	case b.Planning(), b.examining.Running():
		return "Looking at the disc …"
	case b.preview.Err != nil:
		return Reason(b.preview.Err)
	}
	return ""
}

// NeedsErasing reports whether the disc holds data, and could be erased for
// this burn.
func (b *Burn) NeedsErasing() bool { return errors.Is(b.preview.Err, record.ErrHoldsData) }

// NeedsForce reports whether the burn is refused for what is known of the source,
// and could be forced: the disc would be as bad as its source.
func (b *Burn) NeedsForce() bool {
	return errors.Is(b.preview.Err, record.ErrIncomplete) || errors.Is(b.preview.Err, record.ErrUnknownAddress)
}

// Force burns the source all the same, this once.
func (b *Burn) Force() {
	b.Options.Force = true
	b.Plan()
}

// Begin begins the burn.
func (b *Burn) Begin() {
	if b.Why() != "" {
		return
	}
	s, t, o := b.source, b.target, b.Options
	if s.Kind == FromCompilation {
		s.Compilation = b.Compiled()
	}
	agreed := b.agreed
	if b.Erases() && agreed == nil {
		return // nobody has agreed to lose what is on the disc
	}
	b.outcome, b.trace, b.longest = nil, Trace{}, Trace{}
	var r record.Result
	b.job = Start(b.post, "Burning "+b.SourceTitle(), func(ctx context.Context, rep progress.Reporter) (err error) {
		if agreed != nil {
			if err := b.sameDisc(ctx, t.Drive, agreed); err != nil {
				return err
			}
		}
		r, err = b.run(ctx, s, t, o, rep)
		return err
	}, func(err error) {
		b.forgetDisc() // it is another one now
		v := Judge(r, err, o)
		if err == nil {
			b.longest.Finish()
		}
		b.outcome = &v
		b.changed()
	})
	b.changed()
}

func (b *Burn) run(ctx context.Context, s Source, t Target, o record.Options, rep progress.Reporter) (record.Result, error) {
	opened, err := b.engine.OpenSource(ctx, s)
	if err != nil {
		return record.Result{}, err
	}
	defer opened.Disc.Close()
	o.Locate = opened.Locate
	tell := narrate(rep)
	defer tell.end()
	rep = tell
	if t.File != "" {
		return b.engine.WriteImage(ctx, t.File, opened.Disc, o, rep)
	}
	return b.engine.Burn(ctx, t.Drive, opened.Disc, o, rep)
}

// Job returns the burn that goes on or has ended, nil before the first.
func (b *Burn) Job() *Job { return b.job }

// Sample takes the state of the burn into its graph, and returns both.
func (b *Burn) Sample() (progress.Snapshot, Trace) {
	if b.job == nil {
		return progress.Snapshot{HostBuffer: -1, DriveBuffer: -1}, b.trace
	}
	s := b.job.Meter.Snapshot()
	b.trace.Record(s)
	if s.Phase == progress.Writing || s.Phase == progress.Simulating || b.longest.Phase == progress.NoPhase {
		b.longest = b.trace
	}
	return s, b.trace
}

// Written returns the rate over the course of the writing.
func (b *Burn) Written() Trace { return b.longest }

// Outcome returns what has come of the burn, nil before it has ended.
func (b *Burn) Outcome() *Outcome { return b.outcome }

// Again returns to the settings.
func (b *Burn) Again() {
	b.outcome = nil
	b.RestoreTarget()
	b.Look()
	b.Plan()
}

// SourceTitle names the source for people.
func (b *Burn) SourceTitle() string {
	switch {
	case !b.chosen:
		return ""
	case b.source.Kind == FromCompilation:
		if c := b.Compiled(); c != nil && c.Label != "" {
			return c.Label
		}
		return "the compilation"
	case b.source.Kind == FromDrive:
		return "the disc in " + Short(b.source.Name)
	}
	return filepath.Base(b.source.Name)
}

// TargetTitle names the target for people.
func (b *Burn) TargetTitle() string {
	if b.target.File != "" {
		return b.target.File
	}
	if in, ok := b.Inserted(); ok {
		return in.Drive.Title()
	}
	return b.target.Drive
}

func (b *Burn) changed() {
	if b.OnChange != nil {
		b.OnChange()
	}
}
