package engine

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/drive"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/tray"
	"glassmaster/mastering/progress"
	"glassmaster/ui/model"
)

// PlanCare settles what has to be done with a drive and its disc. It changes
// nothing.
func (e *Engine) PlanCare(ctx context.Context, name string, c model.Care) (model.CarePlan, error) {
	p, err := e.planCare(ctx, name, c)
	if err == nil && c.Destroys() {
		p.Holds, err = e.Contents(ctx, name)
	}
	return p, err
}

func (e *Engine) planCare(ctx context.Context, name string, c model.Care) (p model.CarePlan, err error) {
	err = e.withDrive(ctx, name, func(t scsi.Transport) error {
		switch c {
		case model.CloseSession, model.CloseDisc:
			closing, err := record.NewClosing(ctx, t, levels[c])
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
			p.Steps = []string{c.String()}
		}
		return nil
	})
	return p, err
}

var levels = map[model.Care]record.Level{model.CloseSession: record.CloseSession, model.CloseDisc: record.CloseDisc}

// Care does it, and says what has become of it.
func (e *Engine) Care(ctx context.Context, name string, c model.Care, rep progress.Reporter) (said string, err error) {
	err = e.withDrive(ctx, name, func(t scsi.Transport) (err error) {
		said, err = care(ctx, t, c, rep)
		return err
	})
	return said, err
}

func care(ctx context.Context, t scsi.Transport, c model.Care, rep progress.Reporter) (string, error) {
	switch c {
	case model.Eject:
		return "", tray.EjectDisc(ctx, t)
	case model.Load:
		_, err := tray.LoadDisc(ctx, t)
		if errors.Is(err, read.ErrNoMedium) {
			return "The tray is closed. There is no disc in it.", nil
		}
		return "", err
	case model.CloseSession, model.CloseDisc:
		closing, err := record.NewClosing(ctx, t, levels[c])
		if err != nil {
			return "", err
		}
		got, err := closing.Run(ctx, rep)
		if err != nil {
			return "", err
		}
		if got.InPlace {
			return "The format is ended. The disc can be overwritten at any time.", nil
		}
		if got.NextWritable >= 0 {
			return fmt.Sprintf("The session is closed. The disc takes more, from address %d on.", got.NextWritable), nil
		}
		return "The disc is closed. It takes nothing more.", nil
	case model.Format:
		f, err := record.NewFormatting(ctx, t, record.FormatOptions{})
		if err != nil {
			return "", err
		}
		got, err := f.Run(ctx, rep)
		if err != nil {
			return "", err
		}
		return "The disc is formatted, and holds " + model.Sectors(got.Capacity) + ".", nil
	}
	if err := record.Blank(ctx, t, false, rep); err != nil {
		return "", err
	}
	return "The disc is erased.", nil
}

// withDrive opens a drive that may be written, for one use.
func (e *Engine) withDrive(ctx context.Context, name string, use func(scsi.Transport) error) error {
	e.drives.Lock()
	defer e.drives.Unlock()
	t, err := drive.Open(ctx, name)
	if err != nil {
		return err
	}
	defer t.Close()
	if err := scsi.Writable(t); err != nil {
		return fmt.Errorf("%s: the drive can only be read now: %w", name, err)
	}
	return use(t)
}
