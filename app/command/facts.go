package command

import (
	"bufio"
	"fmt"
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

// sectors returns a number of sectors with their size.
func sectors(n int64) string {
	return units.Count(n, "sector", "sectors") + ", " + units.Size(n*disc.SectorSize)
}
