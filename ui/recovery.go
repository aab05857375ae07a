package ui

import (
	"context"
	"fmt"
	"os"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// faulted is called for each panic. The compilation is backed up, and the window stays
// open.
func (s *Shell) faulted(f *model.PanicError) {
	fmt.Fprintf(os.Stderr, "glassmaster-window: %v\n%s\n", f, f.Stack)
	if f.InJob { // on another goroutine; the job reports it as its error
		s.host.Post(func() {
			s.host.Tell("fault", map[string]any{"text": f.Error()})
			s.kept(s.autosave.Now())
		})
		return
	}
	if s.fault != nil && s.fault.Open() {
		return // a fault in drawing is repeated with each frame
	}
	err := s.autosave.Now()
	s.host.Tell("fault", map[string]any{"text": f.Error()})
	text := "The last action may be incomplete. Your files were not changed."
	switch {
	case err != nil:
		text += " The compilation could not be backed up (" + err.Error() + "): save it now."
	case s.project.Unsaved():
		text += " The compilation was backed up. Save it, then restart Glassmaster."
	}
	s.fault = s.host.Sheet("Internal error in Glassmaster", widgets.NewText(text+"\n\n"+f.Error()).Wrap(), 480,
		widgets.Choice{Text: "Continue", Primary: true})
}

// Rescue backs the compilation up before a panic ends the window.
func (s *Shell) Rescue() error { return s.autosave.Now() }

// kept is called after each attempt to back the compilation up. A failure is reported
// once.
func (s *Shell) kept(err error) {
	if err == nil {
		s.host.Tell("kept", nil)
		return
	}
	s.project.AddProblem(disc.Notice{
		Path: "Automatic backup", Severity: disc.Warning,
		Text:   "the compilation cannot be backed up: " + err.Error(),
		Advice: "Save it yourself",
	})
}

// offerLost offers to restore a compilation that was not saved when a window ended
// without being closed; then it continues.
func (s *Shell) offerLost(then func()) {
	lost, err := s.keeper.Lost()
	if err != nil || len(lost) == 0 {
		then()
		return
	}
	l := lost[0]
	what := "A compilation"
	if l.Origin != "" {
		what = "The compilation “" + model.Short(l.Origin) + "”"
	}
	text := what + " was not saved when Glassmaster ended unexpectedly. The backup is of " + model.Date(l.Kept.Local()) + "."
	s.host.Ask("Restore the unsaved compilation?", text,
		widgets.Choice{Text: "Discard", Danger: true, Do: func() bool {
			s.host.Post(func() { s.discard(l, then) })
			return true
		}},
		widgets.Choice{Text: "Later", Escape: true, Do: func() bool { s.host.Post(then); return true }},
		widgets.Choice{Text: "Restore", Primary: true, Do: func() bool { s.restore(l, then); return true }})
}

func (s *Shell) discard(l model.Lost, then func()) {
	if err := s.keeper.Discard(l); err != nil {
		s.host.ErrorThen("The backup cannot be removed", err, then)
		return
	}
	then()
}

// restore opens the backup as the current compilation. The old backup is removed once
// this window has made its own.
func (s *Shell) restore(l model.Lost, then func()) {
	var c *compilation.Compilation
	var problems []disc.Notice
	model.Start(s.host.Post, "restoring", func(context.Context, progress.Reporter) (err error) {
		c, problems, err = s.keeper.Recover(l)
		return err
	}, func(err error) {
		if err != nil {
			s.host.ErrorThen("The backup cannot be restored", fmt.Errorf("%w; it is still in %s", err, l.ID+compilation.Extension), then)
			return
		}
		s.show(compilePage)
		s.project.Recover(c, l.Origin, problems)
		if err = s.autosave.Now(); err == nil {
			err = s.keeper.Discard(l)
		}
		s.kept(err)
		then()
	})
}
