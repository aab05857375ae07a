package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"glassmaster/app/terminal"
	"glassmaster/mastering/extract"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/volume"
)

func (s *session) extractVerb() *cobra.Command {
	var dir, existing string
	var which volume.Options
	var owners, boot bool
	c := &cobra.Command{
		Use:   "extract IMAGE [PATH...]",
		Short: "Copy files of a disc into a folder",
		Long: `Copy files and folders of a disc, or all of it, into a folder of this machine, with
their times, permissions and links. Nothing is written outside of the folder,
whatever the disc says. Device nodes are left out, and set-user-ID bits dropped.`,
		Example: `  glassmaster extract holiday.iso -C /tmp/holiday
  glassmaster extract /dev/sr0 pictures/2026 notes.txt -C .`,
		Args: wanted(1, -1, "IMAGE [PATH...]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if boot {
				if len(args) > 1 {
					return usagef("--boot copies all boot images: name no PATH")
				}
				return s.extractBoot(cmd.Context(), args[0], dir, which)
			}
			o := extract.Options{Owners: owners}
			for _, p := range args[1:] {
				o.Paths = append(o.Paths, onDisc(p))
			}
			kinds := map[string]extract.Existing{"refuse": extract.Refuse, "replace": extract.Replace, "keep": extract.Keep}
			var ok bool
			if o.Existing, ok = kinds[existing]; !ok {
				return usagef("--existing is refuse, replace or keep, not %q", existing)
			}
			return s.extract(cmd.Context(), args[0], dir, which, o)
		},
	}
	f := c.Flags()
	f.StringVarP(&dir, "directory", "C", ".", "copy into this `FOLDER`, which is made if need be")
	f.StringVar(&existing, "existing", "refuse", "what happens to files that are there already: refuse, replace or keep")
	f.BoolVar(&owners, "owners", false, "give files the user and group of the disc (for root)")
	f.BoolVar(&boot, "boot", false, "copy the boot images (El Torito) instead of files")
	volumeFlags(c, &which)
	offer(c, "existing", "refuse", "replace", "keep")
	return c
}

// extracted is what "extract" did, for a program.
type extracted struct {
	Folder    string          `json:"folder"`
	Files     int64           `json:"files"`
	Folders   int64           `json:"folders"`
	Symlinks  int64           `json:"symlinks"`
	HardLinks int64           `json:"hard_links"`
	Bytes     int64           `json:"bytes"`
	Failed    int64           `json:"failed"`
	Notes     []extractedNote `json:"notes,omitempty"`
}

// extractedNote is one thing that differs in the folder from the disc.
type extractedNote struct {
	Path  string `json:"path"`
	Text  string `json:"text"`
	Error bool   `json:"error"` // it is not in the folder
}

func (s *session) extract(ctx context.Context, image, dir string, which volume.Options, o extract.Options) error {
	src, vol, err := s.openVolume(ctx, image, which)
	if err != nil {
		return err
	}
	defer src.Close()
	r, err := extract.Extract(ctx, vol, dir, o, s.report())
	s.data = extractObject(dir, r)
	if err != nil {
		err = fmt.Errorf("%s: %w", image, err)
		if r.Failed > 0 && r.Files+r.Folders+r.Links > 0 && !errors.Is(err, context.Canceled) {
			return incomplete{err.Error()}
		}
		return err
	}
	s.note("%s", extractSummary(dir, r))
	return nil
}

func extractObject(dir string, r extract.Report) extracted {
	e := extracted{
		Folder: dir, Files: r.Files, Folders: r.Folders, Symlinks: r.Links,
		HardLinks: r.HardLinks, Bytes: r.Bytes, Failed: r.Failed,
	}
	for _, n := range r.Notes {
		e.Notes = append(e.Notes, extractedNote(n))
	}
	return e
}

func extractSummary(dir string, r extract.Report) string {
	parts := []string{counted(int(r.Files), "file"), counted(int(r.Folders), "folder")}
	if r.Links > 0 {
		parts = append(parts, counted(int(r.Links), "link"))
	}
	return fmt.Sprintf("%s: %s, %s", dir, strings.Join(parts, ", "), terminal.Size(r.Bytes))
}

// extractBoot copies the boot images of a disc into a folder. None is written
// over.
func (s *session) extractBoot(ctx context.Context, image, dir string, which volume.Options) error {
	src, vol, err := s.openVolume(ctx, image, which)
	if err != nil {
		return err
	}
	defer src.Close()
	b := bootableOf(src, vol, which)
	if b == nil {
		return fmt.Errorf("%s: a %s volume has no boot images", image, vol.Volume().Format)
	}
	all, err := b.BootImages()
	if err != nil {
		return fmt.Errorf("%s: %w", image, err)
	}
	if len(all) == 0 {
		return fmt.Errorf("%s: the disc has no boot images", image)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("extract: make the folder: %w", err)
	}
	for i, e := range all {
		f := b.OpenBootImage(e)
		info, err := f.Stat()
		if err != nil {
			return err
		}
		to := filepath.Join(dir, fmt.Sprintf("%d-%s", i+1, filepath.Base(info.Name())))
		if _, err := os.Lstat(to); err == nil {
			return fmt.Errorf("extract: %s is there already", to)
		}
		err = newfile.Write(to, func(w *os.File) error {
			_, err := io.Copy(w, f)
			return err
		})
		if err != nil {
			return fmt.Errorf("extract boot image %d: %w", i+1, err)
		}
		s.note("%s: %v, %s", to, e.Platform, terminal.Size(e.Length))
	}
	return nil
}
