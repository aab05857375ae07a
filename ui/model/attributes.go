package model

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"glassmaster/mastering/tree"
)

// AttributeTexts are the attributes of one or several entries as texts to edit. An empty
// one keeps the attribute of each entry.
type AttributeTexts struct {
	Permissions string // octal, "0644"
	User, Group string // numbers
	Modified    string // local time, "2006-01-02 15:04:05"
	Hidden      string // "yes" or "no"
}

// editTime is how the time of the last modification is edited.
const editTime = "2006-01-02 15:04:05"

// TextsOf returns the attributes that all nodes have in common.
func TextsOf(nodes []*tree.Node) AttributeTexts {
	var common AttributeTexts
	for i, n := range nodes {
		t := AttributeTexts{
			Permissions: fmt.Sprintf("%04o", unixMode(n.Mode)),
			User:        fmt.Sprint(n.UID), Group: fmt.Sprint(n.GID),
			Modified: n.ModTime().Local().Format(editTime), Hidden: "no",
		}
		if n.Hidden() {
			t.Hidden = "yes"
		}
		if i == 0 {
			common = t
			continue
		}
		for _, f := range []struct{ a, b *string }{
			{&common.Permissions, &t.Permissions},
			{&common.User, &t.User},
			{&common.Group, &t.Group},
			{&common.Modified, &t.Modified},
			{&common.Hidden, &t.Hidden},
		} {
			if *f.a != *f.b {
				*f.a = ""
			}
		}
	}
	return common
}

// special are the permission bits above the nine of user, group and others.
var special = []struct {
	mode fs.FileMode
	bit  uint32
}{{fs.ModeSetuid, 0o4000}, {fs.ModeSetgid, 0o2000}, {fs.ModeSticky, 0o1000}}

func unixMode(m fs.FileMode) uint32 {
	u := uint32(m.Perm())
	for _, s := range special {
		if m&s.mode != 0 {
			u |= s.bit
		}
	}
	return u
}

// Change returns the function for [Editing.SetAttributes] that sets what differs from
// before. The error says which text is not valid.
func (t AttributeTexts) Change(before AttributeTexts) (func(*tree.Node, Attributes) Attributes, error) {
	var steps []func(*Attributes)
	for _, f := range []struct {
		now, was string
		parse    func(string) (func(*Attributes), error)
	}{
		{t.Permissions, before.Permissions, parsePermissions},
		{t.User, before.User, func(s string) (func(*Attributes), error) {
			n, err := parseOwner(s)
			return func(a *Attributes) { a.UID = n }, err
		}},
		{t.Group, before.Group, func(s string) (func(*Attributes), error) {
			n, err := parseOwner(s)
			return func(a *Attributes) { a.GID = n }, err
		}},
		{t.Modified, before.Modified, parseModified},
		{t.Hidden, before.Hidden, func(s string) (func(*Attributes), error) {
			return func(a *Attributes) { a.setHidden(s == "yes") }, nil
		}},
	} {
		now := strings.TrimSpace(f.now)
		if now == "" || now == f.was {
			continue
		}
		step, err := f.parse(now)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return func(_ *tree.Node, a Attributes) Attributes {
		for _, step := range steps {
			step(&a)
		}
		return a
	}, nil
}

func parsePermissions(s string) (func(*Attributes), error) {
	n, err := strconv.ParseUint(s, 8, 32)
	if err != nil || n > 0o7777 {
		return nil, fmt.Errorf("the permissions %q are not an octal number such as 0644 or 0755", s)
	}
	return func(a *Attributes) {
		a.Mode = a.Mode.Type() | fs.FileMode(n&0o777)
		for _, x := range special {
			if uint32(n)&x.bit != 0 {
				a.Mode |= x.mode
			}
		}
	}, nil
}

func parseOwner(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is not the number of a user or group, such as 0 for root", s)
	}
	return uint32(n), nil
}

func parseModified(s string) (func(*Attributes), error) {
	for _, layout := range []string{editTime, "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return func(a *Attributes) { a.Modified = t.UnixNano() }, nil
		}
	}
	return nil, fmt.Errorf("%q is not a date such as 2026-03-31 or 2026-03-31 12:00:00", s)
}

func (a *Attributes) setHidden(hidden bool) {
	var x tree.Extra
	if a.Extra != nil {
		x = *a.Extra
	}
	x.Hidden = hidden
	a.Extra = &x
	if !hidden && x.Accessed == 0 && x.Changed == 0 && x.Created == 0 && x.Attributes == nil {
		a.Extra = nil
	}
}
