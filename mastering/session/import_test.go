package session_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	isoplan "glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/session"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
	_ "glassmaster/mastering/volume/formats"
	"glassmaster/mastering/zisofs"
)

// open opens the newest volume of an image file.
func open(t *testing.T, image string, o volume.Options) (volume.FS, []byte) {
	t.Helper()
	b, err := os.ReadFile(image)
	isotest.Must(t, err)
	v, err := volume.Open(bytes.NewReader(b), int64(len(b)), o)
	isotest.Must(t, err)
	return v, b
}

// imported returns the tree of a volume, all of which must be importable.
func imported(t *testing.T, v volume.FS, r io.ReaderAt) *tree.Node {
	t.Helper()
	m := session.Import(v, r)
	root := m.Root()
	isotest.Must(t, session.ReadAll(t.Context(), root))
	for _, n := range m.Notices() {
		t.Errorf("notice: %v", n)
	}
	return root
}

// next plans a session with the tree after the disc, and opens its volume.
func next(t *testing.T, root *tree.Node, before []byte, o master.Options) (volume.FS, *layout.Layout, int64) {
	t.Helper()
	start := (int64(len(before))/disc.SectorSize+31)/32*32 + 32
	o.Label, o.Start, o.Previous = "NEXT", disc.LBA(start), bytes.NewReader(before)
	o.Time = time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	l, _, err := master.Plan(root, o)
	isotest.Must(t, err)
	v, err := volume.Open(l, l.Size(), volume.Options{Start: disc.LBA(start)})
	isotest.Must(t, err)
	if label := v.Volume().Label; label != "NEXT" {
		t.Fatalf("the newest volume is %q", label)
	}
	return v, l, start
}

// everything returns a function for isotest.Listing that describes all that a volume
// records about a file. Names of the same file have the number of the first one.
func everything(t *testing.T, v volume.FS) func(string, fs.FileInfo) string {
	posix := isotest.Posix(t, v)
	first := map[uint64]string{}
	return func(path string, info fs.FileInfo) string {
		a := info.Sys().(*volume.Attributes)
		s := posix(path, info) + fmt.Sprintf(" %d:%d device %x hidden %v acl %q", a.UID, a.GID, a.Device, a.Hidden, a.ACL)
		for _, name := range slices.Sorted(maps.Keys(a.Xattr)) {
			s += fmt.Sprintf(" %s=%x", name, a.Xattr[name])
		}
		if a.Links > 1 && !info.IsDir() {
			if first[a.Inode] == "" {
				first[a.Inode] = path
			}
			s += fmt.Sprintf(" %d links, as %s", a.Links, first[a.Inode])
		}
		if z, ok := info.(interface{ Zisofs() zisofs.Entry }); ok {
			s += fmt.Sprint(z.Zisofs())
		}
		return s
	}
}

// attributedTree is isotest.SampleTree with extended attributes and access control lists.
func attributedTree(t *testing.T) string {
	t.Helper()
	peertest.Need(t, "setfattr", "setfacl")
	top := isotest.SampleTree(t)
	peertest.Run(t, top, "setfattr", "-n", "user.mime_type", "-v", "text/plain", "readme.txt")
	peertest.Run(t, top, "setfacl", "-m", "u:1000:rw,g:4:r,u:70000:x", "big.bin")
	peertest.Run(t, top, "setfacl", "-m", "u:300:rwx", "-m", "d:u:300:rwx,d:g:77:-", "empty folder")
	isotest.Must(t, os.WriteFile(filepath.Join(top, "to compress"), bytes.Repeat([]byte("compress me "), 200_000), 0o644))
	isotest.SetTimes(t, top)
	return top
}

