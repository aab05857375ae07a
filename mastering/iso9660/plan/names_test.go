package plan_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"unicode/utf16"

	"glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
)

// Sectors of volume descriptors.
const (
	primaryAt = 16
	jolietAt  = 17
)

// plainFile returns a file whose contents are its name, so that no other file
// has the same.
func plainFile(name string) *tree.Node {
	return tree.NewFile(name, int64(len(name)), when, layout.Bytes(name))
}

func TestFileIdentifiers(t *testing.T) {
	long := "a-very-long-name-that-does-not-fit-anywhere.document"
	for _, c := range []struct {
		level int
		name  string
		want  string
	}{
		{1, "readme.txt", "README.TXT"},
		{1, "readme.first.text", "README_F.TEX"},
		{1, "longbasename", "LONGBASE."},
		{3, "readme.first.text", "README_FIRST.TEXT"},
		{3, ".bashrc", "_BASHRC."},
		{3, "élan.txt", "_LAN.TXT"},
		{3, "写真", "__."},
		{3, "𝄞.mid", "_.MID"},
		{3, long, "A_VERY_LONG_NAME_THAT_.DOCUMENT"},
		{3, "tar.gz.", "TAR_GZ."},
	} {
		list := rootOf(t, rootWith(plainFile(c.name)), plan.Features{Level: c.level}, primaryAt)
		if len(list) != 1 || list[0].id != c.want+";1" {
			t.Errorf("level %d, %q: got %v, want %q", c.level, c.name, list, c.want)
		}
	}
}

// TestNamesDiffer uses several names for every identifier.
func TestNamesDiffer(t *testing.T) {
	var children []*tree.Node
	for i := range 1500 {
		children = append(children, plainFile(fmt.Sprintf("the same long beginning of a name %04d.txt", i)))
	}
	for _, name := range []string{"a", "A", "b+b.c", "b-b.c", "b_b.c", "B_B.C", "a.", "写真", "資料"} {
		children = append(children, plainFile(name))
	}
	children = append(children, tree.NewFolder("á", when), tree.NewFolder("b_b", when))
	for level, limit := range map[int]struct{ name, extension, both, directory int }{1: {8, 3, 11, 8}, 3: {30, 12, 30, 31}} {
		seen := map[string]bool{}
		last := ""
		for _, r := range rootOf(t, rootWith(children...), plan.Features{Level: level}, primaryAt) {
			id, isFile := strings.CutSuffix(r.id, ";1")
			if s := strings.TrimSuffix(id, "."); seen[s] {
				t.Errorf("level %d: %q twice", level, s)
			} else {
				seen[s] = true
			}
			if id <= last {
				t.Errorf("level %d: %q comes after %q", level, id, last)
			}
			last = id
			name, extension, _ := strings.Cut(id, ".")
			if len(name) > limit.directory || isFile && (len(name) > limit.name || len(extension) > limit.extension || len(name)+len(extension) > limit.both) {
				t.Errorf("level %d: %q is too long", level, id)
			}
		}
		if len(seen) != len(children) {
			t.Errorf("level %d: %d names for %d entries", level, len(seen), len(children))
		}
	}
}

// TestNamesDoNotDependOnOrder gives the same entries in two orders.
func TestNamesDoNotDependOnOrder(t *testing.T) {
	names := []string{"x+.txt", "x-.txt", "x_.txt", "X_.TXT", "y"}
	identify := func(order []int) map[string]string {
		root := rootWith()
		for _, i := range order {
			root.Append(plainFile(names[i]))
		}
		got := map[string]string{}
		for _, r := range rootOf(t, root, plan.Features{}, primaryAt) {
			got[rockName(r)] = r.id
		}
		return got
	}
	a, b := identify([]int{0, 1, 2, 3, 4}), identify([]int{4, 3, 1, 2, 0})
	if !maps.Equal(a, b) || len(a) != len(names) {
		t.Errorf("%v and %v", a, b)
	}
}

func TestJolietNames(t *testing.T) {
	digits := "0123456789"
	long := digits + digits + digits + digits + digits + digits // 60
	want := map[string]string{
		"ordinary.txt":         "ordinary.txt",
		"a:b?.txt":             "a_b_000.txt",
		"a*b;.txt":             "a_b_.txt",
		long + "abcdefgh.jpeg": long[:59] + ".jpeg",
		long + "abcdefgi.jpeg": long[:56] + "000.jpeg",
		long[:59] + "𝄞𝄞𝄞𝄞":     long[:59] + "𝄞𝄞",
	}
	root := rootWith()
	for _, name := range []string{"ordinary.txt", "a:b?.txt", "a*b;.txt", long + "abcdefgh.jpeg", long + "abcdefgi.jpeg", long[:59] + "𝄞𝄞𝄞𝄞"} {
		root.Append(plainFile(name))
	}
	names := map[uint32]string{} // by the sectors of the contents
	for _, r := range rootOf(t, root, plan.Features{}, primaryAt) {
		names[r.lba] = rockName(r)
	}
	list := rootOf(t, root, plan.Features{}, jolietAt)
	if len(list) != len(want) {
		t.Errorf("%d names for %d files", len(list), len(want))
	}
	for _, r := range list {
		var u []uint16
		for i := 0; i+1 < len(r.id); i += 2 {
			u = append(u, uint16(r.id[i])<<8|uint16(r.id[i+1]))
		}
		name := names[r.lba]
		if got := string(utf16.Decode(u)); got != want[name] {
			t.Errorf("%q: got %q, want %q", name, got, want[name])
		}
		if len(u) > 64 {
			t.Errorf("%q: %d characters", name, len(u))
		}
	}
}
