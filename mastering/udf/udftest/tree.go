// Package udftest contains what the tests of UDF have in common: a tree with everything
// that is difficult for the file system, volumes of it, and lists of what other readers
// find in them.
package udftest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/plan"
)

// When is the creation time of the volumes of tests.
var When = time.Date(2024, 2, 29, 12, 34, 56, 789012000, time.UTC)

// Where the planner places structures: in sectors of the volume, RootBlock and
// FirstBlock in blocks of the metadata.
const (
	MainSequence   = 32
	SequenceLength = 16
	IntegrityStart = 64
	RootBlock      = 2
	FirstBlock     = 3  // after the root
	MetadataUnit   = 32 // blocks of the partition before the metadata
	MaxExtent      = 1<<30 - 2048
)

// Mirror returns the sectors of the mirror of the metadata in a planned volume: that of
// its file entry, and the first one of its contents.
func Mirror(t testing.TB, r io.ReaderAt, p *plan.Planner) (entry, contents int64) {
	t.Helper()
	var b [4]byte
	if _, err := r.ReadAt(b[:], (MainSequence+3)*2048+446+44); err != nil { // the partition map in the logical volume descriptor
		t.Fatal(err)
	}
	entry = plan.FirstSector + int64(binary.LittleEndian.Uint32(b[:]))
	return entry, entry - p.MetadataSectors() + MetadataUnit
}

// Sample returns a tree with every kind of node.
func Sample() *tree.Node {
	root := Files()
	sub := root.Lookup("Été 日本語 😀")
	for name, n := range map[string]*tree.Node{
		"symlink":  tree.NewNode("", fs.ModeSymlink|0o777, tree.Symlink("../Été 日本語 😀/./level 0")),
		"absolute": tree.NewNode("", fs.ModeSymlink|0o777, tree.Symlink("/etc/passwd")),
		"long":     tree.NewNode("", fs.ModeSymlink|0o777, tree.Symlink(strings.Repeat("some/thing/", 101)+"end")),
		"fifo":     tree.NewNode("", fs.ModeNamedPipe|0o644, nil),
		"socket":   tree.NewNode("", fs.ModeSocket|0o755, nil),
		"null":     tree.NewNode("", fs.ModeDevice|fs.ModeCharDevice|0o666, tree.Device(1<<32|3)),
		"disk":     tree.NewNode("", fs.ModeDevice|0o660, tree.Device(8<<32|7)),
	} {
		n.Name, n.Modified = name, When.UnixNano()
		sub.Append(n)
	}
	return root
}

// Files returns a tree of folders and files. 7-Zip does not open volumes with other
// types of files.
func Files() *tree.Node {
	root := tree.NewFolder("", When)
	at := func(n int) time.Time { return When.Add(time.Duration(n)*time.Hour + time.Duration(n)*time.Microsecond) }
	put := func(dir *tree.Node, n *tree.Node) *tree.Node { dir.Append(n); return n }
	file := func(dir *tree.Node, name string, data string) *tree.Node {
		return put(dir, tree.NewFile(name, int64(len(data)), at(len(name)), layout.Bytes(data)))
	}
	folder := func(dir *tree.Node, name string) *tree.Node { return put(dir, tree.NewFolder(name, at(-len(name)))) }
	file(root, "zeta", "last comes first")
	file(root, "empty", "")
	file(root, "one sector", strings.Repeat("s", 2048))
	large := file(root, "large", strings.Repeat("glassmaster ", 300_000))
	large.Mode, large.UID, large.GID = fs.ModeSetuid|0o754, 1000, 65534
	sub := folder(root, "Été 日本語 😀")
	sub.Mode = fs.ModeDir | fs.ModeSticky | 0o777
	file(sub, "ÿ Latin.txt", "ÿ")
	file(sub, "日本.txt", "日本")
	file(sub, strings.Repeat("n", 254), "longest in 8 bits")
	file(sub, strings.Repeat("語", 84), "long in 16 bits")
	deep := sub
	for i := range 12 {
		deep = folder(deep, fmt.Sprint("level ", i))
	}
	file(deep, "bottom", "deep")
	s := &tree.Shared{Source: layout.Bytes("several names"), Links: 3}
	for i, dir := range []*tree.Node{root, deep, sub} {
		n := tree.NewNode(fmt.Sprint("hard link ", i), 0o600, s)
		n.Size, n.Modified = 13, When.UnixNano()
		dir.Append(n)
	}
	many := folder(root, "many")
	for i := range 1500 {
		file(many, fmt.Sprintf("file number %d", i), fmt.Sprint(i))
		if i%100 == 0 {
			file(folder(many, fmt.Sprintf("folder number %d", i)), "inside", "x")
		}
	}
	folder(root, "nothing in it")
	return root
}

