package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/units"
	"glassmaster/mastering/verify"
	"glassmaster/mastering/volume"
)

// reading are the flags of "read".
type reading struct {
	output, format string
	whole, keep    bool
}

func (s *session) readVerb() *cobra.Command {
	var o reading
	c := &cobra.Command{
		Use:   "read DRIVE -o IMAGE",
		Short: "Read a disc into an image file",
		Long: `Read a disc into an image file, whose format its name tells. "-o -" writes the
image to standard output. The image appears under its name only when it is
complete. In place of a drive any other disc may stand: then its image is
converted.

Of a disc that is overwritten in place (DVD+RW, DVD-RAM, BD-RE) only what is in use is
read: as far as the volume, its files and partition tables reach. --whole reads all.

A disc that holds less than its volume says is read as far as it goes, and the command
says what is missing and ends with exit code 3. A sector that cannot be read ends the
work, unless --keep-going is given: then zeros stand for it, and the exit code is 3.`,
		Example: `  glassmaster read /dev/sr0 -o copy.iso
  glassmaster read /dev/sr0 -o - | sha256sum`,
		Args: wanted(1, 1, "DRIVE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.output == "" {
				return usagef("read needs -o IMAGE")
			}
			return s.read(cmd.Context(), args[0], o)
		},
	}
	f := c.Flags()
	f.StringVarP(&o.output, "output", "o", "", "write the image to `FILE`; - is standard output")
	f.StringVar(&o.format, "format", "", "write an image of this `FORMAT` (default what the name of the file tells, else ISO)")
	f.BoolVar(&o.whole, "whole", false, "read all of a disc that is overwritten in place, not only what is in use")
	f.BoolVar(&o.keep, "keep-going", false, "write zeros for sectors that cannot be read, and go on")
	return c
}

// copied is what "read" did, for a program.
type copied struct {
	Output  string   `json:"output"`
	Sectors int64    `json:"sectors"`
	Bytes   int64    `json:"bytes"`
	Seconds float64  `json:"seconds"`
	Unused  int64    `json:"unused_sectors,omitempty"`  // behind what is in use, not read
	Missing int64    `json:"missing_sectors,omitempty"` // that the volume lays claim to
	Problem string   `json:"volume_problem,omitempty"`  // why the file system cannot be opened
	Remarks []string `json:"remarks,omitempty"`         // what the disc does not show of its tracks
	Differs *differs `json:"differs,omitempty"`         // the first sector that could not be read
}

func (s *session) read(ctx context.Context, from string, o reading) error {
	s.piped = o.output == "-"
	format, err := formatFor(o.output, o.format)
	if err != nil {
		return err
	}
	src, err := s.openSource(ctx, from)
	if err != nil {
		return err
	}
	defer src.Close()
	if err := s.missing(src.Missing(), false); err != nil {
		return err
	}
	c := copied{Output: o.output, Remarks: s.remarks(src)}
	if e := verify.Opens(ctx, src.Disc); e != nil {
		c.Problem = e.Error()
		s.warn(fmt.Sprintf("the files of %s cannot be found: %v", from, e))
	}
	d, by := src.Disc, ""
	if !o.whole {
		d, by = read.Used(ctx, d)
	}
	c.Sectors = disc.Sectors(d)
	c.Bytes, c.Unused = c.Sectors*disc.SectorSize, disc.Sectors(src.Disc)-c.Sectors
	salvage := read.NewSalvage(d)
	if o.keep {
		d = salvage
	}
	began := time.Now()
	for _, n := range format.Loss(d.TOC()) {
		s.warn(n.String())
	}
	out := newfile.NewSet(o.output)
	if s.piped {
		out = newfile.NewStream(s.out)
	}
	defer out.Discard()
	if err = format.Create(ctx, out, d, s.report()); err == nil {
		err = out.Commit()
	}
	if err != nil {
		return unwritten(o.output, unread(from, err))
	}
	c.Seconds = time.Since(began).Seconds()
	if len(src.Disc.TOC().Sessions) > 1 && !s.piped {
		s.hidden(o.output)
	}
	return s.copied(ctx, c, src, by, salvage)
}

// hidden warns of a session that the disc shows, and an image file of it does not: one
// that is dated before that in front of it passes for what is left of an older disc.
func (s *session) hidden(output string) {
	f, err := os.Open(output)
	if err != nil {
		return
	}
	defer f.Close()
	i, err := f.Stat()
	if err != nil {
		return
	}
	list := volume.FindSessions(f, i.Size(), false)
	if n := len(list); n > 0 && list[n-1].Remnant != 0 {
		s.warn(fmt.Sprintf("%s does not show the session from sector %d on, as the disc does: it is dated before the one in front of it, and an image file does not tell what is a session",
			name(output), list[n-1].Remnant))
	}
}

// copied says what was read, and what of the disc is not in the image.
func (s *session) copied(ctx context.Context, c copied, src *source.Source, by string, salvage *read.Salvage) error {
	text := fmt.Sprintf("%s: %d sectors, %s", name(c.Output), c.Sectors, units.Size(c.Bytes))
	if by != "" {
		text += fmt.Sprintf("; that is what is in use of %d, as %s says: --whole reads all", c.Sectors+c.Unused, by)
	}
	s.note("%s", text)
	var bad, short error
	if n, first, err := salvage.Bad(); n > 0 {
		m := &verify.Mismatch{LBA: first, File: src.Locate(first), Err: err, Count: n}
		c.Differs = difference(m)
		bad = fmt.Errorf("%s is written, with zeros for what cannot be read: %w", name(c.Output), m)
	}
	var lacks *verify.TruncatedError
	if by != "" {
		// The disc is longer than its volume.
	} else if err := verify.Complete(ctx, src.Disc, src.Name); errors.As(err, &lacks) {
		c.Missing = lacks.Missing()
		short = fmt.Errorf("%s is written as far as the disc goes, but %w", name(c.Output), lacks)
	}
	if c.Problem != "" && short == nil {
		short = damaged{fmt.Sprintf("%s is written, but its files cannot be found", name(c.Output))}
	}
	s.data = c
	switch {
	case bad == nil:
		return short
	case short == nil:
		return bad
	}
	return fmt.Errorf("%w; and %w", bad, short)
}

// unread is the error of a disc that could not be read to its end.
func unread(from string, err error) error {
	err = fmt.Errorf("read %s: %w", from, err)
	if key, _, _, ok := scsi.Code(err); ok && key == scsi.KeyMediumError {
		return advise(err, "clean the disc, or try another drive; --keep-going writes zeros for what cannot be read")
	}
	return err
}
