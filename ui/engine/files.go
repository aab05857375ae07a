package engine

import (
	"context"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/extract"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
	"glassmaster/ui/model"
)

// LoadCompilation loads a compilation file. The notices name its files that are missing
// on the host.
func (e *Engine) LoadCompilation(path string) (*compilation.Compilation, []disc.Notice, error) {
	return compilation.Load(path)
}

// SaveCompilation writes a compilation file.
func (e *Engine) SaveCompilation(c *compilation.Compilation, path string) error {
	return c.Save(path)
}

// kinds maps the treatments of existing files.
var kinds = map[model.Existing]extract.Existing{model.Replace: extract.Replace, model.Skip: extract.Keep, model.KeepBoth: extract.Both}

// CountExisting returns how many of the files that Extract would create exist already, and the
// first of them.
func (e *Engine) CountExisting(ctx context.Context, f volume.FS, paths []string, to string) (int64, string, error) {
	return extract.CountExisting(ctx, f, to, extract.Options{Paths: paths})
}

// Extract copies files and folders of a volume into a folder of the host. The notices
// describe what is missing there or different.
func (e *Engine) Extract(ctx context.Context, f volume.FS, paths []string, to string, x model.Existing, rep progress.Reporter) ([]disc.Notice, error) {
	r, err := extract.Extract(ctx, f, to, extract.Options{Paths: paths, Existing: kinds[x]}, rep)
	return r.Notices, err
}
