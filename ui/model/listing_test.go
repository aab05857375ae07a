package model

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/tree"
)

// sample returns a tree of paths; one with a trailing slash is a folder. The size of a
// file is the length of its name.
func sample(paths ...string) *tree.Node {
	root := tree.NewFolder("", time.Unix(1, 0))
	for i, p := range paths {
		n := root
		parts := strings.Split(strings.TrimSuffix(p, "/"), "/")
		for j, part := range parts {
			c := n.Child(part)
			if c == nil {
				if j == len(parts)-1 && !strings.HasSuffix(p, "/") {
					c = tree.NewFile(part, int64(len(part)), time.Unix(int64(1000+i), 0), nil)
				} else {
					c = tree.NewFolder(part, time.Unix(int64(1000+i), 0))
				}
				n.Append(c)
			}
			n = c
		}
	}
	return root
}

func names(rows []*tree.Node) string {
	var s []string
	for _, n := range rows {
		s = append(s, n.Name)
	}
	return strings.Join(s, " ")
}

func TestListingSorts(t *testing.T) {
	l := NewListing(sample("b10", "b9", "A", "zz/", "dir/x", "dir/y", "c.txt"), newMainLoop().post)
	if got := names(l.Rows()); got != "dir zz A b9 b10 c.txt" {
		t.Errorf("by name: %s", got)
	}
	l.SortBy(ByName)
	if got := names(l.Rows()); got != "zz dir c.txt b10 b9 A" {
		t.Errorf("by name, descending: %s", got)
	}
	l.SortBy(BySize)
	if got := names(l.Rows()); got != "dir zz c.txt b10 b9 A" {
		t.Errorf("by size, the largest first: %s", got)
	}
	l.SortBy(ByDate)
	if got := names(l.Rows()); got != "dir zz c.txt A b9 b10" {
		t.Errorf("by date, the newest first: %s", got)
	}
}

func TestListingWalks(t *testing.T) {
	root := sample("a/b/c.txt", "a/d.txt", "e/")
	l := NewListing(root, newMainLoop().post)
	a := root.Child("a")
	l.Open(a)
	l.Open(a.Child("b"))
	if names(l.Path()[1:]) != "a b" || !l.CanBack() || l.CanForward() {
		t.Errorf("in %s", names(l.Path()))
	}
	l.Up()
	if l.Folder() != a || names(l.Selected()) != "b" {
		t.Errorf("up: in %s with %q selected", l.Folder().Path(), names(l.Selected()))
	}
	l.Back()
	l.Back()
	if l.Folder() != a || !l.CanForward() {
		t.Errorf("back: in %s", l.Folder().Path())
	}
	a.Detach()
	l.Refresh()
	if l.Folder() != root {
		t.Error("the folder that is shown was removed, and is still shown")
	}
}

func TestListingSearches(t *testing.T) {
	l := NewListing(sample("Music/Rain.flac", "Notes/rain diary.txt", "x"), newMainLoop().post)
	l.Search("RAIN")
	if got := names(l.Rows()); got != "rain diary.txt Rain.flac" {
		t.Errorf("found %s", got)
	}
	l.Search(" ")
	if got := names(l.Rows()); got != "Music Notes x" {
		t.Errorf("afterwards: %s", got)
	}
}

func TestListingSortsManyElsewhere(t *testing.T) {
	root := tree.NewFolder("", time.Unix(0, 0))
	for i := range sortAtOnce + 10 {
		root.Append(tree.NewFile(fmt.Sprintf("f%d", sortAtOnce*2-i), 1, time.Unix(0, 0), nil))
	}
	q := newMainLoop()
	l := NewListing(root, q.post)
	if !l.sorting {
		t.Fatal("a list of this length is sorted immediately")
	}
	l.SortBy(ByName) // the first result is stale by now
	q.until(t, "the sorted rows", func() bool { return !l.sorting })
	if first := l.Rows()[0].Name; first != fmt.Sprintf("f%d", sortAtOnce*2) {
		t.Errorf("descending, the first is %s", first)
	}
}

func TestOutline(t *testing.T) {
	root := sample("b/deep/er/", "a/", "file")
	o := NewOutline(root)
	show := func() string {
		var s []string
		for _, b := range o.Lines() {
			s = append(s, strings.Repeat(".", b.Depth)+b.Node.Name)
		}
		return strings.Join(s, " ")
	}
	if show() != " .a .b" {
		t.Errorf("at first: %q", show())
	}
	if at := o.Reveal(root.Lookup("b/deep/er")); at != 4 || show() != " .a .b ..deep ...er" {
		t.Errorf("revealed at %d: %q", at, show())
	}
	o.Toggle(root.Child("b"))
	if show() != " .a .b" {
		t.Errorf("closed: %q", show())
	}
	if o.Reveal(sample("x/").Child("x")) != -1 {
		t.Error("a folder of another tree was found")
	}
}
