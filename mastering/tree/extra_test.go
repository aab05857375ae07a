package tree

import (
	"testing"
	"time"

	"glassmaster/mastering/layout"
)

func TestExtra(t *testing.T) {
	root := NewFolder("", time.Time{})
	file := NewFile("file", 1, time.Time{}, layout.Bytes("x"))
	link := NewNode("link", 0, Symlink("file"))
	shared := &Shared{Source: layout.Bytes("y")}
	one, two := NewNode("one", 0, shared), NewNode("two", 0, shared)
	sub := NewFolder("sub", time.Time{})
	for _, n := range []*Node{file, link, one, two, sub} {
		root.Append(n)
	}
	x := &Extra{Accessed: 5, Attributes: map[string][]byte{"user.a": []byte("b")}}
	for _, n := range []*Node{root, file, link, one, sub} {
		n.SetExtra(x)
	}
	sub.Append(NewFile("in", 1, time.Time{}, layout.Bytes("z")))
	c := root.Clone()
	for _, r := range []*Node{root, c} {
		for path, want := range map[string]*Extra{"/": x, "file": x, "link": x, "one": x, "two": nil, "sub": x, "sub/in": nil} {
			if got := r.Lookup(path).Extra(); got != want {
				t.Errorf("%s has %v", path, got)
			}
		}
		if r.Lookup("link").Target() != "file" || r.Lookup("one").Shared() != r.Lookup("two").Shared() || r.Lookup("sub/in") == nil {
			t.Error("contents are not what they were")
		}
	}
	c.Lookup("one").SetSource(layout.Bytes("new"))
	c.Lookup("file").SetSource(layout.Bytes("new"))
	if c.Lookup("two").Source().(layout.Bytes)[0] != 'n' || root.Lookup("two").Source().(layout.Bytes)[0] != 'y' {
		t.Error("a new source is not that of all names, or of the original too")
	}
	if c.Lookup("file").Extra() != x || root.Lookup("file").Source().(layout.Bytes)[0] != 'x' {
		t.Error("a new source changed more than it should")
	}
	file.SetExtra(nil)
	if file.Extra() != nil || file.Source() == nil || c.Lookup("file").Extra() != x {
		t.Error("taking away an extra")
	}
}
