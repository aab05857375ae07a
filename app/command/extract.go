package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"glassmaster/app/terminal"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/extract"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/units"
	"glassmaster/mastering/volume"
)

func (inv *invocation) extractVerb() *cobra.Command {
	var dir, existing, output string
	var which volume.Options
	var owners, boot bool
	c := &cobra.Command{
		Use:   "extract IMAGE [PATH...]",
		Short: "Copy files of a disc into a folder",
		Long: `Copy files and folders, or the whole disc, into a folder, with times, permissions and
links. Nothing is written outside this folder, whatever is on the disc. Device nodes
are left out, and set-user-ID bits are dropped.

Names keep the bytes of the disc; with --charset, names that are not in Unicode
become UTF-8. Control characters, and characters that change the text direction, are
written as \x1b for each byte. Every changed name is reported.

--boot copies the boot images (El Torito) instead, under their numbers and
names.

--track N -o FILE writes the track itself to a file, from index 1 to its end: an audio
track as WAV, or as samples without a header if FILE ends in .bin, with the pre-gap of the next
track; a data track as the 2048 bytes of user data of each sector, or as whole sectors of 2352
bytes if FILE ends in .bin.`,
		Example: `  glassmaster extract holiday.iso -C /tmp/holiday
  glassmaster extract /dev/sr0 pictures/2026 notes.txt -C .
  glassmaster extract --boot debian.iso -C /tmp/boot
  glassmaster extract --track 2 album.cue -o song.wav`,
		Args: argCount(1, -1, "IMAGE [PATH...]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if output != "" {
				if which.Track == 0 || len(args) > 1 || owners || boot || cmd.Flags().Changed("directory") {
					return usagef("-o writes one track to a file: it needs --track N, and no PATH, --boot, --owners or -C")
				}
				return inv.extractTrack(cmd.Context(), args[0], which.Track, output, existing == "replace")
			}
			if boot {
				if len(args) > 1 || owners || cmd.Flags().Changed("existing") {
					return usagef("--boot copies all boot images and replaces no files: it cannot be combined with PATH, --owners or --existing")
				}
				return inv.extractBoot(cmd.Context(), args[0], dir, which)
			}
			o := extract.Options{Owners: owners, Charset: which.Charset}
			o.Paths = args[1:]
			kinds := map[string]extract.Existing{"refuse": extract.Refuse, "replace": extract.Replace, "keep": extract.Keep, "both": extract.Both}
			var ok bool
			if o.Existing, ok = kinds[existing]; !ok {
				return usagef("--existing is refuse, replace, keep or both, not %q", existing)
			}
			return inv.extract(cmd.Context(), args[0], dir, which, o)
		},
	}
	f := c.Flags()
	f.StringVarP(&dir, "directory", "C", ".", "copy into `FOLDER`, which is created if necessary")
	f.StringVarP(&output, "output", "o", "", "write the track of --track to `FILE`; - is standard output")
	f.StringVar(&existing, "existing", "refuse", "what to do with existing files, `KIND`: refuse, replace, keep or both (the new one gets another name)")
	f.BoolVar(&owners, "owners", false, "set the owners and groups stored on the disc (needs root)")
	f.BoolVar(&boot, "boot", false, "copy the boot images instead of files")
	inv.volumeFlags(c, &which)
	offer(c, "existing", "refuse", "replace", "keep", "both")
	return c
}

// extracted is the result of "extract", for --json.
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

// extractedNote is a difference between the folder and the disc.
type extractedNote struct {
	Path      string `json:"path"`
	PathBytes []byte `json:"path_bytes,omitempty"` // if they differ from those of path
	Text      string `json:"text"`
	Error     bool   `json:"error"` // it could not be extracted
}

