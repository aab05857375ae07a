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

func (s *session) blankVerb() *cobra.Command {
	var full, yes bool
	c := &cobra.Command{
		Use:   "blank [DRIVE]",
		Short: "Erase a rewritable disc",
		Long: `Erase a rewritable disc, so that it can be burned anew. The quick way makes the
disc look empty; --full goes over all of it, which takes as long as a burn. What
has become of the disc is looked at in the end.

On a terminal, what is on the disc is shown and you are asked. DRIVE may be left out
where the machine has only one.`,
		Example: `  glassmaster blank /dev/sr0
  glassmaster blank --full --yes`,
		Args: wanted(0, 1, "[DRIVE]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.blank(cmd.Context(), first(args), full, yes)
		},
	}
	c.Flags().BoolVar(&full, "full", false, "erase the whole disc, not only its beginning")
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return c
}

func (s *session) blank(ctx context.Context, name string, full, yes bool) error {
	t, name, err := s.openDrive(ctx, name)
	if err != nil {
		return err
	}
	defer t.Close()
	if err := scsi.Writable(t); err != nil { // told now, and not after the question
		return fmt.Errorf("%s: the drive can only be read now: %w", name, err)
	}
	if !yes {
		c, err := record.LookInto(ctx, t)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := s.ask(ctx, fmt.Sprintf("The disc in %s holds %s. Erase it?", name, holding(c))); err != nil {
			return err
		}
	}
	return s.erase(ctx, t, name, full)
}

// holding names for people what is on a disc: "the ISO 9660 volume "HOLIDAY" of
// 312 MB, made 2026-05-01".
func holding(c record.Contents) string {
	text := c.String()
	if !c.Data {
		return text
	}
	if c.Sectors > 0 && c.Format != "" {
		text += " of " + units.Size(c.Sectors*disc.SectorSize)
	}
	if !c.Created.IsZero() {
		text += ", made " + c.Created.Format("2006-01-02")
	}
	if c.Sessions > 1 {
		text += ", and " + units.Count(c.Sessions-1, "older session", "older sessions")
	}
	return text
}

// blanked is what "blank" did, for a program.
type blanked struct {
	Drive string `json:"drive"`
}

func (s *session) erase(ctx context.Context, t scsi.Transport, name string, full bool) error {
	if err := record.Blank(ctx, t, full, s.report()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s.data = blanked{Drive: name}
	s.note("%s: the disc is blank", name)
	return nil
}
