package plan_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"unicode/utf8"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/plan"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

func TestFileName(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{"short", "short"},
		{strings.Repeat("é", 126) + ".e", strings.Repeat("é", 126) + ".e"},
		{strings.Repeat("a", 254), strings.Repeat("a", 254)},
		{strings.Repeat("a", 255), strings.Repeat("a", 249) + "#789D"},
		{strings.Repeat("a", 251) + ".jpg", strings.Repeat("a", 245) + "#629A.jpg"},
		{strings.Repeat("語", 84), strings.Repeat("語", 84)},
		{strings.Repeat("a", 125) + "語語", strings.Repeat("a", 125) + "語語"},
		{strings.Repeat("a", 126) + "語語", strings.Repeat("a", 126) + "#130E"}, // 8 bits per character are sufficient
		{"bad\xff", "bad_#C1FF"},
		{"bad\xfe.jpg", "bad_#7D84.jpg"},
		{"bad\ufffd", "bad\ufffd"},
	} {
		if got := recordedName(t, test.name); got != test.want {
			t.Errorf("%q: %q, want %q", test.name, got, test.want)
		}
	}
}

// recordedName returns the name of a file on a volume.
func recordedName(t *testing.T, name string) string {
	t.Helper()
	root := tree.NewFolder("", udftest.When)
	root.Append(tree.NewFile(name, 0, udftest.When, nil))
	l := udftest.Volume(t, root, plan.Options{})
	v, err := udf.Open(l, l.Size(), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := v.ReadDir(".")
	if err != nil || len(list) != 1 {
		t.Fatalf("%d entries, error %v", len(list), err)
	}
	return list[0].Name()
}

// FuzzFileName plans files with arbitrary names. Each of them is in the volume.
func FuzzFileName(f *testing.F) {
	for _, s := range []string{"", "a", "ÿ", "Ā", "日本語", "😀", "\xff", "a\x00b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if s != "" {
			recordedName(t, s)
		}
	})
}

// TestNotices checks the notices about names and links that cannot be recorded as they
// are, and that names that are not UTF-8 stay different.
func TestNotices(t *testing.T) {
	root := tree.NewFolder("", udftest.When)
	for _, name := range []string{"bad\xfe", "bad\xff", "bad\ufffd", strings.Repeat("a", 255)} {
		root.Append(tree.NewFile(name, 1, udftest.When, layout.Bytes("x")))
	}
	for name, target := range map[string]string{"near": strings.Repeat("ab/", 292), "far": strings.Repeat("ab/", 293)} {
		n := tree.NewNode(name, fs.ModeSymlink|0o777, tree.Symlink(target))
		root.Append(n)
	}
	p, err := plan.New(root, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(p.Report().Notices)
	for _, want := range []string{"1 name is longer than UDF allows", "2 names are not valid UTF-8", "1 symbolic link is longer than a block"} {
		if !strings.Contains(got, want) {
			t.Errorf("notices %s, want %q", got, want)
		}
	}
	l, err := udftest.Place(p, root, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := udf.Open(l, l.Size(), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := v.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		if strings.Contains(d.Name(), "~") { // the reader adds it to the second of two equal names
			t.Errorf("%s was written twice", d.Name())
		}
	}
}

func FuzzReadWrite(f *testing.F) {
	f.Add("a/b/c|d|😀", uint8(0))
	f.Add("z|y|x/"+strings.Repeat("long", 90), uint8(5))
	f.Fuzz(func(t *testing.T, paths string, revision uint8) {
		root := tree.NewFolder("", udftest.When)
		want := 0
		for _, p := range strings.Split(paths, "|") {
			at := root
			for _, part := range strings.Split(p, "/") {
				if !utf8.ValidString(part) || tree.CheckName(part) != nil {
					break
				}
				c := at.Child(part)
				if c == nil {
					if c = tree.NewFolder(part, udftest.When); at.Insert(c) != nil {
						break
					}
					want++
				}
				at = c
			}
		}
		l := udftest.Volume(t, root, plan.Options{Revision: plan.Revisions[int(revision)%len(plan.Revisions)]})
		v, err := udf.Open(l, l.Size(), volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(udftest.Manifest(t, v), " 1709210096.789012 "); got != want+1 {
			t.Errorf("%d folders, want %d", got, want+1)
		}
	})
}

func BenchmarkPlan(b *testing.B) {
	root := tree.NewFolder("", udftest.When)
	for range 100 {
		dir := tree.NewFolder(strings.Repeat("d", len(root.Children())+1), udftest.When)
		root.Append(dir)
		for i := range 1000 {
			dir.Append(tree.NewFile(strings.Repeat("f", i%250+1)+string(rune('a'+i/250)), 100, udftest.When, layout.Bytes("contents")))
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		udftest.Volume(b, root, plan.Options{Revision: plan.Revision250})
	}
}
