package iso9660

import (
	"bytes"
	"fmt"
	"testing"
	"time"
	"unicode/utf16"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
)

func plainFile(name string) *tree.Node {
	return tree.NewFile(name, 1, time.Time{}, layout.Bytes("x"))
}

func keepAll(*tree.Node) bool { return false }

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
		n := namer{l: levelLimits(c.level)}
		ids := n.name([]*tree.Node{plainFile(c.name)}, keepAll)
		if got := string(n.bytes(ids[0])); got != c.want {
			t.Errorf("level %d, %q: got %q, want %q", c.level, c.name, got, c.want)
		}
	}
}

// TestNamesDiffer gives every name a neighbour that mangles to the same.
func TestNamesDiffer(t *testing.T) {
	var children []*tree.Node
	for i := range 1500 {
		children = append(children, plainFile(fmt.Sprintf("the same long beginning of a name %04d.txt", i)))
	}
	for _, name := range []string{"a", "A", "b+b.c", "b-b.c", "b_b.c", "B_B.C", "a.", "写真", "資料"} {
		children = append(children, plainFile(name))
	}
	children = append(children, tree.NewFolder("á", time.Time{}), tree.NewFolder("b_b", time.Time{}))
	for _, level := range []int{1, 3} {
		n := namer{l: levelLimits(level)}
		seen := map[string]bool{}
		var last []byte
		for _, id := range n.name(children, keepAll) {
			b := n.bytes(id)
			if s := string(stem(b)); seen[s] {
				t.Errorf("level %d: %q twice", level, s)
			} else {
				seen[s] = true
			}
			if bytes.Compare(b, last) <= 0 {
				t.Errorf("level %d: %q stands behind %q", level, b, last)
			}
			last = b
			name, ext, _ := bytes.Cut(b, []byte{'.'})
			if len(name) > n.l.directory || !children[id.child].IsDir() && (len(name) > n.l.name || len(ext) > n.l.extension || len(name)+len(ext) > n.l.both) {
				t.Errorf("level %d: %q is too long", level, b)
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
		var children []*tree.Node
		for _, i := range order {
			children = append(children, plainFile(names[i]))
		}
		n := namer{l: levelLimits(3)}
		got := map[string]string{}
		for _, id := range n.name(children, keepAll) {
			got[children[id.child].Name] = string(n.bytes(id))
		}
		return got
	}
	a, b := identify([]int{0, 1, 2, 3, 4}), identify([]int{4, 3, 1, 2, 0})
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("%v and %v", a, b)
	}
}

func TestJolietNames(t *testing.T) {
	digits := "0123456789"
	long := digits + digits + digits + digits + digits + digits // 60
	children := []*tree.Node{
		plainFile("ordinary.txt"), plainFile("a:b?.txt"), plainFile("a*b;.txt"),
		plainFile(long + "abcdefgh.jpeg"), plainFile(long + "abcdefgi.jpeg"),
		plainFile(long[:59] + "𝄞𝄞𝄞𝄞"),
	}
	n := namer{}
	want := map[string]string{
		"ordinary.txt":         "ordinary.txt",
		"a:b?.txt":             "a_b_000.txt",
		"a*b;.txt":             "a_b_.txt",
		long + "abcdefgh.jpeg": long[:59] + ".jpeg",
		long + "abcdefgi.jpeg": long[:56] + "000.jpeg",
		long[:59] + "𝄞𝄞𝄞𝄞":     long[:59] + "𝄞𝄞",
	}
	for _, id := range n.jolietName(children, 64, keepAll) {
		b := n.bytes(id)
		var u []uint16
		for i := 0; i < len(b); i += 2 {
			u = append(u, uint16(b[i])<<8|uint16(b[i+1]))
		}
		name := children[id.child].Name
		if got := string(utf16.Decode(u)); got != want[name] {
			t.Errorf("%q: got %q, want %q", name, got, want[name])
		}
		if len(u) > 64 {
			t.Errorf("%q: %d characters", name, len(u))
		}
	}
}

func TestContinuationNeverCrossesSector(t *testing.T) {
	var c continuation
	for _, n := range []int{500, 1500, 100, 2048, 1, 2047} {
		at := c.take(n)
		if at/sectorSize != (at+n-1)/sectorSize {
			t.Errorf("%d bytes at %d", n, at)
		}
	}
}
