package ui

import (
	"strings"
	"time"

	"glassmaster/ui/widgets"
)

// AskClose closes the window, unless something would be lost by it: then it asks.
func (s *Shell) AskClose(closing func()) {
	if s.veil.Visible() || s.layer.Covered() {
		return // a question or a dialog wants its answer first
	}
	work := s.work()
	switch {
	case len(work) > 0:
		s.host.Ask("Stop what is going on, and close?", strings.Join(work, "\n"),
			widgets.Choice{Text: "Go on", Primary: true},
			widgets.Choice{Text: "Stop and close", Danger: true, Do: func() bool {
				s.host.Post(func() { s.stop(closing) })
				return true
			}})
	case s.project.Unsaved():
		s.host.Ask("Save the compilation before closing?", "The list of files that you put together was not saved. The files themselves stay where they are.",
			widgets.Choice{Text: "Cancel"},
			widgets.Choice{Text: "Close without saving", Danger: true, Do: func() bool { closing(); return true }},
			widgets.Choice{Text: "Save…", Primary: true, Do: func() bool {
				s.show(compilePage)
				s.compile.SaveThen(closing)
				return true
			}})
	default:
		closing()
	}
}

// work says what is going on, and what becomes of it when it is stopped.
func (s *Shell) work() []string {
	var out []string
	for _, w := range []string{s.burn.Work(), s.browse.Work(), s.compile.Work()} {
		if w != "" {
			out = append(out, w)
		}
	}
	return out
}

// stop ends the work in the best state that it can reach, and closes then.
func (s *Shell) stop(closing func()) {
	s.burn.Stop()
	s.browse.Stop()
	s.compile.Stop()
	sheet := s.host.Sheet("Stopping", widgets.NewText("The window closes when everything has come to its end. A drive may take some minutes to leave the disc in the best state that it allows.").Wrap(), 440,
		widgets.Choice{Text: "Close at once", Danger: true, Do: func() bool { closing(); return true }})
	widgets.Poll(s.host.Post, 100*time.Millisecond, func() bool {
		if len(s.work()) > 0 {
			return sheet.Open()
		}
		if sheet.Open() {
			sheet.Close()
			s.AskClose(closing)
		}
		return false
	})
}
