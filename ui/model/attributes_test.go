package model

import (
	"io/fs"
	"testing"
	"time"

	"glassmaster/mastering/tree"
)

func TestAttributeTexts(t *testing.T) {
	at := time.Date(2026, 3, 31, 12, 30, 15, 0, time.Local)
	n := tree.NewNode("a", fs.ModeSetuid|0o755, nil)
	n.Modified, n.UID, n.GID = at.UnixNano(), 1000, 100
	same := AttributeTexts{Permissions: "4755", User: "1000", Group: "100", Modified: "2026-03-31 12:30:15", Hidden: "no"}
	if got := TextsOf([]*tree.Node{n}); got != same {
		t.Fatalf("the texts are %+v", got)
	}
	other := tree.NewNode("b", 0o644, nil)
	other.Modified, other.UID = at.UnixNano(), 1000
	other.SetExtra(&tree.Extra{Hidden: true})
	if got := TextsOf([]*tree.Node{n, other}); got != (AttributeTexts{User: "1000", Modified: same.Modified}) {
		t.Errorf("in common are %+v", got)
	}
	for _, c := range []struct {
		name   string
		change func(*AttributeTexts)
		want   func(*Attributes)
		bad    bool
	}{
		{name: "nothing", change: func(*AttributeTexts) {}},
		{name: "permissions", change: func(x *AttributeTexts) { x.Permissions = " 1600 " }, want: func(a *Attributes) { a.Mode = fs.ModeSticky | 0o600 }},
		{name: "owner", change: func(x *AttributeTexts) { x.User, x.Group = "0", "4294967295" }, want: func(a *Attributes) { a.UID, a.GID = 0, 1<<32-1 }},
		{name: "day", change: func(x *AttributeTexts) { x.Modified = "2001-02-03" }, want: func(a *Attributes) {
			a.Modified = time.Date(2001, 2, 3, 0, 0, 0, 0, time.Local).UnixNano()
		}},
		{name: "hidden", change: func(x *AttributeTexts) { x.Hidden = "yes" }, want: func(a *Attributes) { a.Extra = &tree.Extra{Hidden: true} }},
		{name: "empty", change: func(x *AttributeTexts) { *x = AttributeTexts{} }},
		{name: "not octal", change: func(x *AttributeTexts) { x.Permissions = "rwx" }, bad: true},
		{name: "too large", change: func(x *AttributeTexts) { x.Permissions = "10000" }, bad: true},
		{name: "a name", change: func(x *AttributeTexts) { x.User = "root" }, bad: true},
		{name: "no date", change: func(x *AttributeTexts) { x.Modified = "yesterday" }, bad: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := same
			c.change(&now)
			change, err := now.Change(same)
			if c.bad != (err != nil) {
				t.Fatal(err)
			}
			if c.bad {
				return
			}
			want := AttributesOf(n)
			if c.want != nil {
				c.want(&want)
			}
			got := change(n, AttributesOf(n))
			hidden := func(a Attributes) bool { return a.Extra != nil && a.Extra.Hidden }
			if hidden(got) != hidden(want) {
				t.Error("hidden differs")
			}
			got.Extra, want.Extra = nil, nil
			if got != want {
				t.Errorf("it becomes %+v, want %+v", got, want)
			}
		})
	}
}
