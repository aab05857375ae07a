package command

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"glassmaster/drive/job"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

// saveAs writes an edited disc as a new image.
func (inv *invocation) saveAs(ctx context.Context, src *source.Source, changed disc.Disc, d *edited, o editing) error {
	f, err := formatOfRepair(src, repairing{output: o.output, format: o.format})
	if err != nil {
		return usage(err)
	}
	return inv.writeEdited(ctx, src, changed, job.ImageFile(o.output, f, job.ImageOptions{NoVerify: !o.verify, Force: o.force}), d, o.force)
}

// writeEdited writes an edited disc into an image file.
func (inv *invocation) writeEdited(ctx context.Context, src *source.Source, changed disc.Disc, to job.Sink, d *edited, force bool) error {
	edited := &source.Source{Disc: changed, Name: src.Name, Kind: src.Kind, Format: src.Format, Locate: func(disc.LBA) string { return "" }}
	j, err := job.New(ctx, edited, to)
	if err != nil {
		return inv.refused(err)
	}
	inv.warnAll(j.Plan().Notices)
	if len(j.Plan().Loss) > 0 && !force {
		return lossy{src.Format}
	}
	r, err := j.Run(ctx, inv.report())
	if err != nil {
		return err
	}
	written := name(cmp.Or(d.Output, d.Image))
	inv.note("%s: %s, %s%s", written, d.summary(), units.Size(d.After), readBack(r))
	return notGood(written, r)
}

// rewrite writes an edited disc into a folder beside the image, in the format of the image,
// and reads it back. Then its files replace those of the image.
func (inv *invocation) rewrite(ctx context.Context, src *source.Source, changed disc.Disc, d *edited, noVerify bool) error {
	path, err := filepath.EvalSymlinks(src.Name)
	if err != nil {
		return fmt.Errorf("rewrite the image: %w", err)
	}
	info, err := writable(path)
	if err != nil {
		return fmt.Errorf("rewrite the image: %w", err)
	}
	f, err := job.FormatFor(path, src.Format)
	if err != nil {
		return advise(err, "use -o NEW.iso")
	}
	beside, err := os.MkdirTemp(filepath.Dir(path), ".glassmaster-")
	if err != nil {
		return fmt.Errorf("make a folder beside the image: %w", err)
	}
	defer os.RemoveAll(beside)
	to := job.ImageFile(filepath.Join(beside, filepath.Base(path)), f, job.ImageOptions{NoVerify: noVerify})
	if err := inv.writeEdited(ctx, src, changed, to, d, false); err != nil {
		return err
	}
	if err := src.Close(); err != nil { // Windows does not replace files that are open
		return err
	}
	if err := d.unchanged(); err != nil {
		return err
	}
	if err := replaceFiles(beside, filepath.Dir(path), filepath.Base(path), info.Mode().Perm()); err != nil {
		return err
	}
	return discardJournal(path)
}

// writable returns the properties of a file, or an error if the user may not write to it:
// then it is not replaced either.
func writable(path string) (os.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Stat()
}

// imageFiles returns the properties of the files of an image, by their paths.
func imageFiles(src *source.Source) map[string]os.FileInfo {
	list := map[string]os.FileInfo{}
	for _, path := range disc.Files(src.Disc) {
		if info, err := os.Stat(path); err == nil {
			list[path] = info
		}
	}
	return list
}

// unchanged returns an error if another program has changed a file of the image since it was
// opened.
func (d *edited) unchanged() error {
	for path, was := range d.files {
		now, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("replace the image: %w", err)
		}
		if !os.SameFile(was, now) || was.Size() != now.Size() || !was.ModTime().Equal(now.ModTime()) {
			return fmt.Errorf("%s was changed by another program while it was edited, and is not replaced: edit it again", name(path))
		}
	}
	return nil
}

// replaceFiles moves the files of a folder to another one, the main one last, and gives
// them the permissions of the image.
func replaceFiles(from, to, main string, mode os.FileMode) error {
	list, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	var names []string
	for _, e := range list {
		if e.Name() != main {
			names = append(names, e.Name())
		}
	}
	for _, n := range append(names, main) {
		if err := os.Chmod(filepath.Join(from, n), mode); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(from, n), filepath.Join(to, n)); err != nil {
			return fmt.Errorf("the new image was written, but could not replace the old one: %w", err)
		}
	}
	return nil
}
