package job

import (
	"context"
	"fmt"

	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/mastering/progress"
)

// Recorder is the sink that burns the disc in a drive. The caller closes the transport.
// Options.Locate is set by the job.
func Recorder(t scsi.Transport, o record.Options) Sink { return &recorder{t: t, o: o} }

type recorder struct {
	t      scsi.Transport
	o      record.Options
	source *source.Source
	burn   *record.Burn
	run    *record.Execution // nil before it begins
}

func (r *recorder) plan(ctx context.Context, in input) (writer, error) {
	r.source = in.source
	o := r.o
	o.Locate, o.Once = in.source.Locate, in.source.Once
	var err error
	if r.burn, err = record.NewPlan(ctx, r.t, in.disc, o); err != nil {
		return nil, err
	}
	if err := scsi.Writable(r.t); err != nil { // before asking for confirmation
		return nil, fmt.Errorf("the drive is open for reading only: %w", err)
	}
	return r, nil
}

func (r *recorder) planned() Plan { return Plan{Plan: r.burn.Plan()} }

// write computes checksums first, because the drive cannot wait for them.
func (r *recorder) write(ctx context.Context, rep progress.Reporter) error {
	if err := r.source.Prepare(ctx, rep); err != nil {
		return err
	}
	r.run = r.burn.Start(ctx, rep)
	return r.run.Write()
}

func (r *recorder) prove() error { return r.run.Prove() }

func (r *recorder) end(err error) (record.Result, error) {
	if r.run == nil {
		return record.Result{Plan: r.burn.Plan()}, err
	}
	return r.run.End(err)
}