func (inv *invocation) extract(ctx context.Context, image, dir string, which volume.Options, o extract.Options) error {
	src, vol, err := inv.openVolume(ctx, image, which)
	if err != nil {
		return err
	}
	defer src.Close()
	names := namesOf(vol, which)
	for i, p := range o.Paths {
		o.Paths[i] = names.find(p)
	}
	r, err := extract.Extract(ctx, vol, dir, o, inv.report())
	inv.data = names.extracted(dir, r)
	if err != nil {
		existing, illegal := errors.Is(err, fs.ErrExist), errors.Is(err, syscall.EILSEQ)
		err = fmt.Errorf("%s: %w", image, err)
		if r.Failed > 0 && r.Files+r.Folders+r.Links > 0 && !errors.Is(err, context.Canceled) {
			err = incomplete{err.Error()}
		}
		if illegal {
			err = advise(err, "the folder only accepts names in Unicode: set the character set of the names on the disc with --charset NAME")
		}
		if existing {
			err = advise(err, "use --existing replace to replace existing files, --existing keep to keep them, or --existing both to extract the new files under other names")
		}
		return err
	}
	inv.note("%s", extractSummary(dir, r))
	return nil
}

func (n *shownNames) extracted(dir string, r extract.Report) extracted {
	e := extracted{
		Folder: dir, Files: r.Files, Folders: r.Folders, Symlinks: r.Links,
		HardLinks: r.HardLinks, Bytes: r.Bytes, Failed: r.Failed,
	}
	for _, note := range r.Notices {
		o := extractedNote{Text: terminal.Valid(note.Text), Error: note.Severity == disc.Error}
		o.Path, o.PathBytes = n.forProgram([]byte(note.Path))
		e.Notes = append(e.Notes, o)
	}
	return e
}

func extractSummary(dir string, r extract.Report) string {
	parts := []string{units.Count(r.Files, "file", "files"), units.Count(int(r.Folders), "folder", "folders")}
	if r.Links > 0 {
		parts = append(parts, units.Count(r.Links, "link", "links"))
	}
	return fmt.Sprintf("%s: %s, %s", dir, strings.Join(parts, ", "), units.Size(r.Bytes))
}

// bootExtracted is the result of "extract --boot", for --json.
type bootExtracted struct {
	Folder string       `json:"folder"`
	Images []copiedBoot `json:"boot_images"`
}

type copiedBoot struct {
	File     string `json:"file"` // in the folder
	Platform string `json:"platform"`
	LBA      int64  `json:"lba"`
	Bytes    int64  `json:"bytes"`
}

// extractBoot copies the boot images of a disc into a folder. It does not replace files.
func (inv *invocation) extractBoot(ctx context.Context, image, dir string, which volume.Options) error {
	src, vol, err := inv.openVolume(ctx, image, which)
	if err != nil {
		return err
	}
	defer src.Close()
	b := bootVolume(ctx, src, vol, which)
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
		return fmt.Errorf("extract: create the folder: %w", err)
	}
	done := bootExtracted{Folder: dir}
	for i, e := range all {
		to, err := copyBoot(ctx, b.OpenBootImage(e), dir, i+1)
		if err != nil {
			return fmt.Errorf("%s: extract boot image %d: %w", image, i+1, err)
		}
		done.Images = append(done.Images, copiedBoot{filepath.Base(to), e.Platform.Description(), int64(e.LBA), e.Length})
		inv.data = done
		inv.note("%s: %v, %s", to, e.Platform.Description(), units.Size(e.Length))
	}
	return nil
}

// copyBoot copies a boot image into a folder, named by its number and name.
func copyBoot(ctx context.Context, f fs.File, dir string, number int) (string, error) {
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	to := filepath.Join(dir, extract.HostName(fmt.Sprintf("%d-%s", number, filepath.Base(info.Name()))))
	if _, err := os.Lstat(to); err == nil {
		return "", fmt.Errorf("%s already exists", to)
	}
	return to, newfile.Write(to, func(w *os.File) error {
		_, err := io.Copy(w, untilDone{ctx, f})
		return err
	})
}
