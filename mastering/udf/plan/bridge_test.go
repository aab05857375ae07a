package plan_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
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

// bridge places the structures of a volume as on a bridge disc: with space for the
// structures of another file system, and with contents in reverse order and gaps.
func bridge(t testing.TB, root *tree.Node, o plan.Options) *layout.Layout {
	t.Helper()
	o.Time = udftest.When
	p, err := plan.New(root, o)
	if err != nil {
		t.Fatal(err)
	}
	const metadata = plan.FirstSector + 77
	at := metadata + p.MetadataSectors() + 5
	starts := map[any]int64{}
	key := func(n *tree.Node) any {
		if s := n.Shared(); s != nil {
			return s
		}
		return n
	}
	var contents []layout.Extent
	var place func(n *tree.Node)
	place = func(n *tree.Node) {
		n.Index = 4711 // used by the other file system
		children := slices.Clone(n.Children())
		slices.Reverse(children)
		for _, c := range children {
			place(c)
		}
		if _, ok := starts[key(n)]; ok || !n.Mode.IsRegular() || n.Size == 0 {
			return
		}
		starts[key(n)] = at
		contents = append(contents, layout.Extent{Start: at * disc.SectorSize, Length: n.Size, Source: n.Source()})
		at += (n.Size+disc.SectorSize-1)/disc.SectorSize + 1
	}
	place(root)
	sectors := at + 9 + p.MirrorSectors() + 3 + plan.TailSectors
	before, after, err := p.Extents(plan.Placement{
		Recognition: 19, Metadata: metadata, Mirror: at + 9, End: sectors,
		Contents: func(n *tree.Node) int64 { return starts[key(n)] },
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := layout.New(slices.Concat(before, contents, after), sectors*disc.SectorSize)
	if err != nil {
		t.Fatal(err)
	}
	descriptor := []byte("\x01CD001\x01")
	l, err = layout.New(slices.Concat([]layout.Extent{
		{Start: 16 * disc.SectorSize, Length: 7, Source: layout.Bytes(descriptor)},
		{Start: 17 * disc.SectorSize, Length: 7, Source: layout.Bytes("\x02CD001\x01")},
		{Start: 18 * disc.SectorSize, Length: 7, Source: layout.Bytes("\xFFCD001\x01")},
	}, isotest.Extents(l)), l.Size())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestBridge(t *testing.T) {
	dir := t.TempDir()
	var script strings.Builder
	script.WriteString(udftest.KernelManifest + "")
	want := udftest.TreeManifest(t, udftest.Sample())
	for _, r := range plan.Revisions {
		l := bridge(t, udftest.Sample(), plan.Options{Revision: r, Label: "BRIDGE"})
		v, err := udf.Open(l, l.Size(), volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		udftest.Diff(t, want, udftest.SortLines(udftest.Manifest(t, v)))
		udftest.Save(t, l, filepath.Join(dir, r.String()))
		fmt.Fprintf(&script, "mount -t udf -o loop,ro %[1]s/%[2]s /run/mnt; manifest /run/mnt > %[1]s/%[2]s.manifest; umount /run/mnt\n", dir, r)
	}
	peertest.Kernel(t, dir, script.String())
	for _, r := range plan.Revisions {
		got, err := os.ReadFile(filepath.Join(dir, r.String()+".manifest"))
		if err != nil {
			t.Fatal(err)
		}
		udftest.Diff(t, want, udftest.SortLines(string(got)))
	}
}

func TestPlacementErrors(t *testing.T) {
	root := udftest.Sample()
	p, err := plan.New(root, plan.Options{Revision: plan.Revision260})
	if err != nil {
		t.Fatal(err)
	}
	start := func(*tree.Node) int64 { return 5000 }
	m := p.MetadataSectors()
	good := plan.Placement{Recognition: 16, Metadata: plan.FirstSector, Mirror: 9000, End: 20000, Contents: start}
	if _, _, err := p.Extents(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(a *plan.Placement){
		"in the system area": func(a *plan.Placement) { a.Recognition = 15 },
		"in the sequence":    func(a *plan.Placement) { a.Recognition = 30 },
		"on the anchor":      func(a *plan.Placement) { a.Metadata = 256 },
		"mirror in metadata": func(a *plan.Placement) { a.Mirror = plan.FirstSector + m - 1 },
		"mirror in the tail": func(a *plan.Placement) { a.Mirror = 20000 - plan.TailSectors - p.MirrorSectors() + 1 },
		"no room":            func(a *plan.Placement) { a.End = plan.FirstSector + m },
		"too large":          func(a *plan.Placement) { a.End = 1 << 32 },
		"no contents":        func(a *plan.Placement) { a.Contents = nil },
	} {
		a := good
		change(&a)
		if _, _, err := p.Extents(a); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := plan.New(root, plan.Options{Revision: 0x0103}); err == nil {
		t.Error("a revision that does not exist")
	}
	if _, err := plan.New(tree.NewFile("f", 0, udftest.When, nil), plan.Options{}); err == nil {
		t.Error("a root that is a file")
	}
}
