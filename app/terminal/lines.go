package terminal

import (
	"fmt"
	"io"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/units"
)

// lines is the view for logs.
type lines struct {
	w     io.Writer
	quiet bool   // warnings and errors only
	name  string // of the drive, if there are several, with ": "; else empty
}

func (l *lines) begin(s progress.Snapshot) {
	if l.quiet {
		return
	}
	if s.Total > 0 {
		fmt.Fprintf(l.w, "%s%s: %s\n", l.name, s.Phase, units.Size(s.Total))
		return
	}
	fmt.Fprintf(l.w, "%s%s\n", l.name, s.Phase)
}

func (l *lines) update(s progress.Snapshot) {
	if !l.quiet && s.Phase != progress.NoPhase && s.Done > 0 {
		fmt.Fprintf(l.w, "%s%s: %s\n", l.name, s.Phase, describe(s))
	}
}

func (l *lines) end(progress.Snapshot) {}

func (l *lines) notice(n progress.LogEntry) {
	if l.quiet && n.Severity == disc.Info {
		return
	}
	fmt.Fprintln(l.w, l.name+noticeLine(n))
}

// noticeLine returns a notice as a line of text. Control characters are escaped, since the
// text may contain names from a disc.
func noticeLine(n progress.LogEntry) string {
	text := n.String()
	if n.Advice != "" {
		text += "; " + n.Advice
	}
	if text = Printable(text); n.Severity == disc.Info {
		return text
	}
	return n.Severity.String() + ": " + text
}

// describe returns the text for the progress of a phase.
func describe(s progress.Snapshot) string {
	var parts []string
	switch {
	case s.Total > 0:
		parts = append(parts, fmt.Sprintf("%d %%", percent(s)), units.Size(s.Done)+" of "+units.Size(s.Total))
	case s.Done > 0:
		parts = append(parts, units.Size(s.Done))
	default:
		parts = append(parts, units.Duration(s.Elapsed))
	}
	if s.Rate > 0 {
		parts = append(parts, units.Rate(s.Rate))
	}
	if left, ok := s.Left(); ok {
		parts = append(parts, units.Duration(left)+" left")
	}
	if b := buffers(s); b != "" {
		parts = append(parts, b)
	}
	return strings.Join(parts, ", ")
}

// percent returns how much of a phase is done. It is 100 only at the end.
func percent(s progress.Snapshot) int64 {
	if s.Total <= 0 {
		return 0
	}
	return int64(float64(min(s.Done, s.Total)) / float64(s.Total) * 100)
}

// buffers returns the text for the fill levels of the buffers, "" if they are unknown.
func buffers(s progress.Snapshot) string {
	var parts []string
	if s.HostBuffer >= 0 {
		parts = append(parts, fmt.Sprintf("buffer %.0f %%", s.HostBuffer*100))
	}
	if s.DriveBuffer >= 0 {
		parts = append(parts, fmt.Sprintf("drive %.0f %%", s.DriveBuffer*100))
	}
	return strings.Join(parts, ", ")
}
