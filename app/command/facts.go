package command

import (
	"bufio"
	"fmt"
	"strings"
	"text/tabwriter"

	"glassmaster/app/terminal"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

// facts are printed in two columns. Empty values have no row.
type facts struct{ *tabwriter.Writer }

// newFacts returns an empty table. Flush prints it.
func newFacts(out *bufio.Writer) facts { return facts{tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)} }

func (f facts) row(name, value string) {
	if value != "" {
		fmt.Fprintf(f, "%s\t%s\n", name, terminal.Printable(value))
	}
}

// sessions adds a row for each track, and rows for its CD-TEXT.
func (f facts) sessions(all []sessionInfo) {
	for _, ses := range all {
		f.row("CD title", ses.Title)
		f.row("CD performer", ses.Performer)
		for _, tr := range ses.Tracks {
			f.row(fmt.Sprintf("Session %d track %d", ses.Number, tr.Number), tr.text())
			f.row(fmt.Sprintf("Track %d title", tr.Number), tr.Title)
			f.row(fmt.Sprintf("Track %d performer", tr.Number), tr.Performer)
		}
	}
}

// text describes a track in one line.
func (t trackInfo) text() string {
	parts := []string{t.Mode, fmt.Sprintf("%s from %d", units.Count(t.Sectors, "sector", "sectors"), t.Start)}
	if t.Pregap > 0 {
		parts = append(parts, fmt.Sprintf("pre-gap of %s", units.Count(t.Pregap, "sector", "sectors")))
	}
	parts = append(parts, t.Control...)
	if t.ISRC != "" {
		parts = append(parts, "ISRC "+t.ISRC)
	}
	return strings.Join(parts, ", ")
}

// sectors returns a number of sectors with their size.
func sectors(n int64) string {
	return units.Count(n, "sector", "sectors") + ", " + units.Size(n*disc.SectorSize)
}
