package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/drive/tray"
)

func (inv *invocation) ejectVerb() *cobra.Command {
	return &cobra.Command{
		Use:   "eject [DRIVE]",
		Short: "Open the tray of a drive",
		Long: `Open the tray of a drive, unless its disc is mounted or used by another program. DRIVE
can be left out if there is only one.`,
		Example: "  glassmaster eject /dev/sr0",
		Args:    argCount(0, 1, "[DRIVE]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inv.moveTray(cmd.Context(), first(args), true)
		},
	}
}

func (inv *invocation) loadVerb() *cobra.Command {
	return &cobra.Command{
		Use:   "load [DRIVE]",
		Short: "Close the tray of a drive",
		Long: `Close the tray of a drive that can do so, and wait until it has recognized the disc.
DRIVE can be left out if there is only one.`,
		Example: "  glassmaster load /dev/sr0",
		Args:    argCount(0, 1, "[DRIVE]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inv.moveTray(cmd.Context(), first(args), false)
		},
	}
}

// moved is the result of "eject" and "load", for --json.
type moved struct {
	Drive  string `json:"drive"`
	Medium string `json:"medium,omitempty"`
}

func (inv *invocation) moveTray(ctx context.Context, name string, open bool) (err error) {
	t, name, err := inv.openDrive(ctx, name)
	if err != nil {
		return err
	}
	defer closeDrive(t, name, &err)
	if err := scsi.Writable(t); err != nil {
		return fmt.Errorf("%s: the drive is open for reading only: %w", name, err)
	}
	if open {
		return inv.eject(ctx, t, name)
	}
	return inv.load(ctx, t, name)
}

func (inv *invocation) eject(ctx context.Context, t scsi.Transport, name string) error {
	if err := tray.EjectDisc(ctx, t); err != nil {
		err = fmt.Errorf("%s: %w", name, err)
		if errors.Is(err, tray.ErrLocked) {
			return advise(err, "end that program, or wait until it has finished")
		}
		return err
	}
	inv.data = moved{Drive: name}
	inv.note("%s: the tray is open", name)
	return nil
}

func (inv *invocation) load(ctx context.Context, t scsi.Transport, name string) error {
	p, err := tray.LoadDisc(ctx, t)
	switch {
	case errors.Is(err, read.ErrNoMedium):
		return fmt.Errorf("%s: %w", name, err)
	case err != nil:
		return advise(fmt.Errorf("%s: %w", name, err), "the trays of laptop drives and some others must be closed by hand")
	}
	inv.data = moved{Drive: name, Medium: p.String()}
	inv.note("%s: the tray is closed; the disc is a %v", name, p)
	return nil
}
