package compilation

import (
	"fmt"
	"path"
	"strings"

	"glassmaster/mastering/tree"
)

// RemoveMatching removes the files and folders that patterns match, as tree.Patterns
// describes them, and returns how many. A pattern that matches nothing is an error, and
// nothing is removed then.
func (c *Compilation) RemoveMatching(patterns tree.Patterns) (int, error) {
	if err := patterns.Check(); err != nil {
		return 0, fmt.Errorf("remove: %w", err)
	}
	var found []*tree.Node
	matched := make([]bool, len(patterns))
	_ = c.root.Walk(func(n *tree.Node) error { // the function never fails
		hit := false
		for i := range patterns {
			if patterns[i : i+1].Match(n) {
				hit, matched[i] = true, true
			}
		}
		if hit {
			found = append(found, n)
		}
		return nil
	})
	for i, hit := range matched {
		if !hit {
			return 0, fmt.Errorf("remove: nothing matches %q", patterns[i])
		}
	}
	c.Remove(found)
	return len(found), nil
}

// MovePath gives the file or folder at a path another path, as mv does: if there is a folder
// at the new path, it is moved into that. The folder that will hold it must exist.
func (c *Compilation) MovePath(from, to string) error {
	n := c.root.Lookup(relative(from))
	if n == nil || n.Parent() == nil {
		return fmt.Errorf("rename: there is no %s", from)
	}
	target := relative(to)
	if dir := c.root.Lookup(target); dir != nil && dir.IsDir() && dir != n {
		return c.Move([]*tree.Node{n}, dir)
	}
	dir := c.root.Lookup(path.Dir(target))
	switch {
	case dir == nil || !dir.IsDir():
		return fmt.Errorf("rename %s: there is no folder %s", from, path.Dir(target))
	case n.Contains(dir):
		return fmt.Errorf("rename %s: a folder cannot be moved into itself", from)
	}
	name := path.Base(target)
	if err := tree.CheckName(name); err != nil {
		return fmt.Errorf("rename %s: %w", from, err)
	}
	if old := dir.Child(name); old != nil && old != n {
		return fmt.Errorf("rename %s: there is a %s already", from, to)
	}
	if n.Parent() != dir {
		n.Detach()
		n.Name = name
		dir.Append(n)
		return nil
	}
	return c.Rename(n, name)
}

// relative returns a path from the root without a leading slash.
func relative(p string) string {
	if p = strings.TrimPrefix(path.Clean("/"+p), "/"); p == "" {
		return "."
	}
	return p
}
