package command

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"glassmaster/drive/job"
	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
	"glassmaster/mastering/units"
)

// reading contains the flags of "read".
type reading struct {
	output, format             string
	whole, keep, verify, force bool
}

func (inv *invocation) readVerb() *cobra.Command {
	var o reading
	c := &cobra.Command{
		Use:   "read DRIVE -o IMAGE",
		Short: "Read a disc into an image file",
		Long: `Read a disc into an image file. The file extension determines the format. "-o -"
writes the image to standard output. An image file appears under its name only when it
is complete. DRIVE can also be an image file, a folder or a compilation.

Of a disc that is overwritten in place (DVD+RW, DVD-RAM, BD-RE) only the part in use is
read: up to the end of the volume, its files and the partition tables. --whole reads all.

If the disc ends before its volume does, it is read as far as it goes, and the exit
code is 3. A sector that cannot be read is an error; with --keep-going zeros replace
it, and the exit code is 3. --verify reads the disc and the image again and compares
them.

What the format cannot hold is reported first. If contents would be lost, such as the audio
tracks of a disc that is read into an ISO image, nothing is written and the exit code is 7,
unless --force accepts that; formats such as CUE hold them.`,
		Example: `  glassmaster read /dev/sr0 -o copy.iso
  glassmaster read /dev/sr0 -o game.cue
  glassmaster read /dev/sr0 -o - | sha256sum`,
		Args: argCount(1, 1, "DRIVE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.output == "" {
				return usagef("read needs -o IMAGE")
			}
			if o.verify && o.output == "-" {
				return usagef("--verify needs an image file; name it with -o")
			}
			return inv.read(cmd.Context(), args[0], o)
		},
	}
	f := c.Flags()
	f.StringVarP(&o.output, "output", "o", "", "write the image to `FILE`; - is standard output")
	f.StringVar(&o.format, "format", "", "`FORMAT` of the image (default that of the file extension, or ISO)")
	f.BoolVar(&o.whole, "whole", false, "read all sectors of a disc that is overwritten in place, not only those in use")
	f.BoolVar(&o.keep, "keep-going", false, "write zeros for sectors that cannot be read")
	f.BoolVar(&o.force, "force", false, "accept what the format cannot hold, and replace existing files of the image")
	f.BoolVar(&o.verify, "verify", false, "read the image back and compare it with the disc")
	return c
}

// copied is the result of "read", for --json.
type copied struct {
	Output    string   `json:"output"`
	Sectors   int64    `json:"sectors"`
	Bytes     int64    `json:"bytes"`
	Seconds   float64  `json:"seconds"`
	Unused    int64    `json:"unused_sectors,omitempty"`    // after the part in use, not read
	Missing   int64    `json:"missing_sectors,omitempty"`   // that the volume should have
	Problem   string   `json:"volume_problem,omitempty"`    // why the file system cannot be opened
	Remarks   []string `json:"remarks,omitempty"`           // about the tracks
	Corrected int64    `json:"corrected_sectors,omitempty"` // whose damaged data was corrected by its ECC
	Verified  bool     `json:"verified,omitempty"`          // it was read back and is equal to the disc
	SHA256    string   `json:"sha256,omitempty"`
	Differs   *differs `json:"differs,omitempty"` // the first sector that could not be read, or is not equal
}

func (inv *invocation) read(ctx context.Context, from string, o reading) error {
	to, err := inv.imageSink(o.output, o.format, job.ImageOptions{NoVerify: !o.verify, Force: o.force})
	if err != nil {
		return err
	}
	src, err := inv.openForJob(ctx, from, source.Options{KeepGoing: o.keep, Whole: o.whole})
	if err != nil {
		return err
	}
	defer src.Close()
	remarks := inv.remarks(src)
	j, err := job.New(ctx, src, to)
	if err != nil {
		return inv.refused(err)
	}
	inv.warnAll(j.Plan().Notices)
	if j.Plan().Drops && !o.force {
		return lossy{"of the image"}
	}
	r, err := j.Run(ctx, inv.report())
	if r.Written == 0 {
		return unwritten(o.output, unread(from, err))
	}
	if r.Corrected > 0 {
		inv.tellCorrected(src)
	}
	done := copiedObject(o.output, j.Plan(), r, remarks)
	inv.data = done
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s: %d sectors, %s%s", name(o.output), r.Written, units.Size(done.Bytes), readBack(r))
	if p := j.Plan(); p.UsedBy != "" {
		text += fmt.Sprintf("; the disc has %d sectors, but only these are in use according to %s (--whole reads all)", r.Written+p.Unused, p.UsedBy)
	}
	inv.note("%s", text)
	return notGood(name(o.output), r)
}

func copiedObject(output string, p job.Plan, r job.Result, remarks []string) copied {
	c := copied{
		Output: output, Sectors: r.Written, Bytes: bytesOf(p.Files, r.Written), Seconds: r.Seconds, Unused: p.Unused,
		Remarks: remarks, Corrected: r.Corrected, Verified: r.Verified, SHA256: r.SHA256, Differs: difference(r.Mismatch),
	}
	if r.Short != nil {
		c.Missing = r.Short.Missing()
	}
	if r.Plan.Unopenable != nil {
		c.Problem = r.Plan.Unopenable.Error()
	}
	if c.Differs == nil {
		c.Differs = difference(r.Unread)
	}
	return c
}

// bytesOf returns the size of all files of an image, or that of the user data of its sectors if
// it was written to a stream.
func bytesOf(files []string, sectors int64) int64 {
	var sum int64
	for _, path := range files {
		info, err := os.Stat(path)
		if err != nil {
			return sectors * disc.SectorSize
		}
		sum += info.Size()
	}
	if sum == 0 {
		return sectors * disc.SectorSize
	}
	return sum
}

// tellCorrected reports how many sectors of a source were damaged and corrected.
func (inv *invocation) tellCorrected(src *source.Source) {
	count, first := disc.Corrected(src)
	if count == 0 {
		return
	}
	where := fmt.Sprintf("sector %d", first)
	if file := src.Locate(first); file != "" {
		where += fmt.Sprintf(" (%s)", file)
	}
	inv.warn(fmt.Sprintf("the data of %s of %s was damaged, and was corrected by its ECC; the first is %s", units.Count(count, "sector", "sectors"), src.Name, where))
}

// notGood returns the error of an image that was written from a source that is not
// good.
func notGood(output string, r job.Result) error {
	var bad, short error
	if r.Unread != nil {
		bad = fmt.Errorf("%s is written, with zeros for sectors that cannot be read: %w", output, r.Unread)
	}
	switch {
	case r.Short != nil:
		short = fmt.Errorf("%s is written as far as the disc goes, but %w", output, r.Short)
	case r.Plan.Unopenable != nil:
		short = damaged{fmt.Sprintf("%s is written, but its files cannot be found", output)}
	}
	switch {
	case bad != nil && short != nil:
		return fmt.Errorf("%w; and %w", bad, short)
	case bad != nil:
		return bad
	case short != nil:
		return short
	}
	return tolerated(output, r)
}

// unread returns the error of a disc that could not be read to its end.
func unread(from string, err error) error {
	err = fmt.Errorf("read %s: %w", from, err)
	if damaged := new(sector.DataError); errors.As(err, &damaged) {
		return advise(err, "\"glassmaster verify\" lists all damaged sectors; --keep-going writes zeros in their place, and a format of whole sectors keeps them as they are")
	}
	if key, _, _, ok := scsi.Code(err); ok && key == scsi.KeyMediumError {
		return advise(err, "clean the disc, or try another drive; --keep-going writes zeros for sectors that cannot be read")
	}
	return err
}
