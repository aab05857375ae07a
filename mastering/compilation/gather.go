package compilation

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// AddPaths puts files and folders of this machine into a compilation. A single
// folder, and one whose name ends in a slash, gives its contents; everything
// else stands in the root under its own name. The root takes the time of a
// single folder, so that the same folder gives the same disc. What could not be
// added comes back as notices of severity Error.
func (c *Compilation) AddPaths(ctx context.Context, paths []string, follow bool, rep progress.Reporter) ([]disc.Notice, error) {
	if len(paths) == 1 {
		if info, err := os.Stat(paths[0]); err == nil && info.IsDir() {
			paths = []string{paths[0] + "/"}
			c.Root().Modified = volume.Nanoseconds(info.ModTime())
		}
	}
	o := c.ScanOptions()
	o.FollowLinks = follow
	nodes, notices, err := Scan(ctx, paths, o, rep)
	if err != nil {
		return nil, err
	}
	return append(notices, c.Add(c.Root(), nodes)...), nil
}

// RemoveFile takes a file of this machine off the compilation, and reports whether it
// was there: an image that lies in the folder it is made of is not a part of
// itself.
func (c *Compilation) RemoveFile(path string) bool {
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

// LabelFor returns the label that a volume of these sources has when nobody gives
// it another: that of the only one of them.
func LabelFor(paths []string) string {
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
