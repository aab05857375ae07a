package source

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// Gather puts files and folders of this machine into a compilation. A single
// folder, and one whose name ends in a slash, gives its contents; everything
// else stands in the root under its own name. The root takes the time of a
// single folder, so that the same folder gives the same disc. What could not be
// added comes back as problems.
func Gather(ctx context.Context, c *compilation.Compilation, paths []string, follow bool, rep progress.Reporter) ([]compilation.Problem, error) {
	if len(paths) == 1 {
		if info, err := os.Stat(paths[0]); err == nil && info.IsDir() {
			paths = []string{paths[0] + "/"}
			c.Root().Modified = volume.Nanoseconds(info.ModTime())
		}
	}
	o := c.ScanOptions()
	o.FollowLinks = follow
	nodes, problems, err := compilation.Scan(ctx, paths, o, rep)
	if err != nil {
		return nil, err
	}
	return append(problems, c.Add(c.Root(), nodes)...), nil
}

// Remove takes a file of this machine off a compilation, and reports whether it
// was there: an image that lies in the folder it is made of is not a part of
// itself.
func Remove(c *compilation.Compilation, path string) bool {
	abs, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	dir, base := filepath.Dir(abs), filepath.Base(abs)
	var found []*tree.Node
	_ = c.Root().Walk(func(n *tree.Node) error { // the function never fails
		if f, ok := n.Source().(*layout.File); ok && f.Name == base && f.Folder.Path == dir {
			found = append(found, n)
		}
		return nil
	})
	c.Remove(found)
	return len(found) > 0
}

// Label returns the name that a volume of these sources has when nobody gives
// it another: that of the only one of them.
func Label(paths []string) string {
	if len(paths) != 1 {
		return "DISC"
	}
	full, err := filepath.Abs(paths[0])
	if err != nil {
		return "DISC"
	}
	base := filepath.Base(full)
	if base == string(filepath.Separator) || base == "." {
		return "DISC"
	}
	if info, err := os.Stat(full); err == nil && !info.IsDir() {
		base = strings.TrimSuffix(base, filepath.Ext(base))
	}
	if r := []rune(base); len(r) > 32 {
		base = string(r[:32])
	}
	return base
}

// Sort tells what is missing on the disc from what is there in another way than
// one might expect: a file that took the place of another is only worth a
// warning.
func Sort(problems []compilation.Problem, warnings []string) (missing, all []string) {
	for _, p := range problems {
		if errors.Is(p, compilation.ErrReplaced) {
			warnings = append(warnings, p.Error())
		} else {
			missing = append(missing, p.Error())
		}
	}
	return missing, warnings
}
