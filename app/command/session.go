package command

import (
	"bufio"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"glassmaster/app/terminal"
	"glassmaster/mastering/disc"
)

// session is one run of the program.
type session struct {
	in       io.Reader
	out, log io.Writer // standard output and standard error
	json     bool
	quiet    bool
	trace    string
	started  bool // a verb runs: what fails from here on is no mistake of usage
	piped    bool // standard output carries an image or a file
	progress *terminal.Report
	record   *os.File // of the commands to drives, nil when none is kept
	data     any      // what the verb found out, for the result object
}

// begin prepares what every verb needs.
func (s *session) begin() error {
	s.started = true
	if s.trace == "" {
		return nil
	}
	f, err := os.Create(s.trace)
	if err != nil {
		return fmt.Errorf("record the commands: %w", err)
	}
	s.record = f
	return nil
}

// report returns where the verb's progress goes.
func (s *session) report() *terminal.Report {
	if s.progress != nil {
		return s.progress
	}
	switch {
	case s.json:
		s.progress = terminal.New(s.machine(), terminal.JSON)
	case s.quiet:
		s.progress = terminal.New(s.log, terminal.Quiet)
	default:
		s.progress = terminal.New(s.log, terminal.Suitable(s.log))
	}
	return s.progress
}

// machine is where objects go: standard output, unless that carries data.
func (s *session) machine() io.Writer {
	if s.piped {
		return s.log
	}
	return s.out
}

// settle ends the display of progress, so that text can follow. What is
// reported later begins a new one.
func (s *session) settle() {
	if s.progress != nil {
		s.progress.Close()
		s.progress = nil
	}
}

// note says something about the work to a person.
func (s *session) note(format string, args ...any) {
	s.settle()
	if !s.json && !s.quiet {
		fmt.Fprintln(s.log, terminal.Printable(fmt.Sprintf(format, args...)))
	}
}

// warn says that something is not as it was asked for.
func (s *session) warn(text string) {
	s.report().Notice(disc.Notice{Severity: disc.Warning, Text: text})
}

// wanted checks the number of arguments; what names them as the usage line does.
func wanted(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usagef("%s needs %s", cmd.Name(), what)
		case most >= 0 && len(args) > most:
			return usagef("%s does not know what to do with %q: it takes %s", cmd.Name(), args[most], what)
		}
		return nil
	}
}

// answer prints what was asked for: text for a person, or keeps data for the
// result object.
func (s *session) answer(data any, text func(w *bufio.Writer)) error {
	s.settle()
	s.data = data
	if s.json {
		return nil
	}
	w := bufio.NewWriter(s.out)
	text(w)
	return w.Flush()
}

// outcome is the last object of every run with --json.
type outcome struct {
	Type  string `json:"type"` // "result"
	Verb  string `json:"verb"`
	OK    bool   `json:"ok"`
	Exit  Code   `json:"exit"`
	Error string `json:"error,omitempty"`
	Hint  string `json:"hint,omitempty"`
	Data  any    `json:"data,omitempty"`
}

// end says how the run ended and returns its exit code.
func (s *session) end(cmd *cobra.Command, err error) int {
	s.settle()
	if s.record != nil {
		if e := s.record.Close(); e != nil && err == nil {
			err = fmt.Errorf("record the commands: %w", e)
		}
	}
	code, hint := classify(err)
	if err != nil {
		fmt.Fprintf(s.log, "glassmaster: %s\n", terminal.Printable(err.Error()))
		if code == Usage && hint == "" {
			hint = fmt.Sprintf("see %q", cmd.CommandPath()+" --help")
		}
		if hint != "" {
			fmt.Fprintf(s.log, "hint: %s\n", hint)
		}
	}
	if s.json {
		o := outcome{Type: "result", Verb: cmd.Name(), OK: err == nil, Exit: code, Hint: hint, Data: s.data}
		if err != nil {
			o.Error = terminal.Valid(err.Error())
		}
		if e := terminal.NewEncoder(s.machine()).Encode(o); e != nil && code == OK {
			fmt.Fprintf(s.log, "glassmaster: write result: %v\n", e)
			code = Failed
		}
	}
	return int(code)
}
