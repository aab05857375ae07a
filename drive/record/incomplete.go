package record

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/verify"
	"glassmaster/mastering/volume"
)

// ErrIncomplete is in the chain of the error of a source whose end is missing, which
// was not forced to be burned.
var ErrIncomplete = errors.New("the source is incomplete")

// Examine returns what is known to be wrong with a source. It goes through all folders,
// unless the source is planned: then its files are where the plan has put them.
func Examine(ctx context.Context, d disc.Disc) []disc.Notice {
	if _, ok := disc.Unwrap(d).(disc.Planned); ok {
		return volume.Known(ctx, d)
	}
	return volume.KnownByFiles(ctx, d)
}

// Opens returns why the files of a source cannot be found, and what that means for what
// is made of it. There is no error when they can be found or it has none.
func Opens(ctx context.Context, d disc.Disc) ([]disc.Notice, error) {
	if _, ok := disc.Unwrap(d).(disc.Planned); ok {
		return nil, nil
	}
	err := verify.Opens(ctx, d)
	if err == nil {
		return nil, nil
	}
	return []disc.Notice{{Severity: disc.Warning, Text: fmt.Sprintf("the files of the source cannot be found: %v", err)}}, err
}

// examine looks at what is known of the source. One whose end is missing is refused,
// unless it is forced; what else is known is a warning.
func (b *Burn) examine(ctx context.Context) error {
	b.plan.Defects = Examine(ctx, b.src)
	if d, ok := volume.Incomplete(b.plan.Defects); ok && !b.o.Force {
		return fmt.Errorf("%w: %s; get all of it, or force the burn: the disc will be incomplete too", ErrIncomplete, d.Text)
	}
	b.plan.Notices = append(b.plan.Notices, AboutSource(b.plan.Defects, "disc")...)
	return nil
}

// AboutSource says what defects of a source mean for what is made of it, the "disc" or
// the "image".
func AboutSource(defects []disc.Notice, made string) []disc.Notice {
	var all []disc.Notice
	for _, d := range defects {
		n := disc.Notice{Severity: disc.Warning}
		switch {
		case d.Incomplete:
			n.Text = fmt.Sprintf("the source is incomplete, and so will the %s be: %s", made, d.Text)
		case d.Severity > disc.Info:
			n.Text = fmt.Sprintf("the source is damaged: %v", d)
		default:
			n.Text = fmt.Sprintf("the source: %v", d)
		}
		all = append(all, n)
	}
	return all
}

// Damaged tells what is known to be wrong with the source besides a missing end, and
// is empty when nothing is that matters.
func (p Plan) Damaged() string {
	if p.Unopenable != nil {
		return fmt.Sprintf("its files cannot be found: %v", p.Unopenable)
	}
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
