package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"glassmaster/drive"
	"glassmaster/drive/job"
	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/mastering/progress"
	"glassmaster/ui/model"
)

// WriteSeveral implements model.Recorder.
func (e *Engine) WriteSeveral(ctx context.Context, s model.Source, t model.Target, o model.Options, reports []progress.Reporter) (all []job.Outcome, err error) {
	o.Blank = false // the user was asked about one disc only
	err = e.withSource(ctx, s, t, o, reports[0], func(ctx context.Context, src *source.Source) error {
		var drives []job.Drive
		o.AcceptLoss = true // as far as the user has agreed to it, which is checked below
		for _, name := range t.Drives() {
			if err := job.CheckDrive(src, name); err != nil {
				return err
			}
			tr, err := drive.Open(ctx, name)
			if err != nil {
				return err
			}
			defer tr.Close()
			drives = append(drives, job.Drive{Name: name, Transport: tr, Options: o.Options})
		}
		several, err := job.NewSeveral(ctx, src, drives)
		if err != nil {
			return err
		}
		for _, p := range several.Plans() {
			if more := model.Unaccepted(model.Preflight{Plan: p}.Lost(), o.Accepted); len(more) > 0 {
				return &model.LossError{Lost: more}
			}
		}
		all = several.Run(ctx, reports)
		return nil
	})
	return all, err
}

// ReadTemp implements model.Recorder.
func (e *Engine) ReadTemp(ctx context.Context, name string, o model.Options, rep progress.Reporter) (*model.TempCopy, error) {
	held, release, err := e.queue.Use(ctx, name)
	if err != nil {
		return nil, err
	}
	defer release()
	src, err := openSource(held, model.Source{Kind: model.FromDrive, Name: name}, o.Force, rep)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	folder, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("find the cache folder: %w", err)
	}
	temp, err := job.NewTempImage(held, src, filepath.Join(folder, "glassmaster"))
	if err != nil {
		return nil, err
	}
	j, err := job.New(held, src, temp.Sink())
	if err == nil && j.Plan().Drops {
		err = errors.New("no image format holds everything of this disc; read it into an image in Browse, and burn that")
	}
	var r job.Result
	if err == nil {
		r, err = j.Run(held, rep)
	}
	if err != nil {
		_ = temp.Remove()
		return nil, err
	}
	return &model.TempCopy{Path: temp.Path, Result: r, Remove: temp.Remove}, nil
}

// Release implements model.Recorder.
func (e *Engine) Release(ctx context.Context, drives []string) error {
	var errs []error
	for _, name := range drives {
		errs = append(errs, e.withDrive(ctx, name, job.ReleaseDisc))
	}
	return errors.Join(errs...)
}

// LoadNext implements model.Recorder.
func (e *Engine) LoadNext(ctx context.Context, s model.Source, drives []string) error {
	src, err := openSource(ctx, s, true, progress.Discard)
	if err != nil {
		return err
	}
	defer src.Close()
	for _, name := range drives {
		err := e.withDrive(ctx, name, func(ctx context.Context, t scsi.Transport) error {
			if err := job.LoadDisc(ctx, t); err != nil {
				return err
			}
			return job.CheckNext(ctx, t, src)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
