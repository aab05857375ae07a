package model

import (
	"context"
	"time"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// Keeper stores what would be lost if the program ended without a word.
type Keeper interface {
	// Keep stores a compilation in place of what was kept before. Origin is the
	// file that it was loaded from or saved to, empty when there is none.
	Keep(c *compilation.Compilation, origin string) error
	// Forget removes what was kept.
	Forget() error
	// Lost returns what programs have kept that do not run any more, the newest
	// first.
	Lost() ([]Lost, error)
	// Recover loads what was kept. Files that are gone come back as problems.
	Recover(l Lost) (*compilation.Compilation, []disc.Notice, error)
	// Discard removes it.
	Discard(l Lost) error
}

// Lost is a compilation that was kept by a program that does not run any more.
type Lost struct {
	ID     string
	Origin string    // the file that it was loaded from or saved to, if any
	Kept   time.Time // when it was kept last
}

// Autosave keeps the edits of a project that were not saved.
type Autosave struct {
	OnKept func(error) // something was kept, or could not be; may be nil

	post    Post
	keeper  Keeper
	project *Project
	delay   time.Duration
	seen    int  // edits that are kept, or on their way
	pending bool // a keeping was asked for and has not begun
	stored  bool
	ended   bool // nothing is kept any more
	job     *Job
}

// keepDelay is how long after an edit the compilation is kept, so that a burst of
// edits makes one.
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
		return // at its end the job looks again
	}
	a.seen = a.project.Edits()
	c, origin := a.project.Compilation().Snapshot(), a.project.Path()
	a.job = Start(a.post, "keeping the compilation", func(ctx context.Context, _ progress.Reporter) error {
		if err := ctx.Err(); err != nil { // the window was closed
			return err
		}
		return a.keeper.Keep(c, origin)
	}, func(err error) {
		a.stored = a.stored || err == nil
		if a.OnKept != nil {
			a.OnKept(err)
		}
		a.Changed()
	})
}

// Now keeps the edits at once: something has gone wrong.
func (a *Autosave) Now() error {
	if !a.project.Unsaved() {
		return nil
	}
	a.stored = true
	return a.keeper.Keep(a.project.Compilation().Snapshot(), a.project.Path())
}

func (a *Autosave) forget() {
	if a.stored && !a.job.Running() {
		a.stored = false
		_ = a.keeper.Forget() // then it is offered once too often
	}
}

// End forgets what is kept: the person has closed the window.
func (a *Autosave) End() {
	a.ended = true
	a.job.Cancel()
	_ = a.keeper.Forget()
}
