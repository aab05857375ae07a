package source

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/progress"
)

// Gather puts files and folders of this machine into a compilation. A single
// folder, and one whose name ends in a slash, gives its contents; everything
// else stands in the root under its own name. What could not be added comes
// back as problems.
func Gather(ctx context.Context, c *compilation.Compilation, paths []string, follow bool, rep progress.Reporter) ([]compilation.Problem, error) {
	if len(paths) == 1 {
		if info, err := os.Stat(paths[0]); err == nil && info.IsDir() {
			paths = []string{paths[0] + "/"}
		}
	}
	o := compilation.ScanOptions{Exclude: c.Exclude, FollowLinks: follow}
	nodes, problems, err := compilation.Scan(ctx, paths, o, rep)
	if err != nil {
		return nil, err
	}
	return append(problems, c.Add(c.Root(), nodes)...), nil
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
