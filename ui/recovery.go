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

// faulted hears of every panic. The compilation is kept, and the window goes on.
func (s *Shell) faulted(f *model.Fault) {
	fmt.Fprintf(os.Stderr, "glassmaster-window: %v\n%s\n", f, f.Stack)
	if f.InJob { // on another goroutine; the job's own error tells the person
		s.host.Post(func() {
			s.host.Tell("fault", map[string]any{"text": f.Error()})
			s.kept(s.autosave.Now())
		})
		return
	}
	if s.fault != nil && s.fault.Open() {
		return // a fault in drawing comes again and again
	}
	err := s.autosave.Now()
	s.host.Tell("fault", map[string]any{"text": f.Error()})
	text := "What you were doing may not be done. Your files are as they were."
	switch {
	case err != nil:
		text += " The compilation could not be kept (" + err.Error() + "): save it now."
	case s.project.Unsaved():
		text += " The compilation was kept, and is offered again if the window should close. Save it, and start the window anew."
	}
	s.fault = s.host.Sheet("Something went wrong in Glassmaster", widgets.NewText(text+"\n\n"+f.Error()).Wrap(), 480,
		widgets.Choice{Text: "Go on", Primary: true})
}

// Rescue keeps what would be lost by a panic that ends the window.
func (s *Shell) Rescue() error { return s.autosave.Now() }

// kept hears what has become of keeping the compilation. That it cannot be kept is
// told once.
func (s *Shell) kept(err error) {
	if err == nil {
		s.host.Tell("kept", nil)
		return
	}
	s.project.Remark(disc.Notice{Path: "In case of a crash", Severity: disc.Warning, Text: "the compilation cannot be kept, save it yourself: " + err.Error()})
}

// offerLost offers what a window had not saved when it was torn off; then goes on.
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
	text := what + " was not saved when Glassmaster ended without being closed. It was kept on " + model.Date(l.Kept.Local()) + "."
	s.host.Ask("Restore what was not saved?", text,
		widgets.Choice{Text: "Discard it", Danger: true, Do: func() bool {
			s.host.Post(func() { s.discard(l, then) })
			return true
		}},
		widgets.Choice{Text: "Later", Escape: true, Do: func() bool { s.host.Post(then); return true }},
		widgets.Choice{Text: "Restore", Primary: true, Do: func() bool { s.restore(l, then); return true }})
}

func (s *Shell) discard(l model.Lost, then func()) {
	if err := s.keeper.Discard(l); err != nil {
		s.host.ErrorThen("What was kept cannot be removed", err, then)
		return
	}
	then()
}

// restore edits what was kept. The old copy goes when this window has one.
func (s *Shell) restore(l model.Lost, then func()) {
	var c *compilation.Compilation
	var problems []disc.Notice
	model.Start(s.host.Post, "restoring", func(context.Context, progress.Reporter) (err error) {
		c, problems, err = s.keeper.Recover(l)
		return err
	}, func(err error) {
		if err != nil {
			s.host.ErrorThen("What was kept cannot be restored", fmt.Errorf("%w; it is still in %s", err, l.ID+compilation.Ending), then)
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
