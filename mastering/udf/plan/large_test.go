package plan_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/plan"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

// largeTree returns a tree of files around the sizes where the allocation descriptors
// change: of the longest extent, and of those that fit in the file entry and in
// another block.
func largeTree(r plan.Revision) *tree.Node {
	root := tree.NewFolder("", udftest.When)
	head, descriptor := int64(176), int64(8) // length of a file entry without its allocation descriptors, and of one of these
	if r >= plan.Revision200 {
		head = 216
	}
	if r >= plan.Revision250 {
		descriptor = 16
	}
	fits := (disc.SectorSize - head) / descriptor
	more := (disc.SectorSize - 24) / descriptor
	for _, size := range []int64{
		1, udftest.MaxExtent, udftest.MaxExtent + 1, 1<<32 - 1, 1 << 32, 5<<30 + 7,
		fits * udftest.MaxExtent, fits*udftest.MaxExtent + 1, (fits-1+more)*udftest.MaxExtent - 5, (fits-1+more)*udftest.MaxExtent + 1, (fits-1+3*more)*udftest.MaxExtent + 1,
	} {
		name := fmt.Sprintf("%015d", size)
		m := udftest.Marked{Size: size, Mark: name}
		if size == 1 {
			m.Mark = "0"
		}
		root.Append(tree.NewFile(name, size, udftest.When, m))
	}
	return root
}

func TestLargeFiles(t *testing.T) {
	for _, r := range []plan.Revision{plan.Revision102, plan.Revision201, plan.Revision260} {
		root := largeTree(r)
		l := udftest.Volume(t, root, plan.Options{Revision: r})
		v, err := udf.Open(l, l.Size(), volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range root.Children() {
			f, err := v.Open(n.Name)
			if err != nil {
				t.Fatalf("%s: %v", r, err)
			}
			info, _ := f.Stat()
			mark := n.Source().(udftest.Marked).Mark
			p := make([]byte, len(mark)+100)
			end, err := f.(io.ReaderAt).ReadAt(p, n.Size-int64(len(mark)))
			if info.Size() != n.Size || string(p[:end]) != mark || err != io.EOF {
				t.Errorf("%s, %s: size %d, end %q, error %v", r, n.Name, info.Size(), p[:end], err)
			}
			if x := info.Sys().(*volume.Attributes).Extents; len(x) != 1 || x[0].Length != n.Size {
				t.Errorf("%s, %s: extents %v", r, n.Name, x)
			}
		}
	}
}

// TestLinuxReadsLarge has a Linux kernel read the ends of large files. Most of the
// image is a hole.
func TestLinuxReadsLarge(t *testing.T) {
	dir := t.TempDir()
	var script, want strings.Builder
	script.WriteString("")
	for _, r := range []plan.Revision{plan.Revision102, plan.Revision201, plan.Revision260} {
		root := tree.NewFolder("", udftest.When)
		for _, n := range largeTree(r).Children() {
			root.Append(tree.NewFile(n.Name, n.Size, udftest.When, n.Source()))
			fmt.Fprintf(&want, "%s %s %d %s\n", r, n.Name, n.Size, n.Source())
		}
		l := udftest.Volume(t, root, plan.Options{Revision: r})
		image := filepath.Join(dir, r.String())
		saveSparse(t, l, image)
		fmt.Fprintf(&script, "mount -t udf -o loop,ro %s /run/mnt; cd /run/mnt\n", image)
		fmt.Fprintf(&script, "for f in *; do n=15; s=$(stat -c %%s $f); [ $s -gt 15 ] || n=1; echo %s $f $s $(tail -c $n $f); done; cd /; umount /run/mnt\n", r)
	}
	udftest.Diff(t, want.String(), peertest.Kernel(t, dir, script.String()))
}

// saveSparse writes only the beginning and the end of each extent of a layout.
func saveSparse(t testing.TB, l *layout.Layout, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(l.Size()); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 1<<20)
	for _, e := range isotest.Extents(l) {
		for _, at := range []int64{e.Start, max(e.Start, e.End()-int64(len(p)))} {
			n, err := l.ReadAt(p[:min(int64(len(p)), e.End()-at)], at)
			if err != nil && err != io.EOF {
				t.Fatal(err)
			}
			if _, err := f.WriteAt(p[:n], at); err != nil {
				t.Fatal(err)
			}
		}
	}
}
