package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"glassmaster/drive"
	"glassmaster/drive/job"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

// copying contains the flags of "copy".
type copying struct {
	burning
	temp string // folder of the temporary image; empty: the cache folder of the user
}

func (inv *invocation) copyVerb() *cobra.Command {
	var o copying
	c := &cobra.Command{
		Use:   "copy DRIVE [DRIVE...]",
		Short: "Copy a disc",
		Long: `Copy the disc in the first drive to a disc in each of the others, without a temporary
image, as "burn" does.

With one drive, the disc is first read into a temporary image that holds everything of it:
an ISO image, or whole sectors and sub-channels for a CD with more than one data track.
Then the tray opens, and a blank disc is asked for; without a terminal, the program waits
until another disc is in the drive. The copy is compared with the image, which is removed
at the end.

A sector that cannot be read is an error; with --keep-going zeros replace it, and the exit
code is 6.`,
		Example: `  glassmaster copy /dev/sr0
  glassmaster copy /dev/sr0 /dev/sr1
  glassmaster copy /dev/sr0 --copies 3 --temp /var/tmp`,
		Args: argCount(1, -1, "DRIVE [DRIVE...]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inv.copyDisc(cmd.Context(), args[0], args[1:], o)
		},
	}
	o.register(c)
	f := c.Flags()
	f.BoolVar(&o.Force, "force", false, "copy a disc that is incomplete")
	f.BoolVar(&o.keep, "keep-going", false, "write zeros for sectors that cannot be read")
	f.StringVar(&o.temp, "temp", "", "`FOLDER` of the temporary image (default the cache folder)")
	return c
}

func (inv *invocation) copyDisc(ctx context.Context, from string, to []string, o copying) (err error) {
	if err := o.check(false); err != nil {
		return err
	}
	if !drive.IsName(from) {
		return advise(usagef("%s is no drive", from), `"glassmaster burn" burns image files and folders`)
	}
	if len(to) > 1 || len(to) == 1 && drive.Identity(to[0]) != drive.Identity(from) {
		return inv.burn(ctx, from, to, o.burning)
	}
	image, read, err := inv.readTemp(ctx, from, o)
	if image != nil {
		defer image.Remove()
	}
	if err != nil {
		return err
	}
	src, err := inv.openForJob(ctx, image.Path, source.Options{Force: o.Force})
	if err != nil {
		return err
	}
	defer src.Close()
	src.Name, src.Kind = "the disc of "+from, "drive"
	b := &burner{inv: inv, src: src, o: o.burning, flaws: &read}
	if err := b.open(ctx, []string{from}); err != nil {
		return err
	}
	defer b.close(&err)
	return b.run(ctx)
}

// readTemp reads the disc in a drive into a temporary image. The caller removes the image,
// also after an error.
func (inv *invocation) readTemp(ctx context.Context, from string, o copying) (*job.TempImage, job.Result, error) {
	var none job.Result
	src, err := inv.openForJob(ctx, from, source.Options{KeepGoing: o.keep, Force: o.Force})
	if err != nil {
		return nil, none, err
	}
	defer src.Close()
	folder := o.temp
	if folder == "" {
		if folder, err = os.UserCacheDir(); err != nil {
			return nil, none, advise(fmt.Errorf("find the cache folder: %w", err), "name a folder for the temporary image with --temp")
		}
		folder = filepath.Join(folder, "glassmaster")
	}
	image, err := job.NewTempImage(ctx, src, folder)
	if err != nil {
		return nil, none, err
	}
	j, err := job.New(ctx, src, image.Sink())
	if err != nil {
		return image, none, inv.refused(err)
	}
	inv.warnAll(j.Plan().Notices)
	if j.Plan().Drops && !o.AcceptLoss {
		return image, none, advise(lossy{"of the temporary image"}, "use --accept-loss to copy it without that")
	}
	inv.note("%s (%s) -> temporary image in %s: %s", from, units.Size(j.Plan().Sectors*disc.SectorSize), folder, image.Format)
	r, err := j.Run(ctx, inv.report())
	if err != nil {
		return image, none, unread(from, err)
	}
	if r.Corrected > 0 {
		inv.tellCorrected(src)
	}
	if r.Unread != nil {
		inv.warn(fmt.Sprintf("the copy will have zeros in place of what cannot be read: %v", r.Unread))
	}
	return image, r, nil
}
