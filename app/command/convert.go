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
Of an image of several files, OUTPUT is the main one; a .bin file gets its .cue file
beside it, an .mdf file its .mds file. A name ending in .img, or in an unknown extension,
means a plain image (ISO); name the .ccd file for CloneCD. "-" writes to standard output.
IMAGE "-" is standard input: an ISO or UDF image, compressed or not. It is read once, so
--no-verify is needed.

What the format cannot hold is reported first: audio, sessions, sub-channels, CD-TEXT,
indexes, sectors without 2048 bytes of user data. Then nothing is written and the exit
code is 7, unless --force accepts the loss; zeros then take the place of sectors that
cannot be kept. EDC and ECC that are generated again, and sub-channels that say nothing but
the table of contents, are no loss.

The image is read back and compared with the source: the tracks, and every sector in the
form that the format holds. A format of whole sectors gets damaged ones as they are, which
is reported (exit code 6). Where the format holds only the data, it is corrected if the
ECC allows that; otherwise it is an error, unless --keep-going replaces such sectors by
zeros (exit code 3).

Other files of the image that exist already are not replaced without --force. The files
of IMAGE are never replaced.`,
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
	f.BoolVar(&o.perTrack, "per-track", false, "write a file for each track, where the format allows it")
	f.BoolVar(&o.force, "force", false, "accept what the format cannot hold, and replace existing files of the image")
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
