package update_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/plan"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/udf/update"
	"glassmaster/mastering/volume"
)

// planned returns the image of a volume with many files.
func planned(t testing.TB, r plan.Revision) []byte {
	t.Helper()
	l := udftest.Volume(t, udftest.Files(), plan.Options{Revision: r, Label: "BEFORE"})
	return save(t, l, l.Size())
}

// TestLabel changes the label of volumes, and what other programs say it is.
func TestLabel(t *testing.T) {
	peertest.Need(t, "udfinfo")
	label := "Näch 日本"
	for _, r := range []plan.Revision{plan.Revision102, plan.Revision201, plan.Revision260} {
		image := planned(t, r)
		root := treeOf(t, bytes.NewReader(image), int64(len(image)))
		set, _, err := tryChange(t, bytes.NewReader(image), int64(len(image)), patch.Edit{Root: root, View: "UDF", Label: &label})
		if err != nil {
			t.Fatal(err)
		}
		after := save(t, set, set.Size())
		compare(t, after, root)
		name := filepath.Join(t.TempDir(), "image")
		put(t, name, after)
		out := peertest.Run(t, "", "udfinfo", "--utf8", name)
		for _, want := range []string{"label=" + label, "lvid=" + label, "vid=" + label, "fsid=" + label} {
			if !bytes.Contains([]byte(out), []byte("\n"+want+"\n")) && !bytes.HasPrefix([]byte(out), []byte(want)) {
				t.Errorf("revision %s: udfinfo does not say %s:\n%s", r, want, out)
			}
		}
		if n := changedSectors(image, after); n > 12 {
			t.Errorf("revision %s: %d sectors changed", r, n)
		}
	}
}

// changedSectors returns the number of sectors of an image that differ.
func changedSectors(before, after []byte) (n int) {
	for at := 0; at < len(before); at += 2048 {
		if !bytes.Equal(before[at:at+2048], after[at:at+2048]) {
			n++
		}
	}
	return n
}

// TestCost changes a single file of a volume with many. Only a few sectors change, and the
// image grows little.
func TestCost(t *testing.T) {
	for _, r := range plan.Revisions {
		for name, edit := range map[string]func(*tree.Node){
			"add": func(root *tree.Node) {
				root.Append(tree.NewFile("preseed.cfg", 3, udftest.When, layout.Bytes("new")))
			},
			"remove": func(root *tree.Node) { root.Child("zeta").Detach() },
			"rename": func(root *tree.Node) { root.Child("zeta").Name = "a new name" },
			"touch":  func(root *tree.Node) { root.Child("zeta").Modified++ },
			"replace": func(root *tree.Node) {
				n := root.Child("large")
				n.SetSource(layout.Bytes("small"))
				n.Size = 5
			},
		} {
			image := planned(t, r)
			root := treeOf(t, bytes.NewReader(image), int64(len(image)))
			edit(root)
			for _, n := range root.Children() {
				if n.IsDir() && !n.Unread() {
					t.Errorf("%s: the folder %s was read", name, n.Name)
				}
			}
			set, _ := change(t, bytes.NewReader(image), int64(len(image)), root)
			for _, n := range root.Children() {
				if n.IsDir() && !n.Unread() {
					t.Errorf("%s: the folder %s was read", name, n.Name)
				}
			}
			after := save(t, set, set.Size())
			compare(t, after, root)
			limit := 20
			if r >= plan.Revision250 && name == "add" {
				limit = 1600 + 400 // the main file of the metadata is moved, the mirror has a further extent
			}
			if n, more := changedSectors(image, after), (len(after)-len(image))/2048; n > 24 || more > limit {
				t.Errorf("%s, %s: %d sectors changed, %d are new", r, name, n, more)
			}
		}
	}
}

