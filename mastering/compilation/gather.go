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

// AddPaths adds files and folders of the host to the root of the compilation. Of a single
// folder, and of any folder with a trailing slash, the contents are added. If there is a
// single folder, the root gets its time, so that the same folder always gives the same
// disc. The notices are warnings about replaced files, and errors about files that cannot
// be added.
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

// RemoveFile removes a file of the host from the compilation, such as the image itself if
// it is in the folder that it is made of. It reports whether the file was there.
func (c *Compilation) RemoveFile(path string) bool {
	abs, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	dir, base := filepath.Dir(abs), filepath.Base(abs)
	var found []*tree.Node
	_ = c.Root().Walk(func(n *tree.Node) error { // the function never fails
		if f, ok := n.Source().(*layout.File); ok && f.Name == base && (f.Folder.Path == dir || sameFile(f.Path(), abs)) {
			found = append(found, n)
		}
		return nil
	})
	c.Remove(found)
	return len(found) > 0
}

// sameFile reports whether two paths lead to the same file of the host.
func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// LabelFor returns the default volume label for these sources: the name of the source if
// there is only one.
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
	info, err := os.Stat(full)
	return LabelOf(base, err != nil || info.IsDir())
}

// LabelOf returns the default volume label for a disc of a single file or folder of that
// name: the name, of a file without its extension.
func LabelOf(name string, folder bool) string {
	if !folder {
		name = strings.TrimSuffix(name, filepath.Ext(name))
	}
	r := []rune(name)
	return string(r[:min(len(r), 32)])
}
