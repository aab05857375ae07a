package job

import (
	"context"
	"fmt"

	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/progress"
)

// Recorder is the sink that burns the disc in a drive. The caller closes the
// transport. Force, NoVerify and Locate of the options are set by the job.
func Recorder(t scsi.Transport, o record.Options) Sink { return &recorder{t: t, o: o} }

type recorder struct {
	t scsi.Transport
	o record.Options
	*record.Burn
	*record.Execution
}

func (r *recorder) plan(ctx context.Context, in input) (writer, error) {
	o := r.o
	o.Force, o.NoVerify, o.Locate = in.Force, in.NoVerify, in.source.Locate
	var err error
	r.Burn, err = record.NewPlan(ctx, r.t, in.disc, o)
	if err != nil {
		return nil, err
	}
	if err := scsi.Writable(r.t); err != nil { // now, and not after a question to the person
		return nil, fmt.Errorf("the drive can only be read now: %w", err)
	}
	return r, nil
}

func (r *recorder) settled() record.Plan { return r.Burn.Plan() }

func (r *recorder) begin(ctx context.Context, rep progress.Reporter) {
	r.Execution = r.Start(ctx, rep)
}

func (r *recorder) write() error                         { return r.Execution.Write() }
func (r *recorder) prove() error                         { return r.Execution.Prove() }
func (r *recorder) end(err error) (record.Result, error) { return r.Execution.End(err) }
