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

func (inv *invocation) formatVerb() *cobra.Command {
	var o record.FormatOptions
	var spare string
	var yes bool
	c := &cobra.Command{
		Use:   "format [DRIVE]",
		Short: "Format a DVD+RW, DVD-RW, DVD-RAM, BD-RE or blank BD-R",
		Long: `Format a disc, which erases it. "burn" formats discs by itself where necessary; this
command is for a disc that causes errors, and for the choices that a format makes:

  DVD+RW, DVD-RAM  formatted again
  DVD-RW           formatted for restricted overwrite: it is overwritten in place, like
                   a DVD+RW; "blank" undoes that
  BD-RE            formatted with other spare areas for defective sectors (--spare)
  BD-R, blank      formatted with spare areas: the disc holds less and is written at half
                   the speed, because the drive checks what it writes

The plan and its disadvantages are shown first and, on a terminal, must be confirmed.
DRIVE can be left out if there is only one.`,
		Example: `  glassmaster format /dev/sr0
  glassmaster format --spare none --yes "virtual:disc?medium=bd-re"`,
		Args: argCount(0, 1, "[DRIVE]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if o.Spare, err = record.ParseSpare(spare); err != nil {
				return usage(err)
			}
			return inv.format(cmd.Context(), first(args), o, yes)
		},
	}
	c.Flags().BoolVar(&o.Full, "full", false, "format and overwrite the whole disc, which takes as long as writing it")
	c.Flags().StringVar(&spare, "spare", "usual", "spare areas of a BD, `KIND`: usual, none, most (the largest that the drive offers), or a number of sectors")
	c.Flags().BoolVar(&o.PseudoOverwrite, "pow", false, "format a BD-R for pseudo-overwrite, so that its sectors can be replaced")
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask for confirmation")
	offer(c, "spare", "usual", "none", "most")
	return c
}

// formatted is the result of "format", for --json.
type formatted struct {
	Drive    string   `json:"drive"`
	Medium   string   `json:"medium"`
	Capacity int64    `json:"capacity_sectors"`
	Warnings []string `json:"warnings,omitempty"`
}

func (inv *invocation) format(ctx context.Context, name string, o record.FormatOptions, yes bool) error {
	t, name, err := inv.openDrive(ctx, name)
	if err != nil {
		return err
	}
	defer t.Close()
	f, err := record.NewFormatting(ctx, t, o)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := scsi.Writable(t); err != nil { // before asking for confirmation
		return fmt.Errorf("%s: the drive is open for reading only: %w", name, err)
	}
	plan := f.Plan()
	inv.showSpares(plan.Spares)
	inv.outline(name+": "+plan.Profile, plan.Steps, plan.Costs)
	if !yes {
		if err := inv.ask(ctx, fmt.Sprintf("The disc in %s holds %s. Format it?", name, holding(plan.Contents))); err != nil {
			return err
		}
	}
	got, err := f.Run(ctx, inv.report())
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	inv.data = formatted{Drive: name, Medium: got.Profile, Capacity: got.Capacity, Warnings: disc.Texts(got.Notices)}
	inv.note("%s: the %s is formatted and holds %s", name, got.Profile, units.Size(got.Capacity*disc.SectorSize))
	return nil
}
