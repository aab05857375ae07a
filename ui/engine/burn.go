package engine

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/drive"
	"glassmaster/drive/job"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/ui/model"
)

// OpenSource opens what is to be burned.
func (e *Engine) OpenSource(ctx context.Context, s model.Source) (model.Opened, error) {
	if s.Kind == model.FromCompilation {
		return openCompilation(ctx, s.Compilation)
	}
	d, err := open(ctx, s.Name)
	if err != nil {
		return model.Opened{}, err
	}
	o := model.Opened{Disc: d, Locate: d.Locate, Warnings: disc.Texts(append(d.Notices, read.Notices(d)...))}
	whole := disc.Sectors(d)
	if used, by := read.Used(ctx, d); by != "" {
		o.Disc = used
		o.Warnings = append(o.Warnings, fmt.Sprintf("Of the %d sectors of the disc those are read that are in use, %d, as %s says.", whole, disc.Sectors(used), by))
	}
	o.Sectors = disc.Sectors(o.Disc)
	for _, x := range d.Defects(ctx) {
		o.Defects = append(o.Defects, known(x))
	}
	return o, nil
}

// known says what is known of a source.
func known(d disc.Notice) string {
	if d.Incomplete {
		return "The source is incomplete: " + d.Text
	}
	return "The source: " + d.String()
}

func openCompilation(ctx context.Context, c *compilation.Compilation) (model.Opened, error) {
	if c == nil {
		return model.Opened{}, errors.New("the compilation is empty")
	}
	d, err := source.FromCompilation(ctx, c, nil, source.Options{Report: progress.Discard, LateSums: true})
	if err != nil {
		return model.Opened{}, err
	}
	return model.Opened{Disc: d, Sectors: disc.Sectors(d), Warnings: disc.Texts(d.Notices), Locate: d.Locate}, nil
}

// sourceOf returns what OpenSource has opened as a source again.
func sourceOf(ctx context.Context, d disc.Disc, o record.Options) *source.Source {
	s, ok := d.(*source.Source)
	if !ok { // the part of it that is in use
		s = source.New(ctx, "the source", d)
	}
	if o.Locate != nil {
		s.Locate = o.Locate
	}
	return s
}

// planBurn settles how a disc would be burned in a drive that is open.
func planBurn(ctx context.Context, t scsi.Transport, d disc.Disc, o record.Options) (*job.Job, error) {
	return job.New(ctx, sourceOf(ctx, d, o), job.Recorder(t, o), job.Options{Force: o.Force, NoVerify: o.NoVerify})
}

// PlanBurn settles how a disc would be burned in a drive.
func (e *Engine) PlanBurn(ctx context.Context, name string, d disc.Disc, o record.Options) (record.Plan, error) {
	e.drives.Lock()
	defer e.drives.Unlock()
	t, err := drive.Open(ctx, name)
	if err != nil {
		return record.Plan{}, err
	}
	defer t.Close()
	j, err := planBurn(ctx, t, d, o)
	if err != nil {
		return record.Plan{}, err
	}
	return j.Plan().Plan, nil
}

// Burn burns a disc in a drive.
func (e *Engine) Burn(ctx context.Context, name string, d disc.Disc, o record.Options, rep progress.Reporter) (record.Result, error) {
	e.burning.Store(true)
	defer e.burning.Store(false)
	e.drives.Lock()
	defer e.drives.Unlock()
	t, err := drive.Open(ctx, name)
	if err != nil {
		return record.Result{}, err
	}
	defer t.Close()
	j, err := planBurn(ctx, t, d, o)
	if err != nil {
		return record.Result{}, err
	}
	rep.Notice(disc.Notice{Text: j.Plan().Profile + ", " + j.Plan().Recipe})
	r, err := j.Run(ctx, rep)
	return r.Result, err
}

// WriteImage writes a disc into an image file of the format that its name tells, and
// compares it with its source unless the options say otherwise.
func (e *Engine) WriteImage(ctx context.Context, path string, d disc.Disc, o record.Options, rep progress.Reporter) (record.Result, error) {
	f, err := job.FormatFor(path, "")
	if err != nil {
		return record.Result{}, err
	}
	j, err := job.New(ctx, sourceOf(ctx, d, o), job.ImageFile(path, f), job.Options{NoVerify: o.NoVerify})
	if err != nil {
		return record.Result{}, err
	}
	rep.Notice(disc.Notice{Text: "Writing " + path})
	r, err := j.Run(ctx, rep)
	return r.Result, err
}
