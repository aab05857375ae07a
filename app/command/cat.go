package command

import (
	"context"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"glassmaster/mastering/volume"
)

func (inv *invocation) catVerb() *cobra.Command {
	var o volume.Options
	var stream string
	c := &cobra.Command{
		Use:   "cat IMAGE [PATH...]",
		Short: "Print files of a disc on standard output",
		Long: `Print files of a disc on standard output, one after another, with nothing between
them. Paths are those that "ls" prints. With --stream, a named stream of the files
(UDF) is printed instead of their contents; "ls -a" lists the streams.

With --track and without PATH, the track itself is printed: an audio track as WAV, a data
track as the 2048 bytes of user data of each sector.`,
		Example: `  glassmaster cat holiday.iso notes/readme.txt
  glassmaster cat /dev/sr0 backup.tar | tar tf -
  glassmaster cat --track 3 album.cue | aplay`,
		Args: argCount(1, -1, "IMAGE PATH..."),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 1 && o.Track != 0 && stream == "":
				return inv.extractTrack(cmd.Context(), args[0], o.Track, "-", false)
			case len(args) == 1:
				return usagef("cat needs IMAGE PATH..., or --track N")
			}
			return inv.cat(cmd.Context(), args[0], args[1:], stream, o)
		},
	}
	c.Flags().StringVar(&stream, "stream", "", "print the named stream `NAME` of the files (default their contents)")
	inv.volumeFlags(c, &o)
	return c
}

func (inv *invocation) cat(ctx context.Context, image string, paths []string, stream string, o volume.Options) error {
	inv.piped = true
	src, vol, err := inv.openVolume(ctx, image, o)
	if err != nil {
		return err
	}
	defer src.Close()
	names := namesOf(vol, o)
	for _, p := range paths {
		if err := inv.catFile(ctx, vol, names.find(p), stream); err != nil {
			return fmt.Errorf("%s: %w", image, err)
		}
	}
	return nil
}

func (inv *invocation) catFile(ctx context.Context, vol volume.FS, path, stream string) error {
	open := func() (fs.File, error) { return vol.Open(path) }
	if stream != "" {
		x, ok := vol.(volume.Streamer)
		if !ok {
			return fmt.Errorf("print %s: the volume (%s) has no named streams", path, vol.Volume().Format)
		}
		open = func() (fs.File, error) { return x.OpenStream(path, stream) }
	}
	f, err := open()
	if err != nil && stream == "" {
		return notOnDisc(path, err)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return err
	} else if info.IsDir() {
		return fmt.Errorf("print %s: it is a folder", path)
	} else if a, ok := info.Sys().(*volume.Attributes); ok && a.Note != "" {
		inv.warn(fmt.Sprintf("%s: %s", path, a.Note))
	}
	_, err = io.CopyBuffer(inv.out, untilDone{ctx, f}, make([]byte, 1<<20))
	return err
}

// untilDone is a reader that returns an error when the context is cancelled.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}
