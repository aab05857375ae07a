package compilation_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
)

// paths returns the paths of all files and folders but the root.
func paths(c *compilation.Compilation) []string {
	var all []string
	_ = c.Root().Walk(func(n *tree.Node) error {
		if n.Parent() != nil {
			all = append(all, n.Path())
		}
		return nil
	})
	slices.Sort(all)
	return all
}

// three returns a compilation of three files in two folders.
func three() *compilation.Compilation {
	c := compilation.New()
	a, b := tree.NewFolder("a", time.Time{}), tree.NewFolder("b", time.Time{})
	c.Root().Append(a)
	a.Append(b)
	a.Append(tree.NewFile("one.txt", 3, time.Time{}, layout.Bytes("one")))
	b.Append(tree.NewFile("two.txt", 3, time.Time{}, layout.Bytes("two")))
	c.Root().Append(tree.NewFile("three.doc", 5, time.Time{}, layout.Bytes("three")))
	return c
}

// TestRemoveMatching removes files by patterns.
func TestRemoveMatching(t *testing.T) {
	for _, x := range []struct {
		patterns tree.Patterns
		want     string // paths; empty: an error, and nothing is removed
		removed  int
	}{
		{tree.Patterns{"*.txt"}, "/a /a/b /three.doc", 2},
		{tree.Patterns{"/a/*.txt", "three.*"}, "/a /a/b /a/b/two.txt", 2},
		{tree.Patterns{"a"}, "/three.doc", 1},
		{tree.Patterns{"*.txt", "nothing"}, "", 0},
		{tree.Patterns{"["}, "", 0},
	} {
		c := three()
		before := strings.Join(paths(c), " ")
		n, err := c.RemoveMatching(x.patterns)
		got := strings.Join(paths(c), " ")
		switch {
		case x.want == "":
			if err == nil || got != before {
				t.Errorf("%q: %v, %s", x.patterns, err, got)
			}
		case err != nil || n != x.removed || got != x.want:
			t.Errorf("%q: %d removed, %v, %s", x.patterns, n, err, got)
		}
	}
}

// TestMovePath renames and moves files.
func TestMovePath(t *testing.T) {
	for _, x := range []struct{ from, to, want string }{
		{"a/one.txt", "a/1.txt", "/a /a/1.txt /a/b /a/b/two.txt /three.doc"},
		{"/three.doc", "/a/b", "/a /a/b /a/b/three.doc /a/b/two.txt /a/one.txt"},
		{"a/b", "c", "/a /a/one.txt /c /c/two.txt /three.doc"},
		{"a/b/two.txt", "2.txt", "/2.txt /a /a/b /a/one.txt /three.doc"},
		{"a", "a/b/a", ""},
		{"a", "a/b", ""},
		{"missing", "x", ""},
		{"three.doc", "no/folder", ""},
		{"three.doc", "a/one.txt", ""},
		{"/", "x", ""},
	} {
		c := three()
		before := strings.Join(paths(c), " ")
		err := c.MovePath(x.from, x.to)
		got := strings.Join(paths(c), " ")
		switch {
		case x.want == "":
			if err == nil || got != before {
				t.Errorf("%s to %s: %v, %s", x.from, x.to, err, got)
			}
		case err != nil || got != x.want:
			t.Errorf("%s to %s: %v, %s", x.from, x.to, err, got)
		}
	}
}