// TestImport plans a session that consists of the files of an image by xorriso, and
// compares all that the two volumes record. The session is small, since the contents
// stay where they are.
func TestImport(t *testing.T) {
	top := attributedTree(t)
	out := filepath.Join(t.TempDir(), "x.iso")
	peertest.Need(t, "xorriso")
	peertest.Run(t, "", "xorriso", "-report_about", "FAILURE", "-outdev", out, "-volid", "ONE", "-acl", "on", "-xattr", "on", "-hardlinks", "on",
		"-map", top, "/", "-set_filter", "--zisofs", "/to compress", "--", "-commit")
	v, b := open(t, out, volume.Options{})
	root := imported(t, v, bytes.NewReader(b))
	w, l, start := next(t, root.Clone(), b, master.Options{Features: isoplan.Features{Attributes: true, Stamps: true, RockRidge112: true}})
	isotest.Compare(t, "volumes", isotest.Listing(t, w, everything(t, w)), isotest.Listing(t, v, everything(t, v)))
	if grown := l.Size() - start*disc.SectorSize; grown > 700<<10 { // 150 sectors of padding, and 350 records with Joliet
		t.Errorf("the session has %d bytes", grown)
	}
	info, err := w.Stat("to compress")
	isotest.Must(t, err)
	if a := info.Sys().(*volume.Attributes); len(a.Extents) != 1 || a.Extents[0].Length >= info.Size() {
		t.Errorf("the file is not stored compressed: %v", a.Extents)
	}
	info, err = v.Stat("readme.txt")
	isotest.Must(t, err)
	if len(info.Sys().(*volume.Attributes).Xattr) == 0 {
		t.Error("xorriso stored no extended attributes, so this test compares none")
	}
}

