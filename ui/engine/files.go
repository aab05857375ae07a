package engine

import (
	"context"
	"errors"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
	"glassmaster/ui/model"
)

// LoadCompilation reads a compilation file.
func (e *Engine) LoadCompilation(path string) (*compilation.Compilation, []model.Problem, error) {
	return nil, nil, errors.New("not bound yet")
}

// SaveCompilation writes a compilation file.
func (e *Engine) SaveCompilation(c *compilation.Compilation, path string) error {
	return errors.New("not bound yet")
}

// Extract copies files and folders of a volume into a folder of this machine.
func (e *Engine) Extract(ctx context.Context, f volume.FS, paths []string, to string, rep progress.Reporter) ([]model.Problem, error) {
	return nil, errors.New("not bound yet")
}