// TestHidden hides a file, and shows it again.
func TestHidden(t *testing.T) {
	image := planned(t, plan.Revision201)
	for _, want := range []bool{true, false} {
		root := treeOf(t, bytes.NewReader(image), int64(len(image)))
		n := root.Child("zeta")
		n.Origin().SetExtra(&tree.Extra{Hidden: !want})
		n.SetExtra(&tree.Extra{Hidden: want})
		set, _ := change(t, bytes.NewReader(image), int64(len(image)), root)
		image = save(t, set, set.Size())
		v, err := udf.Open(bytes.NewReader(image), int64(len(image)), volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		i, err := v.Stat("zeta")
		if err != nil || i.Sys().(*volume.Attributes).Hidden != want {
			t.Errorf("hidden is not %v, error %v", want, err)
		}
	}
}

// TestLarge replaces a file by one of several gigabytes, which needs several allocation
// descriptors, and one in many extents, which needs further blocks for them.
func TestLarge(t *testing.T) {
	const size = 5<<30 + 12345
	for _, r := range []plan.Revision{plan.Revision102, plan.Revision201, plan.Revision250} {
		image := planned(t, r)
		set := patch.New(bytes.NewReader(image), int64(len(image)), nil)
		root := treeOf(t, bytes.NewReader(image), int64(len(image)))
		one, many := root.Child("zeta"), tree.NewFile("many extents", 0, udftest.When, nil)
		root.Append(many)
		source := udftest.Marked{Size: size, Mark: "mark"}
		one.SetSource(source)
		one.Size = size
		large := []volume.Extent{{Start: disc.LBA(set.Add(source, size)), Length: size}}
		var parts []volume.Extent
		for i := range 1000 {
			parts = append(parts, volume.Extent{Start: large[0].Start + disc.LBA(2*i), Length: 2048})
		}
		many.Size = 1000 * 2048
		many.SetSource(&layout.Recorded{Extents: parts, Disc: set})
		e := patch.Edit{Root: root, View: "UDF", Time: udftest.When, Extents: func(n *tree.Node) []volume.Extent {
			switch n {
			case one:
				return large
			case many:
				return parts
			}
			return n.Recorded().Extents
		}}
		u, err := update.New(set, e, volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := u.Update(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := u.Finish(set.Sectors()); err != nil {
			t.Fatal(err)
		}
		v, err := udf.Open(set, set.Size(), volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string][]volume.Extent{"zeta": large, "many extents": parts} {
			i, err := v.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := i.Sys().(*volume.Attributes).Extents; !slices.Equal(got, want) {
				t.Errorf("revision %s: %s is in %d extents, want %d", r, name, len(got), len(want))
			}
		}
	}
}

// TestNamesOfOneFile replaces the contents of one or all names of a file.
func TestNamesOfOneFile(t *testing.T) {
	for _, c := range []struct {
		edit func(root *tree.Node)
		want [3]string
	}{
		{func(root *tree.Node) {
			n := tree.NewFile("hard link 0", 3, udftest.When, layout.Bytes("new"))
			root.Child("hard link 0").Detach()
			root.Append(n)
		}, [3]string{"new", "several names", "several names"}},
		{func(root *tree.Node) { // the other names are in folders that were not read
			root.Child("hard link 0").SetSource(layout.Bytes("new contents!"))
		}, [3]string{"new contents!", "several names", "several names"}},
		{func(root *tree.Node) {
			_ = root.Walk(func(*tree.Node) error { return nil })
			root.Child("hard link 0").SetSource(layout.Bytes("new contents!"))
		}, [3]string{"new contents!", "new contents!", "new contents!"}},
		{func(root *tree.Node) { root.Lookup("Été 日本語 😀/hard link 2").Detach() }, [3]string{"several names", "several names", ""}},
	} {
		image := planned(t, plan.Revision201)
		root := treeOf(t, bytes.NewReader(image), int64(len(image)))
		c.edit(root)
		set, _ := change(t, bytes.NewReader(image), int64(len(image)), root)
		v, err := udf.Open(set, set.Size(), volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		deep := "Été 日本語 😀"
		for i := range 12 {
			deep += fmt.Sprint("/level ", i)
		}
		for i, p := range []string{"hard link 0", deep + "/hard link 1", "Été 日本語 😀/hard link 2"} {
			if got, _ := fs.ReadFile(v, p); string(got) != c.want[i] {
				t.Errorf("%s: %q, want %q", p, got, c.want[i])
			}
		}
		if notices, _ := v.Check(t.Context()); len(notices) > 0 {
			t.Error(notices)
		}
	}
}

// TestUnsafe has volumes that are not changed.
func TestUnsafe(t *testing.T) {
	peertest.Need(t, "mkudffs")
	for want, args := range map[string][]string{
		"blocks have 512 bytes": {"-m", "hd"},
		"strategy 4096":         {"-m", "hd", "-b", "2048", "--strategy=4096"},
	} {
		image, err := os.ReadFile(udftest.Mkudffs(t, "5000", args...))
		if err != nil {
			t.Fatal(err)
		}
		root := treeOf(t, bytes.NewReader(image), int64(len(image)))
		root.Append(tree.NewFile("new", 3, udftest.When, layout.Bytes("new")))
		_, _, err = tryChange(t, bytes.NewReader(image), int64(len(image)), patch.Edit{Root: root, View: "UDF"})
		wantUnsafe(t, err, want)
	}
	image, err := os.ReadFile(udftest.Mkudffs(t, "1000", "-m", "hd", "-b", "2048"))
	if err != nil {
		t.Fatal(err)
	}
	root := treeOf(t, bytes.NewReader(image), int64(len(image)))
	root.Append(tree.NewFile("too large", 3<<20, udftest.When, layout.Bytes(make([]byte, 3<<20))))
	_, _, err = tryChange(t, bytes.NewReader(image), int64(len(image)), patch.Edit{Root: root, View: "UDF"})
	wantUnsafe(t, err, "no room")
	if u, err := update.New(patch.New(bytes.NewReader(make([]byte, 1<<20)), 1<<20, nil), patch.Edit{}, volume.Options{}); u != nil || err != nil {
		t.Errorf("an image without a volume: %v, %v", u, err)
	}
}

// TestReaders has 7-Zip read edited volumes.
func TestReaders(t *testing.T) {
	peertest.Need(t, "7z")
	for i, r := range plan.Revisions {
		t.Log(r)
		image := planned(t, r)
		root := treeOf(t, bytes.NewReader(image), int64(len(image)))
		sub := tree.NewFolder("added", udftest.When)
		root.Append(sub)
		for k := range 100 {
			sub.Append(tree.NewFile(fmt.Sprint("file ", k), int64(k), udftest.When, layout.Bytes(bytes.Repeat([]byte{byte(i)}, k))))
		}
		root.Child("empty").Detach()
		root.Child("many").Child("file number 3").Detach()
		set, _ := change(t, bytes.NewReader(image), int64(len(image)), root)
		dir := t.TempDir()
		name := filepath.Join(dir, "image.udf")
		put(t, name, save(t, set, set.Size()))
		out := filepath.Join(dir, "out")
		peertest.Run(t, "", "7z", "x", "-tudf", "-o"+out, name)
		v, err := udf.Open(set, set.Size(), volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		want, got := map[string]string{}, map[string]string{}
		digests(t, v, want)
		digests(t, os.DirFS(out), got)
		if len(want) != len(got) {
			t.Errorf("revision %s: 7-Zip extracts %d files, want %d", r, len(got), len(want))
		}
		for p, d := range want {
			if got[p] != d {
				t.Errorf("revision %s: 7-Zip extracts other contents of %s", r, p)
			}
		}
	}
}

// digests collects the digests of all regular files.
func digests(t *testing.T, v fs.FS, list map[string]string) {
	t.Helper()
	if err := fs.WalkDir(v, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			list[p], err = udftest.DigestOf(v, p)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
