package source

import (
	"context"
	"errors"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
)

// openImage opens an image file. It returns when the context is cancelled even if the
// file is on a server that does not answer.
func (o Options) openImage(ctx context.Context, name string) (disc.Disc, string, error) {
	type opened struct {
		disc   disc.Disc
		format string
		err    error
	}
	done := make(chan opened, 1)
	go func() {
		d, format, err := image.Open(ctx, name)
		if o.Force && errors.Is(err, image.ErrUnknown) {
			d, err = image.OpenPlain(name)
			format.Name = image.Plain
		}
		done <- opened{d, format.Name, err}
	}()
	select {
	case r := <-done:
		return r.disc, r.format, r.err
	case <-ctx.Done():
		go func() {
			if r := <-done; r.err == nil {
				r.disc.Close()
			}
		}()
		return nil, "", ctx.Err()
	}
}
