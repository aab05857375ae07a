package addition

import (
	"context"
	"fmt"
	"os"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/edit/operation"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
)

// Edited returns the contents of the disc as they will be: operations are carried out first,
// and then files and folders of the host, or saved compilations, are added. Of a folder and of
// a compilation the contents are added to the root of the disc. Files of the same name are
// replaced, and folders are merged. The notices are about files that cannot be added.
func (d *Disc) Edited(ctx context.Context, list []operation.Operation, add []string, rep progress.Reporter) (*compilation.Compilation, []disc.Notice, error) {
	c := d.Compilation()
	notices, err := operation.Apply(ctx, c, list, rep)
	if err != nil {
		return nil, nil, err
	}
	notices = disc.Errors(notices) // the others are about what is replaced
	for _, p := range add {
		nodes, found, err := nodesOf(ctx, c, p, rep)
		if err != nil {
			return nil, nil, err
		}
		found = append(found, c.Add(c.Root(), nodes)...)
		notices = append(notices, disc.Errors(found)...)
	}
	return c, notices, nil
}

// nodesOf returns what a path of the host stands for.
func nodesOf(ctx context.Context, c *compilation.Compilation, path string, rep progress.Reporter) ([]*tree.Node, []disc.Notice, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("add to the disc: %w", err)
	case info.IsDir():
		path += "/"
	case compilation.IsFile(path):
		other, notices, err := compilation.Load(path)
		if err != nil {
			return nil, nil, err
		}
		return append([]*tree.Node(nil), other.Root().Children()...), notices, nil
	}
	return compilation.Scan(ctx, []string{path}, c.ScanOptions(), rep)
}
