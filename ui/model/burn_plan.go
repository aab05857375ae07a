package model

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/job"
	"glassmaster/drive/record"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// Preflight is what is known of a burn before it begins.
type Preflight struct {
	Sectors int64         // of the source; 0 when unknown
	Notices []disc.Notice // about the source
	Plan    job.Plan
	Err     error // why it cannot be burned with these settings
}

// Warnings returns what the person should know before the burn begins.
func (p Preflight) Warnings() []string {
	text := disc.Texts(p.Notices)
	if p.Plan.UsedBy != "" {
		text = append(text, fmt.Sprintf("Only the %s in use are copied, according to %s; %s.",
			Count(int(p.Plan.Sectors), "sector", "sectors"), p.Plan.UsedBy, Count(int(p.Plan.Unused), "sector is left out", "sectors are left out")))
	}
	return append(text, disc.Texts(p.Plan.Notices)...)
}

// Plan plans the burn with the present settings. Nothing is written.
func (b *Burn) Plan() {
	b.planning.Cancel()
	b.preflight = Preflight{}
	if !b.chosen || b.Stage() == Running {
		b.planning = nil
		b.changed()
		return
	}
	s, t, o := b.source, b.target, b.Options
	if s.Kind == FromCompilation {
		s.Compilation = b.snapshot()
	}
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
		b.preflight = p
		b.changed()
	})
	b.planning = planning
	b.changed()
}

// isPlanning reports whether the plan is still being made.
func (b *Burn) isPlanning() bool { return b.planning.Running() }

// Preflight returns what is known before the burn begins.
func (b *Burn) Preflight() Preflight { return b.preflight }

// Why says why the burn cannot begin. It is empty when it can.
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
	case b.copiesOntoItself():
		return "A disc cannot be copied onto itself: choose another drive, or an image file"
	case b.target.None():
		return "Choose a drive, an image file or a virtual disc to write to"
	case b.isPlanning(), b.reading.Running():
		return "Reading the disc …"
	case b.preflight.Err != nil:
		return b.describe(b.preflight.Err)
	}
	return ""
}

func (b *Burn) copiesOntoItself() bool {
	return b.source.Kind == FromDrive && b.target.Drive != "" && SameDrive(b.source.Name, b.target.Drive)
}

// describe says why something cannot be planned, and what to do.
func (b *Burn) describe(err error) string {
	var busy *job.BusyError
	if errors.As(err, &busy) {
		return explainBusy(busy, b.driveTitle(busy.Drive))
	}
	return Reason(err)
}

// NeedsErasing reports whether the disc holds data, and could be erased for
// this burn.
func (b *Burn) NeedsErasing() bool { return errors.Is(b.preflight.Err, record.ErrHoldsData) }

// NeedsForce reports whether the burn is refused for what is known of the source,
// and could be forced: the disc would be as bad as its source.
func (b *Burn) NeedsForce() bool {
	return errors.Is(b.preflight.Err, record.ErrIncomplete) || errors.Is(b.preflight.Err, record.ErrUnknownAddress)
}

// Force allows this burn in spite of the defects of its source.
func (b *Burn) Force() {
	b.Options.Force = true
	b.Plan()
}
