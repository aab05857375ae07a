package ui

import (
	"strings"
	"time"

	"glassmaster/ui/widgets"
)

// AskClose closes the window, after a question if something would be lost.
func (s *Shell) AskClose(closing func()) {
	if s.veil.Visible() || s.layer.Covered() {
		return // a dialog is open
	}
	work := s.work()
	switch {
	case len(work) > 0:
		s.host.Ask("Stop the running job and close?", strings.Join(work, "\n"),
			widgets.Choice{Text: "Do not close", Primary: true},
			widgets.Choice{Text: "Stop and close", Danger: true, Do: func() bool {
				s.host.Post(func() { s.stop(closing) })
				return true
			}})
	case s.browse.Unsaved():
		s.show(browsePage)
		s.browse.AskSave(func() { s.AskClose(closing) })
	case s.project.Unsaved():
		s.host.Ask("Save the compilation before closing?", "The compilation has unsaved changes. The files themselves are not affected.",
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

// work describes the running job, and what stopping it does.
func (s *Shell) work() []string {
	var out []string
	for _, w := range []string{s.burn.Work(), s.browse.Work(), s.compile.Work(), s.serve.Work()} {
		if w != "" {
			out = append(out, w)
		}
	}
	return out
}

// stop ends the running job as well as possible, and then closes.
func (s *Shell) stop(closing func()) {
	s.burn.Stop()
	s.browse.Stop()
	s.compile.Stop()
	s.serve.Stop()
	sheet := s.host.Sheet("Stopping", widgets.NewText("The window closes when the job has ended. A drive may need some minutes to finish the disc.").Wrap(), 440,
		widgets.Choice{Text: "Close now", Danger: true, Do: func() bool { closing(); return true }})
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
