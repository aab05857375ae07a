package model

import (
	"context"
	"time"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// Keeper stores unsaved compilations, to recover them after a crash.
type Keeper interface {
	// Keep stores a compilation, replacing the one stored before. Origin is the file that
	// it was loaded from or saved to, or "". Missing are the files that it lacks.
	Keep(c *compilation.Compilation, origin string, missing []disc.Notice) error
	// Forget removes the stored compilation.
	Forget() error
	// Lost returns the compilations stored by programs that no longer run, the newest
	// first.
	Lost() ([]Lost, error)
	// Recover loads a stored compilation. The notices name files that are missing,
	// those that were missing when it was stored among them.
	Recover(l Lost) (*compilation.Compilation, []disc.Notice, error)
	// Discard removes a stored compilation.
	Discard(l Lost) error
}

// Lost is a compilation that was stored by a program that no longer runs.
type Lost struct {
	ID     string
	Origin string    // the file that it was loaded from or saved to, if any
	Kept   time.Time // when it was stored last
}

// Autosave stores the unsaved edits of a project.
type Autosave struct {
	OnKept func(error) // the compilation was stored, or could not be; may be nil

	post    Post
	keeper  Keeper
	project *Project
	delay   time.Duration
	seen    int  // number of edits that are stored, or being stored
	pending bool // storing is scheduled
	stored  bool
	ended   bool // nothing is stored after this
	job     *Job
}

// keepDelay is the time between an edit and storing it, so that a series of edits is
// stored once.
const keepDelay = time.Second

// NewAutosave returns the autosave of a project.
func NewAutosave(p *Project, k Keeper, post Post) *Autosave {
	return &Autosave{post: post, keeper: k, project: p, delay: keepDelay}
}

// Changed is called when the project has changed.
func (a *Autosave) Changed() {
	if !a.project.Unsaved() {
		a.seen = a.project.Edits()
		a.forget()
		return
	}
	if a.seen == a.project.Edits() || a.pending {
		return
	}
	a.pending = true
	time.AfterFunc(a.delay, func() { a.post(a.begin) })
}

func (a *Autosave) begin() {
	a.pending = false
	if a.ended || a.job.Running() || !a.project.Unsaved() {
		return // the job calls Changed when it ends
	}
	a.seen = a.project.Edits()
	c, origin, missing := a.project.Own(), a.project.Path(), a.project.Missing()
	a.job = Start(a.post, "saving the compilation for recovery", func(ctx context.Context, _ progress.Reporter) error {
		if err := ctx.Err(); err != nil { // the window was closed
			return err
		}
		return a.keeper.Keep(c, origin, missing)
	}, func(err error) {
		a.stored = a.stored || err == nil
		if a.OnKept != nil {
			a.OnKept(err)
		}
		a.Changed()
	})
}

// Now stores the edits immediately, after a panic.
func (a *Autosave) Now() error {
	if !a.project.Unsaved() {
		return nil
	}
	a.stored = true
	return a.keeper.Keep(a.project.Own(), a.project.Path(), a.project.Missing())
}

func (a *Autosave) forget() {
	if a.stored && !a.job.Running() {
		a.stored = false
		_ = a.keeper.Forget() // if it fails, the compilation is offered for recovery needlessly
	}
}

// End removes the stored compilation: the user has closed the window.
func (a *Autosave) End() {
	a.ended = true
	a.job.Cancel()
	_ = a.keeper.Forget()
}
