package edit

import (
	"context"
	"errors"
	"fmt"

	bootupdate "glassmaster/mastering/boot/update"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/iso9660/compact"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
)

// Compact plans the image without what nothing refers to. It must not have been edited. The
// plan cannot be carried out as an update, only as a rewritten file or a new image. If the
// structures of the image cannot be moved, it is planned anew from its files (Plan.Unsafe
// says why).
func (m *Image) Compact(ctx context.Context, rep progress.Reporter) (*Plan, error) {
	if len(m.changes()) > 0 {
		return nil, errors.New("save the changes before the image is compacted")
	}
	if rep == nil {
		rep = progress.Discard
	}
	p := &Plan{Before: m.data.Size, m: m}
	set, err := m.rearrange(ctx)
	if errors.As(err, &p.Unsafe) {
		err = m.anew(ctx, p, rep)
	} else if err == nil {
		p.set = set
		err = p.layOut(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("compact: %w", err)
	}
	p.After = p.image.Size()
	p.Rewrite, p.Update = p.After, p.After
	return p, nil
}

// rearrange moves all that is used towards the start of the image.
func (m *Image) rearrange(ctx context.Context) (*patch.Set, error) {
	for _, name := range volume.Views(ctx, m.d, volume.Options{Track: m.o.Track}) {
		switch name {
		case iso9660.ViewRockRidge, iso9660.ViewJoliet, iso9660.ViewEnhanced, iso9660.ViewPlain:
		default:
			return nil, &patch.UnsafeError{Why: "the structures of its " + name + " volume cannot be moved"}
		}
	}
	s, err := compact.New(ctx, m.data, m.data.Size)
	if err != nil {
		return nil, err
	}
	b, err := bootupdate.Survey(m.data, m.data.Size)
	if err != nil {
		return nil, err
	}
	for _, r := range b.Used() {
		switch {
		case r.Open:
			s.UseOpen(r.Start)
		case r.Behind:
			s.UseBehind(r.Start, r.Sectors, r.Align)
		default:
			s.Use(r.Start, r.Sectors, r.Align)
		}
	}
	plan, err := s.Arrange()
	if err != nil {
		return nil, err
	}
	from, to := plan.Last()
	size, err := b.Move(bootupdate.Moves{Moved: plan.Moved, From: from, To: to})
	if err != nil {
		return nil, err
	}
	plan.SetSize(size)
	set, err := plan.Rearrange(m.source())
	if err != nil {
		return nil, err
	}
	if err := b.Write(set); err != nil {
		return nil, err
	}
	return set, plan.Resize(set, b.End)
}
