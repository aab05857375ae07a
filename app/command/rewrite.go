package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/job"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/edit"
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
func (inv *invocation) rewrite(ctx context.Context, src *source.Source, p *edit.Plan, d *edited, noVerify bool) error {
	if _, err := job.FormatFor(src.Name, src.Format); err != nil {
		return advise(err, "use -o NEW.iso")
	}
	w := job.Rewriting{
		Image: src, Changed: p.Disc(), Release: p.Close, NoVerify: noVerify, Opened: d.files,
		Planned: func(p job.Plan) error { return inv.acceptEdit(p, src.Format, false) },
		Check: func(r job.Result) error {
			if err := notGood("the rewritten image", r); err != nil {
				return advise(notRewritten(src.Name, err), "use -o NEW, which keeps the old image")
			}
			return nil
		},
	}
	var left []string
	w.Left = func(path string) { left = append(left, path) }
	r, err := w.Run(ctx, inv.report())
	if err != nil {
		return err
	}
	inv.noteEdit(d, r)
	for _, path := range left {
		inv.note("%s is no longer part of the image, and can be removed", name(path))
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
