package operation

import (
	"fmt"
	"path"
	"strings"

	"glassmaster/mastering/tree"
)

// match returns the entries that a pattern stands for: a path from the root with shell
// patterns in its parts or, without a slash, a pattern for names in all folders. A plain
// name stands for the entry of the root if there is one. It is an error if there is none.
func (e *editor) match(pattern string) ([]*tree.Node, error) {
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, &ArgumentError{fmt.Sprintf("pattern %q: %v", pattern, err)}
	}
	root := e.c.Root()
	if root.Lookup(pattern) == root {
		return nil, fmt.Errorf("%q is the root folder, which stays as it is; \"/*\" stands for all that is in it", pattern)
	}
	if n := root.Lookup(pattern); n != nil {
		return []*tree.Node{n}, nil
	}
	var list []*tree.Node
	if strings.Contains(pattern, "/") {
		list = below([]*tree.Node{root}, strings.Split(path.Clean("/" + pattern)[1:], "/"))
	} else {
		list = named(root, pattern)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("nothing in the image matches %q", pattern)
	}
	return list, nil
}

// below returns the entries below folders whose paths match the parts of a pattern.
func below(dirs []*tree.Node, parts []string) []*tree.Node {
	for _, part := range parts {
		var next []*tree.Node
		for _, d := range dirs {
			for _, n := range d.Children() {
				if ok, _ := path.Match(part, n.Name); ok || n.Name == part {
					next = append(next, n)
				}
			}
		}
		dirs = next
	}
	return dirs
}

// named returns the entries whose names match, in all folders. Those in a folder that
// matches itself are not listed.
func named(dir *tree.Node, pattern string) (list []*tree.Node) {
	for _, n := range dir.Children() {
		if ok, _ := path.Match(pattern, n.Name); ok {
			list = append(list, n)
			continue
		}
		if n.IsDir() {
			list = append(list, named(n, pattern)...)
		}
	}
	return list
}