// Volume returns the layout of a volume of UDF alone.
func Volume(t testing.TB, root *tree.Node, o plan.Options) *layout.Layout {
	t.Helper()
	l, _ := VolumeAndPlan(t, root, o)
	return l
}

// VolumeAndPlan returns the layout of a volume of UDF alone, and its planner.
func VolumeAndPlan(t testing.TB, root *tree.Node, o plan.Options) (*layout.Layout, *plan.Planner) {
	t.Helper()
	if o.Time.IsZero() {
		o.Time = When
	}
	p, err := plan.New(root, o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Place(p, root, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l, p
}

// Place places the contents of the files between the structures of a volume, and
// returns the layout of a session with that volume. The session begins at a sector of
// the disc previous.
func Place(p *plan.Planner, root *tree.Node, start int64, previous io.ReaderAt) (*layout.Layout, error) {
	at := start + plan.FirstSector + p.MetadataSectors()
	starts := map[any]int64{}
	var contents []layout.Extent
	_ = root.Walk(func(n *tree.Node) error {
		_, known := starts[contentsKey(n)]
		if known || !n.Mode.IsRegular() || n.Size == 0 || n.Recorded() != nil {
			return nil
		}
		starts[contentsKey(n)] = at
		contents = append(contents, layout.Extent{Start: at * disc.SectorSize, Length: n.Size, Source: n.Source()})
		at += (n.Size + disc.SectorSize - 1) / disc.SectorSize
		return nil
	})
	end := at + p.MirrorSectors() + plan.TailSectors
	before, after, err := p.Extents(plan.Placement{
		Start: start, Recognition: start + 16, Metadata: start + plan.FirstSector, Mirror: at, End: end,
		Contents: func(n *tree.Node) int64 { return starts[contentsKey(n)] },
	})
	if err != nil {
		return nil, err
	}
	return layout.NewSession(slices.Concat(before, contents, after), start*disc.SectorSize, end*disc.SectorSize, previous)
}

// contentsKey returns what the names of the same contents have in common.
func contentsKey(n *tree.Node) any {
	if s := n.Shared(); s != nil {
		return s
	}
	return n
}

// Save writes a layout to a file.
func Save(t testing.TB, l *layout.Layout, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := l.WriteTo(context.Background(), f, layout.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
}

// TreeManifest returns the manifest of a tree, with sorted lines.
func TreeManifest(t testing.TB, root *tree.Node) string {
	t.Helper()
	links := func(n *tree.Node) int {
		if !n.IsDir() {
			if s := n.Shared(); s != nil {
				return int(s.Links)
			}
			return 1
		}
		k := 2
		for _, c := range n.Children() {
			if c.IsDir() {
				k++
			}
		}
		return k
	}
	var b strings.Builder
	_ = root.Walk(func(n *tree.Node) error {
		size := int64(0)
		if n.Mode.IsRegular() {
			size = n.Size
		}
		fmt.Fprintf(&b, "%s %s %d %d %d %d.%06d %d %s\n", n.Path(), unixMode(n.Mode), n.UID, n.GID, size,
			n.ModTime().Unix(), n.ModTime().Nanosecond()/1000, links(n), n.Target())
		if n.Mode.IsRegular() {
			fmt.Fprintln(&b, n.Path(), digestNode(t, n))
		}
		return nil
	})
	return SortLines(b.String())
}

// digestNode returns the digest of the contents of a file.
func digestNode(t testing.TB, n *tree.Node) string {
	t.Helper()
	h := sha256.New()
	if n.Size > 0 {
		r, err := n.Source().(layout.Opener).Open()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if _, err := io.Copy(h, io.NewSectionReader(r, 0, n.Size)); err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}
