package udf

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// marked is a file of any length that is zero but for its number at its begin
// and at its end.
type marked struct {
	size int64
	mark string
}

func (m marked) String() string { return m.mark }

func (m marked) Open() (layout.Reader, error) { return m, nil }

func (m marked) Close() error { return nil }

func (m marked) ReadAt(p []byte, off int64) (int, error) {
	n := int(min(int64(len(p)), m.size-off))
	clear(p[:n])
	for i := range len(m.mark) {
		for _, at := range []int64{int64(i), m.size - int64(len(m.mark)-i)} {
			if at >= off && at < off+int64(n) {
				p[at-off] = m.mark[i]
			}
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// largeTree has files around the sizes at which something changes: the longest
// extent, what fits into a file entry, and into one further block.
func largeTree(p *Planner) *tree.Node {
	root := tree.NewFolder("", when)
	fits := int64(p.room()) / int64(adLength[p.adKind()])
	more := int64((sectorSize - aedHead) / adLength[p.adKind()])
	for _, size := range []int64{
		1, maxExtent, maxExtent + 1, 1<<32 - 1, 1 << 32, 5<<30 + 7,
		fits * maxExtent, fits*maxExtent + 1, (fits-1+more)*maxExtent - 5, (fits-1+more)*maxExtent + 1, (fits-1+3*more)*maxExtent + 1,
	} {
		name := fmt.Sprintf("%015d", size)
		m := marked{size, name}
		if size == 1 {
			m.mark = "0"
		}
		root.Append(tree.NewFile(name, size, when, m))
	}
	return root
}

func TestLargeFiles(t *testing.T) {
	for _, r := range []Revision{Revision102, Revision201, Revision260} {
		root := largeTree(&Planner{o: Options{Revision: r}})
		l := plan(t, root, Options{Revision: r})
		v, err := Open(l, l.Size(), volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range root.Children() {
			f, err := v.Open(n.Name)
			if err != nil {
				t.Fatalf("%s: %v", r, err)
			}
			info, _ := f.Stat()
			mark := n.Source().(marked).mark
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

// TestLinuxReadsLarge has a Linux kernel look at the ends of large files. Their
// image is a hole for the most part, as far as it goes.
func TestLinuxReadsLarge(t *testing.T) {
	dir := t.TempDir()
	var script, want strings.Builder
	script.WriteString("")
	for _, r := range []Revision{Revision102, Revision201, Revision260} {
		root := tree.NewFolder("", when)
		for _, n := range largeTree(&Planner{o: Options{Revision: r}}).Children() {
			root.Append(tree.NewFile(n.Name, n.Size, when, n.Source()))
			fmt.Fprintf(&want, "%s %s %d %s\n", r, n.Name, n.Size, n.Source())
		}
		l := plan(t, root, Options{Revision: r})
		image := filepath.Join(dir, r.String())
		saveSparse(t, l, image)
		fmt.Fprintf(&script, "mount -t udf -o loop,ro %s /run/mnt; cd /run/mnt\n", image)
		fmt.Fprintf(&script, "for f in *; do n=15; s=$(stat -c %%s $f); [ $s -gt 15 ] || n=1; echo %s $f $s $(tail -c $n $f); done; cd /; umount /run/mnt\n", r)
	}
	diff(t, want.String(), peertest.Kernel(t, dir, script.String()))
}

// saveSparse writes only the begin and the end of each extent of a layout.
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
	for _, e := range l.Extents() {
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
