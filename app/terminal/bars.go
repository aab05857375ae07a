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

// bars is the view for terminals. The last line shows the phase that runs, and is
// redrawn in place. The lines of finished phases, and notices, stay above it.
type bars struct {
	meter *progress.Meter
	out   *cupwriter.Writer
	phase progress.Phase // that runs, NoPhase when none does
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

// redraw draws the line of the phase that runs, which the next line replaces.
func (b *bars) redraw(s progress.Snapshot) {
	bar := ""
	if s.Total > 0 {
		bar = drawBar(s)
	} else {
		bar = spinner[b.frame%len(spinner)] + strings.Repeat(" ", barWidth-1)
	}
	b.line(bar + " " + describe(s))
	b.out.Flush(1)
}

func (b *bars) end(s progress.Snapshot) {
	if b.phase == progress.NoPhase {
		return
	}
	text := finished(s)
	if s.Total > 0 {
		text = drawBar(s) + " " + text
	}
	b.line(text)
	b.out.Flush(0)
	b.phase = progress.NoPhase
}

func (b *bars) notice(n progress.LogEntry) {
	fmt.Fprintln(b.out, spoken(n))
	if b.phase == progress.NoPhase {
		b.out.Flush(0)
		return
	}
	b.redraw(b.meter.Snapshot())
}

func (b *bars) close() {}

// line writes a line about the phase. It is cut to the width of the terminal, so
// that it does not take two lines; its characters are one column wide.
func (b *bars) line(text string) {
	text = fmt.Sprintf("%-18s %s", b.phase, text)
	if b.out.IsTerminal() {
		width, _, err := b.out.GetTermSize()
		if err == nil && 0 < width && width <= utf8.RuneCountInString(text) {
			text = string([]rune(text)[:width-1])
		}
	}
	fmt.Fprintln(b.out, text)
}

// barWidth is the width of a bar, in columns.
const barWidth = 24

// spinner are the frames that are shown in turn where the total is unknown.
var spinner = [...]string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}

// drawBar draws how much of a phase with a total is done.
func drawBar(s progress.Snapshot) string {
	filled := int(float64(min(s.Done, s.Total)) / float64(s.Total) * barWidth)
	return strings.Repeat("━", filled) + strings.Repeat("─", barWidth-filled)
}

// finished says what a phase has done.
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
