package engine

import (
	"context"

	"glassmaster/drive/addition"
	"glassmaster/drive/job"
	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/ui/model"
)

// Continue implements model.Recorder.
func (e *Engine) Continue(ctx context.Context, drive string, rep progress.Reporter) (*model.Continued, error) {
	rep.Phase(progress.Reading, 0)
	c := &model.Continued{Drive: drive}
	err := e.withDrive(ctx, drive, func(ctx context.Context, t scsi.Transport) (err error) {
		c.Disc, err = addition.Import(ctx, t, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// withAddition plans to add a compilation to the disc that it continues.
func (e *Engine) withAddition(ctx context.Context, s model.Source, t model.Target, o model.Options, rep progress.Reporter, use func(context.Context, *addition.Addition, *job.Job) error) error {
	return e.withDrive(ctx, t.Drive, func(ctx context.Context, tr scsi.Transport) error {
		a, err := s.Continued.Disc.Plan(ctx, tr, s.Compilation, s.Missing, source.Options{Report: rep, LeaveOut: o.Force})
		if err != nil {
			return err
		}
		defer a.Close()
		o.Continue, o.AcceptLoss = a.Continuation(), true
		j, err := job.New(ctx, a.Source, job.Recorder(tr, o.Options))
		if err != nil {
			return err
		}
		return use(ctx, a, j)
	})
}

// planAddition is PlanWrite for a compilation that continues a disc.
func (e *Engine) planAddition(ctx context.Context, s model.Source, t model.Target, o model.Options) (p model.Preflight) {
	if t.Drive == "" || !model.SameDrive(t.Drive, s.Continued.Drive) || len(t.Also) > 0 {
		return p // the page says which drive it must be
	}
	p.Err = e.withAddition(ctx, s, t, o, progress.Discard, func(_ context.Context, a *addition.Addition, j *job.Job) error {
		p.Plan, p.Sectors, p.TOC = j.Plan(), j.Plan().Sectors, a.Source.TOC()
		p.Notices, p.Changes = a.Source.Notices, &a.Changes
		return nil
	})
	return p
}

// writeAddition is Write for a compilation that continues a disc.
func (e *Engine) writeAddition(ctx context.Context, s model.Source, t model.Target, o model.Options, rep progress.Reporter) (r job.Result, err error) {
	err = e.withAddition(ctx, s, t, o, rep, func(ctx context.Context, _ *addition.Addition, j *job.Job) (err error) {
		if more := model.Unaccepted(model.Preflight{Plan: j.Plan()}.Lost(), o.Accepted); len(more) > 0 {
			return &model.LossError{Lost: more}
		}
		rep.Notice(disc.Notice{Severity: disc.Info, Text: j.Plan().Profile + ", " + j.Plan().Recipe})
		r, err = j.Run(ctx, rep)
		return err
	})
	return r, err
}
