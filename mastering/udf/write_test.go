package udf

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// when is the time of the volumes that tests make.
var when = time.Date(2024, 2, 29, 12, 34, 56, 789012000, time.UTC)

// sample returns a tree with every kind of node.
func sample() *tree.Node {
	root := files()
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
		n.Name, n.Modified = name, when.UnixNano()
		sub.Append(n)
	}
	return root
}

// files returns a tree of folders and files: 7-Zip opens no volume that holds
// anything else.
func files() *tree.Node {
	root := tree.NewFolder("", when)
	at := func(n int) time.Time { return when.Add(time.Duration(n)*time.Hour + time.Duration(n)*time.Microsecond) }
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
		n.Size, n.Modified = 13, when.UnixNano()
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

// plan returns the layout of a volume of UDF alone.
func plan(t testing.TB, root *tree.Node, o Options) *layout.Layout {
	t.Helper()
	if o.Time.IsZero() {
		o.Time = when
	}
	p, err := New(root, o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := p.Volume()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// save writes a layout into a file of that name.
func save(t testing.TB, l *layout.Layout, name string) {
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

// treeManifest describes a tree as manifest describes a volume.
func treeManifest(root *tree.Node) string {
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
			data := []byte(nil)
			if n.Size > 0 {
				data = n.Source().(layout.Bytes)
			}
			fmt.Fprintln(&b, n.Path(), digestBytes(data))
		}
		return nil
	})
	return sortLines(b.String())
}

func TestWriteRead(t *testing.T) {
	for _, r := range Revisions {
		t.Run(r.String(), func(t *testing.T) {
			root := sample()
			l := plan(t, root, Options{Revision: r, Label: "Läbel 日本", Publisher: "Org", Owner: "Ada", Application: "Test"})
			v, err := Open(l, l.Size(), volume.Options{})
			if err != nil {
				t.Fatal(err)
			}
			diff(t, treeManifest(root), sortLines(manifest(t, v)))
			i := v.Volume()
			if i.Format != "UDF "+r.String() || i.Label != "Läbel 日本" || i.Publisher != "Org" || i.Program != "Test" || !i.Created.Equal(when) || !i.Modified.Equal(when) {
				t.Errorf("%+v", i)
			}
		})
	}
}

// TestDeterministic sees that the order in which files were added, and how the
// layout is read, do not matter.
func TestDeterministic(t *testing.T) {
	for _, r := range []Revision{Revision102, Revision260} {
		a, b := plan(t, sample(), Options{Revision: r}), plan(t, sample(), Options{Revision: r})
		var whole bytes.Buffer
		if err := a.WriteTo(context.Background(), &whole, layout.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		if int64(whole.Len()) != a.Size() || a.Size() != b.Size() {
			t.Fatalf("sizes %d, %d, %d", whole.Len(), a.Size(), b.Size())
		}
		p := make([]byte, 3000)
		for off := int64(0); off < b.Size(); off += int64(len(p)) {
			n, err := b.ReadAt(p, off)
			if err != nil && err != io.EOF {
				t.Fatal(err)
			}
			if !bytes.Equal(p[:n], whole.Bytes()[off:off+int64(n)]) {
				t.Fatalf("revision %s: bytes %d to %d differ", r, off, off+int64(n))
			}
		}
	}
}

// TestMirror reads volumes whose metadata are damaged.
func TestMirror(t *testing.T) {
	for _, r := range []Revision{Revision250, Revision260} {
		root := sample()
		l := plan(t, root, Options{Revision: r})
		var b bytes.Buffer
		if err := l.WriteTo(context.Background(), &b, layout.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		p, err := New(root, Options{Revision: r, Time: when})
		if err != nil {
			t.Fatal(err)
		}
		for name, damage := range map[string][2]int64{
			"main file":          {FirstSector, FirstSector + 1},
			"main contents":      {FirstSector + metadataUnit, FirstSector + p.MetadataSectors()},
			"a part of them":     {FirstSector + metadataUnit + 20, FirstSector + metadataUnit + 700},
			"main file and rest": {FirstSector, FirstSector + p.MetadataSectors()},
			"main sequence":      {mainSequence, mainSequence + sequenceLength},
		} {
			image := clone(b.Bytes())
			clear(image[damage[0]*sectorSize : damage[1]*sectorSize])
			v, err := openBytes(image, volume.Options{})
			if err != nil {
				t.Errorf("%s %s: %v", r, name, err)
				continue
			}
			diff(t, treeManifest(root), sortLines(manifest(t, v)))
		}
	}
}

// writePeer writes a tree in every revision for another program to read.
func writePeer(t *testing.T, root func() *tree.Node, f func(t *testing.T, r Revision, image string)) {
	for _, r := range Revisions {
		t.Run(r.String(), func(t *testing.T) {
			image := filepath.Join(t.TempDir(), "image.udf")
			save(t, plan(t, root(), Options{Revision: r, Label: "Läbel 日本", Publisher: "Org"}), image)
			f(t, r, image)
		})
	}
}

func TestUdfinfo(t *testing.T) {
	peertest.Need(t, "udfinfo")
	writePeer(t, sample, func(t *testing.T, r Revision, image string) {
		out := peertest.Run(t, "", "udfinfo", "--utf8", image)
		for _, want := range []string{
			"lvid=Läbel 日本", "fsid=", "udfrev=" + min(r, Revision250).String(), "udfwriterev=" + r.String(), "blocksize=2048", "integrity=closed", "accesstype=readonly",
			"organization=Org", "freeblocks=0", "numfiles=1534", "numdirs=31",
			"start=256, blocks=1, type=ANCHOR", "start=32, blocks=16, type=MVDS", "start=64, blocks=1, type=LVID", "type=RVDS",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("%q is not in\n%s", want, out)
			}
		}
	})
}

// TestLinuxReads has a Linux kernel mount and read what was written.
func TestLinuxReads(t *testing.T) {
	dir := t.TempDir()
	var script strings.Builder
	script.WriteString(kernelManifest + "")
	for _, r := range Revisions {
		save(t, plan(t, sample(), Options{Revision: r}), filepath.Join(dir, r.String()))
		fmt.Fprintf(&script, "mount -t udf -o loop,ro %[1]s/%[2]s /run/mnt; manifest /run/mnt > %[1]s/%[2]s.manifest; umount /run/mnt\n", dir, r)
	}
	peertest.Kernel(t, dir, script.String())
	want := treeManifest(sample())
	for _, r := range Revisions {
		got, err := os.ReadFile(filepath.Join(dir, r.String()+".manifest"))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(r.String(), func(t *testing.T) { diff(t, want, sortLines(string(got))) })
	}
}

// Test7zip has 7-Zip extract what was written.
func Test7zip(t *testing.T) {
	peertest.Need(t, "7z")
	writePeer(t, files, func(t *testing.T, r Revision, image string) {
		dir := t.TempDir()
		peertest.Run(t, dir, "7z", "x", "-y", "-tudf", image)
		v := openFile(t, image)
		count := 0
		err := fs.WalkDir(v, ".", func(p string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			count++
			want, err := digestOf(v, p)
			if err != nil {
				return err
			}
			got, err := digestOf(os.DirFS(dir), p)
			if err == nil && got != want {
				err = fmt.Errorf("%s: contents differ", p)
			}
			return err
		})
		if err != nil || count != 1527 {
			t.Errorf("%d files, error %v", count, err)
		}
	})
}
