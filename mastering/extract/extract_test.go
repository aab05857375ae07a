package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// source makes a folder with hard links, links, odd modes and times.
func sourceTree(t testing.TB) string {
	t.Helper()
	top := t.TempDir()
	put := func(name, content string, mode fs.FileMode) {
		path := filepath.Join(top, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(content), 0o644))
		must(t, os.Chmod(path, mode))
	}
	put("a.txt", "first", 0o640)
	put("empty", "", 0o444)
	put("dir/sub/deep/é資料\U0001F4BF", strings.Repeat("content ", 100000), 0o755)
	put("dir/other", "other", 0o600)
	put("closed/file", "in a folder that cannot be written", 0o444)
	must(t, os.Link(filepath.Join(top, "a.txt"), filepath.Join(top, "dir/same")))
	must(t, os.Symlink("../a.txt", filepath.Join(top, "dir/link")))
	must(t, os.Symlink("sub/deep", filepath.Join(top, "dir/way")))
	at := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, name := range []string{"a.txt", "dir/sub/deep", "dir/other", "dir/sub", "dir", "closed"} {
		at = at.Add(25 * time.Hour)
		must(t, os.Chtimes(filepath.Join(top, name), at, at))
	}
	must(t, os.Chmod(filepath.Join(top, "closed"), 0o555))
	t.Cleanup(func() { os.Chmod(filepath.Join(top, "closed"), 0o755) })
	return top
}

// tempDir is a folder of the test that can be removed although folders in it may
// not be written.
func tempDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() {
		_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				err = os.Chmod(path, 0o755)
			}
			return err
		})
	})
	return dir
}

func master(t testing.TB, top string) volume.FS {
	t.Helper()
	image := filepath.Join(t.TempDir(), "x.iso")
	peertest.Run(t, "", "xorriso", "-report_about", "FAILURE", "-as", "mkisofs", "-quiet", "-R", "-o", image, top)
	return openImage(t, image)
}

func openImage(t testing.TB, image string) volume.FS {
	t.Helper()
	f, err := os.Open(image)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	must(t, err)
	v, err := iso9660.Open(f, info.Size(), volume.Options{})
	must(t, err)
	return v
}

// describe lists a folder of the host with everything that extraction preserves.
func describe(t testing.TB, top string) string {
	t.Helper()
	var b strings.Builder
	var known []fs.FileInfo
	must(t, filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		must(t, err)
		rel, _ := filepath.Rel(top, path)
		if rel == "." {
			return nil
		}
		info, err := d.Info()
		must(t, err)
		fmt.Fprintf(&b, "%s", rel)
		if info.Mode().Type() != fs.ModeSymlink {
			fmt.Fprintf(&b, " %v", info.Mode())
		}
		switch info.Mode().Type() {
		case 0:
			p, err := os.ReadFile(path)
			must(t, err)
			fmt.Fprintf(&b, " %d %x", len(p), bytes.Count(p, []byte("n")))
			for _, k := range known {
				if os.SameFile(k, info) {
					fmt.Fprintf(&b, " same as %s", k.Name())
				}
			}
			known = append(known, info)
		case fs.ModeSymlink:
			target, err := os.Readlink(path)
			must(t, err)
			b.WriteString(" -> " + target + "\n")
			return nil
		}
		fmt.Fprintf(&b, " %s\n", info.ModTime().UTC().Format(time.DateTime))
		return nil
	}))
	return b.String()
}

// hosts are the ways to write on this host: the fast one, and the one for any
// system.
var hosts = map[string]func(dir string) (hostFolder, error){"descriptors": openHost, "any system": openRoot}

func TestExtract(t *testing.T) {
	top := sourceTree(t)
	v := master(t, top)
	for name, open := range hosts {
		t.Run(name, func(t *testing.T) { testExtract(t, top, v, open) })
	}
	dir := filepath.Join(tempDir(t), "new")
	if _, err := Extract(t.Context(), v, filepath.Join(dir, "folder"), Options{}, progress.Discard); err != nil {
		t.Error(err)
	}
}

