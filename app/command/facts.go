package command

import (
	"bufio"
	"fmt"
	"text/tabwriter"

	"glassmaster/app/terminal"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

// facts are printed in two columns. What is empty has no row.
type facts struct{ *tabwriter.Writer }

// newFacts returns a list of facts, which Flush prints.
func newFacts(out *bufio.Writer) facts { return facts{tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)} }

func (f facts) row(name, value string) {
	if value != "" {
		fmt.Fprintf(f, "%s\t%s\n", name, terminal.Printable(value))
	}
}

// sessions has a row for each track.
func (f facts) sessions(all []sessionInfo) {
	for _, ses := range all {
		for _, tr := range ses.Tracks {
			f.row(fmt.Sprintf("Session %d track %d", ses.Number, tr.Number), fmt.Sprintf("%s, %d sectors from %d", tr.Mode, tr.Sectors, tr.Start))
		}
	}
}

// sectors writes a number of sectors with its size in bytes.
func sectors(n int64) string {
	return fmt.Sprintf("%d sectors, %s", n, units.Size(n*disc.SectorSize))
}
