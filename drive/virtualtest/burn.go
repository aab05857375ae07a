package virtualtest

import (
	"context"
	"errors"

	"glassmaster/drive/record"
	"glassmaster/mastering/progress"
)

// Burn carries out a planned burn as package job does: Write, Prove and End, also after a
// panic.
func Burn(ctx context.Context, b *record.Burn, rep progress.Reporter) (r record.Result, err error) {
	e := b.Start(ctx, rep)
	err = errors.New("a panic ended the burn")
	defer func() { r, err = e.End(err) }()
	if err = e.Write(); err == nil {
		err = e.Prove()
	}
	return r, err
}
