package ui

import "glassmaster/ui/widgets"

// AskClose closes the window, unless something would be lost by it: then it
// asks. While a burn goes on it does not close at all.
func (s *Shell) AskClose(closing func()) {
	switch {
	case s.Busy():
		s.desk.Ask("A disc is being burned", "Closing the window now would spoil the disc. Wait for the end, or stop the burn first.",
			widgets.Choice{Text: "Back", Primary: true})
	case s.project.Dirty() && !s.project.Empty():
		s.desk.Ask("Close without saving the compilation?", "The list of files that you put together is lost; the files themselves stay where they are.",
			widgets.Choice{Text: "Cancel"},
			widgets.Choice{Text: "Save…", Do: func() bool { s.Go(Compile); s.compile.Save(); return true }},
			widgets.Choice{Text: "Close", Primary: true, Do: func() bool { closing(); return true }})
	default:
		closing()
	}
}
