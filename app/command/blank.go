package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

func (inv *invocation) blankVerb() *cobra.Command {
	var full, yes bool
	c := &cobra.Command{
		Use:   "blank [DRIVE]",
		Short: "Erase a rewritable disc",
		Long: `Erase a rewritable disc, so that it can be burned again. By default only the beginning
is erased, which makes the disc look empty; --full erases all of it, which takes as long
as burning it. The disc is checked afterwards.

On a terminal, the contents of the disc are shown and erasing must be confirmed. DRIVE
can be left out if there is only one.`,
		Example: `  glassmaster blank /dev/sr0
  glassmaster blank --full --yes`,
		Args: argCount(0, 1, "[DRIVE]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inv.blank(cmd.Context(), first(args), full, yes)
		},
	}
	c.Flags().BoolVar(&full, "full", false, "erase the whole disc, not only its beginning")
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask for confirmation")
	return c
}

func (inv *invocation) blank(ctx context.Context, name string, full, yes bool) error {
	t, name, err := inv.openDrive(ctx, name)
	if err != nil {
		return err
	}
	defer t.Close()
	if err := scsi.Writable(t); err != nil { // before asking for confirmation
		return fmt.Errorf("%s: the drive is open for reading only: %w", name, err)
	}
	if !yes {
		c, err := record.LookInto(ctx, t)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := inv.ask(ctx, fmt.Sprintf("The disc in %s holds %s. Erase it?", name, holding(c))); err != nil {
			return err
		}
	}
	return inv.erase(ctx, t, name, full)
}

// holding describes the contents of a disc: "the ISO 9660 volume "HOLIDAY" of
// 312 MB, created 2026-05-01".
func holding(c record.Contents) string {
	text := c.String()
	if !c.Data {
		return text
	}
	if c.Sectors > 0 && c.Format != "" {
		text += " of " + units.Size(c.Sectors*disc.SectorSize)
	}
	if !c.Created.IsZero() {
		text += ", created " + c.Created.Format("2006-01-02")
	}
	if c.Sessions > 1 {
		text += ", and " + units.Count(c.Sessions-1, "older session", "older sessions")
	}
	return text
}

// blanked is the result of "blank", for --json.
type blanked struct {
	Drive string `json:"drive"`
}

func (inv *invocation) erase(ctx context.Context, t scsi.Transport, name string, full bool) error {
	if err := record.Blank(ctx, t, full, inv.report()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	inv.data = blanked{Drive: name}
	inv.note("%s: the disc is blank", name)
	return nil
}
