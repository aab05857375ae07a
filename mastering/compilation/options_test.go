package compilation

import (
	"context"
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/iso9660"
	isoplan "glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/volume"
)

// view opens a view of an image.
func view(t *testing.T, img, name string) *iso9660.FS {
	t.Helper()
	f, err := os.Open(img)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	s, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	v, err := iso9660.Open(f, s.Size(), volume.Options{View: name})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// names lists the paths of a view.
func names(t *testing.T, v fs.FS) []string {
	t.Helper()
	var list []string
	err := fs.WalkDir(v, ".", func(path string, _ fs.DirEntry, err error) error {
		if path != "." {
			list = append(list, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

func attributes(t *testing.T, v *iso9660.FS, path string) (fs.FileInfo, *volume.Attributes) {
	t.Helper()
	i, err := v.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return i, i.Sys().(*volume.Attributes)
}

// TestLevel4 reads the ISO 9660:1999 tree with this program and with isoinfo: names,
// order, depth, contents.
func TestLevel4(t *testing.T) {
	src := sampleTree(t)
	write(t, src, strings.Repeat("w", 250)+".one", strings.Repeat("w", 250)+".two", "odd;1")
	img := makeImage(t, src, master.Options{Features: isoplan.Features{Level: 4}})
	v := view(t, img, iso9660.ViewEnhanced)
	list := names(t, v)
	for _, want := range []string{
		"many.dots.in.a.name.tar.gz", "資料/写真 фото.jpg", strings.Repeat("n", 200) + ".bin", "odd_1",
		strings.Repeat("長", 69), strings.Repeat("w", 203) + ".one", strings.Repeat("w", 203) + ".two",
		"1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/deep.txt",
	} {
		if !slices.Contains(list, want) {
			t.Errorf("%s is not in the tree of ISO 9660:1999", want)
		}
	}
	if slices.Contains(list, "link") || slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, "rr_moved") }) {
		t.Error("it shows Rock Ridge entries")
	}
	b, err := fs.ReadFile(v, "large.bin")
	if want, _ := os.ReadFile(filepath.Join(src, "large.bin")); err != nil || string(b) != string(want) {
		t.Errorf("large.bin: %v", err)
	}
	out := peertest.Run(t, "", "isoinfo", "-d", "-i", img)
	if !strings.Contains(out, "Joliet") {
		t.Errorf("isoinfo:\n%s", out)
	}
	if out := peertest.Run(t, "", "7z", "l", img); !strings.Contains(out, "many.dots.in.a.name.tar.gz") {
		t.Errorf("7z:\n%s", out)
	}
	// The other trees are unaffected.
	dir := t.TempDir()
	peertest.Run(t, dir, "bsdtar", "-xpf", img)
	equalTrees(t, describe(t, dir), describe(t, src))
}

// TestLevel4Order reads the directory records themselves: identifiers ascend by
// their bytes.
func TestLevel4Order(t *testing.T) {
	src := t.TempDir()
	write(t, src, "a", "a.b", "a-b", "B", "_", "é", "Z.z")
	b, err := os.ReadFile(makeImage(t, src, master.Options{Features: isoplan.Features{Level: 4, Joliet: isoplan.JolietOff}}))
	if err != nil {
		t.Fatal(err)
	}
	d := b[17*2048:]
	if d[0] != 2 || d[6] != 2 || d[881] != 2 {
		t.Fatalf("sector 17 holds a descriptor of type %d, version %d, structure %d", d[0], d[6], d[881])
	}
	dir := b[int64(binary.LittleEndian.Uint32(d[158:]))*2048:][:2048]
	var ids []string
	for len(dir) > 0 && dir[0] != 0 {
		ids = append(ids, string(dir[33:33+int(dir[32])]))
		dir = dir[dir[0]:]
	}
	if want := []string{"\x00", "\x01", "B", "Z.z", "_", "a", "a-b", "a.b", "é"}; !slices.Equal(ids, want) {
		t.Errorf("got %q, want %q", ids, want)
	}
}

func TestOwners(t *testing.T) {
	src := sampleTree(t)
	seven, eight, mode := uint32(7), uint32(8), uint32(0o2711)
	v := view(t, makeImage(t, src, master.Options{Owners: &master.Owners{Rational: true}}), "")
	for path, want := range map[string]fs.FileMode{
		"readme.txt": 0o444, "run.sh": 0o555, "set-user": 0o555, "secret": 0o444, "empty folder": 0o555 | fs.ModeDir,
		".": 0o555 | fs.ModeDir,
	} {
		i, a := attributes(t, v, path)
		if i.Mode() != want || a.UID != 0 || a.GID != 0 {
			t.Errorf("rational: %s has mode %v, owner %d, group %d; want %v", path, i.Mode(), a.UID, a.GID, want)
		}
	}
	o := master.Options{Owners: &master.Owners{UID: &seven, GID: &eight, FileMode: &mode, FolderMode: &mode}}
	img := makeImage(t, src, o)
	v = view(t, img, "")
	for path, want := range map[string]fs.FileMode{
		"readme.txt": 0o711 | fs.ModeSetgid, "folder": 0o711 | fs.ModeSetgid | fs.ModeDir,
	} {
		i, a := attributes(t, v, path)
		if i.Mode() != want || a.UID != 7 || a.GID != 8 {
			t.Errorf("fixed: %s has mode %v, owner %d, group %d; want %v", path, i.Mode(), a.UID, a.GID, want)
		}
	}
	if out := peertest.Run(t, "", "bsdtar", "-tvf", img, "readme.txt"); !strings.HasPrefix(out, "-rwx--s--x") {
		t.Errorf("bsdtar: %s", out)
	}
}

func TestFixedDate(t *testing.T) {
	at := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	img := makeImage(t, sampleTree(t), master.Options{Date: &at})
	for _, name := range []string{iso9660.ViewRockRidge, iso9660.ViewJoliet, iso9660.ViewPlain} {
		v := view(t, img, name)
		for _, path := range names(t, v) {
			i, err := v.Lstat(path)
			if err != nil {
				t.Fatal(err)
			}
			if !i.ModTime().Equal(at) && !strings.HasPrefix(strings.ToLower(path), "rr_moved") {
				t.Errorf("%s: %s has %v", name, path, i.ModTime())
			}
		}
	}
}

// TestHide hides files and folders from one tree, the other, and both.
func TestHide(t *testing.T) {
	src := t.TempDir()
	write(t, src, "all", "unix/a", "unix/sub/b", "windows/c", "windows/sub/d.txt", "windows/unix", "none", "n.bak", "windows/sub/e.bak")
	o := master.Options{Features: isoplan.Features{Level: 4}, Hide: []string{"/windows", "none", "*.bak"}, HideJoliet: []string{"unix", "/none"}}
	img := makeImage(t, src, o)
	for name, want := range map[string][]string{
		iso9660.ViewRockRidge: {"all", "unix", "unix/a", "unix/sub", "unix/sub/b"},
		iso9660.ViewPlain:     {"ALL", "UNIX", "UNIX/A", "UNIX/SUB", "UNIX/SUB/B"},
		iso9660.ViewEnhanced:  {"all", "unix", "unix/a", "unix/sub", "unix/sub/b"},
		iso9660.ViewJoliet:    {"all", "n.bak", "windows", "windows/c", "windows/sub", "windows/sub/d.txt", "windows/sub/e.bak"},
	} {
		v := view(t, img, name)
		if got := names(t, v); !slices.Equal(got, want) {
			t.Errorf("%s:\n got %v\nwant %v", name, got, want)
		}
		for _, path := range want {
			if b, err := fs.ReadFile(v, path); err == nil && !strings.EqualFold(string(b), path) {
				t.Errorf("%s: %s contains %q", name, path, b)
			}
		}
	}
	if b, _ := os.ReadFile(img); strings.Contains(string(b), "none") {
		t.Error("a file that is hidden from all trees is on the disc")
	}
	for _, option := range []string{"-J", "-R"} {
		peertest.Run(t, "", "isoinfo", option, "-f", "-i", img)
	}
	out := t.TempDir()
	peertest.Run(t, out, "7z", "x", "-bd", "-y", img) // reads Joliet
	if _, err := os.Stat(filepath.Join(out, "windows", "sub", "e.bak")); err != nil {
		t.Error(err)
	}
}

// TestOrder checks the order of contents.
func TestOrder(t *testing.T) {
	src := t.TempDir()
	write(t, src, "a", "b", "c", "last/x", "last/y", "first/p", "first/q.img", "first/later")
	o := master.Options{Order: []master.Weight{{Pattern: "first", Weight: 10}, {Pattern: "*.img", Weight: 100}, {Pattern: "/last/", Weight: -5}, {Pattern: "later", Weight: -10}, {Pattern: "c", Weight: 1}}}
	v := view(t, makeImage(t, src, o), "")
	type placed struct {
		path string
		at   int64
	}
	var list []placed
	for _, path := range names(t, v) {
		if i, a := attributes(t, v, path); !i.IsDir() {
			list = append(list, placed{path, int64(a.Extents[0].Start)})
		}
	}
	slices.SortFunc(list, func(a, b placed) int { return int(a.at - b.at) })
	var got []string
	for _, p := range list {
		got = append(got, p.path)
	}
	if want := []string{"first/q.img", "first/p", "c", "a", "b", "last/x", "last/y", "first/later"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRockRidge112(t *testing.T) {
	src := sampleTree(t)
	img := makeImage(t, src, master.Options{Features: isoplan.Features{RockRidge112: true}})
	v := view(t, img, "")
	seen := map[uint64]string{}
	for _, path := range names(t, v) {
		i, err := v.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		a := i.Sys().(*volume.Attributes)
		if a.Inode == 0 {
			t.Errorf("%s has no number", path)
		}
		if other, ok := seen[a.Inode]; ok && a.Links < 2 {
			t.Errorf("%s and %s have number %d", path, other, a.Inode)
		}
		seen[a.Inode] = path
	}
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "x")} {
		if _, err := os.Stat(dir); err == nil {
			peertest.Run(t, dir, "bsdtar", "-xpf", img)
			equalTrees(t, describe(t, dir), describe(t, src))
			continue
		}
		peertest.Run(t, "", "xorriso", "-abort_on", "WARNING", "-report_about", "WARNING", "-osirrox", "on", "-indev", img, "-extract", "/", dir)
		equalTrees(t, describe(t, dir), describe(t, src), "one file:")
	}
}

func TestInvalidOptions(t *testing.T) {
	src := t.TempDir()
	write(t, src, "a")
	for name, o := range map[string]master.Options{
		"level":  {Features: isoplan.Features{Level: 5}},
		"hide":   {Hide: []string{"[a"}},
		"joliet": {HideJoliet: []string{"[a"}},
		"udf":    {HideUDF: []string{"[a"}},
		"order":  {Order: []master.Weight{{Pattern: "[", Weight: 1}}},
		"stamps": {Features: isoplan.Features{NoRockRidge: true, Stamps: true}},
	} {
		if _, err := compile(t, src, o).Plan(context.Background()); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
