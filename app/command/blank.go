package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
)

func (s *session) blankVerb() *cobra.Command {
	var full, yes bool
	c := &cobra.Command{
		Use:   "blank [DRIVE]",
		Short: "Erase a rewritable disc",
		Long: `Erase a rewritable disc, so that it can be burned anew. The quick way makes the
disc look empty; --full goes over all of it, which takes as long as a burn.

On a terminal you are asked first. DRIVE may be left out where the machine has
only one.`,
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
	t, name, err := s.opener().Drive(ctx, name)
	if err != nil {
		return err
	}
	defer t.Close()
	if !yes {
		if err := s.ask(ctx, fmt.Sprintf("Erase everything on the disc in %s?", name)); err != nil {
			return err
		}
	}
	return s.erase(ctx, t, name, full)
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
