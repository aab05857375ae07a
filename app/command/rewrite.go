package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"glassmaster/drive/job"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/units"
)

// saveAs writes an edited disc as a new image.
func (inv *invocation) saveAs(ctx context.Context, src *source.Source, changed disc.Disc, d *edited, o editing) error {
	f, err := formatOfRepair(src, repairing{output: o.output, format: o.format})
	if err != nil {
		return usage(err)
	}
	r, err := inv.writeEdited(ctx, src, changed, job.ImageFile(o.output, f, job.ImageOptions{NoVerify: !o.verify, Force: o.force}), o.force)
	if err != nil {
		return err
	}
	inv.saved(o.output, d, r)
	return notGood(name(o.output), r)
}

// saved says what was written.
func (inv *invocation) saved(path string, d *edited, r job.Result) {
	inv.note("%s: %s, %s%s", name(path), d.summary(), units.Size(d.After), readBack(r))
}

// writeEdited writes an edited disc into an image file.
func (inv *invocation) writeEdited(ctx context.Context, src *source.Source, changed disc.Disc, to job.Sink, force bool) (job.Result, error) {
	edited := &source.Source{Disc: changed, Name: src.Name, Kind: src.Kind, Format: src.Format, Locate: func(disc.LBA) string { return "" }}
	j, err := job.New(ctx, edited, to)
	if err != nil {
		return job.Result{}, inv.refused(err)
	}
	inv.warnAll(j.Plan().Notices)
	if len(j.Plan().Loss) > 0 && !force {
		return job.Result{}, lossy{src.Format}
	}
	return j.Run(ctx, inv.report())
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
	o := format.Options{FilePerTrack: filePerTrack(src, path, f)}
	stale, err := replacedFiles(src, job.ImageNames(path, f, changed.TOC(), o))
	if err != nil {
		return err
	}
	beside, err := os.MkdirTemp(filepath.Dir(path), ".glassmaster-")
	if err != nil {
		return fmt.Errorf("make a folder beside the image: %w", err)
	}
	defer os.RemoveAll(beside)
	to := job.ImageFile(filepath.Join(beside, filepath.Base(path)), f, job.ImageOptions{NoVerify: noVerify, Format: o})
	r, err := inv.writeEdited(ctx, src, changed, to, false)
	if err != nil {
		return err
	}
	if err := notGood("the rewritten image", r); err != nil {
		return advise(notRewritten(src.Name, err), "use -o NEW, which keeps the old image")
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
	inv.saved(path, d, r)
	for _, old := range stale {
		inv.note("%s is no longer part of the image, and can be removed", name(old))
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

// notRewritten is the error of an image that was not replaced, since the new one would not
// be good. Unlike that of an image that was written, it does not say that the work is done.
func notRewritten(path string, err error) error {
	var i incomplete
	if errors.As(err, &i) {
		return fmt.Errorf("%s was not changed: %s", name(path), i.text)
	}
	return fmt.Errorf("%s was not changed: %w", name(path), err)
}

// filePerTrack reports whether an image has a file for each track, and its format can have
// that.
func filePerTrack(src *source.Source, path string, f format.Format) bool {
	toc := src.Disc.TOC()
	split := job.ImageNames(path, f, toc, format.Options{FilePerTrack: true})
	return len(split) > len(job.ImageNames(path, f, toc, format.Options{})) && len(disc.Files(src.Disc)) >= len(split)
}

// replacedFiles refuses to rewrite an image if a new file of it would replace a file that
// is not part of the image. It returns the files of the old image that are not replaced.
func replacedFiles(src *source.Source, names []string) (stale []string, err error) {
	var now []os.FileInfo
	for _, n := range names {
		info, err := os.Stat(n)
		if err != nil {
			continue // it does not exist
		}
		if !disc.ReadsFile(src.Disc, info) && !isFile(src.Name, info) {
			return nil, advise(fmt.Errorf("%s would be replaced by a file of the rewritten image, but is not part of %s", name(n), name(src.Name)),
				"move it elsewhere, or use -o NEW")
		}
		now = append(now, info)
	}
	for _, old := range disc.Files(src.Disc) {
		info, err := os.Stat(old)
		if err == nil && !slices.ContainsFunc(now, func(i os.FileInfo) bool { return os.SameFile(i, info) }) {
			stale = append(stale, old)
		}
	}
	return stale, nil
}

// isFile reports whether a path is that of a file.
func isFile(path string, file os.FileInfo) bool {
	info, err := os.Stat(path)
	return err == nil && os.SameFile(info, file)
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
