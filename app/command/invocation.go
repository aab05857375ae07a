package command

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"glassmaster/app/terminal"
	"glassmaster/drive/trace"
	"glassmaster/mastering/disc"
)

// invocation is one run of the command line.
type invocation struct {
	in       io.Reader
	out, log io.Writer // standard output and standard error
	json     bool
	quiet    bool
	trace    string

	sessionStart int64 // address of the first sector of the image on its disc

	started  bool // a verb is running: errors from here on are not usage errors
	piped    bool // standard output carries an image or a file
	progress *terminal.Report
	record   *recordFile // of the commands to drives, nil: none
	data     any         // of the result object
}

// begin prepares what every verb needs. args are the arguments of the verb.
func (inv *invocation) begin(args []string) error {
	inv.started = true
	if inv.trace == "" {
		return nil
	}
	if err := admitRecord(inv.trace, args); err != nil {
		return err
	}
	f, err := os.Create(inv.trace)
	if err != nil {
		return fmt.Errorf("record the commands: %w", err)
	}
	inv.record = &recordFile{f: f}
	return nil
}

// recordOf is the comment at the start of a recording, before the name of the drive.
const recordOf = "drive "

// admitRecord refuses to overwrite a file with the recording of the commands, unless it
// is an earlier recording and not the one that is replayed.
func admitRecord(path string, args []string) error {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil
	}
	for _, arg := range args {
		replayed, ok := strings.CutPrefix(arg, trace.Scheme+":")
		if other, err := os.Stat(replayed); ok && err == nil && os.SameFile(info, other) {
			return usagef("the recording %s would be overwritten; name another file with --trace", path)
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	head := make([]byte, len("# "+recordOf))
	if _, err := io.ReadFull(f, head); err != nil || string(head) != "# "+recordOf {
		return usagef("%s is not a recording made with --trace, and would be overwritten; name another file", path)
	}
	return nil
}

// recordFile is the file of --trace. It stores the first error of writing it.
type recordFile struct {
	f   *os.File
	mu  sync.Mutex // several drives may write
	err error
}

func (r *recordFile) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, err := r.f.Write(p)
	if r.err == nil {
		r.err = err
	}
	return n, err
}

func (r *recordFile) Close() error {
	err := r.f.Close()
	if r.err != nil {
		return r.err
	}
	return err
}

// report returns where the verb's progress goes.
func (inv *invocation) report() *terminal.Report {
	if inv.progress != nil {
		return inv.progress
	}
	inv.progress = terminal.New(inv.view())
	return inv.progress
}

// view returns where progress goes, and how it is shown.
func (inv *invocation) view() (io.Writer, terminal.Style) {
	switch {
	case inv.json:
		return inv.machine(), terminal.JSON
	case inv.quiet:
		return inv.log, terminal.Quiet
	}
	return inv.log, terminal.Suitable(inv.log)
}

// machine returns where JSON objects go: to standard output, unless that carries data.
func (inv *invocation) machine() io.Writer {
	if inv.piped {
		return inv.log
	}
	return inv.out
}

// endProgress ends the display of progress, so that text can follow. Later reports begin
// a new one.
func (inv *invocation) endProgress() {
	if inv.progress != nil {
		inv.progress.Close()
		inv.progress = nil
	}
}

// note prints a message about the work.
func (inv *invocation) note(format string, args ...any) {
	inv.endProgress()
	if !inv.json && !inv.quiet {
		fmt.Fprintln(inv.log, terminal.Printable(fmt.Sprintf(format, args...)))
	}
}

// warn reports a warning.
func (inv *invocation) warn(text string) {
	inv.report().Notice(disc.Notice{Severity: disc.Warning, Text: text})
}

// argCount returns a check of the number of arguments; what describes them as in the usage
// line.
func argCount(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usagef("%s needs %s", cmd.Name(), what)
		case most >= 0 && len(args) > most:
			return usagef("%s does not accept %q: it takes %s", cmd.Name(), args[most], what)
		}
		return nil
	}
}

// answer prints the result as text or, with --json, keeps it as data of the result
// object.
func (inv *invocation) answer(data any, text func(w *bufio.Writer)) error {
	inv.endProgress()
	inv.data = data
	if inv.json {
		return nil
	}
	w := bufio.NewWriter(inv.out)
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

// end reports how the run ended and returns its exit code.
func (inv *invocation) end(cmd *cobra.Command, err error) int {
	inv.endProgress()
	if inv.record != nil {
		switch e := inv.record.Close(); {
		case e != nil && err == nil:
			err = fmt.Errorf("%s succeeded, but the recording of its commands is incomplete: %w", cmd.Name(), e)
		case e != nil:
			inv.warn(fmt.Sprintf("the recording of the commands is incomplete: %v", e))
			inv.endProgress()
		}
	}
	code, hint := classify(err)
	if err != nil {
		fmt.Fprintf(inv.log, "glassmaster: %s\n", terminal.Printable(err.Error()))
		if code == Usage && hint == "" {
			hint = fmt.Sprintf("see %q", cmd.CommandPath()+" --help")
		}
		if hint != "" {
			fmt.Fprintf(inv.log, "hint: %s\n", hint)
		}
	}
	if inv.json {
		o := outcome{Type: "result", Verb: cmd.Name(), OK: err == nil, Exit: code, Hint: hint, Data: inv.data}
		if err != nil {
			o.Error = terminal.Valid(err.Error())
		}
		if e := terminal.NewEncoder(inv.machine()).Encode(o); e != nil && code == OK {
			fmt.Fprintf(inv.log, "glassmaster: write result: %v\n", e)
			code = Failed
		}
	}
	return int(code)
}
