package engine

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"glassmaster/drive"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/source"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/iso"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/verify"
	"glassmaster/ui/model"
)

// OpenSource opens what is to be burned.
func (e *Engine) OpenSource(ctx context.Context, s model.Source) (model.Opened, error) {
	if s.Kind == model.FromCompilation {
		return openCompilation(ctx, s.Compilation)
	}
	d, err := open(ctx, s.Name)
	if err != nil {
		return model.Opened{}, err
	}
	o := model.Opened{Disc: d, Locate: d.Locate, Warnings: disc.Texts(append(d.Notices, read.Notices(d)...))}
	whole := disc.Sectors(d)
	if used, by := read.Used(ctx, d); by != "" {
		o.Disc = used
		o.Warnings = append(o.Warnings, fmt.Sprintf("Of the %d sectors of the disc those are read that are in use, %d, as %s says.", whole, disc.Sectors(used), by))
	}
	o.Sectors = disc.Sectors(o.Disc)
	for _, x := range d.Defects(ctx) {
		o.Defects = append(o.Defects, known(x))
	}
	return o, nil
}

// known says what is known of a source.
func known(d disc.Notice) string {
	if d.Incomplete {
		return "The source is incomplete: " + d.Text
	}
	return "The source: " + d.String()
}

func openCompilation(ctx context.Context, c *compilation.Compilation) (model.Opened, error) {
	if c == nil {
		return model.Opened{}, errors.New("the compilation is empty")
	}
	m, err := c.Plan(ctx)
	if err != nil {
		return model.Opened{}, err
	}
	if err := m.Settle(ctx, progress.Discard); err != nil {
		m.Close()
		return model.Opened{}, err
	}
	return model.Opened{Disc: m.Disc(compilation.WriteOptions{}), Sectors: m.Sectors(), Warnings: disc.Texts(m.Notices), Locate: m.Locate}, nil
}

// PlanBurn settles how a disc would be burned in a drive.
func (e *Engine) PlanBurn(ctx context.Context, name string, d disc.Disc, o record.Options) (record.Plan, error) {
	e.drives.Lock()
	defer e.drives.Unlock()
	t, err := drive.Open(ctx, name)
	if err != nil {
		return record.Plan{}, err
	}
	defer t.Close()
	b, err := record.NewPlan(ctx, t, d, o)
	if err != nil {
		return record.Plan{}, err
	}
	return b.Plan(), nil
}

// Burn burns a disc in a drive.
func (e *Engine) Burn(ctx context.Context, name string, d disc.Disc, o record.Options, rep progress.Reporter) (record.Result, error) {
	e.burning.Store(true)
	defer e.burning.Store(false)
	e.drives.Lock()
	defer e.drives.Unlock()
	t, err := drive.Open(ctx, name)
	if err != nil {
		return record.Result{}, err
	}
	defer t.Close()
	b, err := record.NewPlan(ctx, t, d, o)
	if err != nil {
		return record.Result{}, err
	}
	rep.Notice(disc.Notice{Text: b.Plan().Profile + ", " + b.Plan().Recipe})
	return b.Run(ctx, rep)
}

// WriteImage writes a disc into a plain image file, and compares it with its
// source unless the options say otherwise.
func (e *Engine) WriteImage(ctx context.Context, path string, d disc.Disc, o record.Options, rep progress.Reporter) (record.Result, error) {
	r := record.Result{Plan: record.Plan{Profile: "image file", Sectors: disc.Sectors(d)}}
	if p, ok := disc.Unwrap(d).(disc.Planned); ok {
		if err := p.Check(ctx); err != nil {
			return r, fmt.Errorf("%s was not written: %w", path, err)
		}
	}
	begun := time.Now()
	rep.Notice(disc.Notice{Text: "Writing " + path})
	out := newfile.NewSet(path)
	defer out.Discard()
	err := iso.Format.Create(ctx, out, d, rep)
	if err == nil {
		err = out.Sync()
	}
	if err == nil {
		err = out.Commit()
	}
	if err != nil {
		return r, err
	}
	r.Seconds, r.Written = time.Since(begun).Seconds(), r.Plan.Sectors
	plan, planned := disc.Unwrap(d).(disc.Planned)
	if planned {
		r.Changes = plan.Changes()
	} else if err := sound(ctx, d, path); err != nil {
		return r, err
	}
	if o.NoVerify {
		return r, nil
	}
	got, _, err := image.Open(ctx, path)
	if err != nil {
		return r, fmt.Errorf("open what was written, to compare it: %w", err)
	}
	defer got.Close()
	c, err := verify.Compare(ctx, d, got, o.Locate, rep)
	if planned {
		r.Changes = plan.Changes() // the comparison has read the files too
	}
	switch {
	case err == nil:
	case !errors.As(err, &r.Mismatch):
		return r, err
	case len(r.Changes) > 0:
		return r, fmt.Errorf("%w: %w; files were changed while the image was written or compared: %s; write it again when they are left alone",
			record.ErrDiffers, err, strings.Join(disc.Texts(r.Changes), "; "))
	default:
		return r, fmt.Errorf("%w: %w", record.ErrDiffers, err)
	}
	r.Verified, r.Equal, r.SHA256 = true, true, hex.EncodeToString(c.SHA256[:])
	return r, nil
}

// sound returns an error when the disc that was written into the image file is not
// whole, or its files cannot be found: a copy of it is as bad.
func sound(ctx context.Context, d disc.Disc, path string) error {
	name := "the source"
	if s, ok := d.(*source.Source); ok {
		name = s.Name
	}
	if err := verify.Complete(ctx, d, name); err != nil {
		return fmt.Errorf("%s is written as far as the disc goes, but %w", path, err)
	}
	if err := verify.Opens(ctx, d); err != nil {
		return fmt.Errorf("%s is written, but its files cannot be found: %w", path, err)
	}
	return nil
}
