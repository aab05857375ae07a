// Package engine binds the window to the packages that do the work.
package engine

import (
	"context"
	"errors"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
	"glassmaster/ui/model"
)

// Engine does the work of all places.
type Engine struct{}

// New returns the engine.
func New() *Engine { return &Engine{} }

// OpenDisc opens an image file, or the disc in a drive.
func (*Engine) OpenDisc(_ context.Context, name string) (disc.Disc, error) {
	d, _, err := image.Open(name)
	return d, err
}

// Drives lists the drives of this machine.
func (*Engine) Drives(context.Context) ([]model.Drive, error) { return nil, nil }

// Extract copies files out of a volume.
func (*Engine) Extract(context.Context, volume.FS, []string, string, progress.Reporter) ([]model.Problem, error) {
	return nil, errors.New("extraction is not bound yet")
}
