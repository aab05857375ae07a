package compilation

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	isoplan "glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/tree"
)

// write creates files below dir; a name with a trailing slash is a folder. All have the
// same time, in the past.
func write(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type() == fs.ModeSymlink {
			return nil
		}
		return errors.Join(err, os.Chtimes(path, old, old))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// paths lists a tree.
func paths(root *tree.Node) []string {
	var list []string
	_ = root.Walk(func(n *tree.Node) error {
		list = append(list, n.Path())
		return nil
	})
	slices.Sort(list)
	return list[1:]
}

func scan(t *testing.T, o ScanOptions, from ...string) []*tree.Node {
	t.Helper()
	nodes, problems, err := Scan(t.Context(), from, o, nil)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	return nodes
}

func TestScan(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a/x.txt", "a/x.o", "a/sub/y.o", "a/sub/z", "a/.git/config", "b", "a/keep/sub2/q.tmp")
	for _, c := range []struct {
		from    []string
		exclude []string
		want    []string
	}{
		{[]string{"a"}, nil, []string{"/a", "/a/.git", "/a/.git/config", "/a/keep", "/a/keep/sub2", "/a/keep/sub2/q.tmp", "/a/sub", "/a/sub/y.o", "/a/sub/z", "/a/x.o", "/a/x.txt"}},
		{[]string{"a/"}, []string{"*.o", ".git"}, []string{"/keep", "/keep/sub2", "/keep/sub2/q.tmp", "/sub", "/sub/z", "/x.txt"}},
		{[]string{"a/."}, []string{"sub/*", "/keep/sub2/*.tmp", ".git"}, []string{"/keep", "/keep/sub2", "/sub", "/x.o", "/x.txt"}},
		{[]string{"b", "a/sub"}, nil, []string{"/b", "/sub", "/sub/y.o", "/sub/z"}},
	} {
		var from []string
		for _, f := range c.from {
			from = append(from, dir+"/"+f)
		}
		comp := New()
		comp.Add(comp.Root(), scan(t, ScanOptions{Exclude: c.exclude}, from...))
		if got := paths(comp.Root()); !slices.Equal(got, c.want) {
			t.Errorf("%v without %v:\n got %v\nwant %v", c.from, c.exclude, got, c.want)
		}
	}
	if _, _, err := Scan(t.Context(), []string{dir}, ScanOptions{Exclude: []string{"[a"}}, nil); err == nil {
		t.Error("a bad pattern was accepted")
	}
	_, problems, err := Scan(t.Context(), []string{dir + "/gone", dir + "/b"}, ScanOptions{}, nil)
	if err != nil || len(problems) != 1 || problems[0].Severity != disc.Error || problems[0].Text != syscall.ENOENT.Error() {
		t.Errorf("a missing file: %v, %v", problems, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Scan(ctx, []string{dir}, ScanOptions{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestScanFollowLinks(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in/file", "out/far")
	for _, l := range [][2]string{{"../out", "in/folder"}, {"file", "in/link"}, {"nowhere", "in/dangling"}, {"..", "out/loop"}} {
		if err := os.Symlink(l[0], filepath.Join(dir, l[1])); err != nil {
			t.Fatal(err)
		}
	}
	nodes, problems, err := Scan(t.Context(), []string{dir + "/in/"}, ScanOptions{FollowLinks: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := New()
	c.Add(c.Root(), nodes)
	if n := c.Root().Lookup("/folder/far"); n == nil || !n.Mode.IsRegular() {
		t.Errorf("the link to a folder was not followed: %v", paths(c.Root()))
	}
	if n := c.Root().Lookup("/link"); n == nil || !n.Mode.IsRegular() {
		t.Error("the link to a file was not followed")
	}
	if n := c.Root().Lookup("/dangling"); n == nil || n.Target() != "nowhere" {
		t.Error("the link to nothing was not kept")
	}
	if len(problems) == 0 {
		t.Error("a loop of links was not reported")
	}
	c = New()
	c.Add(c.Root(), scan(t, ScanOptions{}, dir+"/in/"))
	if n := c.Root().Lookup("/folder"); n == nil || n.Target() != "../out" {
		t.Error("a link was followed without FollowLinks")
	}
}

func TestEdit(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "one/a", "one/sub/b", "two/a", "two/sub/c", "two/sub/b")
	c := New()
	c.Add(c.Root(), scan(t, ScanOptions{}, dir+"/one/"))
	problems := c.Add(c.Root(), scan(t, ScanOptions{}, dir+"/two/"))
	if got, want := paths(c.Root()), []string{"/a", "/sub", "/sub/b", "/sub/c"}; !slices.Equal(got, want) {
		t.Errorf("merged: got %v, want %v", got, want)
	}
	if len(problems) != 2 || problems[0].Severity != disc.Warning {
		t.Errorf("replacements: %v", problems)
	}
	if got := c.Root().Lookup("a").Source().String(); got != filepath.Join(dir, "two/a") {
		t.Errorf("/a comes from %s", got)
	}
	before := c.Snapshot()
	made, err := c.Mkdir(c.Root(), "new")
	if err != nil {
		t.Fatal(err)
	}
	sub := c.Root().Lookup("sub")
	for _, err := range []error{
		c.Rename(sub, "a"), c.Rename(sub, ""), c.Rename(sub, "x/y"), c.Rename(sub, ".."), c.Rename(c.Root(), "r"),
		c.Move([]*tree.Node{c.Root()}, sub), c.Move([]*tree.Node{sub}, sub), c.Move([]*tree.Node{sub}, c.Root().Lookup("a")),
	} {
		if err == nil {
			t.Error("an impossible operation succeeded")
		}
	}
	if _, err := c.Mkdir(c.Root(), "new"); err == nil {
		t.Error("two folders with the same name")
	}
	if err := c.Move([]*tree.Node{sub, c.Root().Lookup("a")}, made); err != nil {
		t.Error(err)
	}
	if err := c.Rename(made, "renamed"); err != nil {
		t.Error(err)
	}
	if got, want := paths(c.Root()), []string{"/renamed", "/renamed/a", "/renamed/sub", "/renamed/sub/b", "/renamed/sub/c"}; !slices.Equal(got, want) {
		t.Errorf("moved: got %v, want %v", got, want)
	}
	c.Remove([]*tree.Node{sub})
	if files, folders, size := c.Count(); files != 1 || folders != 1 || size != int64(len("two/a")) {
		t.Errorf("%d files, %d folders, %d bytes", files, folders, size)
	}
	if got, want := paths(before.Root()), []string{"/a", "/sub", "/sub/b", "/sub/c"}; !slices.Equal(got, want) {
		t.Errorf("the snapshot: got %v, want %v", got, want)
	}
}

func TestSaveAndLoad(t *testing.T) {
	src := sampleTree(t)
	c := compile(t, src, master.Options{Features: isoplan.Features{Joliet: isoplan.JolietLong}, Publisher: "US"})
	c.Exclude = []string{"*.o"}
	note := tree.NewFile("note", 4, time.Unix(1e9, 0), layout.Bytes("text"))
	if err := c.Root().Insert(note); err != nil {
		t.Fatal(err)
	}
	if err := c.Rename(c.Root().Lookup("run.sh"), "renamed.sh"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "disc"+Extension)
	if err := c.Save(path); err != nil {
		t.Fatal(err)
	}
	got, problems, err := Load(path)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	read := func(c *Compilation) string {
		m, err := c.Plan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		var b strings.Builder
		if err := writeTo(t.Context(), m, &b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if read(c) != read(got) {
		t.Error("the loaded compilation gives another image")
	}
	if got.Label != c.Label || !reflect.DeepEqual(got.Options, c.Options) || !slices.Equal(got.Exclude, c.Exclude) {
		t.Errorf("got %+v", got)
	}
	if b, _ := os.ReadFile(path); len(b) > 20000 {
		t.Errorf("the file has %d bytes", len(b))
	}
	// A file that no longer exists is reported, and everything else is present.
	if err := os.Remove(filepath.Join(src, "folder", "the same beginning of all names 007.text")); err != nil {
		t.Fatal(err)
	}
	got, problems, err = Load(path)
	if err != nil || len(problems) != 1 || !strings.HasSuffix(problems[0].Path, "007.text") {
		t.Errorf("%v, %v", problems, err)
	}
	if len(paths(got.Root())) != len(paths(c.Root()))-1 {
		t.Error("another file than the missing one is missing")
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"newer":        `{"format":"glassmaster compilation","version":2,"root":[]}`,
		"other":        `{"format":"something"}`,
		"no JSON":      `ISO`,
		"cut":          `{"format":"glassmaster compilation","version":1,"root":{"entries":[`,
		"bad name":     `{"format":"glassmaster compilation","version":1,"root":{"entries":[{"name":"../x","mode":"d0755"}]}}`,
		"twice":        `{"format":"glassmaster compilation","version":1,"root":{"entries":[{"name":"x","mode":"d0755"},{"name":"x","mode":"d0755"}]}}`,
		"bad mode":     `{"format":"glassmaster compilation","version":1,"root":{"entries":[{"name":"x","mode":"q9"}]}}`,
		"not a folder": `{"format":"glassmaster compilation","version":1,"root":{"mode":"-0644"}}`,
	} {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Load(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		} else if name == "newer" && !strings.Contains(err.Error(), "newer Glassmaster") {
			t.Errorf("newer: %v", err)
		}
	}
}

// A file that cannot be read ends the copy, unless KeepGoing is set.
func TestSourceChanges(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "src/a", "src/b", "src/c")
	c := New()
	c.Add(c.Root(), scan(t, ScanOptions{}, dir+"/src"))
	m, err := c.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := os.Remove(filepath.Join(dir, "src/b")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "src/c"), []byte("much longer than before"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "x.iso")
	err = writeFile(t.Context(), m, out)
	if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "src/b")) {
		t.Errorf("got error %v", err)
	}
	d := m.Disc(DiscOptions{KeepGoing: true})
	err = copyTo(t.Context(), d, out)
	if changes := d.(disc.Planned).Changes(); err != nil || len(changes) != 2 || len(disc.Errors(changes)) != 1 {
		t.Errorf("got error %v, changes %v", err, changes)
	}
	if s, err := os.Stat(out); err != nil || s.Size() != m.Size() {
		t.Errorf("there is no image: %v", err)
	}
}

// TestUnreadable lists a folder that cannot be read.
func TestUnreadable(t *testing.T) {
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		t.Log("this user can read everything; only the listing of a missing folder is tested")
	}
	var l listing
	if err := l.read(filepath.Join(t.TempDir(), "gone"), false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestSizeIsKnownBefore(t *testing.T) {
	c := New()
	m, err := c.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// System area, three descriptors, four path tables, two roots with a
	// continuation area, padding.
	if got, want := m.Sectors(), int64(16+3+4+2+1+150); got != want {
		t.Errorf("an empty disc has %d sectors, want %d", got, want)
	}
}
