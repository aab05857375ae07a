package udf

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// bridge places the structures of a volume the way the writer of another file
// system does: with room for its own before them, and contents where it put
// them, here in reverse order with gaps.
func bridge(t testing.TB, root *tree.Node, o Options) *layout.Layout {
	t.Helper()
	o.Time = when
	p, err := New(root, o)
	if err != nil {
		t.Fatal(err)
	}
	const metadata = FirstSector + 77
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
		n.Index = 4711 // of the other file system
		children := slices.Clone(n.Children())
		slices.Reverse(children)
		for _, c := range children {
			place(c)
		}
		if _, ok := starts[key(n)]; ok || !hasContents(n) {
			return
		}
		starts[key(n)] = at
		contents = append(contents, layout.Extent{Start: at * sectorSize, Length: n.Size, Source: n.Source()})
		at += blocks(n.Size) + 1
	}
	place(root)
	sectors := at + 9 + p.MirrorSectors() + 3 + TailSectors
	before, behind, err := p.Extents(Placement{
		Recognition: 19, Metadata: metadata, Mirror: at + 9, Sectors: sectors,
		Start: func(n *tree.Node) int64 { return starts[key(n)] },
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := layout.New(slices.Concat(before, contents, behind), sectors*sectorSize)
	if err != nil {
		t.Fatal(err)
	}
	descriptor := []byte("\x01CD001\x01")
	l, err = layout.New(slices.Concat([]layout.Extent{
		{Start: 16 * sectorSize, Length: 7, Source: layout.Bytes(descriptor)},
		{Start: 17 * sectorSize, Length: 7, Source: layout.Bytes("\x02CD001\x01")},
		{Start: 18 * sectorSize, Length: 7, Source: layout.Bytes("\xFFCD001\x01")},
	}, l.Extents()), l.Size())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestBridge(t *testing.T) {
	dir := t.TempDir()
	var script strings.Builder
	script.WriteString(kernelManifest + "")
	want := treeManifest(sample())
	for _, r := range Revisions {
		l := bridge(t, sample(), Options{Revision: r, Label: "BRIDGE"})
		v, err := Open(l, l.Size(), volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		diff(t, want, sortLines(manifest(t, v)))
		save(t, l, filepath.Join(dir, r.String()))
		fmt.Fprintf(&script, "mount -t udf -o loop,ro %[1]s/%[2]s /run/mnt; manifest /run/mnt > %[1]s/%[2]s.manifest; umount /run/mnt\n", dir, r)
	}
	peertest.Kernel(t, dir, script.String())
	for _, r := range Revisions {
		got, err := os.ReadFile(filepath.Join(dir, r.String()+".manifest"))
		if err != nil {
			t.Fatal(err)
		}
		diff(t, want, sortLines(string(got)))
	}
}

func TestPlacementErrors(t *testing.T) {
	root := sample()
	p, err := New(root, Options{Revision: Revision260})
	if err != nil {
		t.Fatal(err)
	}
	start := func(*tree.Node) int64 { return 5000 }
	m := p.MetadataSectors()
	good := Placement{Recognition: 16, Metadata: FirstSector, Mirror: 9000, Sectors: 20000, Start: start}
	if _, _, err := p.Extents(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(a *Placement){
		"in the system area":    func(a *Placement) { a.Recognition = 15 },
		"in the sequence":       func(a *Placement) { a.Recognition = 30 },
		"on the anchor":         func(a *Placement) { a.Metadata = 256 },
		"mirror in metadata":    func(a *Placement) { a.Mirror = FirstSector + m - 1 },
		"mirror in the tail":    func(a *Placement) { a.Mirror = 20000 - TailSectors - p.MirrorSectors() + 1 },
		"no room":               func(a *Placement) { a.Sectors = FirstSector + m },
		"too large":             func(a *Placement) { a.Sectors = 1 << 32 },
		"contents nobody knows": func(a *Placement) { a.Start = nil },
	} {
		a := good
		change(&a)
		if _, _, err := p.Extents(a); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := New(root, Options{Revision: 0x0103}); err == nil {
		t.Error("a revision that does not exist")
	}
	if _, err := New(tree.NewFile("f", 0, when, nil), Options{}); err == nil {
		t.Error("a root that is a file")
	}
}
