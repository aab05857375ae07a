package engine

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/tray"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/units"
	"glassmaster/ui/model"
)

// PlanAction implements model.Recorder.
func (e *Engine) PlanAction(ctx context.Context, name string, a model.Action) (model.ActionPlan, error) {
	p, err := e.planAction(ctx, name, a)
	if err == nil && a.Destroys() {
		p.Holds, err = e.Contents(ctx, name)
	}
	return p, err
}

func (e *Engine) planAction(ctx context.Context, name string, a model.Action) (p model.ActionPlan, err error) {
	err = e.withWritable(ctx, name, func(ctx context.Context, t scsi.Transport) error {
		switch a {
		case model.CloseSession, model.CloseDisc:
			closing, err := record.NewClosing(ctx, t, levels[a])
			if err != nil {
				return err
			}
			p.Steps, p.Costs = closing.Plan().Steps, closing.Plan().Costs
		case model.Format:
			f, err := record.NewFormatting(ctx, t, record.FormatOptions{})
			if err != nil {
				return err
			}
			p.Steps, p.Costs = f.Plan().Steps, f.Plan().Costs
		case model.Erase:
			p.Steps = []string{"erase the disc quickly"}
		default:
			p.Steps = []string{a.String()}
		}
		return nil
	})
	return p, err
}

var levels = map[model.Action]record.Level{model.CloseSession: record.CloseSession, model.CloseDisc: record.CloseDisc}

// RunAction implements model.Recorder.
func (e *Engine) RunAction(ctx context.Context, name string, a model.Action, rep progress.Reporter) (result string, err error) {
	err = e.withWritable(ctx, name, func(ctx context.Context, t scsi.Transport) (err error) {
		result, err = runAction(ctx, t, a, rep)
		return err
	})
	return result, err
}

func runAction(ctx context.Context, t scsi.Transport, a model.Action, rep progress.Reporter) (string, error) {
	switch a {
	case model.Eject:
		return "", tray.EjectDisc(ctx, t)
	case model.Load:
		_, err := tray.LoadDisc(ctx, t)
		if errors.Is(err, read.ErrNoMedium) {
			return "The tray is closed. There is no disc in it.", nil
		}
		return "", err
	case model.CloseSession, model.CloseDisc:
		closing, err := record.NewClosing(ctx, t, levels[a])
		if err != nil {
			return "", err
		}
		got, err := closing.Run(ctx, rep)
		if err != nil {
			return "", err
		}
		if got.InPlace {
			return "Formatting was completed. The disc remains rewritable.", nil
		}
		if got.NextWritable >= 0 {
			return fmt.Sprintf("The session is closed. More sessions can be added, the next one at LBA %d.", got.NextWritable), nil
		}
		return "The disc is finalized. Nothing can be added to it.", nil
	case model.Format:
		f, err := record.NewFormatting(ctx, t, record.FormatOptions{})
		if err != nil {
			return "", err
		}
		got, err := f.Run(ctx, rep)
		if err != nil {
			return "", err
		}
		return "The disc is formatted. Its capacity is " + units.Size(got.Capacity*disc.SectorSize) + ".", nil
	}
	if err := record.Blank(ctx, t, false, rep); err != nil {
		return "", err
	}
	return "The disc is erased.", nil
}

// withWritable opens a drive that may be written, for one use.
func (e *Engine) withWritable(ctx context.Context, name string, use func(context.Context, scsi.Transport) error) error {
	return e.withDrive(ctx, name, func(ctx context.Context, t scsi.Transport) error {
		if err := scsi.Writable(t); err != nil {
			return fmt.Errorf("%s is open for reading only: %w", name, err)
		}
		return use(ctx, t)
	})
}
