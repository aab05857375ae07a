package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"glassmaster/app/terminal"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/newfile"
)

func (s *session) readVerb() *cobra.Command {
	var output, format string
	c := &cobra.Command{
		Use:   "read DRIVE -o IMAGE",
		Short: "Read a disc into an image file",
		Long: `Read a disc into an image file, whose format its name tells. "-o -" writes the
image to standard output. The image appears under its name only when it is
complete. In place of a drive any other disc may stand: then its image is
converted.`,
		Example: `  glassmaster read /dev/sr0 -o copy.iso
  glassmaster read /dev/sr0 -o - | sha256sum`,
		Args: wanted(1, 1, "DRIVE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if output == "" {
				return usagef("read needs -o IMAGE")
			}
			return s.read(cmd.Context(), args[0], output, format)
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "", "write the image to `FILE`; - is standard output")
	c.Flags().StringVar(&format, "format", "", "write an image of this `FORMAT` (default what the name of the file tells, else ISO)")
	return c
}

func (s *session) read(ctx context.Context, from, output, wanted string) error {
	s.piped = output == "-"
	format, err := formatFor(output, wanted)
	if err != nil {
		return err
	}
	src, err := s.openSource(ctx, from)
	if err != nil {
		return err
	}
	defer src.Close()
	if err := s.missing(src.Problems, false); err != nil {
		return err
	}
	began := time.Now()
	if s.piped {
		err = format.Write(ctx, s.out, src.Disc, s.report())
	} else {
		err = newfile.Write(output, func(f *os.File) error {
			return format.Write(ctx, f, src.Disc, s.report())
		})
	}
	if err != nil {
		return unwritten(output, fmt.Errorf("read %s: %w", from, err))
	}
	n := disc.Sectors(src.Disc)
	s.data = built{Output: output, Sectors: n, Bytes: n * disc.SectorSize, Seconds: time.Since(began).Seconds()}
	s.note("%s: %d sectors, %s", name(output), n, terminal.Size(n*disc.SectorSize))
	return nil
}

// formatFor chooses the format of an image that is to be written.
func formatFor(output, wanted string) (image.Format, error) {
	name := wanted
	if name == "" {
		name = filepath.Ext(output)
	}
	if name == "" || output == "-" && wanted == "" {
		name = "iso"
	}
	f, ok := image.ByName(name)
	if !ok || f.Write == nil {
		var can []string
		for _, f := range image.Formats() {
			if f.Write != nil {
				can = append(can, f.Name)
			}
		}
		return f, usagef("cannot write an image of format %q; --format takes one of %v", name, can)
	}
	return f, nil
}
