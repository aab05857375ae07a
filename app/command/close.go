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

func (s *session) closeVerb() *cobra.Command {
	var track, whole, yes bool
	c := &cobra.Command{
		Use:   "close [DRIVE]",
		Short: "Close what a broken-off burn left open, or finalise a disc",
		Long: `Close the tracks and the session that a burn left open which was broken off, so
that every drive can read what is on the disc, and so that it can be gone on with.
What is damaged is repaired as far as the drive can. "media" shows what is open.

--track leaves the session open, so that it takes more tracks; --disc finalises the
disc, so that nothing can be added to it any more. What is closed already stays as
it is. On a terminal you are asked. DRIVE may be left out where the machine has
only one.`,
		Example: `  glassmaster close /dev/sr0
  glassmaster close --disc --yes`,
		Args: wanted(0, 1, "[DRIVE]"),
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
			return s.closeDisc(cmd.Context(), first(args), level, yes)
		},
	}
	c.Flags().BoolVar(&track, "track", false, "close the tracks only, and not their session")
	c.Flags().BoolVar(&whole, "disc", false, "close the disc too")
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return c
}

// closed is what "close" did, for a program.
type closed struct {
	Drive        string   `json:"drive"`
	Medium       string   `json:"medium"`
	Status       string   `json:"status"`
	Session      string   `json:"last_session"`
	NextWritable *int64   `json:"next_writable_lba,omitempty"`
	Steps        []string `json:"steps"`
	Warnings     []string `json:"warnings,omitempty"`
}

func (s *session) closeDisc(ctx context.Context, name string, level record.Level, yes bool) error {
	t, name, err := s.openDrive(ctx, name)
	if err != nil {
		return err
	}
	defer t.Close()
	c, err := record.NewClosing(ctx, t, level)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	plan := c.Plan()
	if len(plan.Steps) > 0 {
		if err := scsi.Writable(t); err != nil { // told now, and not after the question
			return fmt.Errorf("%s: the drive can only be read now: %w", name, err)
		}
		s.outline(name+": "+plan.Profile, plan.Steps, plan.Costs)
		if !yes {
			if err := s.ask(ctx, "Close now?"); err != nil {
				return err
			}
		}
	}
	got, err := c.Run(ctx, s.report())
	data := closed{Drive: name, Medium: plan.Profile, Status: got.Status, Session: got.Session, Steps: plan.Steps, Warnings: disc.Texts(got.Notices)}
	if got.NextWritable >= 0 {
		data.NextWritable = new(got.NextWritable)
	}
	if data.Steps == nil {
		data.Steps = []string{}
	}
	s.data = data
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s.note("%s", closedText(name, plan, got, level))
	return nil
}

func closedText(name string, plan record.ClosePlan, got record.Closed, level record.Level) string {
	text := fmt.Sprintf("%s: the %v is closed", name, level)
	if len(plan.Steps) == 0 {
		text = fmt.Sprintf("%s: the %v is closed already", name, level)
	}
	switch {
	case got.InPlace:
		return name + ": the format is ended; the disc can be overwritten at any time"
	case got.Status == "closed" && got.Erasable:
		return text + "; it takes nothing more before it is erased"
	case got.Status == "closed":
		return text + "; it takes nothing more"
	case got.NextWritable >= 0 && got.Session == "empty":
		return text + fmt.Sprintf("; the disc goes on at address %d", got.NextWritable)
	}
	return text
}

// outline shows what is going to happen, and what it costs.
func (s *session) outline(title string, steps, costs []string) {
	s.settle() // a new display begins below the question
	s.note("%s", title)
	for _, step := range steps {
		s.note("  %s", step)
	}
	if len(costs) > 0 {
		s.note("what it costs: %s", strings.Join(costs, "; "))
	}
}
