package command

import (
	"cmp"
	"context"
	"fmt"

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
	edited := &source.Source{Disc: changed, Name: src.Name, Kind: src.Kind, Format: src.Format, Locate: func(disc.LBA) string { return "" }}
	j, err := job.New(ctx, edited, job.ImageFile(o.output, f, job.ImageOptions{NoVerify: !o.verify, Force: o.force}))
	if err != nil {
		return inv.refused(err)
	}
	if err := inv.acceptEdit(j.Plan(), src.Format, o.force); err != nil {
		return err
	}
	r, err := j.Run(ctx, inv.report())
	if err != nil {
		return err
	}
	inv.noteEdit(d, r)
	return notGood(d.written(), r)
}

// acceptEdit warns of what is planned, and refuses a loss unless force is set.
func (inv *invocation) acceptEdit(p job.Plan, format string, force bool) error {
	inv.warnAll(p.Notices)
	if len(p.Loss) > 0 && !force {
		return lossy{format}
	}
	return nil
}

// written returns the name of the image that was written.
func (d *edited) written() string { return name(cmp.Or(d.Output, d.Image)) }

// noteEdit says what was written.
func (inv *invocation) noteEdit(d *edited, r job.Result) {
	inv.note("%s: %s, %s%s", d.written(), d.summary(), units.Size(d.After), readBack(r))
}

// rewrite replaces an image by an edited disc.
func (inv *invocation) rewrite(ctx context.Context, src *source.Source, changed disc.Disc, d *edited, noVerify bool) error {
	if _, err := job.FormatFor(src.Name, src.Format); err != nil {
		return advise(err, "use -o NEW.iso")
	}
	w := job.Rewriting{
		Image: src, Changed: changed, NoVerify: noVerify,
		Planned: func(p job.Plan) error { return inv.acceptEdit(p, src.Format, false) },
		Check: func(r job.Result) error {
			if err := notGood("the new image", r); err != nil {
				return fmt.Errorf("the old image was kept: %w", err)
			}
			return nil
		},
	}
	r, err := w.Run(ctx, inv.report())
	if err != nil {
		return err
	}
	inv.noteEdit(d, r)
	return nil
}
