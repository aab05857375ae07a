package tree_test

import (
	"io/fs"
	"slices"
	"testing"
	"time"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
)

// unread returns the root of a disc with the files a, b and sub/c, and how often a folder
// was read.
func unread() (root *tree.Node, reads *int) {
	reads = new(int)
	file := func(name string) *tree.Node { return tree.NewFile(name, 1, time.Unix(1, 0), layout.NewFile(name)) }
	root = tree.NewUnread("", func() []*tree.Node {
		*reads++
		sub := tree.NewUnread("sub", func() []*tree.Node { *reads++; return []*tree.Node{file("c")} })
		return []*tree.Node{file("a"), file("b"), sub}
	})
	was := *tree.NewFolder("", time.Time{})
	root.SetOrigin(&was)
	return root, reads
}

func names(list []*tree.Node) (s []string) {
	for _, n := range list {
		s = append(s, n.Name)
	}
	return s
}

func TestUnread(t *testing.T) {
	root, reads := unread()
	if !root.Unread() || *reads != 0 {
		t.Fatal("the folder was read before it was needed")
	}
	sub := root.Child("sub")
	if *reads != 1 || root.Unread() || !sub.Unread() {
		t.Fatalf("%d folders were read for an entry of the root", *reads)
	}
	copied := root.Clone()
	if root.Lookup("sub/c") == nil || copied.Lookup("sub/c") == nil || *reads != 3 {
		t.Errorf("%d folders were read", *reads)
	}
	if got := copied.Lookup("sub/c").Parent(); got != copied.Child("sub") {
		t.Errorf("the parent of an entry that was read in a copy is %p", got)
	}
	if root.Lookup("sub/c").Origin().Path() != "/sub/c" {
		t.Errorf("the origin is %s", root.Lookup("sub/c").Origin().Path())
	}
}

func TestOrigin(t *testing.T) {
	root, _ := unread()
	a, b, sub := root.Child("a"), root.Child("b"), root.Child("sub")
	a.Name = "renamed"
	b.Detach()
	sub.Append(b)
	sub.Child("c").SetSource(layout.Bytes("x"))
	root.Append(tree.NewFile("new", 1, time.Time{}, layout.Bytes("y")))
	if got := names(root.Recall()); !slices.Equal(got, []string{"a", "b", "sub"}) {
		t.Errorf("the root had %q", got)
	}
	for _, c := range []struct {
		n                             *tree.Node
		contents, attributes, inPlace bool
	}{
		{a, true, true, false},
		{b, true, true, false},
		{sub, true, true, true},
		{sub.Child("c"), false, true, true},
		{root.Child("new"), false, false, false},
	} {
		if got := [3]bool{c.n.SameContents(), c.n.SameAttributes(), c.n.InPlace()}; got != [3]bool{c.contents, c.attributes, c.inPlace} {
			t.Errorf("%s: same contents, same attributes, in place: %v", c.n.Path(), got)
		}
	}
	a.Mode = 0o600
	x := &tree.Extra{Accessed: 1}
	sub.SetExtra(x)
	if a.SameAttributes() || sub.SameAttributes() || sub.Origin() == nil || sub.Extra() != x {
		t.Error("changed attributes are not noticed, or the origin is lost")
	}
	sub.SetExtra(nil)
	sub.SetOrigin(nil)
	if sub.Origin() != nil || sub.Child("c") == nil {
		t.Error("SetOrigin(nil) does not remove the origin alone")
	}
}

// TestAdopt reads the entries of a folder through a copy.
func TestAdopt(t *testing.T) {
	reads := 0
	folder := tree.NewUnread("folder", func() []*tree.Node {
		reads++
		return []*tree.Node{tree.NewNode("a", 0o644, nil)}
	})
	folder.SetOrigin(tree.NewNode("folder", fs.ModeDir|0o755, nil))
	copied := folder.Clone()
	folder.Adopt(copied)
	if !folder.Unread() {
		t.Fatal("the entries of a copy that was not read were adopted")
	}
	copied.Children()
	folder.Adopt(copied)
	a := folder.Child("a")
	if a == nil || a.Parent() != folder || !a.InPlace() || reads != 1 || len(folder.Recall()) != 1 {
		t.Errorf("adopted is %v, after %d reads", a, reads)
	}
	other := tree.NewUnread("folder", func() []*tree.Node { return nil })
	other.Children()
	folder.Adopt(other)
	if folder.Child("a") != a {
		t.Error("the entries of a folder that was read were replaced")
	}
}
