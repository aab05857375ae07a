package extract

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
)

// TestLeaves distinguishes links that point outside of the folder from others.
func TestLeaves(t *testing.T) {
	p := newPlan(&extraction{})
	p.folders = append(p.folders, folder{name: "dir"}, folder{parent: 1, name: "sub"})
	p.links = []link{
		{folder: 2, name: "top", target: "../.."},
		{folder: 2, name: "own", target: "."},
		{folder: 1, name: "round", target: "round/.."},
		{folder: 0, name: "etc", target: "/etc"},
	}
	for _, c := range []struct {
		folder  int32
		target  string
		windows bool
		want    bool
	}{
		{0, "dir", false, false},
		{0, "/dir", false, true},
		{0, "..", false, true},
		{0, "../dir", false, true},
		{1, "..", false, false},
		{2, "../../dir/sub", false, false},
		{2, "../../../dir", false, true},
		{0, "dir/sub/top/dir", false, false},
		{0, "dir/sub/top/..", false, true},
		{0, "dir/sub/own/../../..", false, true},
		{0, "dir/sub/own/../..", false, false},
		{0, "dir/nothing/more/../../..", false, false},
		{0, "dir/nothing/../../..", false, true},
		{0, "dir/round/../x", false, false}, // a loop
		{0, "etc/../x", false, true},
		{0, "./dir//..", false, false},
		{0, `..\x`, false, false},
		{0, `..\x`, true, true},
		{0, `C:\x`, true, true},
		{0, `C:x`, true, true},
		{0, `\x`, true, true},
		{1, `..\x`, true, false},
	} {
		if got := p.leaves(&link{folder: c.folder, target: c.target}, c.windows); got != c.want {
			t.Errorf("%q in folder %d: %v", c.target, c.folder, got)
		}
	}
}

// TestSameNames extracts entries of the same name, one of them a link out of the folder:
// the first one stays, for every value of Existing.
func TestSameNames(t *testing.T) {
	for name, open := range hosts {
		for _, existing := range []Existing{Refuse, Replace} {
			base := tempDir(t)
			outside := filepath.Join(base, "outside")
			must(t, os.WriteFile(outside, []byte("old"), 0o644))
			dir := filepath.Join(base, "in")
			must(t, os.Mkdir(dir, 0o755))
			d := &direct{image: bytes.NewReader(bytes.Repeat([]byte("new"), 1000))}
			link := fs.ModeSymlink | 0o777
			d.add("a", link).Target = []byte("../outside")
			d.add("a", 0o644, volume.Extent{Length: 3})
			d.add("b", 0o644, volume.Extent{Length: 3})
			d.add("b", 0o644, volume.Extent{Length: 6})
			d.add("c", link).Target = []byte("..")
			d.add("c", fs.ModeDir|0o755)
			d.add("c/outside", 0o644, volume.Extent{Length: 3})
			h, err := open(dir)
			must(t, err)
			r, err := extract(t.Context(), d, h, Options{Existing: existing}, progress.Discard)
			if err == nil || r.Failed != 3 {
				t.Errorf("%s: %v, %+v", name, err, r)
			}
			if p, err := os.ReadFile(outside); string(p) != "old" {
				t.Errorf("%s: outside is %q, %v", name, p, err)
			}
			for file, want := range map[string]int{"a": 3, "b": 3, "c/outside": 3} {
				if p, err := os.ReadFile(filepath.Join(dir, file)); err != nil || len(p) != want {
					t.Errorf("%s: %s has %d bytes, %v", name, file, len(p), err)
				}
			}
		}
	}
}

// TestHardLinks checks that only names of one file on the disc become hard links: names
// with the same number, a link count that covers all of them, and the same attributes and
// contents.
func TestHardLinks(t *testing.T) {
	image := append(bytes.Repeat([]byte("a"), 2048), bytes.Repeat([]byte("b"), 2048)...)
	for _, c := range []struct {
		about string
		names func(d *direct)
		links int64
	}{
		{"two names", func(d *direct) {
			for _, name := range []string{"b", "c"} {
				e := d.add(name, 0o644, volume.Extent{Start: 1, Length: 10})
				e.Inode, e.Links = 7, 2
			}
		}, 1},
		{"a number in common and nothing else", func(d *direct) {
			d.add("a", 0o644, volume.Extent{Length: 10}).Inode = 7
			for _, name := range []string{"b", "c"} {
				d.add(name, 0o644, volume.Extent{Start: 1, Length: 10}).Inode = 7
			}
			for i := range d.entries {
				d.entries[i].Links = 3
			}
		}, 1},
		{"equal contents, each with one name", func(d *direct) {
			for _, name := range []string{"b", "c"} {
				e := d.add(name, 0o644, volume.Extent{Start: 1, Length: 10})
				e.Inode, e.Links = 7, 1
			}
		}, 0},
		{"no link count", func(d *direct) {
			for _, name := range []string{"b", "c"} {
				d.add(name, 0o644, volume.Extent{Start: 1, Length: 10}).Inode = 7
			}
		}, 0},
		{"no number", func(d *direct) {
			for _, name := range []string{"b", "c"} {
				d.add(name, 0o644, volume.Extent{Start: 1, Length: 10}).Links = 2
			}
		}, 0},
		{"more names than links", func(d *direct) {
			for _, name := range []string{"b", "c", "d", "e"} {
				e := d.add(name, 0o644, volume.Extent{Start: 1, Length: 10})
				e.Inode, e.Links = 7, 2
			}
		}, 0},
		{"another time", func(d *direct) {
			for i, name := range []string{"b", "c"} {
				e := d.add(name, 0o644, volume.Extent{Start: 1, Length: 10})
				e.Inode, e.Links, e.Modified = 7, 2, int64(i)
			}
		}, 0},
	} {
		for name, open := range hosts {
			d := &direct{image: bytes.NewReader(image)}
			c.names(d)
			dir := t.TempDir()
			h, err := open(dir)
			must(t, err)
			r, err := extract(t.Context(), d, h, Options{}, progress.Discard)
			must(t, err)
			if p, err := os.ReadFile(filepath.Join(dir, "b")); err != nil || string(p) != "bbbbbbbbbb" || r.HardLinks != c.links {
				t.Errorf("%s, %s: %q, %v, %+v", name, c.about, p, err, r)
			}
		}
	}
}