func testExtract(t *testing.T, top string, v volume.FS, open func(string) (hostFolder, error)) {
	dir := tempDir(t)
	run := func(o Options, rep progress.Reporter) (Report, error) {
		h, err := open(dir)
		must(t, err)
		return extract(t.Context(), v, h, o, rep)
	}
	var m progress.Meter
	r, err := run(Options{}, &m)
	must(t, err)
	if got, want := describe(t, dir), describe(t, top); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if r.Files != 5 || r.HardLinks != 1 || r.Links != 2 || r.Folders != 4 || r.Failed != 0 || len(r.Notices) != 0 {
		t.Errorf("report %+v", r)
	}
	if s := m.Snapshot(); s.Done != s.Total || s.Done == 0 {
		t.Errorf("progress %d of %d", s.Done, s.Total)
	}
	// Extracting again must not overwrite anything.
	r, err = run(Options{}, progress.Discard)
	if !errors.Is(err, fs.ErrExist) || r.Failed != 8 {
		t.Errorf("again: %v, %d failed", err, r.Failed)
	}
	r, err = run(Options{Existing: Keep}, progress.Discard)
	if err != nil || r.Files != 0 || len(r.Notices) != 8 {
		t.Errorf("keep: %v, %+v", err, r)
	}
	must(t, os.WriteFile(filepath.Join(dir, "a.txt"), []byte("changed"), 0o600))
	if _, err = run(Options{Existing: Replace}, progress.Discard); err != nil {
		t.Errorf("replace: %v", err)
	}
	if got, want := describe(t, dir), describe(t, top); got != want {
		t.Errorf("replaced: got\n%s\nwant\n%s", got, want)
	}
}

// TestBoth keeps existing files, and extracts those of the disc under other names.
func TestBoth(t *testing.T) {
	v := master(t, sourceTree(t))
	for name, open := range hosts {
		dir := tempDir(t)
		must(t, os.Mkdir(filepath.Join(dir, "dir"), 0o755))
		for _, mine := range []string{"a.txt", "dir/other", "dir/link", "dir/other (2)"} {
			must(t, os.WriteFile(filepath.Join(dir, mine), []byte("mine"), 0o644))
		}
		o := Options{Paths: []string{"a.txt", "dir"}, Existing: Both}
		count, first, err := CountExisting(t.Context(), v, dir, o)
		if err != nil || count != 3 || first != "a.txt" && first != "dir/other" {
			t.Errorf("%s: %d exist, the first is %q, %v", name, count, first, err)
		}
		h, err := open(dir)
		must(t, err)
		r, err := extract(t.Context(), v, h, o, progress.Discard)
		if err != nil || r.Failed != 0 || len(r.Notices) != 3 {
			t.Errorf("%s: %v, %+v", name, err, r)
		}
		for path, want := range map[string]string{
			"a.txt": "mine", "a (2).txt": "first", "dir/other": "mine", "dir/other (2)": "mine", "dir/other (3)": "other",
			"dir/link": "mine", "dir/same": "first", "dir/link (2)": "mine", // it leads to ../a.txt
		} {
			if got, err := os.ReadFile(filepath.Join(dir, path)); string(got) != want {
				t.Errorf("%s: %s holds %q, %v", name, path, got, err)
			}
		}
	}
	if count, _, err := CountExisting(t.Context(), v, filepath.Join(t.TempDir(), "new"), Options{}); count != 0 || err != nil {
		t.Errorf("%d exist in a folder that does not exist, %v", count, err)
	}
}