// TestImportExpands plans a bridge disc from a session with a compressed file: UDF
// cannot refer to it, so that it is laid out again.
func TestImportExpands(t *testing.T) {
	top := t.TempDir()
	want := bytes.Repeat([]byte("compress me "), 20_000)
	isotest.Must(t, os.WriteFile(filepath.Join(top, "file"), want, 0o644))
	out := filepath.Join(t.TempDir(), "x.iso")
	peertest.Need(t, "xorriso")
	peertest.Run(t, "", "xorriso", "-report_about", "FAILURE", "-outdev", out, "-map", top, "/", "-set_filter", "--zisofs", "/file", "--", "-commit")
	v, b := open(t, out, volume.Options{})
	w, l, start := next(t, imported(t, v, bytes.NewReader(b)), b, master.Options{UDF: &master.UDF{}})
	for _, view := range []string{"Rock Ridge", "Joliet", "UDF"} {
		w, err := volume.Open(l, l.Size(), volume.Options{View: view, Start: disc.LBA(start)})
		isotest.Must(t, err)
		if got, err := fs.ReadFile(w, "file"); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v", view, len(got), err)
		}
	}
	if got, err := fs.ReadFile(w, "file"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// TestImportHidden keeps the existence flag that genisoimage sets.
func TestImportHidden(t *testing.T) {
	top := t.TempDir()
	for _, name := range []string{"seen", "unseen"} {
		isotest.Must(t, os.WriteFile(filepath.Join(top, name), []byte(name), 0o644))
	}
	v, b := open(t, isotest.Genisoimage(t, top, "-R", "-hidden", "unseen"), volume.Options{})
	root := imported(t, v, bytes.NewReader(b))
	w, _, _ := next(t, root, b, master.Options{})
	for name, want := range map[string]bool{"seen": false, "unseen": true} {
		info, err := w.Stat(name)
		isotest.Must(t, err)
		if got := info.Sys().(*volume.Attributes).Hidden; got != want {
			t.Errorf("%s: hidden is %v", name, got)
		}
	}
}

// TestImportIsLazy imports a volume whose folders are read only when needed, and copies
// the tree in between: hard links stay together in each copy.
func TestImportIsLazy(t *testing.T) {
	top := t.TempDir()
	for _, dir := range []string{"a", "b", "c"} {
		isotest.Must(t, os.Mkdir(filepath.Join(top, dir), 0o755))
	}
	first := filepath.Join(top, "a", "file")
	isotest.Must(t, os.WriteFile(first, []byte("contents"), 0o644))
	isotest.Must(t, os.Link(first, filepath.Join(top, "b", "link")))
	out := filepath.Join(t.TempDir(), "x.iso")
	peertest.Need(t, "xorriso")
	peertest.Run(t, "", "xorriso", "-report_about", "FAILURE", "-outdev", out, "-hardlinks", "on", "-map", top, "/", "-commit")
	v, b := open(t, out, volume.Options{})
	root := session.Import(v, bytes.NewReader(b)).Root()
	if !root.Unread() {
		t.Fatal("the root was read already")
	}
	file := root.Lookup("a/file")
	if file == nil || root.Child("a").Unread() || !root.Child("b").Unread() || !root.Child("c").Unread() {
		t.Fatal("other folders than those on the path were read")
	}
	if !file.InPlace() || !file.SameContents() || !file.SameAttributes() || !root.InPlace() || !root.SameAttributes() {
		t.Error("a file or the root differs from its origin")
	}
	copied := root.Clone()
	if a, b := copied.Lookup("a/file").Shared(), copied.Lookup("b/link").Shared(); a == nil || a != b {
		t.Error("hard links of the copy are apart")
	}
	if a, b := file.Shared(), root.Lookup("b/link").Shared(); a == nil || a != b {
		t.Error("hard links of the original are apart")
	}
	if file.Shared() == copied.Lookup("b/link").Shared() {
		t.Error("hard links of original and copy are the same")
	}
}

// TestImportUDF imports a UDF volume: small files and folders are in their ICBs.
func TestImportUDF(t *testing.T) {
	root := tree.NewFolder("", time.Unix(1e9, 0))
	for i, size := range []int{0, 1, 100, 2048, 70_000} {
		n := tree.NewFile(fmt.Sprint("file ", size), int64(size), time.Unix(1e9+int64(i), 0), layout.Bytes(bytes.Repeat([]byte{byte(i)}, size)))
		n.UID, n.GID = 7, 8
		root.Append(n)
	}
	link := tree.NewNode("link", fs.ModeSymlink|0o777, tree.Symlink("../a/file"))
	device := tree.NewNode("device", fs.ModeDevice|0o600, tree.Device(8<<32|1))
	root.Append(link)
	root.Append(device)
	one, _, err := master.Plan(root, master.Options{UDFOnly: true, Time: time.Unix(1e9, 0)})
	isotest.Must(t, err)
	var b bytes.Buffer
	isotest.Must(t, one.WriteTo(t.Context(), &b, layout.WriteOptions{}))
	v, err := volume.Open(one, one.Size(), volume.Options{})
	isotest.Must(t, err)
	w, _, _ := next(t, imported(t, v, bytes.NewReader(b.Bytes())), b.Bytes(), master.Options{UDFOnly: true})
	isotest.Compare(t, "volumes", isotest.Listing(t, w, everything(t, w)), isotest.Listing(t, v, everything(t, v)))
}

// TestImportDamaged imports volumes with damaged directories and contents that are
// missing. What is lost is reported.
func TestImportDamaged(t *testing.T) {
	top := t.TempDir()
	isotest.Must(t, os.WriteFile(filepath.Join(top, "file"), make([]byte, 1<<20), 0o644))
	isotest.Must(t, os.Mkdir(filepath.Join(top, "folder"), 0o755))
	isotest.Must(t, os.WriteFile(filepath.Join(top, "folder", "small"), []byte("small"), 0o644))
	_, b := open(t, isotest.Genisoimage(t, top, "-R"), volume.Options{})
	whole, err := volume.Open(bytes.NewReader(b), int64(len(b)), volume.Options{})
	isotest.Must(t, err)
	dir, err := whole.Stat("folder")
	isotest.Must(t, err)
	if len(dir.Sys().(*volume.Attributes).Extents) != 1 {
		t.Fatalf("the folder has the extents %v", dir.Sys().(*volume.Attributes).Extents)
	}
	damaged := bytes.Clone(b)
	at := int64(dir.Sys().(*volume.Attributes).Extents[0].Start) * disc.SectorSize
	for i := range 2048 {
		damaged[at+int64(i)] = 0x11
	}
	for name, c := range map[string]struct {
		image []byte
		want  string
	}{
		"a damaged folder": {damaged, "/folder: entries of the folder are lost"},
		"a missing end":    {b[:len(b)-1<<20], "/file: its contents cannot be kept"},
	} {
		v, err := volume.Open(bytes.NewReader(c.image), int64(len(c.image)), volume.Options{})
		isotest.Must(t, err)
		m := session.Import(v, bytes.NewReader(c.image))
		isotest.Must(t, session.ReadAll(t.Context(), m.Root()))
		if !slices.ContainsFunc(m.Notices(), func(n disc.Notice) bool {
			return n.Severity == disc.Error && strings.Contains(n.Path+": "+n.Text, c.want)
		}) {
			t.Errorf("%s: got %v, want %q", name, m.Notices(), c.want)
		}
	}
}
