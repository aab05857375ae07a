package terminal

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/vbauerster/cupwriter"

	"glassmaster/mastering/progress"
	"glassmaster/mastering/units"
)

// bars is the view for terminals. The last line shows the current phase and is redrawn in
// place. The lines of finished phases, and notices, stay above it.
type bars struct {
	meter *progress.Meter
	out   *cupwriter.Writer
	phase progress.Phase // the current one
	frame int            // of the spinner
}

func newBars(w io.Writer, m *progress.Meter) *bars {
	return &bars{meter: m, out: cupwriter.New(w, true)}
}

func (b *bars) begin(s progress.Snapshot) {
	b.phase = s.Phase
	b.redraw(s)
}

func (b *bars) update(s progress.Snapshot) {
	if b.phase != progress.NoPhase {
		b.frame++
		b.redraw(s)
	}
}

// redraw draws the line of the current phase, which the next line replaces.
func (b *bars) redraw(s progress.Snapshot) {
	b.line(s, describe(s), spinner[b.frame%len(spinner)])
	b.out.Flush(1)
}

func (b *bars) end(s progress.Snapshot) {
	if b.phase == progress.NoPhase {
		return
	}
	b.line(s, finished(s), "")
	b.out.Flush(0)
	b.phase = progress.NoPhase
}

func (b *bars) notice(n progress.LogEntry) {
	fmt.Fprintln(b.out, noticeLine(n))
	if b.phase == progress.NoPhase {
		b.out.Flush(0)
		return
	}
	b.redraw(b.meter.Snapshot())
}

// line writes a line about the current phase: its name, a bar, and a text. Without a total
// the spinner stands in place of the bar. On a narrow terminal the bar is shorter, and the
// line is cut. All characters are one column wide.
func (b *bars) line(s progress.Snapshot, text, spinner string) {
	fmt.Fprintln(b.out, statusLine(columns(b.out), b.phase.String(), s, text, spinner))
}

// statusLine returns a line about a phase with a name, for a terminal with this many
// columns; 0: unknown.
func statusLine(columns int, name string, s progress.Snapshot, text, spinner string) string {
	const (
		nameWidth = 18
		textWidth = 46 // usual width of the text, "50 %, 2.35 GB of 4.70 GB, 11.1 MB/s, 3:32 left"
	)
	width := maxBarWidth
	if columns > 0 {
		width = max(min(columns-max(nameWidth, utf8.RuneCountInString(name))-2-textWidth, maxBarWidth), minBarWidth)
	}
	line := fmt.Sprintf("%-*s ", nameWidth, name)
	switch {
	case s.Total > 0:
		line += drawBar(s, width) + " "
	case spinner != "":
		line += fmt.Sprintf("%-*s ", width, spinner)
	}
	line += text
	if columns > 0 && utf8.RuneCountInString(line) > columns {
		line = string([]rune(line)[:columns])
	}
	return line
}

// columns returns how many columns of the terminal a line may use, 0 if that is unknown.
// The last one is left free, because some terminals wrap after it.
func columns(out *cupwriter.Writer) int {
	if !out.IsTerminal() {
		return 0
	}
	width, _, err := out.GetTermSize()
	if err != nil {
		return 0
	}
	return max(width-1, 0)
}

// Widths of a bar, in columns.
const (
	minBarWidth = 6
	maxBarWidth = 24
)

// spinner are the frames shown in turn if the total is unknown.
var spinner = [...]string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}

// drawBar returns the bar of a phase whose total is known.
func drawBar(s progress.Snapshot, width int) string {
	filled := int(float64(min(s.Done, s.Total)) / float64(s.Total) * float64(width))
	return strings.Repeat("━", filled) + strings.Repeat("─", width-filled)
}

// finished returns the text for a phase that has ended.
func finished(s progress.Snapshot) string {
	if s.Total <= 0 && s.Done == 0 {
		return units.Duration(s.Elapsed)
	}
	parts := []string{units.Size(s.Done)}
	if s.Total > 0 && s.Done < s.Total {
		parts[0] += " of " + units.Size(s.Total)
	}
	parts = append(parts, units.Duration(s.Elapsed))
	if sec := s.Elapsed.Seconds(); sec >= 1 && s.Done > 0 {
		parts = append(parts, units.Rate(float64(s.Done)/sec))
	}
	return strings.Join(parts, ", ")
}