func TestNumbered(t *testing.T) {
	for name, want := range map[string]string{
		"a.txt": "a (2).txt", "a": "a (2)", ".bashrc": ".bashrc (2)", "a.tar.gz": "a.tar (2).gz",
		strings.Repeat("é", 127) + "a": strings.Repeat("é", 125) + " (2)",
	} {
		if got := marked(name, " (2)"); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}

// TestOwners sets the owner recorded on the disc, as root.
func TestOwners(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	at := time.Date(2005, 6, 7, 8, 9, 10, 0, time.UTC)
	for name, open := range hosts {
		d := &direct{image: bytes.NewReader(make([]byte, 2048))}
		for path, mode := range map[string]fs.FileMode{"file": 0o640, "folder": fs.ModeDir | 0o750, "link": fs.ModeSymlink | 0o777} {
			e := d.add(path, mode)
			e.UID, e.GID, e.Target, e.Modified = 1234, 5678, []byte("file"), at.UnixNano()
		}
		dir := t.TempDir()
		h, err := open(dir)
		must(t, err)
		_, err = extract(t.Context(), d, h, Options{Owners: true}, progress.Discard)
		must(t, err)
		for _, e := range d.entries {
			info, err := os.Lstat(filepath.Join(dir, string(e.Path)))
			must(t, err)
			owner := fmt.Sprintf("%+v", info.Sys())
			if !strings.Contains(owner, "Uid:1234 Gid:5678") || info.Mode() != e.Mode {
				t.Errorf("%s: %s has mode %v and %s", name, e.Path, info.Mode(), owner)
			}
			if !info.ModTime().Equal(at) && !(name == "any system" && info.Mode().Type() == fs.ModeSymlink) {
				t.Errorf("%s: %s has the time %v", name, e.Path, info.ModTime())
			}
		}
	}
}

func TestExtractPaths(t *testing.T) {
	v := master(t, sourceTree(t))
	dir := tempDir(t)
	r, err := Extract(t.Context(), v, dir, Options{Paths: []string{"/dir/sub/", "dir/link", "a.txt", "dir/sub/deep"}}, progress.Discard)
	must(t, err)
	var names []string
	for _, l := range strings.Split(describe(t, dir), "\n") {
		name, _, _ := strings.Cut(l, " ")
		names = append(names, name)
	}
	want := "a.txt|dir|dir/link|dir/sub|dir/sub/deep|dir/sub/deep/é資料\U0001F4BF|"
	if got := strings.Join(names, "|"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if r.Folders != 3 {
		t.Errorf("report %+v", r)
	}
	if _, err := Extract(t.Context(), v, dir, Options{Paths: []string{"../x"}}, progress.Discard); err == nil {
		t.Error("a path with .. was accepted")
	}
	if _, err := Extract(t.Context(), v, dir, Options{Paths: []string{"nothing"}}, progress.Discard); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing path: %v", err)
	}
}

// TestHostile extracts entries that try to leave the folder.
func TestHostile(t *testing.T) {
	base := tempDir(t)
	outside := filepath.Join(base, "outside")
	dir := filepath.Join(base, "in")
	must(t, os.Mkdir(outside, 0o755))
	must(t, os.Mkdir(dir, 0o755))
	must(t, os.Symlink(outside, filepath.Join(dir, "planted")))
	v := fstest.MapFS{
		"link":           {Data: []byte(outside), Mode: fs.ModeSymlink | 0o777},
		"up":             {Data: []byte("../outside"), Mode: fs.ModeSymlink | 0o777},
		"planted/file":   {Data: []byte("through a link"), Mode: 0o644},
		"setuid":         {Data: []byte("x"), Mode: 0o755 | fs.ModeSetuid},
		"null":           {Mode: fs.ModeDevice | 0o666},
		"pipe":           {Mode: fs.ModeNamedPipe | 0o666},
		"good/file":      {Data: []byte("good"), Mode: 0o644},
		"good/file.more": {Data: []byte("good"), Mode: 0o644},
	}
	r, err := Extract(t.Context(), v, dir, Options{}, progress.Discard)
	if err == nil || r.Failed != 4 || r.Files != 3 || r.Links != 2 {
		t.Errorf("%v, %+v", err, r)
	}
	if list, _ := os.ReadDir(outside); len(list) != 0 {
		t.Errorf("%v was created outside", list)
	}
	info, err := os.Stat(filepath.Join(dir, "setuid"))
	must(t, err)
	if info.Mode() != 0o755 {
		t.Errorf("setuid has the mode %v", info.Mode())
	}
	notes := fmt.Sprint(r.Notices)
	for _, want := range []string{"planted", "null", "pipe", "set-user-ID", "points outside"} {
		if !strings.Contains(notes, want) {
			t.Errorf("%s is not in the report: %s", want, notes)
		}
	}
}

// slow is a file system whose context ends while a file is read.
type slow struct {
	fstest.MapFS
	cancel func()
}

func (s slow) Open(name string) (fs.File, error) {
	if name == "two" {
		s.cancel()
	}
	return s.MapFS.Open(name)
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	v := slow{fstest.MapFS{"one": {Data: []byte("1")}, "two": {Data: make([]byte, 1<<20)}, "z": {Data: []byte("3")}}, cancel}
	dir := t.TempDir()
	if _, err := Extract(ctx, v, dir, Options{}, progress.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	list, _ := os.ReadDir(dir)
	if len(list) != 1 || list[0].Name() != "one" {
		t.Errorf("left behind: %v", list)
	}
}

func TestNames(t *testing.T) {
	long := strings.Repeat("é", 150) + ".txt"
	n := newNames()
	n.windows = false
	host := func(n *names, s string) string {
		name, _ := n.name(s)
		return n.unique(1, name)
	}
	a, b := host(n, long), host(n, strings.Repeat("é", 149)+"e.txt")
	if len(a) > maxName || !strings.HasSuffix(a, ".txt") || a == b {
		t.Errorf("%q, %q", a, b)
	}
	w := newNames()
	w.windows = true
	for _, c := range []struct{ in, out string }{
		{"a:b?.txt", "a_b_.txt"},
		{"aux", "_aux"},
		{"COM1.txt", "_COM1.txt"},
		{"lpt².x", "_lpt².x"},
		{"COM10", "COM10"},
		{"command", "command"},
		{"nul .txt", "_nul .txt"},
		{"CONIN$", "_CONIN$"},
		{"trailing. ", "trailing_"},
		{"Readme", "Readme"},
		{"README", "README~1"},
		{`back\slash`, "back_slash"},
	} {
		if got := host(w, c.in); got != c.out {
			t.Errorf("%q: %q, want %q", c.in, got, c.out)
		}
	}
}