// TestHardLinksBeside checks that hard links are preserved if existing files cause other
// names.
func TestHardLinksBeside(t *testing.T) {
	for name, open := range hosts {
		d := &direct{image: bytes.NewReader(bytes.Repeat([]byte("a"), 2048))}
		dir := tempDir(t)
		for _, file := range []string{"b", "c"} {
			e := d.add(file, 0o644, volume.Extent{Length: 10})
			e.Inode, e.Links = 7, 2
			must(t, os.WriteFile(filepath.Join(dir, file), []byte("mine"), 0o644))
		}
		h, err := open(dir)
		must(t, err)
		r, err := extract(t.Context(), d, h, Options{Existing: Both}, progress.Discard)
		must(t, err)
		b, err := os.Stat(filepath.Join(dir, "b (2)"))
		must(t, err)
		c, err := os.Stat(filepath.Join(dir, "c (2)"))
		must(t, err)
		if !os.SameFile(b, c) || r.HardLinks != 1 || r.Files != 1 || len(r.Notices) != 2 {
			t.Errorf("%s: %+v", name, r)
		}
		if p, err := os.ReadFile(filepath.Join(dir, "c")); string(p) != "mine" {
			t.Errorf("%s: c is %q, %v", name, p, err)
		}
	}
}

// TestFolders keeps the sticky bit of folders, and reports changes of existing folders.
func TestFolders(t *testing.T) {
	for name, open := range hosts {
		d := &direct{image: bytes.NewReader(nil)}
		d.add("there", fs.ModeDir|0o777)
		d.add("same", fs.ModeDir|0o755)
		d.add("tmp", fs.ModeDir|fs.ModeSticky|fs.ModeSetgid|0o777)
		d.add("text", fs.ModeSticky|0o644)
		dir := t.TempDir()
		must(t, os.Mkdir(filepath.Join(dir, "there"), 0o700))
		must(t, os.Mkdir(filepath.Join(dir, "same"), 0o755))
		h, err := open(dir)
		must(t, err)
		r, err := extract(t.Context(), d, h, Options{}, progress.Discard)
		must(t, err)
		info, err := os.Stat(filepath.Join(dir, "tmp"))
		must(t, err)
		if info.Mode() != fs.ModeDir|fs.ModeSticky|0o777 {
			t.Errorf("%s: tmp has mode %v", name, info.Mode())
		}
		notes := fmt.Sprint(r.Notices)
		for _, want := range []string{"there: the folder existed already", "tmp: its set-user-ID", "text: its sticky bit"} {
			if !strings.Contains(notes, want) {
				t.Errorf("%s: %q is not reported: %s", name, want, notes)
			}
		}
		if len(r.Notices) != 3 {
			t.Errorf("%s: %v", name, r.Notices)
		}
	}
}

// TestUnreadable reports why damaged entries are not extracted.
func TestUnreadable(t *testing.T) {
	d := &direct{image: bytes.NewReader(nil)}
	d.add("link", fs.ModeSymlink|0o777).Unreadable = "its target is cut"
	d.add("what", fs.ModeIrregular).Unreadable = "its entry is blank"
	d.add("dir", fs.ModeDir|0o755)
	d.add("dir", fs.ModeDir|0o755).Err = fmt.Errorf("folder /dir: %w", errors.New("its sector is bad"))
	h, err := openHost(t.TempDir())
	must(t, err)
	r, err := extract(t.Context(), d, h, Options{}, progress.Discard)
	if err == nil || r.Failed != 3 || r.Links != 0 {
		t.Errorf("%v, %+v", err, r)
	}
	if notes := fmt.Sprint(r.Notices); !strings.Contains(notes, "is cut") || !strings.Contains(notes, "is blank") || !strings.Contains(notes, "dir: its sector is bad") || len(disc.Errors(r.Notices)) != 3 {
		t.Error(notes)
	}
}

