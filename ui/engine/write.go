package engine

import (
	"context"
	"errors"
	"slices"

	"glassmaster/drive/job"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/ui/model"
)

// PlanWrite implements model.Recorder.
func (e *Engine) PlanWrite(ctx context.Context, s model.Source, t model.Target, o model.Options) (p model.Preflight) {
	if s.Continued != nil {
		return e.planAddition(ctx, s, t, o)
	}
	p.Err = e.withSource(ctx, s, t, o, progress.Discard, func(ctx context.Context, src *source.Source) error {
		p.Sectors, p.TOC, p.Notices = disc.Sectors(src), src.TOC(), slices.Concat(src.Notices, read.Notices(src))
		if t.None() {
			return nil
		}
		if s.Kind == model.FromDrive && model.SameDrive(s.Name, t.Drive) {
			p.Plan.Steps = withOneDrive(o)
			return nil
		}
		if len(t.Also) > 0 {
			o.Blank = false // see WriteSeveral
		}
		err := e.withJob(ctx, src, t, o, func(_ context.Context, j *job.Job) error {
			p.Plan, p.Sectors = j.Plan(), j.Plan().Sectors
			return nil
		})
		for _, name := range t.Also {
			d := model.DrivePlan{Drive: name}
			d.Err = e.withJob(ctx, src, model.Target{Drive: name}, o, func(_ context.Context, j *job.Job) error {
				d.Plan = j.Plan()
				return nil
			})
			p.Also = append(p.Also, d)
		}
		return err
	})
	return p
}

// withOneDrive returns the steps of a copy with one drive. The medium is not known yet.
func withOneDrive(o model.Options) []string {
	steps := []string{"read the disc into a temporary image", "open the tray, and ask for a blank disc", "burn the image"}
	if !o.NoVerify {
		steps = append(steps, "read the disc back and compare it with the image")
	}
	return append(steps, "remove the image")
}

// Write implements model.Recorder.
func (e *Engine) Write(ctx context.Context, s model.Source, t model.Target, o model.Options, rep progress.Reporter) (r job.Result, err error) {
	if s.Continued != nil {
		return e.writeAddition(ctx, s, t, o, rep)
	}
	err = e.withSource(ctx, s, t, o, rep, func(ctx context.Context, src *source.Source) error {
		return e.withJob(ctx, src, t, o, func(ctx context.Context, j *job.Job) (err error) {
			if more := model.Unaccepted(model.Preflight{Plan: j.Plan()}.Lost(), o.Accepted); len(more) > 0 {
				return &model.LossError{Lost: more}
			}
			rep.Notice(disc.Notice{Severity: disc.Info, Text: j.Plan().Profile + ", " + j.Plan().Recipe})
			r, err = j.Run(ctx, rep)
			return err
		})
	})
	return r, err
}

// withSource opens the source. If it is the disc in a drive, it acquires the drives of
// source and target together, so that two copies never wait for each other.
func (e *Engine) withSource(ctx context.Context, s model.Source, t model.Target, o model.Options, rep progress.Reporter, use func(context.Context, *source.Source) error) error {
	if s.Kind == model.FromDrive {
		held, release, err := e.queue.Use(ctx, model.Drives(s, t)...)
		if err != nil {
			return err
		}
		defer release()
		ctx = held
	}
	src, err := openSource(ctx, s, o.Force, rep)
	if err != nil {
		return err
	}
	defer src.Close()
	return use(ctx, src)
}

// withJob plans to write a source into a target, and passes the plan on.
func (e *Engine) withJob(ctx context.Context, src *source.Source, t model.Target, o model.Options, use func(context.Context, *job.Job) error) error {
	if t.Drive != "" {
		if err := job.CheckDrive(src, t.Drive); err != nil {
			return err
		}
		return e.withDrive(ctx, t.Drive, func(ctx context.Context, tr scsi.Transport) error {
			o.AcceptLoss = true // as far as the user has agreed to it, which Write checks
			j, err := job.New(ctx, src, job.Recorder(tr, o.Options))
			if err != nil {
				return err
			}
			return use(ctx, j)
		})
	}
	f, err := job.FormatFor(t.File, "")
	if err != nil {
		return err
	}
	j, err := job.New(ctx, src, job.ImageFile(t.File, f, job.ImageOptions{NoVerify: o.NoVerify, Force: len(o.Accepted) > 0}))
	if err != nil {
		return err
	}
	return use(ctx, j)
}

// openSource opens the source. The caller holds its drive. With force, files that are
// missing are left out.
func openSource(ctx context.Context, s model.Source, force bool, rep progress.Reporter) (*source.Source, error) {
	options := source.Options{Report: rep, LateSums: true, LeaveOut: force}
	if s.Kind != model.FromCompilation {
		return source.Open(ctx, s.Name, options)
	}
	if s.Compilation == nil {
		return nil, errors.New("the compilation is empty: add files in Compile first")
	}
	return source.FromCompilation(ctx, s.Compilation, s.Missing, options)
}
