package model

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"glassmaster/drive/addition"
	"glassmaster/drive/job"
	"glassmaster/drive/record"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// Preflight is what is known about a burn before it begins.
type Preflight struct {
	Sectors int64         // of the source; 0: unknown
	TOC     disc.TOC      // of the source; no sessions: unknown
	Notices []disc.Notice // about the source
	Plan    job.Plan
	Also    []DrivePlan       // of further drives
	Changes *addition.Changes // of the files of a disc that is continued; nil: none is
	Err     error             // why it cannot be burned with these settings
}

// DrivePlan is what is planned for one of several drives.
type DrivePlan struct {
	Drive string
	Plan  job.Plan
	Err   error // why it cannot be burned there
}

// maxWarnings is the number of notices about a source that are shown before it is burned.
const maxWarnings = 20

// Warnings returns what the user should know before the burn begins.
func (p Preflight) Warnings() []string {
	var text []string
	for _, n := range p.Notices[:min(len(p.Notices), maxWarnings)] {
		switch {
		case n.Severity == disc.Error && n.Path != "":
			text = append(text, "Missing on the disc: "+n.String())
		default:
			text = append(text, n.String())
		}
	}
	if more := len(p.Notices) - maxWarnings; more > 0 {
		text = append(text, fmt.Sprintf("And %s", Count(more, "more warning", "more warnings")))
	}
	if p.Plan.UsedBy != "" {
		text = append(text, fmt.Sprintf("Only the %s in use are copied, according to %s; %s.",
			Count(int(p.Plan.Sectors), "sector", "sectors"), p.Plan.UsedBy, Count(int(p.Plan.Unused), "sector is left out", "sectors are left out")))
	}
	text = append(text, p.Plan.Hints...)
	lost := p.Lost()
	for _, n := range p.Plan.Notices {
		repeats := func(l disc.Notice) bool { return strings.Contains(n.Text, strings.TrimSuffix(l.Text, ".")) }
		if !slices.ContainsFunc(lost, repeats) { // which is shown as such
			text = append(text, n.String())
		}
	}
	return text
}

// unplan discards the plan, which no longer matches the settings.
func (b *Burn) unplan() {
	b.planning.Cancel()
	b.planning, b.planned, b.preflight = nil, false, Preflight{}
}

// CompilationChanged is called when files were added to the compilation or removed, or
// begin to be added. The plan is made again, unless it is not shown.
func (b *Burn) CompilationChanged(shown bool) {
	if !b.chosen || b.source.Kind != FromCompilation || b.Stage() == Running {
		return
	}
	if shown {
		b.Plan()
		return
	}
	b.unplan()
	b.changed()
}

// Plan plans the burn with the present settings. Nothing is written.
func (b *Burn) Plan() {
	b.unplan()
	if b.source.Kind == FromCompilation && !slices.Equal(b.forced, b.missing()) {
		b.Options.Force = false // it was for other files
	}
	if !b.chosen || b.Stage() == Running {
		b.changed()
		return
	}
	s, t, o := b.snapshot(), b.target, b.Options
	var p Preflight
	var planning *Job
	planning = Start(b.post, "planning", func(ctx context.Context, _ progress.Reporter) error {
		p = b.engine.PlanWrite(ctx, s, t, o)
		return ctx.Err()
	}, func(err error) {
		if b.planning != planning {
			return // the settings were changed meanwhile
		}
		if err != nil {
			p = Preflight{Err: err}
		}
		b.preflight, b.planned = p, true
		for _, d := range p.Also {
			if b.preflight.Err == nil && d.Err != nil {
				b.preflight.Err = fmt.Errorf("%s: %w", b.driveTitle(d.Drive), d.Err)
			}
		}
		if p.Err == nil {
			b.choices = p.Plan
		}
		if then := b.then; then != nil {
			b.then = nil
			then()
		}
		b.changed()
	})
	b.planning = planning
	b.changed()
}

// whenPlanned calls a function at once or, while the plan is being made, when it is made:
// the drives may have been asked again meanwhile.
func (b *Burn) whenPlanned(then func()) {
	if b.isPlanning() {
		b.then = then
		return
	}
	then()
}

// isPlanning reports whether the plan is still being made.
func (b *Burn) isPlanning() bool { return b.planning.Running() }

// Preflight returns what is known before the burn begins.
func (b *Burn) Preflight() Preflight { return b.preflight }

// Why returns why the burn cannot begin, or "".
func (b *Burn) Why() string {
	switch {
	case b.Stage() == Running:
		return "A burn is in progress"
	case b.action.Running():
		return b.action.Title() + " …"
	case !b.chosen:
		return "Choose what to burn"
	case b.source.Kind == FromCompilation && b.compiled() == nil:
		return "The compilation is empty: add files in Compile first"
	case b.source.Kind == FromCompilation && b.adding():
		return "Files are still being added to the compilation"
	case b.copiesOntoItself() && len(b.target.Also) > 0:
		return "The disc in one of the drives would be copied onto itself: choose other drives"
	case b.otherDrive() != "":
		return b.otherDrive()
	case b.target.None():
		return "Choose a drive, an image file or a virtual disc to write to"
	case !b.planned, b.isPlanning(), b.reading.Running():
		return "Reading the disc …"
	case b.preflight.Err != nil:
		return b.describe(b.preflight.Err)
	case !b.LossAccepted():
		return "The disc will differ from the source: agree to that first"
	}
	return ""
}

func (b *Burn) copiesOntoItself() bool {
	return b.source.Kind == FromDrive && slices.ContainsFunc(b.target.Drives(), func(d string) bool { return SameDrive(b.source.Name, d) })
}

// WithOneDrive reports whether the disc in a drive is copied to another disc in the same
// drive: it is read into a temporary image first.
func (b *Burn) WithOneDrive() bool { return b.copiesOntoItself() && len(b.target.Also) == 0 }

// describe explains why something cannot be planned, and what to do.
func (b *Burn) describe(err error) string {
	var busy *job.BusyError
	if errors.As(err, &busy) {
		return explainBusy(busy, b.driveTitle(busy.Drive))
	}
	if n := len(b.missing()); n > 0 && errors.Is(err, job.ErrMissing) {
		text := Count(n, "file", "files") + " could not be added to the compilation and would be missing on the disc: " + b.missing()[0].String()
		if n > 1 {
			text += fmt.Sprintf(", and %d more", n-1)
		}
		return text + "."
	}
	return Reason(err)
}

// NeedsErasing reports whether the disc holds data, and could be erased for this burn. For
// several drives at once the discs must be blank.
func (b *Burn) NeedsErasing() bool {
	return len(b.target.Also) == 0 && errors.Is(b.preflight.Err, record.ErrHoldsData)
}

// NeedsForce reports whether the burn is refused because of defects of the source, and
// could be forced: the disc would have the same defects.
func (b *Burn) NeedsForce() bool {
	err := b.preflight.Err
	return errors.Is(err, record.ErrIncomplete) || errors.Is(err, record.ErrUnknownAddress) || errors.Is(err, job.ErrMissing)
}

// Force allows this burn in spite of the defects of its source.
func (b *Burn) Force() {
	b.Options.Force, b.forced = true, slices.Clone(b.missing())
	b.Plan()
}
