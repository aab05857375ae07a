package engine

import (
	"context"
	"errors"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/extract"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
	"glassmaster/ui/model"
)

// LoadCompilation reads a compilation file. What of it is missing on this
// machine comes back as problems.
func (e *Engine) LoadCompilation(path string) (*compilation.Compilation, []model.Problem, error) {
	c, problems, err := compilation.Load(path)
	var out []model.Problem
	for _, p := range problems {
		out = append(out, model.Problem{Path: p.Path, Err: p.Err})
	}
	return c, out, err
}

// SaveCompilation writes a compilation file.
func (e *Engine) SaveCompilation(c *compilation.Compilation, path string) error {
	return c.Save(path)
}

// Extract copies files and folders of a volume into a folder of this machine.
// Files that are there already are kept. What is not there as it is on the disc
// comes back as problems; the error is that of the whole.
func (e *Engine) Extract(ctx context.Context, f volume.FS, paths []string, to string, rep progress.Reporter) ([]model.Problem, error) {
	r, err := extract.Extract(ctx, f, to, extract.Options{Paths: paths}, rep)
	var out []model.Problem
	for _, n := range r.Notes {
		out = append(out, model.Problem{Path: n.Path, Err: errors.New(n.Text)})
	}
	return out, err
}
