package engine

import (
	"context"
	"errors"

	"glassmaster/drive"
	"glassmaster/drive/job"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/ui/model"
)

// PlanWrite implements model.Recorder. It uses the drives of source and target.
func (e *Engine) PlanWrite(ctx context.Context, s model.Source, t model.Target, o record.Options) model.Preflight {
	var p model.Preflight
	ctx, release, err := e.queue.Use(ctx, model.Drives(s, t)...)
	if err != nil {
		p.Err = err
		return p
	}
	defer release()
	src, err := openSource(ctx, s, progress.Discard)
	if err != nil {
		p.Err = err
		return p
	}
	defer src.Close()
	p.Sectors = disc.Sectors(src)
	p.Notices = append(src.Notices, read.Notices(src)...)
	if !t.None() {
		p.Err = e.withJob(ctx, src, t, o, func(j *job.Job) error {
			p.Plan, p.Sectors = j.Plan(), j.Plan().Sectors
			return nil
		})
	}
	return p
}

// Write implements model.Recorder. The context is that of a task that has the drives.
func (e *Engine) Write(ctx context.Context, s model.Source, t model.Target, o record.Options, rep progress.Reporter) (job.Result, error) {
	src, err := openSource(ctx, s, rep)
	if err != nil {
		return job.Result{}, err
	}
	defer src.Close()
	var r job.Result
	err = e.withJob(ctx, src, t, o, func(j *job.Job) (err error) {
		rep.Notice(disc.Notice{Text: j.Plan().Profile + ", " + j.Plan().Recipe})
		r, err = j.Run(ctx, rep)
		return err
	})
	return r, err
}

// withJob plans to write a source into a target, and passes the plan on.
func (e *Engine) withJob(ctx context.Context, src *source.Source, t model.Target, o record.Options, use func(*job.Job) error) error {
	if t.Drive == "" {
		f, err := job.FormatFor(t.File, "")
		if err != nil {
			return err
		}
		j, err := job.New(ctx, src, job.ImageFile(t.File, f, job.ImageOptions{NoVerify: o.NoVerify}))
		if err != nil {
			return err
		}
		return use(j)
	}
	tr, err := drive.Open(ctx, t.Drive)
	if err != nil {
		return err
	}
	defer tr.Close()
	j, err := job.New(ctx, src, job.Recorder(tr, o))
	if err != nil {
		return err
	}
	return use(j)
}

// openSource opens what is to be burned. The caller has its drive.
func openSource(ctx context.Context, s model.Source, rep progress.Reporter) (*source.Source, error) {
	options := source.Options{Report: rep, LateSums: true}
	if s.Kind != model.FromCompilation {
		return source.Open(ctx, s.Name, options)
	}
	if s.Compilation == nil {
		return nil, errors.New("the compilation is empty: add files in Compile first")
	}
	return source.FromCompilation(ctx, s.Compilation, nil, options)
}
