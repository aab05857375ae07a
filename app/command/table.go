package command

import (
	"bufio"
	"fmt"
	"text/tabwriter"

	"glassmaster/app/terminal"
	"glassmaster/mastering/disc"
)

// table prints facts in two columns. What is empty has no row.
type table struct{ *tabwriter.Writer }

// newTable returns a table, which Flush prints.
func newTable(out *bufio.Writer) table { return table{tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)} }

func (t table) row(name, value string) {
	if value != "" {
		fmt.Fprintf(t, "%s\t%s\n", name, terminal.Printable(value))
	}
}

// sessions has a row for each track.
func (t table) sessions(all []sessionInfo) {
	for _, ses := range all {
		for _, tr := range ses.Tracks {
			t.row(fmt.Sprintf("session %d track %d", ses.Number, tr.Number), fmt.Sprintf("%s, %d sectors from %d", tr.Mode, tr.Sectors, tr.Start))
		}
	}
}

// sectors writes a number of sectors with its size in bytes.
func sectors(n int64) string {
	return fmt.Sprintf("%d sectors, %s", n, terminal.Size(n*disc.SectorSize))
}
