package update_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

// bridge plans a disc with ISO 9660 and UDF.
func bridge(t testing.TB, root *tree.Node, o master.Options) []byte {
	t.Helper()
	o.Time, o.Label, o.UDF = udftest.When, "BRIDGE", &master.UDF{}
	l, _, err := master.Plan(root, o)
	if err != nil {
		t.Fatal(err)
	}
	return save(t, l, l.Size())
}

// TestBridge edits bridge discs whose tree was read from ISO 9660 with Rock Ridge.
func TestBridge(t *testing.T) {
	for seed := range uint64(10) {
		image := bridge(t, udftest.Sample(), master.Options{})
		size := int64(len(image))
		e := &editor{Rand: rand.New(rand.NewPCG(seed, 9)), root: treeOfView(t, bytes.NewReader(image), size, "Rock Ridge")}
		for range 10 {
			e.step()
		}
		set, _, err := tryChange(t, bytes.NewReader(image), size, patch.Edit{Root: e.root, View: "Rock Ridge"})
		if err != nil {
			t.Fatal(err)
		}
		after := save(t, set, set.Size())
		unchanged(t, image, after)
		sameFiles(t, after, e.root)
	}
}

// sameFiles checks that the UDF volume of an image has the names and contents of a tree.
func sameFiles(t *testing.T, image []byte, root *tree.Node) {
	t.Helper()
	v, err := udf.Open(bytes.NewReader(image), int64(len(image)), volume.Options{View: "UDF"})
	if err != nil {
		t.Fatal(err)
	}
	list := func(manifest string) string {
		var b strings.Builder
		for line := range strings.Lines(manifest) { // owners, times and link counts differ between the views
			if i := times.FindStringIndex(line); i != nil {
				line = line[:i[0]] + "\n"
			}
			b.WriteString(line)
		}
		return udftest.SortLines(b.String())
	}
	recount(root)
	udftest.Diff(t, list(udftest.TreeManifest(t, root)), list(udftest.Manifest(t, v)))
	notices, _ := v.Check(t.Context())
	for _, n := range notices {
		t.Error(n)
	}
}

// TestHiddenInUDF edits a disc with files that the UDF volume does not have. It does not
// get them.
func TestHiddenInUDF(t *testing.T) {
	image := bridge(t, udftest.Files(), master.Options{HideUDF: []string{"/many", "/large"}})
	root := treeOfView(t, bytes.NewReader(image), int64(len(image)), "Rock Ridge")
	root.Child("large").Name = "renamed"
	root.Child("many").Child("file number 7").Detach()
	n := root.Child("zeta")
	n.Detach()
	root.Child("many").Append(n)
	set, _, err := tryChange(t, bytes.NewReader(image), int64(len(image)), patch.Edit{Root: root, View: "Rock Ridge"})
	if err != nil {
		t.Fatal(err)
	}
	v, err := udf.Open(set, set.Size(), volume.Options{View: "UDF"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"many": false, "large": false, "renamed": false, "zeta": false, "empty": true} {
		if _, err := v.Stat(name); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if notices, _ := v.Check(t.Context()); len(notices) > 0 {
		t.Error(notices)
	}
}

// TestOtherNames edits a disc through a view with other names. An entry is found by its
// extents, or the change is refused.
func TestOtherNames(t *testing.T) {
	root := tree.NewFolder("", udftest.When)
	for _, name := range []string{"a name that is long.text", "another name that is long.text", "third"} {
		root.Append(tree.NewFile(name, 4, udftest.When, bytes4(name)))
	}
	sub := tree.NewFolder("a folder with a long name", udftest.When)
	root.Append(sub)
	sub.Append(tree.NewFile("file", 4, udftest.When, bytes4("file")))
	image := bridge(t, root, master.Options{})
	open := func() *tree.Node { return treeOfView(t, bytes.NewReader(image), int64(len(image)), "ISO 9660") }

	root = open()
	for _, n := range root.Children() {
		if n.Mode.IsRegular() && strings.HasPrefix(n.Name, "A") {
			n.Detach()
			break
		}
	}
	set, _, err := tryChange(t, bytes.NewReader(image), int64(len(image)), patch.Edit{Root: root, View: "ISO 9660"})
	if err != nil {
		t.Fatal(err)
	}
	v, err := udf.Open(set, set.Size(), volume.Options{View: "UDF"})
	if err != nil {
		t.Fatal(err)
	}
	if list, err := fs.ReadDir(v, "."); err != nil || len(list) != 3 {
		t.Errorf("%d entries, %v", len(list), err)
	}

	root = open()
	for _, n := range root.Children() {
		if n.IsDir() {
			n.Children()[0].Detach()
		}
	}
	_, _, err = tryChange(t, bytes.NewReader(image), int64(len(image)), patch.Edit{Root: root, View: "ISO 9660"})
	wantUnsafe(t, err, "was not found")
}

// times matches what follows the mode in a line of a manifest.
var times = regexp.MustCompile(` \d+ \d+ \d+ \d+\.\d{6} .*`)

func bytes4(s string) layout.Bytes { return layout.Bytes(s[:4]) }

// wantUnsafe checks that a change was refused with a text.
func wantUnsafe(t *testing.T, err error, text string) {
	t.Helper()
	unsafe, ok := errors.AsType[*patch.UnsafeError](err)
	if !ok || !strings.Contains(unsafe.Why, text) {
		t.Errorf("error %v, want one with %q", err, text)
	}
}
