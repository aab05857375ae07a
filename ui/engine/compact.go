package engine

import (
	"context"
	"fmt"
	"slices"

	"glassmaster/mastering/edit"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/units"
	"glassmaster/ui/model"
)

// SaveSession implements model.EditedImage.
func (x *editedImage) SaveSession(ctx context.Context, c model.Edited, rep progress.Reporter) (s model.SavedEdit, err error) {
	plan := func(ctx context.Context, rep progress.Reporter) (*edit.Plan, error) {
		return x.image.PlanSession(ctx, false, rep)
	}
	err = x.plan(ctx, c, plan, rep, func(p *edit.Plan) error {
		if p.Unsafe != nil {
			return p.Unsafe
		}
		if err := x.unchanged(ctx); err != nil {
			return err
		}
		if err := p.Prepare(ctx, rep); err != nil {
			return err
		}
		s.Notices, s.CanUndo = slices.Clone(p.Notices), true
		s.Text = fmt.Sprintf("A session of %s was added to %s.", units.Size(p.After-p.Before), model.Short(x.src.Name))
		return p.UpdateFile(ctx, x.src.Name, rep)
	})
	return s, err
}

// PlanCompact implements model.EditedImage.
func (x *editedImage) PlanCompact(ctx context.Context, c model.Edited, rep progress.Reporter) (p model.EditPlan, err error) {
	err = x.plan(ctx, c, x.image.Compact, rep, func(from *edit.Plan) error {
		p = planOf(from)
		return nil
	})
	return p, err
}

// Compact implements model.EditedImage.
func (x *editedImage) Compact(ctx context.Context, c model.Edited, rep progress.Reporter) (s model.SavedEdit, err error) {
	err = x.plan(ctx, c, x.image.Compact, rep, func(p *edit.Plan) error {
		if err := x.unchanged(ctx); err != nil {
			return err
		}
		if err := p.Prepare(ctx, rep); err != nil {
			return err
		}
		s.Notices = slices.Clone(p.Notices)
		s.Text = fmt.Sprintf("%s was compacted: it has %s, %s less.", model.Short(x.src.Name), units.Size(p.After), units.Size(p.Before-p.After))
		return x.rewrite(ctx, p, rep)
	})
	return s, err
}

// ExtractBoot implements model.EditedImage.
func (x *editedImage) ExtractBoot(ctx context.Context, dir string) ([]string, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil, errClosed
	}
	if err := x.unchanged(ctx); err != nil {
		return nil, err
	}
	return x.image.ExtractBoot(ctx, dir)
}
