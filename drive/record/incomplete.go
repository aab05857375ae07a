package record

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/verify"
	"glassmaster/mastering/volume"
)

// ErrIncomplete is in the chain of the error of a source whose end is missing.
// Options.Force burns it nevertheless.
var ErrIncomplete = errors.New("the source is incomplete")

// Examine sets Defects, and adds notices of what they mean for the "disc" or the "image"
// made of the source. It walks all folders, unless the source is planned: then the files
// are where the plan has put them. The error is that of ctx.
func (p *Plan) Examine(ctx context.Context, d disc.Disc, made string) error {
	var err error
	if _, ok := disc.Unwrap(d).(disc.Planned); ok {
		p.Defects, err = volume.Known(ctx, d), ctx.Err()
	} else {
		p.Defects, err = volume.KnownByFiles(ctx, d)
	}
	p.Notices = append(p.Notices, aboutSource(p.Defects, made)...)
	return err
}

// CheckOpens sets Unopenable, with a notice, if the files of a source cannot be found.
func (p *Plan) CheckOpens(ctx context.Context, d disc.Disc) {
	if _, ok := disc.Unwrap(d).(disc.Planned); ok {
		return
	}
	if p.Unopenable = verify.Opens(ctx, d); p.Unopenable != nil {
		p.Notices = append(p.Notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf("the files of the source cannot be found: %v", p.Unopenable)})
	}
}

// examine refuses a source whose end is missing, unless Options.Force is set, and warns
// of other defects.
func (b *Burn) examine(ctx context.Context) error {
	if err := b.plan.Examine(ctx, b.src, "disc"); err != nil {
		return err
	}
	if d, ok := volume.Incomplete(b.plan.Defects); ok && !b.o.Force {
		return refuse("the source is incomplete: "+d.Text, ErrIncomplete)
	}
	return nil
}

// aboutSource returns the notices about what the defects of a source mean for the "disc"
// or the "image" made of it.
func aboutSource(defects []disc.Notice, made string) []disc.Notice {
	var all []disc.Notice
	for _, d := range defects {
		n := disc.Notice{Severity: disc.Warning}
		switch {
		case d.Incomplete:
			n.Text = fmt.Sprintf("the source is incomplete, and so will be the %s: %s", made, d.Text)
		case d.Severity == disc.Error:
			n.Text = fmt.Sprintf("the source is damaged: %v", d)
		default:
			n.Text = fmt.Sprintf("the source: %v", d)
		}
		all = append(all, n)
	}
	return all
}

// Damaged returns the known damage of the source other than a missing end, as text; "" if
// there is none.
func (p Plan) Damaged() string {
	if p.Unopenable != nil {
		return fmt.Sprintf("its files cannot be found: %v", p.Unopenable)
	}
	for _, d := range p.Defects {
		if d.Severity == disc.Error && !d.Incomplete {
			return d.Text
		}
	}
	return ""
}

// Incomplete returns what is known to be missing at the end of the source, as text; "" if
// nothing is.
func (p Plan) Incomplete() string {
	d, _ := volume.Incomplete(p.Defects)
	return d.Text
}