// TestManySameNames makes many equal long names unique.
func TestManySameNames(t *testing.T) {
	n := newNames()
	seen := map[string]bool{}
	stem := strings.Repeat("n", maxName)
	for i := range 200_000 {
		host, _ := n.name(stem + fmt.Sprint(i))
		host = n.unique(0, host)
		if len(host) > maxName || seen[host] {
			t.Fatalf("name %d: %q", i, host)
		}
		seen[host] = true
	}
}

// TestDestination extracts into folders with conflicting entries.
func TestDestination(t *testing.T) {
	for name, open := range hosts {
		base := tempDir(t)
		outside := filepath.Join(base, "outside")
		must(t, os.MkdirAll(filepath.Join(outside, "folder"), 0o755))
		must(t, os.WriteFile(filepath.Join(outside, "file"), []byte("old"), 0o600))
		old := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
		must(t, os.Chtimes(filepath.Join(outside, "folder"), old, old))
		dir := filepath.Join(base, "in")
		must(t, os.Mkdir(dir, 0o755))
		must(t, os.Symlink("../outside/file", filepath.Join(dir, "file")))
		must(t, os.Symlink("../outside/folder", filepath.Join(dir, "folder")))
		must(t, os.Symlink("../outside/new", filepath.Join(dir, "dangling")))
		must(t, os.Symlink("../outside/file", filepath.Join(dir, "further")))
		d := &direct{image: bytes.NewReader(bytes.Repeat([]byte("new"), 1000))}
		d.add("folder", fs.ModeDir|0o700)
		d.add("folder/file", 0o644, volume.Extent{Length: 3})
		for _, e := range []string{"file", "dangling", "further"} {
			d.add(e, 0o644, volume.Extent{Length: 3}).Inode = 5
		}
		for _, existing := range []Existing{Refuse, Keep, Replace} {
			h, err := open(dir)
			must(t, err)
			r, err := extract(t.Context(), d, h, Options{Existing: existing}, progress.Discard)
			if want := map[Existing]int64{Refuse: 5, Keep: 2, Replace: 2}[existing]; err == nil || r.Failed != want {
				t.Errorf("%s, %v: %v, %+v", name, existing, err, r)
			}
			p, err := os.ReadFile(filepath.Join(outside, "file"))
			info, serr := os.Stat(filepath.Join(outside, "folder"))
			must(t, serr)
			list, _ := os.ReadDir(outside)
			inner, _ := os.ReadDir(filepath.Join(outside, "folder"))
			if string(p) != "old" || err != nil || info.Mode() != fs.ModeDir|0o755 || !info.ModTime().Equal(old) || len(list) != 2 || len(inner) != 0 {
				t.Errorf("%s, %v: outside has changed: %q, %v, %v, %v", name, existing, p, info, list, inner)
			}
		}
		if info, err := os.Lstat(filepath.Join(dir, "further")); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s: further is %v, %v", name, info, err)
		}
	}
}

// TestNoRoom extracts a file that is larger than the file system: nothing of it is
// written.
func TestNoRoom(t *testing.T) {
	for name, open := range hosts {
		dir := t.TempDir()
		h, err := open(dir)
		must(t, err)
		if _, known := h.free(); !known {
			h.close()
			continue
		}
		d := &direct{image: bytes.NewReader(make([]byte, 2048))}
		d.add("zeros", 0o644, volume.Extent{Length: 1 << 60})
		r, err := extract(t.Context(), d, h, Options{}, progress.Discard)
		if err == nil || r.Failed != 1 || r.Bytes != 0 || !strings.Contains(err.Error(), "not enough space for") {
			t.Errorf("%s: %v, %+v", name, err, r)
		}
	}
}

// TestManyFailures extracts many entries with long paths that fail: the report stays
// limited.
func TestManyFailures(t *testing.T) {
	d := &direct{image: bytes.NewReader(nil)}
	long := strings.Repeat("folder/", 1000)
	const n = 12_000
	for i := range n {
		d.add(long+fmt.Sprint(i), fs.ModeDevice)
	}
	h, err := openHost(t.TempDir())
	must(t, err)
	var m progress.Meter
	r, err := extract(t.Context(), d, h, Options{}, &m)
	if err == nil || r.Failed != n {
		t.Errorf("%v, %d failed", err, r.Failed)
	}
	text := 0
	messages := m.Log(0)
	for _, k := range messages {
		text += len(k.Text)
	}
	for _, k := range r.Notices {
		text += len(k.Path) + len(k.Text)
	}
	if text > 3*maxNoticeText || !strings.Contains(messages[len(messages)-1].Text, "only counted") {
		t.Errorf("%d bytes are reported, last %.100q", text, messages[len(messages)-1].Text)
	}
}
