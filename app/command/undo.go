package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"glassmaster/app/terminal"
	"glassmaster/drive"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/journal"
	"glassmaster/mastering/units"
)

// undoing contains the flags of "undo".
type undoing struct{ discard, dry, yes bool }

func (inv *invocation) undoVerb() *cobra.Command {
	var o undoing
	c := &cobra.Command{
		Use:   "undo IMAGE",
		Short: "Take back the last change that was made to an image in its place",
		Long: `Take back the last update of an image file, that is, the last change that was made in its
place. What the update has overwritten is restored from the journal IMAGE.undo, and what
it has added after the end of the image is cut off. First it is shown when the update was
made, and what will be restored and cut off. On a terminal this must be confirmed.

An image that was written to since the update, or is a copy of the one that was updated,
is not changed. Only the last update can be taken back, and only once: the journal is
removed. --discard removes the journal, without which the update is final.

If an update was broken off, by a power failure for example, every verb rolls it back
first, from the journal IMAGE.update; "undo" then does no more than that.`,
		Example: `  glassmaster undo holiday.iso
  glassmaster undo --discard holiday.iso`,
		Args: argCount(1, 1, "IMAGE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inv.undo(cmd.Context(), args[0], o)
		},
	}
	f := c.Flags()
	f.BoolVar(&o.discard, "discard", false, "remove the journal, and leave the image as it is")
	f.BoolVar(&o.dry, "dry-run", false, "only show what would be taken back")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask for confirmation")
	return c
}

// undone is one file in the result of "undo", for --json.
type undone struct {
	Image    string `json:"image"`
	Journal  string `json:"journal"`
	Made     string `json:"made"`
	Size     int64  `json:"size_bytes"`
	Restored int64  `json:"restored_bytes"`
	Removed  int64  `json:"removed_bytes"`
	Done     string `json:"done"` // "taken back", "discarded", "nothing"
}

// String says what was, or can be, taken back.
func (u undone) String() string {
	return fmt.Sprintf("%s: updated %s; to restore: %s; to cut off at the end: %s of %s",
		name(u.Image), u.Made, units.Size(u.Restored), units.Size(u.Removed), units.Size(u.Size))
}

func (inv *invocation) undo(ctx context.Context, image string, o undoing) error {
	if drive.IsName(image) {
		return usagef("%s is a drive; \"undo\" takes back the last change of an image file. On a disc earlier sessions stay: \"burn --add --session N\" continues one of them", image)
	}
	rolledBack, notices, err := journal.Recover(image)
	inv.warnAll(notices)
	if err != nil || rolledBack {
		return err
	}
	files, err := inv.updated(ctx, image)
	if err != nil {
		return err
	}
	list := []undone{}
	for _, f := range files {
		u, err := inv.undoFile(ctx, f, o)
		if err != nil {
			return err
		}
		list = append(list, u)
	}
	return inv.answer(list, func(w *bufio.Writer) {
		for _, u := range list {
			if o.dry {
				fmt.Fprintln(w, terminal.Printable(u.String()))
			}
		}
	})
}

// updated returns the files of an image that have a journal.
func (inv *invocation) updated(ctx context.Context, image string) ([]string, error) {
	_, none := journal.StatusOf(image)
	if !errors.Is(none, journal.ErrNone) {
		return []string{image}, none
	}
	src, err := inv.openForJob(ctx, image, source.Options{})
	if err != nil {
		return nil, none
	}
	files := disc.Files(src.Disc)
	if err := src.Close(); err != nil {
		return nil, err
	}
	var list []string
	for _, f := range files {
		if _, err := journal.StatusOf(f); err == nil {
			list = append(list, f)
		}
	}
	if list == nil {
		return nil, none
	}
	return list, nil
}

// undoFile takes back the update of one file, or removes its journal.
func (inv *invocation) undoFile(ctx context.Context, path string, o undoing) (undone, error) {
	s, err := journal.StatusOf(path)
	if err != nil {
		return undone{}, err
	}
	u := undone{
		Image: path, Journal: s.Journal, Made: s.Made.Format(time.RFC3339), Size: s.Size,
		Restored: s.Overwritten, Removed: s.Size - s.Before, Done: "nothing",
	}
	if !o.dry {
		inv.note("%s", u)
	}
	switch {
	case o.discard:
		return inv.discard(ctx, u, o)
	case s.Refused != nil:
		return u, advise(fmt.Errorf("%s: %w", path, s.Refused), `"glassmaster undo --discard" removes the journal`)
	case o.dry:
		return u, nil
	case !o.yes:
		if err := inv.ask(ctx, "Take the update back?"); err != nil {
			return u, err
		}
	}
	if err := journal.Undo(ctx, path, inv.report()); err != nil {
		return u, err
	}
	inv.note("%s: the update was taken back", name(path))
	u.Done = "taken back"
	return u, nil
}

// discard removes the journal of a file.
func (inv *invocation) discard(ctx context.Context, u undone, o undoing) (undone, error) {
	if o.dry {
		return u, nil
	}
	if !o.yes {
		if err := inv.ask(ctx, "Remove the journal, so that the update can no longer be taken back?"); err != nil {
			return u, err
		}
	}
	if err := journal.Discard(u.Image); err != nil {
		return u, err
	}
	inv.note("%s: %s was removed; the update is final", name(u.Image), name(u.Journal))
	u.Done = "discarded"
	return u, nil
}
