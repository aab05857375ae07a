package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

func (inv *invocation) closeVerb() *cobra.Command {
	var track, whole, yes bool
	c := &cobra.Command{
		Use:   "close [DRIVE]",
		Short: "Close what an interrupted burn left open, or finalize a disc",
		Long: `Close the tracks and the session that an interrupted burn left open, so that every
drive can read the disc and another session can be added. Damaged tracks are repaired,
if the drive supports that. "media" shows what is open.

--track leaves the session open, so that tracks can be added to it; --disc finalizes the
disc, so that nothing can be added. What is closed already is not changed. On a terminal
closing must be confirmed. DRIVE can be left out if there is only one.`,
		Example: `  glassmaster close /dev/sr0
  glassmaster close --disc --yes`,
		Args: argCount(0, 1, "[DRIVE]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			level := record.CloseSession
			switch {
			case track && whole:
				return usagef("close takes --track or --disc, not both")
			case track:
				level = record.CloseTrack
			case whole:
				level = record.CloseDisc
			}
			return inv.closeDisc(cmd.Context(), first(args), level, yes)
		},
	}
	c.Flags().BoolVar(&track, "track", false, "close only the tracks, not their session")
	c.Flags().BoolVar(&whole, "disc", false, "also finalize the disc")
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask for confirmation")
	return c
}

// closed is the result of "close", for --json.
type closed struct {
	Drive        string   `json:"drive"`
	Medium       string   `json:"medium"`
	Status       string   `json:"status"`
	Session      string   `json:"last_session"`
	NextWritable *int64   `json:"next_writable_lba,omitempty"`
	Steps        []string `json:"steps"`
	Warnings     []string `json:"warnings,omitempty"`
}

func (inv *invocation) closeDisc(ctx context.Context, name string, level record.Level, yes bool) (err error) {
	t, name, err := inv.openDrive(ctx, name)
	if err != nil {
		return err
	}
	defer closeDrive(t, name, &err)
	c, err := record.NewClosing(ctx, t, level)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	plan := c.Plan()
	if len(plan.Steps) > 0 {
		if err := scsi.Writable(t); err != nil { // before asking for confirmation
			return fmt.Errorf("%s: the drive is open for reading only: %w", name, err)
		}
		inv.outline(name+": "+plan.Profile, plan.Steps, plan.Costs)
		if !yes {
			if err := inv.ask(ctx, "Close now?"); err != nil {
				return err
			}
		}
	}
	got, err := c.Run(ctx, inv.report())
	data := closed{Drive: name, Medium: plan.Profile, Status: got.Status, Session: got.Session, Steps: plan.Steps, Warnings: disc.Texts(got.Notices)}
	if got.NextWritable >= 0 {
		data.NextWritable = new(got.NextWritable)
	}
	if data.Steps == nil {
		data.Steps = []string{}
	}
	inv.data = data
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	inv.note("%s", closedText(name, plan, got, level))
	return nil
}

func closedText(name string, plan record.ClosePlan, got record.Closed, level record.Level) string {
	text := fmt.Sprintf("%s: the %v is closed", name, level)
	if len(plan.Steps) == 0 {
		text = fmt.Sprintf("%s: the %v is closed already", name, level)
	}
	switch {
	case got.InPlace:
		return name + ": formatting is complete; the disc can be overwritten at any time"
	case got.Status == "closed" && got.Erasable:
		return text + "; nothing can be added until it is erased"
	case got.Status == "closed":
		return text + "; nothing can be added"
	case got.NextWritable >= 0 && got.Session == "empty":
		return text + fmt.Sprintf("; the next writable address is %d", got.NextWritable)
	}
	return text
}

// outline shows the steps of a plan, and its disadvantages.
func (inv *invocation) outline(title string, steps, costs []string) {
	inv.endProgress() // progress is shown again after the question
	inv.note("%s", title)
	for _, step := range steps {
		inv.note("  %s", step)
	}
	if len(costs) > 0 {
		inv.note("disadvantages: %s", strings.Join(costs, "; "))
	}
}
