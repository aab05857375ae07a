package command

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"glassmaster/drive/job"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/units"
)

// converting contains the flags of "convert".
type converting struct {
	format          string
	perTrack        bool
	force, noVerify bool
	whole, keep     bool
}

func (inv *invocation) convertVerb() *cobra.Command {
	var o converting
	c := &cobra.Command{
		Use:   "convert IMAGE OUTPUT",
		Short: "Write a disc as an image of another format",
		Long: `Write a disc as an image file of another format. IMAGE can be any disc: an image file, a
drive, a folder or a compilation. The extension of OUTPUT, or --format, determines the
format: ` + strings.Join(image.Writable(), ", ") + `.
If an image consists of several files, OUTPUT is the main one: the .cue or .mds file is
written beside a .bin or .mdf file. A file name that ends in .img or in an unknown
extension selects a plain image (ISO); for CloneCD, name the .ccd file. "-" writes to
standard output. IMAGE "-" is standard input: an ISO or UDF image, compressed or not.
It can be read only once, so --no-verify is required.

What the format cannot hold is reported before anything is written: audio, sessions,
sub-channels, CD-TEXT, indexes, sectors without 2048 bytes of user data. In that case
nothing is written and the exit code is 7, unless --force accepts the loss; sectors that
cannot be kept are then replaced by zeros. EDC and ECC that can be generated again are no
loss, nor are sub-channels that only repeat the table of contents.

The image is read back and compared with the source: the tracks, and every sector in the
form that the format holds. If the format holds whole sectors, damaged sectors are copied
unchanged and reported (exit code 6). If it holds only user data, damaged sectors are
corrected by their ECC; those that cannot be corrected are an error, unless --keep-going
replaces them by zeros (exit code 3).

The other files of a new image replace existing files only with --force. The files of
IMAGE are never replaced.`,
		Example: `  glassmaster convert game.cue game.iso
  glassmaster convert --per-track album.nrg album.cue
  glassmaster convert disc.bin disc.chd`,
		Args: argCount(2, 2, "IMAGE OUTPUT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inv.convert(cmd.Context(), args[0], args[1], o)
		},
	}
	inv.sessionFlag(c)
	f := c.Flags()
	f.StringVar(&o.format, "format", "", "`FORMAT` of the image (default that of the file extension, or ISO)")
	f.BoolVar(&o.perTrack, "per-track", false, "write a file for each track, if the format allows it")
	f.BoolVar(&o.force, "force", false, "accept the loss of what the format cannot hold, and replace existing files of the image")
	f.BoolVar(&o.noVerify, "no-verify", false, "do not read the image back")
	f.BoolVar(&o.keep, "keep-going", false, "write zeros for sectors that cannot be read")
	f.BoolVar(&o.whole, "whole", false, "convert all sectors of a disc that is overwritten in place, not only those in use")
	offer(c, "format", image.Writable()...)
	return c
}

// converted is the result of "convert", for --json.
type converted struct {
	copied
	Format string   `json:"format"`
	Files  []string `json:"files,omitempty"`  // of the image
	Lost   []string `json:"lost,omitempty"`   // what the format cannot hold
	Faults *faults  `json:"faults,omitempty"` // damaged sectors, which were written as they are
}

func (inv *invocation) convert(ctx context.Context, from, to string, o converting) error {
	f, err := job.FormatFor(pathOf(to), o.format)
	if err != nil {
		return usage(err)
	}
	sink := inv.sinkOf(to, f, job.ImageOptions{NoVerify: o.noVerify, Force: o.force, Format: format.Options{FilePerTrack: o.perTrack}})
	src, err := inv.openForJob(ctx, from, source.Options{KeepGoing: o.keep, Whole: o.whole})
	if err != nil {
		return err
	}
	defer src.Close()
	remarks := inv.remarks(src)
	j, err := job.New(ctx, src, sink)
	if err != nil {
		return inv.refused(err)
	}
	plan := j.Plan()
	c := converted{Format: f.Name, Files: plan.Files, Lost: disc.Texts(plan.Loss)}
	inv.warnAll(plan.Notices)
	if len(plan.Loss) > 0 && !o.force {
		inv.data = c
		return lossy{f.Name}
	}
	r, err := j.Run(ctx, inv.report())
	if r.Written == 0 {
		return unwritten(to, unread(from, err))
	}
	if r.Corrected > 0 {
		inv.tellCorrected(src)
	}
	c.copied, c.Faults = copiedObject(to, plan, r, remarks), newFaults(r.Damaged)
	inv.data = c
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s: %s, %d sectors, %s%s", name(to), f.Name, r.Written, units.Size(c.Bytes), readBack(r))
	if len(plan.Loss) > 0 {
		text += ", without what the format cannot hold"
	}
	inv.note("%s", text)
	return notGood(name(to), r)
}

// refused adds a hint to the error of a job that cannot be planned.
func (inv *invocation) refused(err error) error {
	if errors.Is(err, job.ErrExists) {
		return advise(err, "use --force to replace it")
	}
	return err
}

// lossy is the error of an image that is not written because its format cannot hold
// everything on the disc.
type lossy struct{ format string }

func (l lossy) Error() string {
	return fmt.Sprintf("nothing was written: the format %s cannot hold everything on the disc", l.format)
}
