package model

import (
	"slices"
	"strings"
	"testing"
)

// TestSelection sends clicks and keys: a number is a click on that row, with s before it
// a click with Shift, with c one with Control; + and - are the arrow keys, S+ and S-
// those with Shift; A selects all.
func TestSelection(t *testing.T) {
	rows := strings.Split("abcdef", "")
	for _, c := range []struct{ play, want string }{
		{"1", "b"},
		{"1 s3", "bcd"},
		{"3 s1", "bcd"},
		{"1 s3 s0", "ab"},
		{"1 c3", "bd"},
		{"1 c3 c1", "d"},
		{"0 c2 s4", "cde"},
		{"+", "a"},
		{"-", "f"},
		{"0 + +", "c"},
		{"5 +", "f"},
		{"0 S+ S+", "abc"},
		{"0 S+ S+ S-", "ab"},
		{"2 A", "abcdef"},
		{"2 A +", "d"},
		{"9", ""},
	} {
		var s Selection[string]
		for _, p := range strings.Fields(c.play) {
			digit := func() int { return int(p[len(p)-1] - '0') }
			switch {
			case p == "A":
				s.All(rows)
			case strings.HasSuffix(p, "+"):
				s.Step(rows, 1, p[0] == 'S')
			case strings.HasSuffix(p, "-"):
				s.Step(rows, -1, p[0] == 'S')
			default:
				s.Click(rows, digit(), p[0] == 's', p[0] == 'c')
			}
		}
		if got := strings.Join(s.In(rows), ""); got != c.want {
			t.Errorf("%s: selected %q, want %q", c.play, got, c.want)
		}
	}
}

func TestSelectionSurvivesSorting(t *testing.T) {
	rows := strings.Split("abcd", "")
	var s Selection[string]
	s.Click(rows, 1, false, false)
	s.Click(rows, 3, false, true)
	slices.Reverse(rows)
	if got := strings.Join(s.In(rows), ""); got != "db" {
		t.Errorf("after sorting: %q", got)
	}
	s.retain(func(k string) bool { return k != "d" })
	if _, on := s.Cursor(); on || s.Len() != 1 {
		t.Errorf("the cursor is still on a removed row, %d selected", s.Len())
	}
}
