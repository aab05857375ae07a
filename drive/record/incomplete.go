package record

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// ErrIncomplete is in the chain of the error of a source whose end is missing, which
// was not forced to be burned.
var ErrIncomplete = errors.New("the source is incomplete")

// examine looks at what is known of the source. One whose end is missing is refused,
// unless it is forced; what else is known is a warning.
func (b *Burn) examine(ctx context.Context) error {
	if _, ok := b.src.(disc.Planned); ok {
		b.plan.Defects = volume.Known(ctx, b.src) // its files are where the plan has put them
	} else {
		b.plan.Defects = volume.KnownByFiles(ctx, b.src)
	}
	if d, ok := volume.Incomplete(b.plan.Defects); ok && !b.o.Force {
		return fmt.Errorf("%w: %s; get all of it, or force the burn: the disc will be incomplete too", ErrIncomplete, d.Text)
	}
	for _, d := range b.plan.Defects {
		switch {
		case d.Incomplete:
			b.warn("the source is incomplete, and so will the disc be: %s", d.Text)
		case d.Severity > disc.Info:
			b.warn("the source is damaged: %v", d)
		default:
			b.warn("the source: %v", d)
		}
	}
	return nil
}

// Damaged tells what is known to be wrong with the source besides a missing end, and
// is empty when nothing is that matters.
func (p Plan) Damaged() string {
	for _, d := range p.Defects {
		if d.Severity > disc.Info && !d.Incomplete {
			return d.Text
		}
	}
	return ""
}

// Incomplete tells what the disc will lack because its source lacks it, and is empty
// when nothing is known to be missing.
func (p Plan) Incomplete() string {
	d, _ := volume.Incomplete(p.Defects)
	return d.Text
}
