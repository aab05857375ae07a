package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"glassmaster/app/terminal"
	"glassmaster/drive"
	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
)

func (inv *invocation) drivesVerb() *cobra.Command {
	return &cobra.Command{
		Use:   "drives",
		Short: "List the optical drives of this computer",
		Long: `List the optical drives of this computer and those that the environment variable
GLASSMASTER_DRIVES names, with the discs in them. The names are separated by spaces
or commas; a name with one of these must be in double quotes.`,
		Example: `  glassmaster drives
  GLASSMASTER_DRIVES=iscsi://nas:3260/iqn.2026-01.nas:dvd/1 glassmaster drives`,
		Args: argCount(0, 0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error { return inv.drives(cmd.Context()) },
	}
}

// driveInfo is a drive, for --json.
type driveInfo struct {
	Name     string `json:"name"`
	Vendor   string `json:"vendor,omitempty"`
	Product  string `json:"product,omitempty"`
	Revision string `json:"revision,omitempty"`
	Bus      string `json:"bus,omitempty"`
	Medium   string `json:"medium,omitempty"`
	Problem  string `json:"problem,omitempty"`
}

func (inv *invocation) drives(ctx context.Context) error {
	found, err := drive.List(ctx)
	if err != nil {
		return err
	}
	all := []driveInfo{}
	for _, d := range found {
		all = append(all, inv.inspect(ctx, d))
	}
	return inv.answer(all, func(out *bufio.Writer) {
		if len(all) == 0 {
			fmt.Fprintln(out, "This computer has no optical drive.")
			return
		}
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, d := range all {
			fmt.Fprintln(w, terminal.Printable(d.Name)+"\t"+
				terminal.Printable(strings.TrimSpace(d.Vendor+" "+d.Product+" "+d.Revision))+"\t"+
				terminal.Printable(d.Medium+d.Problem))
		}
		w.Flush()
	})
}

// inspect returns the state of a drive and of its disc.
func (inv *invocation) inspect(ctx context.Context, f drive.Found) driveInfo {
	d := driveInfo{Name: f.Name, Vendor: f.Vendor, Product: f.Product, Revision: f.Revision, Bus: f.Bus}
	if f.Err != nil {
		d.Problem = problem(f.Err)
		return d
	}
	t, _, err := inv.openDrive(ctx, f.Name)
	if err != nil {
		d.Problem = problem(err)
		return d
	}
	defer t.Close()
	p, err := mmc.CurrentProfile(ctx, t)
	if err != nil {
		d.Problem = problem(err)
		return d
	}
	d.Medium = p.String()
	return d
}

// problem describes why the state of a drive is unknown. A drive that is in use gets no
// commands.
func problem(err error) string {
	var busy *scsi.InUseError
	if errors.As(err, &busy) {
		return "in use by " + busy.Who()
	}
	return err.Error()
}
