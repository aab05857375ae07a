package model

import (
	"context"
	"path/filepath"
	"slices"

	"glassmaster/drive/job"
	"glassmaster/drive/record"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// SourceKind is the kind of a source.
type SourceKind uint8

// Kinds of sources.
const (
	FromImage       SourceKind = iota // an image file
	FromCompilation                   // the compilation of Compile
	FromDrive                         // the disc in another drive
)

// Source is the source of a burn.
type Source struct {
	Kind        SourceKind
	Name        string                   // of the image file, or of the drive
	Compilation *compilation.Compilation // a copy that is no longer edited
	Missing     []disc.Notice            // files that the compilation lacks
	Continued   *Continued               // the disc that the compilation continues, nil: none
}

// Target is the target of a burn: one or several drives, or an image file.
type Target struct {
	Drive string   // its name; empty if the target is a file
	Also  []string // further drives, each of which writes the same disc at the same time
	File  string   // path of the image file to write
}

// Drives returns the names of all drives.
func (t Target) Drives() []string {
	if t.Drive == "" {
		return nil
	}
	return append([]string{t.Drive}, t.Also...)
}

// Options are the options of a burn.
type Options struct {
	record.Options
	// Accepted is what the disc may lack, because the user has agreed to it. A burn that
	// would lose more fails with a *LossError before anything is written.
	Accepted []disc.Notice
}

// bufferSize returns the size of the buffer between reading and writing, in bytes.
func (o Options) bufferSize() int64 {
	if o.Buffer > 0 {
		return o.Buffer
	}
	return usualBuffer
}

// usualBuffer is the size of the buffer unless another is chosen.
const usualBuffer = 32 << 20

// None reports whether no target is chosen.
func (t Target) None() bool { return t.Drive == "" && t.File == "" }

// Drives returns the names of the drives that writing a source to a target uses.
func Drives(s Source, t Target) []string {
	var names []string
	if s.Kind == FromDrive {
		names = append(names, s.Name)
	}
	return append(names, t.Drives()...)
}

// Recorder does the work of Burn. Methods that get the name of a drive wait for others
// that use it, but not for a task of the queue: the error is then a *job.BusyError,
// unless their context is that of the task.
type Recorder interface {
	// Queue returns the queue for work with drives.
	Queue() *job.Queue
	// Inserted returns the drives with the discs in them.
	Inserted(ctx context.Context) ([]Inserted, error)
	// PlanWrite plans to write a source to a target. Without a target it only opens the
	// source. What the disc would lack is in the plan, accepted or not.
	PlanWrite(ctx context.Context, s Source, t Target, o Options) Preflight
	// Write writes a source to a target, and verifies it unless the options say
	// otherwise. An image file that is not complete is removed.
	Write(ctx context.Context, s Source, t Target, o Options, rep progress.Reporter) (job.Result, error)
	// WriteSeveral writes a source in all drives of a target at once. The reporters and the
	// outcomes are those of each drive. With an error nothing was written.
	WriteSeveral(ctx context.Context, s Source, t Target, o Options, reports []progress.Reporter) ([]job.Outcome, error)
	// ReadTemp reads the disc in a drive into a temporary image, to copy it with one drive.
	ReadTemp(ctx context.Context, drive string, o Options, rep progress.Reporter) (*TempCopy, error)
	// Release opens the trays of drives, so that other discs can be inserted. The error says
	// which cannot be opened.
	Release(ctx context.Context, drives []string) error
	// LoadNext closes the trays of drives, and checks that none of the discs in them holds the
	// source already.
	LoadNext(ctx context.Context, s Source, drives []string) error
	// Contents returns what is on the disc in a drive.
	Contents(ctx context.Context, drive string) (Contents, error)
	// Continue reads the disc in a drive, so that files can be added to it.
	Continue(ctx context.Context, drive string, rep progress.Reporter) (*Continued, error)
	// PlanAction plans an action with a drive and its disc.
	PlanAction(ctx context.Context, drive string, a Action) (ActionPlan, error)
	// RunAction carries out an action. It returns a description of the new state of the
	// disc, or "".
	RunAction(ctx context.Context, drive string, a Action, rep progress.Reporter) (string, error)
}

// Stage is the stage of a burn.
type Stage uint8

// Stages of a burn.
const (
	Settings  Stage = iota
	Running         // or waiting for a drive
	Inserting       // the next disc is asked for
	Finished
)

// Burn is a burn: first its settings, then its progress, then its outcome.
type Burn struct {
	Options  Options
	Copies   int    // of the disc, one after the other; 0 is one
	OnChange func() // may be nil
	// Compiled returns the compilation that is edited, or nil if it is empty. May be nil.
	Compiled func() *compilation.Compilation
	// Continued returns the disc that the compilation continues, or nil. May be nil.
	Continued func() *Continued
	// OnAdded is called when the files of a compilation were added to the disc that it
	// continues. May be nil.
	OnAdded func()
	// Missing returns the files that it lacks: they could not be added. May be nil.
	Missing func() []disc.Notice
	// Adding reports whether files are being added to it. May be nil.
	Adding func() bool

	post       Post
	engine     Recorder
	source     Source
	chosen     bool // a source was chosen
	target     Target
	before     *Target   // restored after a burn with SetTargetOnce
	confirmed  *Contents // of the disc that may be erased
	reading    *Job      // of those contents
	action     *Job
	drives     []Inserted
	finding    *Job // of the drives
	findErr    error
	stale      bool // drives is from before a disc was changed here
	changes    int  // number of times that a disc was about to be changed here, or was
	preflight  Preflight
	choices    job.Plan      // the last plan that was possible for this source and disc: what can be chosen
	planned    bool          // preflight is that of the present settings
	forced     []disc.Notice // the missing files that Options.Force allows to leave out
	then       func()        // called when the plan is made; may be nil
	planning   *Job
	job        *Job
	write      writing      // what the job writes
	recordings []*Recording // the discs that it writes at the same time
	shown      int          // the index of the one that is shown
	ended      bool         // the job has ended, and its outcome is shown
	copies     copies
	report     job.Report
}

// NewBurn returns a burn without source and target.
func NewBurn(engine Recorder, post Post) *Burn {
	return &Burn{engine: engine, post: post}
}

// Stage returns the stage of the burn.
func (b *Burn) Stage() Stage {
	switch {
	case b.job.Running():
		return Running
	case b.copies.inserting:
		return Inserting
	case b.ended:
		return Finished
	}
	return Settings
}

// Source returns the source, and whether one was chosen.
func (b *Burn) Source() (Source, bool) { return b.source, b.chosen }

// SetSource chooses the source.
func (b *Burn) SetSource(s Source) {
	b.then = nil
	b.RestoreTarget()
	b.source, b.chosen = s, true
	b.Options.Force = false
	b.Copies = 1
	b.resetChoices()
	if !b.job.Running() {
		b.ended = false
		_ = b.endCopies()
	}
	b.Plan()
}

// Target returns the target.
func (b *Burn) Target() Target { return b.target }

// SetTarget chooses the target.
func (b *Burn) SetTarget(t Target) {
	b.before = nil
	b.setTarget(t)
}

// SetTargetOnce chooses the target for one burn. Afterwards the previous target is
// restored.
func (b *Burn) SetTargetOnce(t Target) {
	if b.before == nil {
		before := b.target
		b.before = &before
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
	b.then = nil
	b.target = t
	b.Options.Speed = 0
	b.resetDiscOptions()
	b.Plan()
}

// resetDiscOptions resets what was allowed for one disc only.
func (b *Burn) resetDiscOptions() {
	b.Options.Blank, b.Options.Force, b.confirmed = false, false, nil
	b.resetChoices()
}

// discChanges records that a disc is about to be changed, or was: what is known of the
// discs, and what was allowed for one of them, is void.
func (b *Burn) discChanges() {
	b.stale = true
	b.changes++
	b.resetDiscOptions()
}

// Drives returns the drives that were found, with the discs in them.
func (b *Burn) Drives() []Inserted { return b.drives }

// FindingDrives reports whether FindDrives is running.
func (b *Burn) FindingDrives() bool { return b.finding.Running() }

// Inserted returns the target drive with the disc in it.
func (b *Burn) Inserted() (Inserted, bool) {
	for _, d := range b.drives {
		if d.Drive.Name == b.target.Drive {
			return d, true
		}
	}
	return Inserted{}, false
}

// FindError returns why FindDrives found no drives, or nil.
func (b *Burn) FindError() error { return b.findErr }

// FindDrives looks for drives and for the discs in them. If no target is chosen, the
// first drive becomes the target.
func (b *Burn) FindDrives() {
	if b.finding.Running() || b.Stage() == Running {
		return
	}
	var found []Inserted
	changes := b.changes
	b.finding = Start(b.post, "looking for drives", func(ctx context.Context, _ progress.Reporter) (err error) {
		found, err = b.engine.Inserted(ctx)
		return err
	}, func(err error) {
		before, _ := b.Inserted()
		b.drives, b.findErr = found, err
		// A disc that was burned or erased here is another than before, of course. The
		// person may have decided about it already, while the drives were asked.
		if now, _ := b.Inserted(); !b.stale && !now.same(before) {
			b.resetDiscOptions()
		}
		b.stale = b.changes != changes
		if b.target.None() && len(found) > 0 {
			b.target.Drive = found[0].Drive.Name
		}
		b.Plan()
		if b.stale {
			b.FindDrives() // the discs have changed meanwhile
		}
	})
	b.changed()
}

// SourceTitle returns the source for display.
func (b *Burn) SourceTitle() string {
	switch {
	case !b.chosen:
		return ""
	case b.source.Kind == FromCompilation:
		if c := b.compiled(); c != nil && c.Label != "" {
			return c.Label
		}
		return "the compilation"
	case b.source.Kind == FromDrive:
		return "the disc in " + Short(b.source.Name)
	}
	return filepath.Base(b.source.Name)
}

// TargetTitle returns the target for display.
func (b *Burn) TargetTitle() string {
	if b.target.File != "" {
		return b.target.File
	}
	if b.target.Drive == "" {
		return ""
	}
	title := b.driveTitle(b.target.Drive)
	if n := len(b.target.Also); n > 0 {
		title += ", and " + Count(n, "more drive", "more drives")
	}
	return title
}

// driveTitle returns a drive for display.
func (b *Burn) driveTitle(name string) string {
	for _, in := range b.drives {
		if in.Drive.Name == name || SameDrive(in.Drive.Name, name) {
			return in.Drive.Title()
		}
	}
	return Short(name)
}

func (b *Burn) compiled() *compilation.Compilation {
	if b.Compiled == nil {
		return nil
	}
	return b.Compiled()
}

// missing returns the files that the compilation lacks.
func (b *Burn) missing() []disc.Notice {
	if b.Missing == nil {
		return nil
	}
	return b.Missing()
}

// adding reports whether files are being added to the compilation.
func (b *Burn) adding() bool { return b.Adding != nil && b.Adding() }

// snapshot returns the source for a job: a compilation is copied, nil when it is empty.
func (b *Burn) snapshot() Source {
	s := b.source
	if b.copies.source != nil {
		s = *b.copies.source
	}
	if s.Kind != FromCompilation {
		return s
	}
	c := b.compiled()
	if b.copies.source != nil {
		c = s.Compilation
	}
	if c != nil {
		s.Compilation, s.Missing = c.Snapshot(), slices.Clone(b.missing())
		if b.copies.source == nil {
			s.Continued = b.Continues()
		}
		s.Compilation.Seal() // it is planned once, and not edited
	}
	return s
}

func (b *Burn) changed() {
	if b.OnChange != nil {
		b.OnChange()
	}
}
