package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"glassmaster/drive/job"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/edit"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/units"
)

// saveAs writes an edited disc as a new image.
func (inv *invocation) saveAs(ctx context.Context, src *source.Source, changed disc.Disc, d *edited, o editing) error {
	f, err := formatOfRepair(src, repairing{output: o.output, format: o.format})
	if err != nil {
		return usage(err)
	}
	r, err := inv.writeEdited(ctx, src, changed, job.ImageFile(o.output, f, job.ImageOptions{NoVerify: !o.verify, Force: o.force}), d, o.force)
	if err != nil {
		return err
	}
	inv.saved(d, r)
	return nil
}

// writeEdited writes an edited disc into an image file. It is an error if the file is not as
// it should be.
func (inv *invocation) writeEdited(ctx context.Context, src *source.Source, changed disc.Disc, to job.Sink, d *edited, force bool) (job.Result, error) {
	edited := &source.Source{Disc: changed, Name: src.Name, Kind: src.Kind, Format: src.Format, Locate: func(disc.LBA) string { return "" }}
	j, err := job.New(ctx, edited, to)
	if err != nil {
		return job.Result{}, inv.refused(err)
	}
	inv.warnAll(j.Plan().Notices)
	if len(j.Plan().Loss) > 0 && !force {
		return job.Result{}, lossy{src.Format}
	}
	r, err := j.Run(ctx, inv.report())
	if err != nil {
		return r, err
	}
	return r, notGood(name(cmp.Or(d.Output, d.Image)), r)
}

// saved says what was written.
func (inv *invocation) saved(d *edited, r job.Result) {
	inv.note("%s: %s, %s%s", name(cmp.Or(d.Output, d.Image)), d.summary(), units.Size(d.After), readBack(r))
}

// rewrite writes an edited disc into a folder beside the image, in the format of the image,
// and reads it back. Then its files replace those of the image.
func (inv *invocation) rewrite(ctx context.Context, src *source.Source, p *edit.Plan, d *edited, noVerify bool) error {
	path, err := filepath.EvalSymlinks(src.Name)
	if err != nil {
		return fmt.Errorf("rewrite the image: %w", err)
	}
	info, err := os.Stat(path)
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
	r, err := inv.writeEdited(ctx, src, p.Disc(), to, d, false)
	if err != nil {
		return err
	}
	if now, err := os.Stat(path); err != nil || !os.SameFile(now, info) || now.Size() != info.Size() || !now.ModTime().Equal(info.ModTime()) {
		return fmt.Errorf("%s was changed by another program meanwhile, and stays as it is: edit it again", path)
	}
	old := disc.Files(src.Disc)
	if err := errors.Join(p.Close(), src.Close()); err != nil { // Windows does not replace files that are open
		return err
	}
	if err := newfile.Install(beside, filepath.Dir(path), filepath.Base(path), old, info.Mode().Perm()); err != nil {
		return err
	}
	inv.saved(d, r)
	return discardJournal(path)
}
