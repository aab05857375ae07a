package tree_test

import (
	"testing"
	"time"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
)

func TestExtra(t *testing.T) {
	root := tree.NewFolder("", time.Time{})
	file := tree.NewFile("file", 1, time.Time{}, layout.Bytes("x"))
	link := tree.NewNode("link", 0, tree.Symlink("file"))
	shared := &tree.Shared{Source: layout.Bytes("y")}
	one, two := tree.NewNode("one", 0, shared), tree.NewNode("two", 0, shared)
	sub := tree.NewFolder("sub", time.Time{})
	for _, n := range []*tree.Node{file, link, one, two, sub} {
		root.Append(n)
	}
	x := &tree.Extra{Accessed: 5, Attributes: map[string][]byte{"user.a": []byte("b")}}
	for _, n := range []*tree.Node{root, file, link, one, sub} {
		n.SetExtra(x)
	}
	sub.Append(tree.NewFile("in", 1, time.Time{}, layout.Bytes("z")))
	c := root.Clone()
	for _, r := range []*tree.Node{root, c} {
		for path, want := range map[string]*tree.Extra{"/": x, "file": x, "link": x, "one": x, "two": nil, "sub": x, "sub/in": nil} {
			if got := r.Lookup(path).Extra(); got != want {
				t.Errorf("%s has %v", path, got)
			}
		}
		if r.Lookup("link").Target() != "file" || r.Lookup("one").Shared() != r.Lookup("two").Shared() || r.Lookup("sub/in") == nil {
			t.Error("the contents differ")
		}
	}
	c.Lookup("one").SetSource(layout.Bytes("new"))
	c.Lookup("file").SetSource(layout.Bytes("new"))
	if c.Lookup("two").Source().(layout.Bytes)[0] != 'n' || root.Lookup("two").Source().(layout.Bytes)[0] != 'y' {
		t.Error("a new source is not that of all names, or of the original too")
	}
	if c.Lookup("file").Extra() != x || root.Lookup("file").Source().(layout.Bytes)[0] != 'x' {
		t.Error("SetSource changed another node or attribute")
	}
	file.SetExtra(nil)
	if file.Extra() != nil || file.Source() == nil || c.Lookup("file").Extra() != x {
		t.Error("SetExtra(nil) did not remove the Extra, or changed another node")
	}
}
