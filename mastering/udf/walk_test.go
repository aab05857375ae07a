package udf_test

import (
	"fmt"
	"io"
	"io/fs"
	"sort"
	"strings"
	"testing"
	"testing/fstest"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/plan"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

// TestWalk compares the entries of Walk with the file system, and the contents of the
// extents with those of the files.
func TestWalk(t *testing.T) {
	for _, r := range []plan.Revision{plan.Revision102, plan.Revision250} {
		l := udftest.Volume(t, udftest.Sample(), plan.Options{Revision: r})
		v, err := udf.Open(l, l.Size(), volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		err = v.Walk(".", func(e *volume.Entry) error {
			p := string(e.Path)
			i, err := v.Lstat(p)
			if err != nil {
				return err
			}
			a := i.Sys().(*volume.Attributes)
			if e.Mode != i.Mode() || e.Size != i.Size() || e.Modified != i.ModTime().UnixNano() || e.UID != a.UID || e.GID != a.GID ||
				e.Links != a.Links || e.Inode != a.Inode || e.Device != a.Device || e.Unreadable != "" || e.Err != nil {
				t.Errorf("%s: %+v", p, e)
			}
			if target, _ := v.ReadLink(p); string(e.Target) != target {
				t.Errorf("%s: target %q, want %q", p, e.Target, target)
			}
			if e.Mode.IsRegular() && !e.Encoded {
				var b []byte
				for _, x := range e.Extents {
					part := make([]byte, x.Length)
					if _, err := v.Image().ReadAt(part, int64(x.Start)*disc.SectorSize); err != nil && err != io.EOF {
						return err
					}
					b = append(b, part...)
				}
				if want, _ := fs.ReadFile(v, p); string(want) != string(b) {
					t.Errorf("%s: contents differ", p)
				}
			}
			got = append(got, p)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		_ = fs.WalkDir(v, ".", func(p string, _ fs.DirEntry, _ error) error { want = append(want, p); return nil })
		sort.Strings(got)
		sort.Strings(want[1:])
		udftest.Diff(t, strings.Join(want[1:], "\n"), strings.Join(got, "\n"))
	}
}

func TestWalkSkip(t *testing.T) {
	l := udftest.Volume(t, udftest.Sample(), plan.Options{})
	v, err := udf.Open(l, l.Size(), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	count := func(root string, answer error) (n int) {
		if err := v.Walk(root, func(e *volume.Entry) error {
			if n++; e.IsDir() {
				return answer
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
		return n
	}
	if n := count(".", fs.SkipDir); n != 8 {
		t.Errorf("%d entries without those in folders", n)
	}
	if n := count("many", nil); n != 1530 {
		t.Errorf("%d entries below many", n)
	}
	if n := count("many", fs.SkipAll); n == 0 || n == 1530 {
		t.Errorf("%d entries up to the first folder", n)
	}
	if err := v.Walk("zeta", func(*volume.Entry) error { return nil }); err == nil {
		t.Error("a walk below a file")
	}
}

// TestWalkDamage damages a directory and a file entry. The rest is listed.
func TestWalkDamage(t *testing.T) {
	root := tree.NewFolder("", udftest.When)
	for _, name := range []string{"a", "b", "c"} {
		dir := tree.NewFolder(name, udftest.When)
		dir.Append(tree.NewFile("file", 1, udftest.When, layout.Bytes("x")))
		root.Append(dir)
	}
	l := udftest.Volume(t, root, plan.Options{Revision: plan.Revision201})
	image := make([]byte, l.Size())
	if _, err := l.ReadAt(image, 0); err != nil {
		t.Fatal(err)
	}
	image[(plan.FirstSector+udftest.FirstBlock+1)*2048+50]++ // folder b
	image[(plan.FirstSector+udftest.FirstBlock+3)*2048+50]++ // a/file
	v, err := openBytes(image, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	err = v.Walk(".", func(e *volume.Entry) error {
		fmt.Fprintln(&got, string(e.Path), e.Unreadable != "", e.Err != nil)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	udftest.Diff(t, "a false false\na/file true false\nb true false\nb false true\nc false false\nc/file false false\n", got.String())
}

// TestFS runs the file system test of the standard library.
func TestFS(t *testing.T) {
	root := udftest.Files()
	root.Append(tree.NewNode("link", fs.ModeSymlink|0o777, tree.Symlink("many")))
	l := udftest.Volume(t, root, plan.Options{Revision: plan.Revision250})
	v, err := volume.Open(l, l.Size(), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(v, "zeta", "many/file number 7", "Été 日本語 😀/日本.txt"); err != nil {
		t.Error(err)
	}
	if _, err := fs.Stat(v, "link/file number 7"); err != nil {
		t.Error(err)
	}
	if i := v.Volume(); i.View != "UDF" || len(i.Views) != 1 {
		t.Errorf("%+v", i)
	}
}

// TestConcurrent reads a volume from several goroutines.
func TestConcurrent(t *testing.T) {
	l := udftest.Volume(t, udftest.Sample(), plan.Options{Revision: plan.Revision250})
	v, err := udf.Open(l, l.Size(), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := udftest.Manifest(t, v)
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			udftest.Diff(t, want, udftest.Manifest(t, v))
		})
	}
}
